package reports

import (
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// rejudged says which verdicts were found later, by other limits.
type rejudged struct {
	Sentence string
	Rows     []rejudgedRow
}

type rejudgedRow struct {
	Was, Is                   badge
	Scenario, Check, Old, New string
	Changed                   bool
}

func newRejudged(r *result.Rejudgement) *rejudged {
	if r == nil {
		return nil
	}
	out := &rejudged{Sentence: rejudgedSentence(r)}
	for _, c := range r.Changes {
		row := rejudgedRow{Was: badgeOf(c.Was), Is: badgeOf(c.Is), Scenario: c.Scenario, Check: c.Check, Old: c.OldLimit, New: c.NewLimit, Changed: c.Was != c.Is}
		if c.OldLimit == "" {
			row.Old, row.Was.Word = "no such check", "NOT JUDGED"
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func rejudgedSentence(r *result.Rejudgement) string {
	changed := 0
	for _, c := range r.Changes {
		if c.Was != c.Is {
			changed++
		}
	}
	return "The verdicts here are not those of the run: its data were held against the limits of " + r.By + ". Of " +
		plural(len(r.Changes), "check", "checks") + " with another limit, " + plural(changed, "has", "have") + " another verdict."
}

func markdownRejudged(b *strings.Builder, run *result.Run) {
	r := newRejudged(run.Rejudged)
	if r == nil {
		return
	}
	b.WriteString("\n> " + inline(r.Sentence) + "\n")
	var rows [][]string
	for _, row := range r.Rows {
		rows = append(rows, []string{row.Was.Mark + nbsp + row.Was.Word, row.Is.Mark + nbsp + row.Is.Word, inline(row.Scenario), inline(row.Check), inline(row.Old), inline(row.New)})
	}
	table(b, "Judged again", []string{"Was", "Is", "Scenario", "Check", "Limit then", "Limit now"}, "llllrr", rows)
}
