package harness_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/step"
)

// commandVariable makes this binary a command of a setup.
const commandVariable = "TEST_COMMAND"

// carryOutCommand is a migration: one that knows the variable by which it is told of
// the database, or one that takes the database of its folder.
func carryOutCommand(how string) {
	if how == "astray" {
		_ = os.WriteFile("db.sqlite3", []byte("data"), 0o600)
		fmt.Println("migrated")
		return
	}
	conn, err := pgx.Connect(context.Background(), os.Getenv("PG"))
	if err == nil {
		_, err = conn.Exec(context.Background(), "create table item (id int, name text); insert into item select n, 'new' from generate_series(1, "+os.Args[1]+") n")
	}
	fmt.Println("port", os.Getenv("PORT"), "worker", os.Getenv("WORKER"), err)
	if err != nil {
		os.Exit(1)
	}
}

// migrated is a scenario of the shop whose data comes of a setup.
func migrated(t *testing.T, cfg *harness.Config, how string) harness.Scenario {
	t.Helper()
	web := &cfg.Target.Processes[1]
	web.Dir = t.TempDir()
	web.Env["PORT"], web.Env["WORKER"] = "{port}", "{worker.url}"
	cfg.Target.Values["parameters.rows"], cfg.Target.Values["parameters.name"] = "7", "o'neill"
	cfg.Database = databases.Options(t)
	cfg.Database.CacheDir = t.TempDir()
	s := selling()
	s.World.DatabaseName, s.World.DatabaseEnv = "db", map[string]string{"PG": "{dsn}"}
	s.World.Data = database.DataSet{Name: "empty", Key: "empty", Build: func(context.Context, string) error { return nil }}
	s.World.Once = []harness.SetupStep{{
		Step: step.Step{Name: "migrate", Run: []string{"/usr/bin/env", commandVariable + "=" + how, web.Command[0], "{parameters.rows}"}}, Writes: []string{"db"},
		Inputs: []string{"migrations"},
	}}
	require.NoError(t, os.WriteFile(filepath.Join(web.Dir, "migrations"), []byte(t.Name()), 0o600))
	return s
}

func TestASetupFillsTheDatabaseOnceAndEachScenariosCopy(t *testing.T) {
	t.Parallel()
	cfg := shop(t)
	s := migrated(t, &cfg, "migrate")
	s.World.Each = []harness.SetupStep{
		{Step: step.Step{SQL: "update item set name = :name where id = 1", Values: map[string]string{"name": "{parameters.name}"}, At: "db"}, Writes: []string{"db"}},
		{Step: step.Step{Request: &step.Request{Path: "/", Capture: map[string]string{"token": "json.answer"}}}, WhenReady: true},
	}
	var seen []string
	s.Reconcile = func(ctx context.Context, state harness.State) (harness.Reconciliation, error) {
		var text string
		err := state.Data.QueryRow(ctx, "select count(*) || ' ' || min(name) filter (where id = 1) from item").Scan(&text)
		seen = append(seen, text+" "+state.Values["token"])
		return harness.Reconciliation{}, err
	}
	got := sell(t, cfg, s)
	require.NotEmpty(t, got.Streams, got.Reason)
	require.Equal(t, []string{"7 o'neill 42"}, seen)
	log, err := os.ReadFile(filepath.Join(cfg.Out, "setup.log"))
	require.NoError(t, err)
	require.Contains(t, string(log), "worker http://127.0.0.1:", "with the environment of the entry, other processes' addresses too")
	require.NotContains(t, string(log), "{port}")
	require.NotContains(t, string(log), `"answer":42`, "what was captured may be a secret")
	require.Contains(t, string(log), "migrate")

	cfg.ID, cfg.Out = "", t.TempDir()
	got = sell(t, cfg, s)
	require.NotEmpty(t, got.Streams, got.Reason)
	require.Equal(t, []string{"7 o'neill 42", "7 o'neill 42"}, seen)
	log, err = os.ReadFile(filepath.Join(cfg.Out, "setup.log"))
	require.NoError(t, err)
	require.NotContains(t, string(log), "migrate", "nothing that it reads has changed")
}

