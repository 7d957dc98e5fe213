package harness

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Limits of what a worker of a fleet says of itself. Beyond them it was not equal to its
// task, and the load is not that which was planned.
const (
	// MaxClockError is how far the clocks of two workers may be apart, twice.
	MaxClockError = 10 * time.Millisecond
	// MaxWorkerCPU is the most of its machine's processors that a worker may use.
	MaxWorkerCPU = 0.9
	// MaxGCPause is the longest pause of its garbage collector: as much as it may be late.
	MaxGCPause = verdict.MaxSendLag
)

// fleetEvidence asks of a load that several workers sent whether it is the one that was
// planned: no worker was lost, and each was equal to its task.
func fleetEvidence(f *result.Fleet) []result.Check {
	if f == nil {
		return nil
	}
	all := []result.Check{fleetWhole(f), fleetDelivered(f)}
	planned := make(map[string]int64) // by worker
	for _, s := range f.Spans {
		planned[s.Worker] += s.Planned
	}
	for _, w := range f.Workers {
		all = append(all,
			ofWorker(w, "clock", "ms", clockError(w), ms(MaxClockError), result.UnitMS, "how far its clock may have been wrong"),
			ofWorker(w, "processor", "cpu", hostShare(f, w), MaxWorkerCPU, result.UnitRatio, "of its machine's processors the workers there used"),
			ofWorker(w, "garbage collector", "gc", w.GCPauseMaxMS, ms(MaxGCPause), result.UnitMS, "its longest pause"))
		if w.SendLagP99MS != nil || planned[w.Name] > 0 { // who had nothing to send was not late with it
			all = append(all, ofWorker(w, "on time", "send_lag.p99", w.SendLagP99MS, ms(verdict.MaxSendLag), result.UnitMS, "p99 of actual minus planned send"))
		}
	}
	return all
}

// hostShare is what the workers on a worker's machine used together of its processors; nil
// where this one did not say. One without a machine's name is counted by itself.
func hostShare(f *result.Fleet, w result.Worker) *float64 {
	if w.CPUShare == nil || w.Host == "" {
		return w.CPUShare
	}
	sum := 0.0
	for _, other := range f.Workers {
		if other.Host == w.Host && other.CPUShare != nil {
			sum += *other.CPUShare
		}
	}
	return &sum
}

// clockError is how far a worker's clock was wrong at most; nil where it did not say.
func clockError(w result.Worker) *float64 {
	if w.ClockDoubtMS == nil || w.ClockDriftMS == nil {
		return nil
	}
	sum := *w.ClockDoubtMS + max(*w.ClockDriftMS, -*w.ClockDriftMS)
	return &sum
}

func fleetWhole(f *result.Fleet) result.Check {
	if f.Broken != "" {
		return evidence("fleet held together", false, result.Inconclusive, f.Broken)
	}
	lost := ""
	for _, w := range f.Workers {
		if w.LostAtS == nil {
			continue
		}
		lost += fmt.Sprintf("; worker %s was lost after %s", w.Name, result.Format(*w.LostAtS, result.UnitSeconds))
		if w.Problem != "" {
			lost += " (" + w.Problem + ")"
		}
	}
	if lost != "" {
		return evidence("fleet held together", false, result.Inconclusive, lost[2:])
	}
	return evidence("fleet held together", true, result.Inconclusive, fmt.Sprintf("%d workers sent all the time", len(f.Workers)))
}

// fleetDelivered asks whether anything of the plan is not accounted for, or was not sent
// because its worker was lost.
func fleetDelivered(f *result.Fleet) result.Check {
	var planned, sent, lost, unknown, never, hole int64
	for _, s := range f.Spans {
		planned, sent, lost, unknown, never, hole = planned+s.Planned, sent+s.Sent, lost+s.Lost, unknown+s.Unknown, never+s.Never, hole+s.Hole
	}
	c := evidence("fleet delivered what was planned", lost+unknown+hole == 0 && planned > 0, result.Inconclusive,
		fmt.Sprintf("of %s planned %s were sent, of %s nobody knows what came, of %s whether they were sent, %s were never sent, %s of them because their worker was lost",
			number(planned), number(sent), number(lost), number(unknown), number(never), number(hole)))
	missing := float64(lost + unknown + hole)
	c.Metric, c.Op, c.Threshold, c.Value, c.Samples = "fleet.missing", "==", 0, &missing, planned
	return c
}

func number(n int64) string { return result.Number(float64(n)) }

// ofWorker holds what a worker says of itself against a limit. Who did not say it showed
// nothing.
func ofWorker(w result.Worker, what, metric string, value *float64, limit float64, unit, says string) result.Check {
	c := evidence("worker "+w.Name+": "+what, false, result.Inconclusive, "it did not come to say "+what)
	c.Metric, c.Op, c.Threshold, c.Unit, c.Value = w.Name+"."+metric, "<=", limit, unit, value
	if value == nil {
		c.Samples = 0
		return c
	}
	c.Reason = fmt.Sprintf("%s: %s, limit %s", says, result.Format(*value, unit), result.Format(limit, unit))
	if *value <= limit {
		c.Verdict = result.Pass
	}
	return c
}
