package reports

import (
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// reevaluated says which verdicts were found later, by other limits.
type reevaluated struct {
	Sentence string
	Rows     []reevaluatedRow
}

type reevaluatedRow struct {
	Was, Is                   badge
	Scenario, Check, Old, New string
	Changed                   bool
}

func newReevaluated(r *result.Reevaluation) *reevaluated {
	if r == nil {
		return nil
	}
	out := &reevaluated{Sentence: reevaluatedSentence(r)}
	for _, c := range r.Changes {
		row := reevaluatedRow{Was: badgeOf(c.Was), Is: badgeOf(c.Is), Scenario: c.Scenario, Check: c.Check, Old: c.OldLimit, New: c.NewLimit, Changed: c.Was != c.Is}
		if c.OldLimit == "" {
			row.Old, row.Was.Word = "no such check", "NOT JUDGED"
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func reevaluatedSentence(r *result.Reevaluation) string {
	changed := 0
	for _, c := range r.Changes {
		if c.Was != c.Is {
			changed++
		}
	}
	return "The verdicts here are not those of the run: its data were held against the limits of " + r.By + ". Of " +
		plural(len(r.Changes), "check", "checks") + " with another limit, " + plural(changed, "has", "have") + " another verdict."
}

func markdownReevaluated(b *strings.Builder, run *result.Run) {
	r := newReevaluated(run.Reevaluated)
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
