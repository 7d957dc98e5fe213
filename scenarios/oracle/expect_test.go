package oracle

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/reference"
	"holdfast.dev/holdfast/scenarios/profile"
)

var asOf = time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)

// impactAnswer and oracleResult are an answer of our service as it has it.
type impactAnswer struct {
	ProjectID int64                   `json:"project_id"`
	Active    int                     `json:"active"`
	Queried   int                     `json:"queried"`
	Truncated bool                    `json:"truncated"`
	Results   map[string]oracleResult `json:"results"`
}

type oracleResult struct {
	Status string         `json:"status"`
	Error  string         `json:"error"`
	Detail string         `json:"detail"`
	Data   oracleapi.Data `json:"data"`
}

// Our service's numbers.
const (
	maxOracles = 10
	oracleAPI  = "oracle_api"
)

// ours is our service, and one of its projects with so many active oracles.
func ours(active int) (*service, contract.Project) {
	s := over(reference.Impact(1000))
	return s, s.project(active, s.Here)
}

// asked are the oracles that are asked where there are many.
func asked() []string {
	_, p := ours(activeOracles)
	return p.Asked
}

// good is the right answer about project 1 with so many active oracles.
func good(active int) impactAnswer {
	a := impactAnswer{ProjectID: 1, Active: active, Queried: min(active, maxOracles), Truncated: active > maxOracles, Results: map[string]oracleResult{}}
	for _, name := range asked()[:a.Queried] {
		a.Results[name] = oracleResult{Status: "ok", Data: oracleapi.DataOf(profile.DataSeed, name, 1, asOf)}
	}
	return a
}

// but is the answer with one result changed.
func (a impactAnswer) but(oracle string, change func(*oracleResult)) impactAnswer {
	r := a.Results[oracle]
	change(&r)
	a.Results[oracle] = r
	return a
}

// failed is the answer with errors of a class for these oracles.
func (a impactAnswer) failed(class string, oracles ...string) impactAnswer {
	for _, o := range oracles {
		a.Results[o] = oracleResult{Status: "error", Error: class}
	}
	return a
}

func reply(t *testing.T, a impactAnswer) load.Answer {
	t.Helper()
	body, err := json.Marshal(a)
	require.NoError(t, err)
	return load.Answer{Status: http.StatusOK, Body: body}
}

