package harness_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/result"
)

// crashing is a scenario whose database server is killed and started again.
func crashing() harness.Scenario {
	s := scenario("good")
	s.Name = "test/crash"
	s.Faults = []harness.Fault{{ID: "crash", On: harness.OnPostgres, Kind: fault.Crash{}}}
	s.Timeline.Heal = time.Second
	return s
}

func TestADatabaseServerIsKilledAndKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	s := crashing()
	var before string
	found := func(db *pgxpool.Pool) string { // the harness comes as another role than the target
		config := db.Config().ConnConfig
		return fmt.Sprintf("%s:%d/%s", config.Host, config.Port, config.Database)
	}
	s.World.Prepare = func(ctx context.Context, st harness.State) error {
		before = found(st.Data)
		var n int
		return st.Data.QueryRow(ctx, "with made as (select 1) select count(*) from made").Scan(&n)
	}
	var started time.Time
	s.Reconcile = func(ctx context.Context, st harness.State) (harness.Reconciliation, error) {
		require.Equal(t, before, found(st.Data), "it is found where it was")
		return harness.Reconciliation{}, st.Data.QueryRow(ctx, "select pg_postmaster_start_time()").Scan(&started)
	}
	cfg := config(t)
	cfg.Database = database.Options{Provider: "local"}
	begun := time.Now()
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
	if errors.Is(err, database.ErrNoDatabase) {
		t.Skip(err)
	}
	require.NoError(t, err)
	got := run.Scenarios[0]
	require.NotEqual(t, result.Fail, got.Verdict, "on a busy machine it is down for long: %v", failing(got))
	require.Len(t, got.Faults, 1)
	require.Positive(t, got.Faults[0].Fired)
	require.True(t, *got.Faults[0].Undone)
	require.Contains(t, got.Faults[0].Measured, "started again after")
	require.WithinRange(t, started, begun.Add(s.Timeline.Start(result.Inject)), time.Now())
}

func TestAServerThatIsSomebodyElsesIsNotKilledAndTheScenarioSaysSo(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Database = database.Options{Providers: []database.Provider{database.DSN(databases.Open(t).DSN())}}
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{crashing()})
	require.NoError(t, err)
	got := run.Scenarios[0]
	require.Equal(t, result.NotExercised, got.Verdict)
	require.Empty(t, got.Streams, "before it starts")
	require.Contains(t, strings.Join(failing(got), "; "), "somebody else's, and is not killed")
}
