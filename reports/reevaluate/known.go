package reevaluate

import (
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// A file says itself what was known when its checks were judged. One of an older
// version does not, and what follows finds it out from the rest of the file, for
// the worse where that leaves a doubt.

// validityOf is what of the scenario can be held against the target.
func validityOf(s result.Scenario) result.Validity {
	if s.Validity != nil {
		return *s.Validity
	}
	var broken []string
	for _, c := range s.Evidence {
		if c.Verdict != result.Pass {
			broken = append(broken, c.Name+" did not hold")
		}
	}
	full := verdict.MachineFull(s.Phases, func(p result.Phase) (float64, bool) {
		series, ok := seriesOf(s, "machine.cpu")
		if !ok {
			return 0, false
		}
		r := summary(points(series, verdict.Window{From: p.From, To: p.To}), "mean")
		return r.Value, r.Samples > 0
	})
	return result.Validity{TimingInvalid: verdict.Together(strings.Join(broken, "; "), verdict.GeneratorLate(s.Streams), full), Void: verdict.NotSendable(s.Streams)}
}

// windowOf is the span that a check speaks of.
func windowOf(c result.Check, s result.Scenario) verdict.Window {
	w, _ := verdict.WindowOf(s.Phases, c.Phase)
	return w
}

// stays reports whether a check keeps its verdict by whatever limit: one that was
// not shown, in a file that does not say what it would have needed.
func stays(c result.Check, s result.Scenario) bool {
	return s.Validity == nil && c.Verdict != result.Pass && c.Verdict != result.Fail
}

// known is the check with what must be known of its metric to judge it.
func known(c result.Check, s result.Scenario) result.Check {
	if s.Validity != nil {
		return c
	}
	metric := c.Metric
	unit := c.Unit
	if c.Level != nil {
		unit = c.LevelUnit
	}
	c.Timed = c.Op == string(verdict.FallsTo) || unit == result.UnitMS || unit == result.UnitSeconds || unit == result.UnitPerS || ofLoad(metric, s)
	return c
}

// ofLoad reports whether a metric tells what became of a stream's requests in
// time: what was answered, what failed, how many were in flight.
func ofLoad(metric string, s result.Scenario) bool {
	for _, st := range slices.Backward(s.Streams) { // the steps of journeys follow them
		if rest, ok := strings.CutPrefix(metric, st.Name+"."); ok {
			word, _, _ := strings.Cut(rest, ".")
			return !slices.Contains([]string{"planned", "completed", "wrong", "status"}, word)
		}
	}
	return false
}