// Each row is an answer about a project with 100 active oracles, of which
// oracle-3 may time out or break.
func TestTheWholeAnswerIsExpected(t *testing.T) {
	const active = 100
	s, about := ours(active)
	e := s.whole(about, fails{"oracle-3": {contract.TimedOut, contract.Connection}})
	without := good(active)
	delete(without.Results, "oracle-7")
	more := good(active)
	more.Results["oracle-11"] = more.Results["oracle-1"]
	other := good(active)
	other.Results["oracle-11"] = other.Results["oracle-10"]
	delete(other.Results, "oracle-10")
	for _, row := range []struct {
		name  string
		reply load.Answer
		class string
	}{
		{"all ten", reply(t, good(active)), ""},
		{"one may time out", reply(t, good(active).failed("timeout", "oracle-3")), ""},
		{"or break", reply(t, good(active).failed("connection", "oracle-3")), ""},
		{"but not be refused", reply(t, good(active).failed("status", "oracle-3")), "check_answers"},
		{"nor fail without a class", reply(t, good(active).failed("", "oracle-3")), "check_answers"},
		{"nor fail with both", reply(t, good(active).failed("timeout|connection", "oracle-3")), "check_answers"},
		{"another may not", reply(t, good(active).failed("connection", "oracle-4")), "check_answers"},
		{"another was not heard in time", reply(t, good(active).failed("timeout", "oracle-4")), "late_answers"},
		{"another was spared", reply(t, good(active).but("oracle-4", func(r *oracleResult) {
			*r = oracleResult{Status: "error", Error: "connection", Detail: "breaker open"}
		})), "late_answers"},
		{"an error without a class elsewhere", reply(t, good(active).failed("", "oracle-4")), "check_answers"},
		{"nine", reply(t, without), "check_answers"},
		{"eleven", reply(t, more), "check_answers"},
		{"ten, but not the first", reply(t, other), "check_answers"},
		{"does not say that it was cut", reply(t, func() impactAnswer { a := good(active); a.Truncated = false; return a }()), "check_answers"},
		{"says fewer were active", reply(t, func() impactAnswer { a := good(active); a.Active = 10; return a }()), "check_answers"},
		{"says more were asked", reply(t, func() impactAnswer { a := good(active); a.Queried = 100; return a }()), "check_answers"},
		{"one's data of another project", reply(t, good(active).but("oracle-2", func(r *oracleResult) { r.Data = oracleapi.DataOf(profile.DataSeed, "oracle-2", 2, asOf) })), "check_answers"},
		{"one's data of another oracle", reply(t, good(active).but("oracle-2", func(r *oracleResult) { r.Data = oracleapi.DataOf(profile.DataSeed, "oracle-1", 1, asOf) })), "check_answers"},
		{"one's data are none", reply(t, good(active).but("oracle-2", func(r *oracleResult) { r.Data = oracleapi.Data{} })), "check_answers"},
		{"an error with an address", reply(t, good(active).but("oracle-3", func(r *oracleResult) {
			*r = oracleResult{Status: "error", Error: "timeout", Detail: `Get "http://127.0.0.1:8080/oracles/oracle-3"`}
		})), "check_answers"},
		{"an error with a port", reply(t, good(active).but("oracle-3", func(r *oracleResult) {
			*r = oracleResult{Status: "error", Error: "connection", Detail: "dial tcp: connect to api:20664 refused"}
		})), "check_answers"},
		{"an error with data", reply(t, good(active).but("oracle-3", func(r *oracleResult) { r.Status, r.Error = "error", "timeout" })), "check_answers"},
		{"ok with an error", reply(t, good(active).but("oracle-3", func(r *oracleResult) { r.Error = "timeout" })), "check_answers"},
		{"an error in words", reply(t, good(active).but("oracle-3", func(r *oracleResult) {
			*r = oracleResult{Status: "error", Error: "timeout", Detail: "no whole answer in time: 300 ms"}
		})), ""},
		{"neither ok nor an error", reply(t, good(active).but("oracle-2", func(r *oracleResult) { r.Status = "fine" })), "check_answers"},
		{"no JSON", load.Answer{Status: 200, Body: []byte("<html>")}, "check_answers"},
		{"an error", load.Answer{Status: 504}, "status_504"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.class, e.Judge(row.reply))
		})
	}
}

// A project with fewer oracles than may be asked has all of them asked.
func TestFewOraclesAreNotCut(t *testing.T) {
	for _, active := range []int{1, 9, 10} {
		s, about := ours(active)
		require.Empty(t, s.whole(about, nil).Judge(reply(t, good(active))), "%d active", active)
		more := good(active)
		more.Active++
		require.NotEmpty(t, s.whole(about, nil).Judge(reply(t, more)), "%d active", active)
	}
}

// Each row is an answer of which oracle-1 must fail and oracle-2 may.
func TestWhatMustFail(t *testing.T) {
	s, about := ours(maxOracles)
	e := s.failing(about, fails{"oracle-1": {contract.TooLarge}}, fails{"oracle-2": {contract.TimedOut}})
	for _, row := range []struct {
		name  string
		reply impactAnswer
		class string
	}{
		{"it does", good(10).failed("too_large", "oracle-1"), ""},
		{"both do", good(10).failed("too_large", "oracle-1").failed("timeout", "oracle-2"), ""},
		{"it does not", good(10), "check_failures"},
		{"only the other does", good(10).failed("timeout", "oracle-2"), "check_failures"},
		{"as another class", good(10).failed("status", "oracle-1"), "check_answers"},
		{"a third does, too", good(10).failed("too_large", "oracle-1").failed("status", "oracle-3"), "check_answers"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.class, e.Judge(reply(t, row.reply)))
		})
	}
}

