package scenarios_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/scenarios"
)

// withSQL has a scenario's own copy of the data prepared further.
func withSQL(s harness.Scenario, statements ...string) harness.Scenario {
	prepare := s.World.Prepare
	s.World.Prepare = func(ctx context.Context, o harness.State) error {
		if prepare != nil {
			if err := prepare(ctx, o); err != nil {
				return err
			}
		}
		for _, sql := range statements {
			sql = strings.ReplaceAll(sql, "{database}", pgx.Identifier{o.Data.Config().ConnConfig.Database}.Sanitize())
			if _, err := o.Data.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	}
	return s
}

// genericPlans has every session of the target use the plan that a statement has
// for any argument: what Postgres may come to by itself, sooner or later, and then
// keeps for as long as the connection lives.
const genericPlans = "ALTER DATABASE {database} SET plan_cache_mode = force_generic_plan"

// A plan that Postgres may choose in production is no reason to fail: with generic
// plans forced, those scenarios hold whose statements are all that the tasks have, and
// whose queue is the longest: it is fetched from, looked after, rescued and counted.
// What the machine keeps from showing anything is left to other runs. Which tables
// make such a plan a trap is tested where templates are made.
func TestTheTasksHoldWithGenericPlans(t *testing.T) {
	var suite []harness.Scenario
	for _, s := range scenarios.Catalogue(profileNamed(t, "smoke")) {
		if slices.Contains([]string{"task/refused-key", "task/parked", "task/mixed", "task/killed"}, s.Name) {
			suite = append(suite, withSQL(s, genericPlans))
		}
	}
	require.Len(t, suite, 4)
	cfg := config(t)
	cfg.Pace = 1
	run, err := harness.Run(t.Context(), cfg, suite)
	require.NoError(t, err)
	for _, s := range run.Scenarios {
		require.NotEqual(t, result.Fail, s.Verdict, "%s: %s", s.Name, s.Reason)
		if s.Verdict != result.Pass {
			t.Logf("%s: %s: %s", s.Verdict, s.Name, s.Reason)
		}
	}
}
