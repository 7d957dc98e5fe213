package harness_test

import (
	"net"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/harness/verdict"
)

// What a scenario declares and cannot be carried out is refused before anything starts.
func TestWhatIsDeclaredWrongIsRefused(t *testing.T) {
	ask := step.Step{SQL: "select 0"}
	for want, spoil := range map[string]func(*harness.Scenario){
		"an action has no name": func(s *harness.Scenario) { s.Actions = []harness.Action{{Step: ask}} },
		`two actions are named "a"`: func(s *harness.Scenario) {
			s.Actions = []harness.Action{{Name: "a", Step: ask}, {Name: "a", Step: ask}}
		},
		`action "a": there is no phase "injekt", did you mean inject?`: func(s *harness.Scenario) { s.Actions = []harness.Action{{Name: "a", Step: ask, During: "injekt"}} },
		`action "a": the phase "heal" does not take place`:             func(s *harness.Scenario) { s.Actions = []harness.Action{{Name: "a", Step: ask, During: result.Heal}} },
		`action "a": inject is over before it begins`: func(s *harness.Scenario) {
			s.Actions = []harness.Action{{Name: "a", Step: ask, After: s.Timeline.Inject}}
		},
		`action "a": it needs exactly one of`: func(s *harness.Scenario) { s.Actions = []harness.Action{{Name: "a"}} },
		`action a: there is no database "bd": it is called database`: func(s *harness.Scenario) {
			s.Actions = []harness.Action{{Name: "a", Step: step.Step{SQL: "select 0", At: "bd"}}}
		},
		"an invariant has no name":   func(s *harness.Scenario) { s.Invariants = []harness.Invariant{{SQL: "select 0"}} },
		`invariant "x" asks nothing`: func(s *harness.Scenario) { s.Invariants = []harness.Invariant{{Name: "x"}} },
		`two invariants are named "x y"`: func(s *harness.Scenario) {
			s.Invariants = []harness.Invariant{{Name: "X-y", SQL: "select 0"}, {Name: "x y", SQL: "select 0"}}
		},
		`there is no when "drain", did you mean drained?`: func(s *harness.Scenario) {
			s.Invariants = []harness.Invariant{{Name: "x", SQL: "select 0", When: "drain"}}
		},
		`gauge "q" needs exactly one of sql, redis and a command`: func(s *harness.Scenario) { s.Samples = []harness.Sample{{Series: probe.Series{Name: "q"}}} },
		`gauge "Q w": its name must be`: func(s *harness.Scenario) {
			s.Samples = []harness.Sample{{Series: probe.Series{Name: "Q w"}, SQL: "select 0"}}
		},
		`gauge "target.rss": there is another series of that name`: func(s *harness.Scenario) {
			s.Samples = []harness.Sample{{Series: probe.Series{Name: "target.rss"}, SQL: "select 0"}}
		},
		`gauge "q": there is no dependency "cash" to ask`: func(s *harness.Scenario) {
			s.Samples = []harness.Sample{{Series: probe.Series{Name: "q"}, At: "cash", Redis: []string{"PING"}}}
		},
		`gauge "q": there is no unit "byte", did you mean bytes?`: func(s *harness.Scenario) {
			s.Samples = []harness.Sample{{Series: probe.Series{Name: "q", Unit: "byte"}, SQL: "select 0"}}
		},
		"drained: it does not say what the answer equals":            func(s *harness.Scenario) { s.DrainedWhen = &harness.Question{Step: ask} },
		"drained: a value is one of the answer to a request":         func(s *harness.Scenario) { s.DrainedWhen = &harness.Question{Step: ask, Value: "json.n", Equals: "0"} },
		`the ledger: there is no stream "ordr", did you mean order?`: func(s *harness.Scenario) { s.Ledger.Accepted.Stream = "ordr" },
		"the ledger: arrived: it needs exactly one of":               func(s *harness.Scenario) { s.Ledger.Arrived = ledger.Arrived{} },
		"the scenario has no baseline to hold it against": func(s *harness.Scenario) {
			s.Timeline.Baseline, s.Load[0].Profile = 0, nil
			s.Checks = []verdict.Check{verdict.Metric("order.latency.p99").In(result.Inject).AtMostTimes(2)}
		},
		"the phase heal does not take place": func(s *harness.Scenario) {
			s.Checks = []verdict.Check{verdict.Metric("order.ok").In(result.Heal).AtLeast(verdict.Count(1))}
		},
		"it can't fail: order.ok is never less than 0": func(s *harness.Scenario) {
			s.Checks = []verdict.Check{verdict.Metric("order.ok").AtLeast(verdict.Count(0))}
		},
	} {
		s := orders("")
		require.NoError(t, s.Validate())
		spoil(&s)
		require.ErrorContains(t, s.Validate(), want)
	}
}

// What an action calls is closed as the target's own way out is.
func TestAnActionReachesNobodyWhomNobodyNamed(t *testing.T) {
	t.Parallel()
	closes(t)
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	where, came := bystander(t)
	host, port, err := net.SplitHostPort(where)
	require.NoError(t, err)
	s := scenario("good")
	s.Actions = []harness.Action{{Name: "calls", Step: step.Step{Run: []string{"bash", "-c", "echo > /dev/tcp/" + host + "/" + port}}}}
	cfg := config(t)
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
	require.NoError(t, err)
	require.Equal(t, result.Pass, checkOn(t, run.Scenarios[0], "standing.actions").Verdict)
	require.Equal(t, 1, came(), "with an open way out it gets there")

	cfg = config(t)
	cfg.Target.Closed = true
	run, err = harness.Run(t.Context(), cfg, []harness.Scenario{s})
	require.NoError(t, err)
	require.Equal(t, result.Fail, run.Verdict)
	require.Contains(t, run.Reason, where)
	require.Equal(t, 1, came())
}