func TestAnswersAreAboutTheProjectThatWasAskedFor(t *testing.T) {
	s, _ := ours(10)
	stream := s.impacts("impact", s.project(10, s.There), 10, harness.Timeline{Baseline: time.Second}, load.Status(200))
	require.Equal(t, load.Request{Path: "/projects/2/impact"}, stream.Next(7, nil))
	require.EqualValues(t, 10, load.Planned(stream.Profile))
	mine := good(10)
	mine.ProjectID = 2
	require.Empty(t, stream.Expect.Judge(reply(t, mine)))
	require.Equal(t, "check_project", stream.Expect.Judge(reply(t, good(10))))
}

func TestEachOfSeveralMayFail(t *testing.T) {
	require.Equal(t, fails{"a": {contract.BadStatus, contract.TimedOut}, "b": {contract.BadStatus, contract.TimedOut}}, each([]string{"a", "b"}, contract.BadStatus, contract.TimedOut))
}

// Five per cent are nothing of a deadline of 0.6 s, so a compressed one has a
// moment for the machine.
func TestWhenTheLastAnswerMayCome(t *testing.T) {
	const ms = time.Millisecond
	for _, row := range []struct{ deadline, latest time.Duration }{
		{10 * time.Second, 10*time.Second + 500*ms}, {20 * time.Second, 21 * time.Second},
		{600 * ms, 800 * ms}, {2 * time.Second, 2200 * ms}, {1600 * ms, 1800 * ms},
	} {
		require.InDelta(t, float64(row.latest)/float64(ms), latest(row.deadline).Value, 1e-9, fmt.Sprint(row.deadline))
	}
}

func TestSettingsOfAPatientTarget(t *testing.T) {
	s, _ := ours(10)
	call, answer := s.patient(300*time.Millisecond, 3*time.Second)
	require.Equal(t, []time.Duration{300 * time.Millisecond, 3 * time.Second}, []time.Duration{call, answer})
	s.give(contract.BreakerFailures, "0")
	sc, ok := s.over(harness.Scenario{})
	require.True(t, ok)
	require.Equal(t, map[string]string{
		"DEFAULT_API_TIMEOUT": "300ms", "ORACLE_OVERALL_DEADLINE": "3s", "ORACLE_BREAKER_FAILURES": "0",
	}, sc.Settings)
}

// A time that a service has and nobody can set is the one that it is; one that nobody
// knows is not exercised.
func TestATimeThatCannotBeSet(t *testing.T) {
	s, _ := ours(10)
	s.Settings = map[contract.Setting]contract.Knob{contract.CallTimeout: {Is: 7 * time.Second}}
	require.Equal(t, 7*time.Second, s.bound(contract.CallTimeout, time.Second))
	s.give(contract.BreakerFailures, "0")
	sc, ok := s.over(harness.Scenario{})
	require.True(t, ok)
	require.Empty(t, sc.Settings)
	require.Equal(t, "breaker_failures", sc.World.Facts[contract.NotSet])
	s.bound(contract.Deadline, time.Second)
	sc = s.in(harness.Scenario{Name: "oracle/one"})
	require.Contains(t, sc.Lacks[0], "add contracts.impact.settings.deadline")
	require.Nil(t, sc.Reconcile)
}

func TestOnlyAShorterTimeIsCompressed(t *testing.T) {
	s, _ := ours(10)
	require.Empty(t, s.compressed("call timeout", contract.CallTimeout, 10*time.Second))
	got := s.compressed("call timeout", contract.CallTimeout, 500*time.Millisecond)
	require.Len(t, got, 1)
	require.EqualValues(t, 20, got[0].FactorBy)
}
