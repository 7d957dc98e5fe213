package harness

import (
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Lost is a check that nothing which may still come can win, and for which an
// experiment was ended early.
type Lost struct {
	Check, Reason string
	At            time.Duration // when that was seen
}

// judgeEvery is how often a scenario that may end early is judged meanwhile.
const judgeEvery = 2 * time.Second

// endIfLost ends the load once a check is lost, where that was asked for: of all of them
// by [Config.FailFast], or of this one by [verdict.Check]'s Abort. What is under way is
// waited for, so that what was measured until then is whole. A check of its own ends
// nothing while a protection is taken away: there it is to be seen which of them fail.
func (l *live) endIfLost(how *ending) {
	now := l.now()
	all := l.session.cfg.FailFast
	if !all && (!l.intact || !slices.ContainsFunc(l.scenario.Checks, aborts)) || how.early() || now < l.looked+judgeEvery {
		return
	}
	l.looked = now
	seen := &LoadSeen{Over: now, Phases: l.scenario.Timeline.until(now), Streams: l.attack.SoFar(), Record: l.sampler.Snapshot()}
	if how.lost = lostBy(l.scenario, seen, func(c verdict.Check) bool { return all || c.Abort }); how.lost != nil {
		l.events.add(now, "ended early: "+how.lost.Check+" was lost")
		l.attack.Stop()
	}
}

func aborts(c verdict.Check) bool { return c.Abort }

// canBeLost reports whether a check can be lost before the load of its scenario is over.
func canBeLost(c verdict.Check, known *verdict.Registry, t Timeline) bool {
	switch d := known.Descriptor(c.Metric); {
	case d.Anytime || d.Whole || c.Exercise:
		return false
	case d.Grows && c.Times == 0 && (c.Op == verdict.AtMost || c.Op == verdict.Below || c.Op == verdict.Equals):
		return true
	}
	return slices.ContainsFunc(t.Phases(), func(p result.Phase) bool { return p.Name == c.Phase && p.To < t.Total() })
}

// lostBy is the first of the wanted checks that is lost by what was seen until seen.Over.
// Nil: none is.
// A limit on time that was missed beside a disturbance is not, nor is what is known only
// when all is down: how the target ended, and what has one value for all of a scenario.
func lostBy(s Scenario, seen *LoadSeen, wanted func(verdict.Check) bool) *Lost {
	open := openPhases(s.Timeline, seen.Over)
	for _, p := range s.Timeline.Phases() {
		open[p.Name] = open[p.Name] || !slices.ContainsFunc(seen.Streams, isStream) || slices.ContainsFunc(seen.Streams, underWay(p.Name))
	}
	m := Measurement{Load: seen}
	v := result.Validity{TimingInvalid: timingInvalid(seen), Disturbances: disturbances(seen), Void: void(seen)}
	known, checks := registry(s, m), slices.Concat(s.Checks, s.Implied())
	for i, c := range known.Judge(checks, seen.Phases, v) {
		if d := known.Descriptor(c.Metric); !wanted(checks[i]) || d.Anytime || d.Whole {
			continue
		}
		if c.Verdict == result.Fail && decided(c, known, open) {
			return &Lost{Check: c.Name, Reason: c.Reason, At: seen.Over}
		}
	}
	return nil
}

// openPhases are those that are not over at a moment. "", all that follows the warm-up,
// always is one.
func openPhases(t Timeline, at time.Duration) map[string]bool {
	open := map[string]bool{"": true, result.Drain: true}
	for _, p := range t.Phases() {
		open[p.Name] = p.To > at
	}
	return open
}

func isStream(t load.Tally) bool { return t.StepOf == "" }

// underWay reports of a stream whether requests that were due in a phase have not ended.
func underWay(phase string) func(load.Tally) bool {
	return func(t load.Tally) bool {
		c := t.During(phase)
		ended := c.OK
		for _, n := range c.Errors {
			ended += n
		}
		return ended < c.Sent-c.Spanning || isStream(t) && c.Sent+c.Late+c.Shed+c.Unsent < c.Planned
	}
}

// decided reports whether nothing that comes while these phases are open can change a
// check: it is about one that is over, or it limits what only grows and is past that.
func decided(c result.Check, known *verdict.Registry, open map[string]bool) bool {
	if !open[c.Phase] {
		return true
	}
	if c.Value == nil || c.Times != 0 || !known.Descriptor(c.Metric).Grows {
		return false
	}
	switch verdict.Op(c.Op) {
	case verdict.AtMost, verdict.Equals:
		return *c.Value > c.Threshold
	case verdict.Below:
		return *c.Value >= c.Threshold
	default:
		return false
	}
}

// onlyDecided are the checks of an experiment that was ended early: of what was open
// then nothing was measured.
func onlyDecided(checks []result.Check, s Scenario, m Measurement) []result.Check {
	if m.Load == nil || m.Load.Lost == nil {
		return checks
	}
	open, known := openPhases(s.Timeline, m.Load.Lost.At), registry(s, m)
	for i, c := range checks {
		if decided(c, known, open) || c.Verdict == result.Fail && c.Metric == verdict.UnexpectedEnds {
			continue
		}
		c.Value, c.Samples, c.Regardless, c.Most, c.FromSend, c.Undisturbed, c.Least, c.Baseline, c.BaselineSamples = nil, 0, nil, nil, nil, nil, nil, nil, 0
		c.Verdict, c.Reason = result.NotExercised, "not measured: the scenario was ended early"
		checks[i] = c
	}
	return checks
}
