package harness

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/harness/witness"
)

// timingInvalid says why a missed limit on time, or a request that failed, proves
// nothing against the target although nothing from outside was seen to disturb the
// run; empty when it does.
func timingInvalid(seen *LoadSeen) string {
	if seen == nil {
		return ""
	}
	return verdict.Together(late(seen), starved(seen), givenUp(seen))
}

// void says why nothing that was missed is the target's doing; empty when it may be.
func void(seen *LoadSeen) string {
	if seen == nil {
		return ""
	}
	return verdict.Together(seen.Vanished, untold(seen.Backings), verdict.NotSendable(streamsOf(seen)))
}

// late says that the generator was late by itself. Where the target and its
// database had filled the machine it is their lateness, and no excuse. Of what was
// due in the warm-up nothing is asked.
func late(seen *LoadSeen) string {
	return verdict.GeneratorLate(slices.DeleteFunc(streamsOf(seen), func(s result.Stream) bool {
		return !slices.ContainsFunc(seen.Phases, func(p result.Phase) bool {
			return p.Name != result.WarmUp && wasLate(s, p.Name) && !witness.FilledByTarget(seen.Record, p.From, p.To)
		})
	}))
}

// wasLate reports whether requests of a stream that were due in a phase were sent
// late, or too late to be sent.
func wasLate(s result.Stream, phase string) bool {
	return slices.ContainsFunc(s.Phases, func(p result.StreamPhase) bool {
		lag := p.SendLagP99MS
		return p.Phase == phase && (p.Late > 0 || lag != nil && *lag > ms(verdict.MaxSendLag))
	})
}

// starved says that what asks nobody but this machine was not asked often enough:
// the harness itself did not come to run. One that asks the target may wait for that.
func starved(seen *LoadSeen) string {
	for _, h := range seen.Record.Health {
		if h.Probe == witness.Canary(witness.Calibration{}).Name() && h.Starved && !witness.FilledByTarget(seen.Record, 0, seen.Over) {
			return "the harness did not come to run: " + h.Problem
		}
	}
	return ""
}

