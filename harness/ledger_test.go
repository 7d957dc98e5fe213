package harness_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/harness/verdict"
)

// takeOrders makes the target a shop: an order of a cart is answered 201 and stands in the
// database soon after. Each cart that how names goes wrong in its own way, for example
// "lost=10 doubled=20".
func takeOrders(mux *http.ServeMux, how string) {
	wrong := map[string]string{}
	for _, one := range strings.Fields(how) {
		what, cart, _ := strings.Cut(one, "=")
		wrong[cart] = what
	}
	var mu sync.Mutex // one connection is enough
	conn, err := pgx.Connect(context.Background(), os.Getenv("DATABASE_URL"))
	if err != nil {
		panic(err)
	}
	order := func(cart string) {
		mu.Lock()
		defer mu.Unlock()
		if _, err := conn.Exec(context.Background(), "insert into orders values ($1, now(), 'new')", cart); err != nil {
			panic(err)
		}
	}
	mux.HandleFunc("POST /orders/{cart}", func(w http.ResponseWriter, r *http.Request) {
		cart := r.PathValue("cart")
		switch wrong[cart] {
		case "lost":
		case "doubled":
			order(cart)
			order(cart)
		case "phantom":
			order(cart)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case "refused":
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case "cut":
			order(cart)
			panic(http.ErrAbortHandler)
		case "late":
			time.AfterFunc(300*time.Millisecond, func() { order(cart) })
		default:
			order(cart)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"order": {"id": %q}}`, "o"+cart)
	})
	mux.HandleFunc("GET /orders/{cart}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		n := 0
		if err := conn.QueryRow(context.Background(), "select count(*) from orders where cart = $1", r.PathValue("cart")).Scan(&n); err != nil || n == 0 {
			w.WriteHeader(http.StatusNotFound)
		}
	})
}

// orders is a scenario with a ledger of what its carts came to.
func orders(how string) harness.Scenario {
	t := harness.Timeline{Baseline: 300 * time.Millisecond, Inject: 300 * time.Millisecond, Drain: 20 * time.Second}
	return harness.Scenario{
		Name: "test/shop", Claim: "the ledger",
		World: harness.World{Data: database.DataSet{Name: "orders", Key: "harness-test-orders", Build: func(ctx context.Context, dsn string) error {
			conn, err := pgx.Connect(ctx, dsn)
			if err != nil {
				return err
			}
			defer conn.Close(ctx)
			_, err = conn.Exec(ctx, "create table orders (cart text, at timestamptz, state text)")
			return err
		}}},
		Settings: map[string]string{behaviour: "shop " + how},
		Timeline: t,
		Load: []load.Stream{{
			Name: "order", Profile: load.Constant(100, t.Total()), Expect: load.Status(201), MaxLag: time.Minute,
			Template: &load.Template{Method: "POST", Path: "/orders/{cart}", Vars: map[string]load.Var{"cart": {Unique: load.UniqueNumber}}},
		}},
		Ledger: &ledger.Ledger{
			Accepted: ledger.Accepted{Stream: "order", Key: "{cart}"}, Arrived: ledger.Arrived{SQL: "select cart, at from orders"},
		},
		StandingOff: map[string]string{"answers": "carts go wrong on purpose"},
	}
}

func checkOn(t *testing.T, s result.Scenario, metric string) result.Check {
	t.Helper()
	for _, c := range s.Checks {
		if c.Metric == metric {
			return c
		}
	}
	require.Fail(t, "no check on "+metric)
	return result.Check{}
}

func TestWhatIsLostDoubledUnknownAndPhantomIsFoundWithItsKeys(t *testing.T) {
	t.Parallel()
	honest := orders("late=7")
	honest.Name = "test/honest"
	wrong := orders("lost=10 doubled=20 phantom=30 refused=40 cut=50")
	wrong.Timeline.Drain = 2 * time.Second
	wrong.Checks = []verdict.Check{verdict.Metric("ledger.unknown").AtMost(verdict.Count(0)), verdict.Metric("ledger.strangers").AtMost(verdict.Count(0))}
	wrong.World.Data.Key, wrong.World.Data.Build = "harness-test-orders-2", withStranger(wrong.World.Data.Build)
	run, err := harness.Run(t.Context(), config(t), []harness.Scenario{honest, wrong})
	require.NoError(t, err)

	got := run.Scenarios[0]
	for _, metric := range []string{"ledger.lost", "ledger.doubled", "ledger.phantom"} {
		require.Equal(t, result.Pass, checkOn(t, got, metric).Verdict, failing(got))
	}
	require.Equal(t, []int64{60, 60, 0, 0, 0}, []int64{got.Ledger.Accepted, *got.Ledger.Arrived, got.Ledger.Lost, got.Ledger.Duplicated, got.Ledger.Unknown}, "what is late was waited for")
	require.GreaterOrEqual(t, *got.Ledger.DelayP99MS, 0.0)

	got = run.Scenarios[1]
	require.Equal(t, result.Fail, got.Verdict)
	for metric, cart := range map[string]string{"ledger.lost": "10", "ledger.doubled": "20", "ledger.phantom": "30", "ledger.unknown": "50", "ledger.strangers": "stranger"} {
		c := checkOn(t, got, metric)
		if metric != "ledger.unknown" { // which a disturbed machine may bring about
			require.Equal(t, result.Fail, c.Verdict, metric)
		}
		require.InDelta(t, 1, *c.Value, 0, metric)
		require.Contains(t, c.Reason, "for example "+cart, metric)
	}
	require.Equal(t, map[string][]string{"lost": {"10"}, "doubled": {"20"}, "phantom": {"30"}, "unknown": {"50"}, "strangers": {"stranger"}}, got.Ledger.Examples)
}

func withStranger(build func(context.Context, string) error) func(context.Context, string) error {
	return func(ctx context.Context, dsn string) error {
		if err := build(ctx, dsn); err != nil {
			return err
		}
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, "insert into orders values ('stranger', now(), 'new')")
		return err
	}
}

// What arrived can be read in other ways, and the key may be one that the answer gives.
func TestWhatArrivedIsReadBackPrintedAndToldByAFake(t *testing.T) {
	t.Parallel()
	readBack := orders("lost=10 phantom=30")
	readBack.Name = "test/read-back"
	readBack.Ledger.Arrived = ledger.Arrived{Request: &step.Request{Path: "/orders/{key}"}}
	readBack.Timeline.Drain = time.Second

	printed := orders("")
	printed.Name = "test/printed"
	list := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(list, []byte("#!/bin/sh\ni=0; while [ $i -lt 59 ]; do echo o$i; i=$((i+1)); done\n"), 0o755))
	printed.Ledger.Accepted.Key = "{json.order.id}"
	printed.Ledger.Arrived = ledger.Arrived{Run: []string{list}}
	printed.Timeline.Drain = time.Second

	told := orders("")
	told.Name = "test/told"
	told.World.Dependencies = []harness.Dependency{{Name: "bank", Receives: []string{"bank.charge"}, Open: func(context.Context, harness.Opening) (harness.Fake, error) { return bank{}, nil }}}
	told.Ledger.Arrived = ledger.Arrived{At: "bank.charge"}

	notUnique := orders("")
	notUnique.Name = "test/not-unique"
	notUnique.Ledger.Accepted.Key = "{header.Content-Length}"
	notUnique.Timeline.Drain = 300 * time.Millisecond

	run, err := harness.Run(t.Context(), config(t), []harness.Scenario{readBack, printed, told, notUnique})
	require.NoError(t, err)
	got := run.Scenarios[0]
	require.Equal(t, []int64{58, 1, 1}, []int64{got.Ledger.Accepted - got.Ledger.Lost, got.Ledger.Lost, got.Ledger.Phantom}, got.Error)
	require.Equal(t, map[string][]string{"lost": {"10"}, "phantom": {"30"}}, got.Ledger.Examples)
	got = run.Scenarios[1]
	require.Equal(t, map[string][]string{"lost": {"o59"}}, got.Ledger.Examples, got.Error)
	got = run.Scenarios[2]
	require.Equal(t, result.Pass, checkOn(t, got, "ledger.lost").Verdict, failing(got))
	got = run.Scenarios[3]
	require.Equal(t, result.Inconclusive, got.Verdict, failing(got))
	require.Contains(t, checkOn(t, got, "ledger.lost").Reason, "the ledger's key does not tell requests apart")
}

// bank is a fake that says it got every cart.
type bank struct{ harness.Fake }

func (bank) Support() fault.Support      { return fault.Support{} }
func (bank) Settings() map[string]string { return nil }
func (bank) Close() error                { return nil }
func (bank) Received(string, time.Time) []ledger.Arrival {
	var all []ledger.Arrival
	for n := range 60 {
		all = append(all, ledger.Arrival{Key: strconv.Itoa(n)})
	}
	return all
}

// What is asked of the data, sampled and done beside the load is done, seen and judged.
func TestInvariantsSamplesActionsAndWhatIsDrained(t *testing.T) {
	t.Parallel()
	holds := orders("late=3")
	holds.Name, holds.Ledger = "test/holds", nil
	holds.DrainedWhen = &harness.Question{Step: step.Step{SQL: "select count(*) from orders"}, Equals: "60"}
	holds.Invariants = []harness.Invariant{
		{Name: "No order twice", SQL: "select cart from orders group by cart having count(*) > 1"},
		{Name: "all there", SQL: "select count(*) from orders", Equals: "60"},
		{Name: "no old state", SQL: "select 1 from orders where state = 'old'", When: harness.Always, Every: 50 * time.Millisecond},
	}
	holds.Samples = []harness.Sample{
		{Series: probe.Series{Name: "orders.rows"}, SQL: "select count(*) from orders", Every: 50 * time.Millisecond},
		{Series: probe.Series{Name: "printed", Unit: result.UnitBytes}, Run: []string{"sh", "-c", "echo some; echo 17"}, Every: 200 * time.Millisecond},
	}
	holds.Checks = []verdict.Check{
		verdict.Metric("orders.rows.max").AtLeast(verdict.Count(20)), verdict.Metric("printed.max").Equals(verdict.Bytes(17)),
	}
	holds.Actions = []harness.Action{{Name: "migration", Step: step.Step{Run: []string{"sh", "-c", "echo migrated in $HOLDFAST_TEST_TARGET"}}, After: 50 * time.Millisecond}}

	breaks := orders("doubled=5")
	breaks.Name, breaks.Ledger = "test/breaks", nil
	breaks.Timeline.Drain = time.Second
	breaks.Invariants = append([]harness.Invariant{{Name: "broken", SQL: "select nothing from orders"}, {Name: "writes", SQL: "delete from orders returning 1"}}, holds.Invariants...)
	breaks.Actions = []harness.Action{
		{Name: "fails", Step: step.Step{Run: []string{"sh", "-c", "echo cannot; exit 3"}}},
		{Name: "ages", Step: step.Step{SQL: "update orders set state = 'old' where cart = '1'"}, After: 100 * time.Millisecond},
		{Name: "again", Step: step.Step{SQL: "update orders set state = 'new' where cart = '1'"}, After: 290 * time.Millisecond},
		{Name: "lasts", Step: step.Step{Run: []string{"sleep", "60"}}},
	}
	var run *result.Run
	for range 5 { // on a busy machine nobody may look while the state is old
		var err error
		run, err = harness.Run(t.Context(), config(t), []harness.Scenario{holds, breaks})
		require.NoError(t, err)
		if checkOn(t, run.Scenarios[1], "invariant.no-old-state").Verdict == result.Fail {
			break
		}
	}
	got := run.Scenarios[0]
	for _, metric := range []string{"orders.rows.max", "printed.max", "invariant.no-order-twice", "invariant.all-there", "invariant.no-old-state", "standing.actions"} {
		require.Equal(t, result.Pass, checkOn(t, got, metric).Verdict, failing(got))
	}
	require.Contains(t, eventsOf(got), "action migration was done")

	got = run.Scenarios[1]
	require.Equal(t, result.Fail, got.Verdict)
	twice := checkOn(t, got, "invariant.no-order-twice")
	require.Equal(t, result.Fail, twice.Verdict)
	require.Contains(t, twice.Reason, "it gave 1 rows, and should give 0: (5)")
	require.Contains(t, checkOn(t, got, "invariant.all-there").Reason, `it was "61" in 1 rows, and should be 60`)
	require.Equal(t, result.Fail, checkOn(t, got, "invariant.no-old-state").Verdict, "seen while there was load, and gone at the end")
	for metric, says := range map[string]string{"invariant.broken": `column "nothing" does not exist`, "invariant.writes": "delete"} {
		c := checkOn(t, got, metric)
		require.Equal(t, result.NotExercised, c.Verdict, "what can't be asked holds nothing")
		require.Contains(t, strings.ToLower(c.Reason), says)
	}
	actions := checkOn(t, got, "standing.actions")
	require.Equal(t, result.Fail, actions.Verdict)
	require.Contains(t, actions.Reason, "action fails: it ended with exit code 3; its last lines:\n  | cannot")
	require.Contains(t, actions.Reason, "it was still going on when the experiment was over")
}

func eventsOf(s result.Scenario) string {
	var all []string
	for _, e := range s.Events {
		all = append(all, e.What)
	}
	return strings.Join(all, "\n")
}
