package mutation

import (
	"context"
	"fmt"
	"slices"

	"holdfast.dev/holdfast/alerts/lint"
	"holdfast.dev/holdfast/alerts/matrix"
	"holdfast.dev/holdfast/alerts/plan"
	"holdfast.dev/holdfast/alerts/rulefile"
)

// Outcome is what became of one mutant.
type Outcome struct {
	Mutant
	By  string // lint, by an error, or matrix; empty: nobody did
	Why string // what was said; where nobody found it, of what lint warns, which stops nobody
}

// Hunt looks for each mutant: by lint, and where that has no new error by the matrix: what
// it only warns of can be passed over. All that are left are played at once, each as an alert of its own beside the others.
func Hunt(ctx context.Context, p *plan.Plan, f *rulefile.File, c lint.Config, recorded map[string]matrix.Recorded) ([]Outcome, error) {
	before, err := lint.Lint(ctx, f, c)
	if err != nil {
		return nil, err
	}
	var all []Outcome
	left := map[string]string{} // a mutant's alert, and whose it was
	beside := &rulefile.File{Name: f.Name, Groups: slices.Clone(f.Groups)}
	others := rulefile.Group{Name: "mutants"}
	for _, m := range All(f) {
		o := Outcome{Mutant: m}
		news, err := found(ctx, f, c, m, before)
		if err != nil {
			return nil, err
		}
		o.Why = news.Text
		if news.Level == lint.Error {
			o.By = "lint"
		} else {
			left[m.Name()] = m.Alert
			others.Rules = append(others.Rules, m.Rule)
		}
		all = append(all, o)
	}
	if len(left) == 0 {
		return all, nil
	}
	beside.Groups = append(beside.Groups, others)
	wrong, err := matrix.Variants(ctx, p, beside, recorded, left)
	if err != nil {
		return nil, err
	}
	for i, o := range all {
		if why := wrong[o.Name()]; o.By == "" && why != "" {
			all[i].By, all[i].Why = "matrix", why
		}
	}
	return all, nil
}

// found is what lint says of a mutant that it does not say of the rules as they are, an
// error before a warning.
func found(ctx context.Context, f *rulefile.File, c lint.Config, m Mutant, before []lint.Finding) (news lint.Finding, err error) {
	after, err := lint.Lint(ctx, replaced(f, m), c)
	if err != nil {
		return news, fmt.Errorf("%s: %w", m.Name(), err)
	}
	for _, one := range after {
		if !slices.ContainsFunc(before, func(o lint.Finding) bool { return o.Rule == one.Rule && o.Text == one.Text }) {
			if one.Level == lint.Error {
				return one, nil
			}
			news = one
		}
	}
	return news, nil
}

// replaced is the file with a mutant in the place of its rule, under its name.
func replaced(f *rulefile.File, m Mutant) *rulefile.File {
	out := &rulefile.File{Name: f.Name}
	for _, g := range f.Groups {
		g.Rules = slices.Clone(g.Rules)
		for i, r := range g.Rules {
			if r.Alert == m.Alert {
				g.Rules[i] = m.Rule
				g.Rules[i].Alert = m.Alert
			}
		}
		out.Groups = append(out.Groups, g)
	}
	return out
}
