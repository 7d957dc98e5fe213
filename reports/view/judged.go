package view

import (
	"slices"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// judged is a scenario with what its parts come to, found once.
type judged struct {
	result.Scenario
	position int // in the run
	badge    Badge
	reason   string        // why it has its verdict
	decisive *result.Check // nil: there is none, or it is not what decided
}

// judgedAll are the scenarios of a run, worst first.
func judgedAll(run *result.Run) []judged {
	var all []judged
	for _, i := range verdict.WorstFirst(run.Scenarios) {
		all = append(all, judgedOf(run.Scenarios[i], i))
	}
	return all
}

func judgedOf(s result.Scenario, position int) judged {
	v, why := verdict.ShownScenario(s)
	j := judged{Scenario: s, position: position, badge: badgeOf(v), reason: why, decisive: verdict.Decisive(s.Checks, s.Evidence)}
	switch {
	case s.Error != "" && v != result.Fail:
		j.reason = "could not be carried out: " + s.Error
	case v == "" && why == "":
		j.reason = unjudged
	}
	return j
}

// carriedOut reports whether what came of the scenario is its checks' doing.
func (j judged) carriedOut() bool { return j.Error == "" || j.badge.Is == result.Fail }

// checks tells those of a list, the decisive one marked.
func (j judged) checks(list []result.Check, proven bool) []Check {
	rows := make([]Check, len(list))
	for i, c := range list {
		rows[i] = newCheck(c, j.decisive == &list[i], proven)
		rows[i].term = termOf(c.Metric, j.Streams)
	}
	return rows
}

// others counts the checks that share the verdict of the decisive one.
func (j judged) others() int {
	n := -1
	for _, c := range slices.Concat(j.Checks, j.Evidence) {
		if c.Verdict == j.decisive.Verdict {
			n++
		}
	}
	return n
}
