package view

import (
	"cmp"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Check is one check, or one piece of evidence.
type Check struct {
	Verdict             Badge
	Name                string // what it is about
	Sentence            string // its name with the limit
	Got, Limit, Samples string
	Said                string // its reason
	News                string // its reason, where that is more than the row says
	Why, Guards, Seen   string
	Decisive            bool // the scenario's verdict rests on it
	Idle                bool // a standing check that had nothing to look at
	Bar                 *Bar
	Word                string // of [Run.Words]: what it measures
	term                string // its key in the glossary
}

// newCheck tells a check. proven says whether the run knows which checks were seen
// to fail.
func newCheck(c result.Check, decisive, proven bool) Check {
	r := Check{
		Verdict: badgeOf(c.Verdict), Name: verdict.Subject(c), Sentence: cmp.Or(c.Name, verdict.Name(c)),
		Got: measured(c), Limit: verdict.LimitText(c), Samples: count(c.Samples),
		Said: c.Reason, News: news(c), Why: c.Why, Guards: strings.Join(c.Protections, ", "), Decisive: decisive, Idle: verdict.Silent(c), Bar: barOf(c),
	}
	if proven && c.Verdict != result.Fail { // one that fails here can
		r.Seen = seen(c)
	}
	return r
}

// measured is a check's value as shown. Something that never came down to its
// limit is "never", which is not 0.
func measured(c result.Check) string {
	switch {
	case c.Value != nil:
		return result.Format(*c.Value, c.Unit)
	case c.Op == string(verdict.FallsTo) && c.Verdict == result.Fail:
		return "never"
	default:
		return notMeasured
	}
}

// news is a check's reason, unless that only repeats the row in a sentence.
func news(c result.Check) string {
	same := func(s string) string { return strings.ReplaceAll(s, nbsp, " ") }
	if c.Op != string(verdict.FallsTo) && same(c.Reason) == same(verdict.Finding(c)) { // what it falls to is not in the row
		return ""
	}
	return c.Reason
}

// seen says when a check was proved able to fail.
func seen(c result.Check) string {
	switch {
	case c.Exercise:
		return "Says whether the experiment did what it is about: it is never failed"
	case c.Seen == nil:
		return "Unproven: never seen to fail"
	default:
		return "Seen to fail without " + c.Seen.Without + " on " + c.Seen.At
	}
}
