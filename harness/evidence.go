package harness

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// timingInvalid says why a missed limit on time, or a request that failed, proves
// nothing against the target.
func (st *experiment) timingInvalid() string {
	full := verdict.MachineFull(st.out.Phases, func(p result.Phase) (float64, bool) {
		busy, _ := st.record.Window(seriesMachine, p.From, p.To)
		return busy.Mean, busy.N > 0
	})
	return verdict.Together(verdict.GeneratorLate(st.out.Streams), full, st.givenUp())
}

// givenUp says that requests failed because the run was interrupted.
func (st *experiment) givenUp() string {
	if st.interrupted == nil {
		return ""
	}
	n := int64(0)
	for _, s := range st.out.Streams {
		n += s.Errors[load.ClassCanceled]
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("the run was interrupted, and %d requests in flight were given up", n)
}

// gather builds the evidence that the experiment was valid. Each item is a
// check of its own, so that a reader sees what was asked and what was found.
func (st *experiment) gather() []result.Check {
	var all []result.Check
	for _, s := range st.out.Streams {
		all = append(all, delivered(s), punctual(s))
	}
	all = append(all, st.headroom()...)
	all = append(all, st.faultsFired()...)
	all = append(all, st.probesAlive()...)
	return append(all, st.ranToItsEnd())
}

// evidence is one item: ok, or else the verdict that a scenario gets for it.
func evidence(name string, ok bool, otherwise result.Verdict, reason string) result.Check {
	v := result.Pass
	if !ok {
		v = otherwise
	}
	return result.Check{Name: name, Metric: "experiment", Op: "==", Unit: result.UnitCount, Samples: 1, Verdict: v, Reason: reason}
}

func delivered(s result.Stream) result.Check {
	c := evidence("load delivered: "+s.Name, false, result.NotExercised, "no request of this stream was due")
	c.Metric, c.Op, c.Threshold, c.Unit, c.Samples = s.Name+".delivered", ">=", verdict.MinDelivered, result.UnitRatio, s.Planned
	if s.Planned == 0 {
		return c
	}
	share := float64(s.Sent) / float64(s.Planned)
	c.Value = &share
	c.Reason = fmt.Sprintf("%s of %s planned requests were sent (%s late, %s shed, %s unsent)",
		result.Number(float64(s.Sent)), result.Number(float64(s.Planned)), result.Number(float64(s.Late)), result.Number(float64(s.Shed)), result.Number(float64(s.Unsent)))
	switch {
	case share < verdict.MinDelivered:
		c.Verdict = result.Inconclusive
	case s.Completed == 0:
		c.Verdict = result.NotExercised
		c.Reason = "not one answer arrived"
	default:
		c.Verdict = result.Pass
	}
	return c
}

func punctual(s result.Stream) result.Check {
	c := evidence("generator on time: "+s.Name, false, result.NotExercised, "nothing was sent")
	c.Metric, c.Op, c.Threshold, c.Unit, c.Samples = s.Name+".send_lag.p99", "<=", ms(verdict.MaxSendLag), result.UnitMS, s.Sent
	if s.SendLagP99MS == nil {
		return c
	}
	c.Value = s.SendLagP99MS
	c.Reason = fmt.Sprintf("p99 of actual minus planned send was %s, limit %s",
		result.Format(*s.SendLagP99MS, result.UnitMS), result.Format(ms(verdict.MaxSendLag), result.UnitMS))
	c.Verdict = result.Pass
	if *s.SendLagP99MS > ms(verdict.MaxSendLag) {
		c.Verdict = result.Inconclusive
	}
	return c
}

// headroom holds the planned peak rate against the generator's own ceiling.
func (st *experiment) headroom() []result.Check {
	peak := 0.0
	for _, s := range st.s.Load {
		peak += load.Peak(s.Profile)
	}
	share := st.lab.ceiling.Share(peak)
	c := evidence("generator headroom", st.lab.ceiling.Trusted(peak), result.Inconclusive,
		fmt.Sprintf("the plan's peak of %s/s is %s of what this generator can send (%s/s against a target that does nothing), limit %s",
			result.Number(peak), result.Format(share, result.UnitRatio), result.Number(st.lab.ceiling.PerSecond), result.Format(load.TrustedShare, result.UnitRatio)))
	c.Metric, c.Op, c.Threshold, c.Unit, c.Value = "generator.share", "<=", load.TrustedShare, result.UnitRatio, &share
	return []result.Check{c}
}

// faultsFired asks of each fault that it acted and that its undoing was seen.
func (st *experiment) faultsFired() []result.Check {
	var all []result.Check
	for _, f := range st.out.Faults {
		fired := evidence("fault fired: "+f.ID, f.Fired > 0, result.NotExercised, fmt.Sprintf("%s on %s acted %d times", f.Kind, f.On, f.Fired))
		n := float64(f.Fired)
		fired.Metric, fired.Op, fired.Threshold, fired.Value = f.ID+".fired", ">", 0, &n
		if f.Error != "" {
			fired.Verdict, fired.Reason = result.Inconclusive, f.Error
		}
		all = append(all, fired)
		if f.Undone != nil {
			all = append(all, evidence("fault undone: "+f.ID, *f.Undone, result.Inconclusive, "its undoing was read back: "+yes(*f.Undone)))
		}
	}
	return all
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// probesAlive asks of each probe that it went on sampling.
func (st *experiment) probesAlive() []result.Check {
	var all []result.Check
	for _, h := range st.record.Health {
		all = append(all, probeAlive(h))
	}
	return all
}

func probeAlive(h probe.Health) result.Check {
	reason := fmt.Sprintf("%d samples of %d", h.Samples, h.Expected)
	if h.Problem != "" {
		reason = h.Problem
	}
	if h.LastError != "" {
		reason += "; last error: " + h.LastError
	}
	c := evidence("probe alive: "+h.Probe, !h.Dead && !h.Starved, result.Inconclusive, reason)
	c.Samples = h.Samples
	return c
}

func (st *experiment) ranToItsEnd() result.Check {
	if st.interrupted != nil {
		return evidence("ran to its end", false, result.Inconclusive, st.interrupted.Error())
	}
	return evidence("ran to its end", true, result.Inconclusive, "all phases took place")
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
