package view

import (
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
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