// givenUp says that requests failed because the run was interrupted.
func givenUp(seen *LoadSeen) string {
	if seen.Interrupted == "" {
		return ""
	}
	n := int64(0)
	for _, s := range seen.Streams {
		n += s.Errors[load.ClassCanceled]
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("the run was interrupted, and %d requests in flight were given up", n)
}

// streamsOf are what became of the streams, as the result has them.
func streamsOf(seen *LoadSeen) []result.Stream {
	all := make([]result.Stream, len(seen.Streams))
	for i, o := range seen.Streams {
		all[i] = o.Stream
	}
	return all
}

// evidenceOf is the evidence that the experiment was valid. Each item is a check
// of its own, so that a reader sees what was asked and what was found.
func evidenceOf(s Scenario, m Measurement) []result.Check {
	var all []result.Check
	if m.Load != nil {
		for _, stream := range streamsOf(m.Load) {
			if stream.StepOf != "" {
				continue // it is sent when the step before is over, not when a generator is on time
			}
			if m.Load.Lost == nil { // or the rest was not to be sent any more
				all = append(all, delivered(stream))
			}
			all = append(all, punctual(stream))
		}
		all = append(all, fleetEvidence(m.Load.Fleet)...)
		all = append(all, headroom(s, m.Ceiling))
		all = append(all, faultsFired(m.Load.Faults)...)
		all = append(all, backingEvidence(m.Load.Backings)...)
		for _, h := range m.Load.Record.Health {
			all = append(all, probeAlive(h))
		}
		all = append(explained(all, disturbances(m.Load)), undisturbed(m.Load), ranToItsEnd(m.Load))
	}
	all = append(all, playedEvidence(m)...)
	for _, name := range slices.Sorted(maps.Keys(m.StandingOff)) {
		all = append(all, evidence("standing check off: "+name, true, result.Pass, "switched off: "+m.StandingOff[name]))
	}
	const carriedOut = "the experiment could be carried out"
	switch {
	case m.Load != nil && m.Load.Vanished != "":
		all = append(all, evidence(carriedOut, false, result.Inconclusive, m.Load.Vanished))
	case m.Unmet != "":
		all = append(all, evidence(carriedOut, false, result.NotExercised, m.Unmet))
	case m.Failed != "":
		all = append(all, evidence(carriedOut, false, result.Inconclusive, m.Failed))
	}
	return all
}

// explained says of evidence that did not hold what disturbed the run meanwhile: a
// generator that stood still is late, its probes see nothing, its faults don't act.
func explained(all []result.Check, why []result.Disturbance) []result.Check {
	for i := range all {
		if all[i].Verdict != result.Pass && len(why) > 0 {
			all[i].Reason += "; the run was disturbed: " + verdict.Disturbed(why)
		}
	}
	return all
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
	c.Metric, c.Op, c.Threshold, c.Unit, c.Samples = s.Name+".delivered", ">=", verdict.LeastDelivered(s.Planned), result.UnitRatio, s.Planned
	if s.Planned == 0 {
		return c
	}
	share := float64(s.Sent) / float64(s.Planned)
	c.Value = &share
	c.Reason = fmt.Sprintf("%s of %s planned requests were sent (left out: %s too late, %s shed, %s unsent)",
		result.Number(float64(s.Sent)), result.Number(float64(s.Planned)), result.Number(float64(s.Late)), result.Number(float64(s.Shed)), result.Number(float64(s.Unsent)))
	if len(s.UnsentWhy) > 0 {
		c.Reason += "; from here it could not be: " + verdict.Reasons(s.UnsentWhy)
	}
	switch {
	case share < c.Threshold:
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
	lag := lagOfAlmostAll(s)
	c.Value = &lag
	limit := result.Format(ms(verdict.MaxSendLag), result.UnitMS)
	c.Reason = fmt.Sprintf("p99 of actual minus planned send was %s, limit %s", result.Format(*s.SendLagP99MS, result.UnitMS), limit)
	c.Verdict = result.Pass
	switch {
	case lag > ms(verdict.MaxSendLag):
		c.Verdict = result.Inconclusive
	case *s.SendLagP99MS > ms(verdict.MaxSendLag):
		c.Reason = fmt.Sprintf("one of %s requests was sent %s late, the others within %s, limit %s",
			result.Number(float64(s.Sent)), result.Format(*s.SendLagP99MS, result.UnitMS), result.Format(lag, result.UnitMS), limit)
	}
	return c
}

// lagOfAlmostAll is the send lag, in milliseconds, within which 99 % of a stream's
// requests were sent, and in any case all but one: of sixty, one that is late says
// nothing of the others. What is missed because of that one is excused all the same,
// see [late].
func lagOfAlmostAll(s result.Stream) float64 {
	h, err := latency.Decode(s.HistogramSendLag)
	if err != nil || h == nil || h.TotalCount() < 2 {
		return *s.SendLagP99MS
	}
	return min(*s.SendLagP99MS, latency.Percentile(h, 100*verdict.LeastDelivered(h.TotalCount())))
}

// headroom holds the planned peak rate against the generator's own ceiling.
func headroom(s Scenario, ceiling load.Ceiling) result.Check {
	peak := 0.0
	for _, stream := range s.Load {
		peak += stream.Peak()
	}
	share := ceiling.Share(peak)
	c := evidence("generator headroom", ceiling.Trusted(peak), result.Inconclusive,
		fmt.Sprintf("the plan's peak of %s/s is %s of what this generator can send (%s/s against a target that does nothing), limit %s",
			result.Number(peak), result.Format(share, result.UnitRatio), result.Number(ceiling.PerSecond), result.Format(load.TrustedShare, result.UnitRatio)))
	c.Metric, c.Op, c.Threshold, c.Unit, c.Value = "generator.share", "<=", load.TrustedShare, result.UnitRatio, &share
	return c
}

// faultsFired asks of each fault that it acted and that its undoing was seen.
func faultsFired(faults []result.Fault) []result.Check {
	var all []result.Check
	for _, f := range faults {
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

// probeAlive asks of a probe that it went on sampling.
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

// undisturbed says what from outside took time from the run. It takes nothing from
// what held all the same.
func undisturbed(seen *LoadSeen) result.Check {
	said := "nothing from outside took time from the run"
	if all := disturbances(seen); len(all) > 0 {
		said = "checks on time that were missed then prove nothing: " + verdict.Disturbed(all)
	}
	return evidence("undisturbed", true, result.Inconclusive, said)
}

func ranToItsEnd(seen *LoadSeen) result.Check {
	if seen.Interrupted != "" {
		return evidence("ran to its end", false, result.Inconclusive, seen.Interrupted)
	}
	if lost := seen.Lost; lost != nil {
		return evidence("ran to its end", false, result.Inconclusive, fmt.Sprintf("ended early after %s, as was asked for: %s was lost (%s); what was to come after that was not measured",
			result.Format(lost.At.Seconds(), result.UnitSeconds), lost.Check, lost.Reason))
	}
	return evidence("ran to its end", true, result.Inconclusive, "all phases took place")
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
