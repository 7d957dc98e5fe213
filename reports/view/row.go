package view

import (
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports/chart"
)

// Row is one scenario in the table of all.
type Row struct {
	ID, Name   string
	Verdict    Badge
	Faults     string
	Without    string
	Compressed bool
	Check      string // the decisive check, as a sentence
	Got, Limit string
	Samples    string
	Try        string // which it is, if not the first
	Reason     string // instead of a check, where there is none
	More       string
	Bar        *Bar
	// Spark is the course of the decisive check, in a drawn view alone: a path in a
	// rectangle of 1000 by 100. Empty: no series goes with it.
	Spark string
}

const sparkPoints = 60

// spark draws the course of what decides a scenario, on the scale from 0 to its peak.
func spark(s result.Scenario) string {
	c := verdict.Decisive(s.Checks, s.Evidence)
	if c == nil {
		return ""
	}
	over, ok := courseOf(s, *c)
	if !ok {
		return ""
	}
	series := thin(over.series, sparkPoints)
	return chart.Sketch(series.T, series.V)
}

func newRow(s judged, id string) Row {
	r := Row{ID: id, Name: s.Name, Verdict: s.badge, Without: strings.Join(s.Without, ", "), Compressed: len(s.Compressed) > 0, Try: ordinal(len(s.Tries) + 1)}
	var faults []string
	for _, f := range s.Faults {
		faults = append(faults, faultName(f))
	}
	r.Faults = strings.Join(faults, ", ")
	if s.decisive == nil || !s.carriedOut() {
		r.Reason = s.reason
		return r
	}
	c := *s.decisive
	r.Check, r.Got, r.Limit, r.Samples = verdict.Subject(c), measured(c), verdict.LimitText(c), count(c.Samples)
	r.Bar = barOf(c)
	if c.Verdict != result.Pass && c.Verdict != result.Fail || c.Value == nil {
		r.Reason = news(c)
	}
	if n := s.others(); n > 0 && c.Verdict != result.Pass {
		r.More = "and " + Plural(n, "more check", "more checks") + " " + strings.ToLower(c.Verdict.Label())
	}
	return r
}
