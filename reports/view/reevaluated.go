package view

import "holdfast.dev/holdfast/harness/result"

// Reevaluation says which verdicts were found later, by other limits.
type Reevaluation struct {
	Sentence string
	Rows     []Change
}

// Change is a check that was held against another limit.
type Change struct {
	Was, Is                   Badge
	Scenario, Check, Old, New string
	Changed                   bool
}

func newReevaluation(r *result.Reevaluation) *Reevaluation {
	if r == nil {
		return nil
	}
	out := &Reevaluation{Sentence: reevaluatedSentence(r)}
	for _, c := range r.Changes {
		row := Change{Was: badgeOf(c.Was), Is: badgeOf(c.Is), Scenario: c.Scenario, Check: c.Check, Old: c.OldLimit, New: c.NewLimit, Changed: c.Was != c.Is}
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
		Plural(len(r.Changes), "check", "checks") + " with another limit, " + Plural(changed, "has", "have") + " another verdict."
}