// Where nothing keeps what a setup leaves, it is done for each scenario.
func TestASetupThatNothingKeepsIsDoneForEachScenario(t *testing.T) {
	t.Parallel()
	cfg, done := shop(t), filepath.Join(t.TempDir(), "done")
	first, second := selling(), selling()
	second.Name = "shop/again"
	for _, s := range []*harness.Scenario{&first, &second} {
		s.World.Once = []harness.SetupStep{{Step: step.Step{Run: []string{"/bin/sh", "-c", "echo done >>" + done}}}}
	}
	_, err := harness.Run(t.Context(), cfg, []harness.Scenario{first, second})
	require.NoError(t, err)
	text, err := os.ReadFile(done)
	require.NoError(t, err)
	require.Equal(t, "done\ndone\n", string(text))
}

func TestAMigrationOfAnotherDatabaseEndsTheRunAndNamesItsFile(t *testing.T) {
	t.Parallel()
	cfg := shop(t)
	s := migrated(t, &cfg, "astray")
	_, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
	var unwritten *harness.UnwrittenError
	require.ErrorAs(t, err, &unwritten)
	require.Equal(t, "db", unwritten.Where)
	require.Equal(t, []string{"PG"}, unwritten.Told)
	require.Contains(t, unwritten.Instead, "db.sqlite3")
	require.ErrorContains(t, err, "migrate ended well, but wrote nothing to db; instead it wrote ")
	left, err := filepath.Glob(filepath.Join(cfg.UndoDir, "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// A step of a scenario's own that fails costs that scenario alone.
func TestAStepOfAScenarioThatFailsIsItsOwnAffair(t *testing.T) {
	t.Parallel()
	cfg := shop(t)
	s := selling()
	s.World.Each = []harness.SetupStep{{Step: step.Step{Name: "seed", Run: []string{"/bin/sh", "-c", "echo out of seeds; exit 4"}}}}
	got := sell(t, cfg, s)
	require.Equal(t, result.Inconclusive, got.Verdict)
	require.Contains(t, got.Error, "setup.each: seed: it ended with exit code 4; its last lines:")
	require.Contains(t, got.Error, "out of seeds")
}

func TestWhatIsWrongWithASetupIsKnownBeforeAnythingStarts(t *testing.T) {
	for want, world := range map[string]harness.World{
		"it needs exactly one of run, sql and request": {Once: []harness.SetupStep{{}}},
		"no process of the target runs yet":            {Once: []harness.SetupStep{{Step: step.Step{Request: &step.Request{Path: "/"}}}}},
		"the target is not started yet":                {Once: []harness.SetupStep{{Step: step.Step{Run: []string{"x"}}, WhenReady: true}}},
		"a request waits until the target is ready":    {Each: []harness.SetupStep{{Step: step.Step{Request: &step.Request{Path: "/"}}}}},
		"has no database for its SQL":                  {Each: []harness.SetupStep{{Step: step.Step{SQL: "select 1"}}}},
		"which is neither the database nor a dependency, did you mean redis?": {
			Once:         []harness.SetupStep{{Step: step.Step{Run: []string{"x"}}, Writes: []string{"rediss"}}},
			Dependencies: []harness.Dependency{{Name: "redis", Open: func(context.Context, harness.Opening) (harness.Fake, error) { return nil, nil }}},
		},
		"names no part of a message":          {Once: []harness.SetupStep{{Step: step.Step{Run: []string{"x"}}, Capture: map[string]string{"t": "jsn.x"}}}},
		"is no path below the folder":         {Once: []harness.SetupStep{{Step: step.Step{Run: []string{"x"}}, Inputs: []string{"/etc"}}}},
		"captured from what a command prints": {Each: []harness.SetupStep{{Step: step.Step{Request: &step.Request{Path: "/"}}, WhenReady: true, Capture: map[string]string{"t": "json"}}}},
	} {
		s := selling()
		s.World = world
		err := s.Validate()
		require.ErrorContains(t, err, want)
		require.NotContains(t, strings.TrimSpace(err.Error()), "\n", "one mistake is one line")
	}
}
