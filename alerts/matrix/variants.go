package matrix

import (
	"context"
	"fmt"
	"slices"

	"holdfast.dev/holdfast/alerts/plan"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/result"
)

// Variants judges alerts that stand beside those of the plan, each as though it were the
// one that it is a variant of: of maps their names to the plan's. It returns for each why
// it is not as it should be; one that is has no entry. What a plan cannot show, as
// nothing was recorded, counts for nothing.
func Variants(ctx context.Context, p *plan.Plan, f *rulefile.File, recorded map[string]Recorded, of map[string]string) (map[string]string, error) {
	j := &judge{plan: p, rules: f, recorded: recorded, expected: map[string]bool{}}
	wrong := map[string]string{}
	note := func(variant, scenario string, c result.Check) {
		if wrong[variant] == "" && c.Verdict == result.Fail {
			wrong[variant] = fmt.Sprintf("%s: %s", scenario, c.Reason)
		}
	}
	faults := p.Faults
	if p.Calm.Scenario != "" {
		faults = append(slices.Clone(faults), plan.Fault{Scenario: p.Calm.Scenario})
	}
	for _, fault := range faults {
		played, why, err := j.play(ctx, fault.Scenario)
		if err != nil {
			return nil, err
		}
		if why != "" {
			continue
		}
		w, acted := windowOf(played.Scenario, p.Clock.Factor, played.To)
		if fault.Scenario == p.Calm.Scenario {
			w, acted = window{from: played.From - 1, to: played.To}, true
		}
		if !acted {
			continue
		}
		for variant, alert := range of {
			c := courseOf(played.Of(variant), w, played.To)
			if _, fires := fault.Fires[alert]; fires {
				note(variant, fault.Scenario, j.fires(alert, fault, c, played.Errors[variant], ""))
				note(variant, fault.Scenario, j.resolves(alert, fault, c, played.To-w.to, ""))
			} else if !slices.Contains(fault.Also, alert) && (c.fired != nil || c.before) || c.early {
				note(variant, fault.Scenario, result.Check{Verdict: result.Fail, Reason: "it fired, and is not expected"})
			}
		}
	}
	return wrong, nil
}
