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
	"holdfast.dev/holdfast/scenarios/profile"
)

var asOf = time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)

// good is the right answer about project 1 with so many active oracles.
func good(active int) impactAnswer {
	a := impactAnswer{ProjectID: 1, Active: active, Queried: min(active, maxOracles), Truncated: active > maxOracles, Results: map[string]oracleResult{}}
	for _, name := range names(a.Queried) {
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
	e := impact(active, map[string]string{"oracle-3": "timeout|connection"})
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
		{"another may not", reply(t, good(active).failed("timeout", "oracle-4")), "check_answers"},
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
		require.Empty(t, impact(active, nil).Judge(reply(t, good(active))), "%d active", active)
		require.NotEmpty(t, impact(active, nil).Judge(reply(t, good(active+1))), "%d active", active)
	}
}

// Each row is an answer of which oracle-1 must fail and oracle-2 may.
func TestWhatMustFail(t *testing.T) {
	e := failing(maxOracles, map[string]string{"oracle-1": "too_large"}, map[string]string{"oracle-2": "timeout"})
	for _, row := range []struct {
		name  string
		reply impactAnswer
		class string
	}{
		{"it does", good(10).failed("too_large", "oracle-1"), ""},
		{"both do", good(10).failed("too_large", "oracle-1").failed("timeout", "oracle-2"), ""},
		{"it does not", good(10), "check_failures"},
		{"only the other does", good(10).failed("timeout", "oracle-2"), "check_failures"},
		{"as another class", good(10).failed("timeout", "oracle-1"), "check_answers"},
		{"a third does, too", good(10).failed("too_large", "oracle-1").failed("timeout", "oracle-3"), "check_answers"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.class, e.Judge(reply(t, row.reply)))
		})
	}
}

func TestAnswersAreAboutTheProjectThatWasAskedFor(t *testing.T) {
	s := impacts("impact", 2, 10, harness.Timeline{Baseline: time.Second}, load.Status(200))
	require.Equal(t, load.Request{Path: "/projects/2/impact"}, s.Next(7, nil))
	require.EqualValues(t, 10, load.Planned(s.Profile))
	mine := good(10)
	mine.ProjectID = 2
	require.Empty(t, s.Expect.Judge(reply(t, mine)))
	require.Equal(t, "check_project", s.Expect.Judge(reply(t, good(10))))
}

func TestOraclesAreNamedByTheirPosition(t *testing.T) {
	require.Empty(t, names(0))
	require.Equal(t, []string{"oracle-1", "oracle-2", "oracle-3"}, names(3))
	require.Len(t, firstTen, maxOracles)
	require.Equal(t, map[string]string{"oracle-1": "status", "oracle-2": "status"}, each(names(2), "status"))
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
	more := map[string]string{"ORACLE_BREAKER_FAILURES": "0"}
	require.Equal(t, map[string]string{
		"DEFAULT_API_TIMEOUT": "300ms", "ORACLE_OVERALL_DEADLINE": "3s", "ORACLE_BREAKER_FAILURES": "0",
	}, patient(300*time.Millisecond, 3*time.Second, more))
	require.Len(t, more, 1, "what was passed stays as it is")
}

func TestOnlyAShorterTimeIsCompressed(t *testing.T) {
	require.Empty(t, compressed("call timeout", 10*time.Second))
	got := compressed("call timeout", 500*time.Millisecond)
	require.Len(t, got, 1)
	require.EqualValues(t, 20, got[0].FactorBy)
}
