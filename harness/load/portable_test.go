package load_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/message"
)

// all is a stream that says everything that data can say.
func everything(t testing.TB) load.Stream {
	ready, err := message.ConditionOf("present")
	require.NoError(t, err)
	s := loggedIn(t, 3)
	s.Template = nil
	s.Name, s.To, s.StartAt, s.Timeout, s.MaxInFlight, s.MaxLag, s.MaxBody = "all", "api", 10*ms, time.Second, 7, 20*ms, 1234
	s.HTTP2 = true
	s.Vars["word"] = load.Var{Words: []string{"<a>", "b"}, Weights: []float64{1, 3}}
	s.Expect = load.Expectation{}
	s.Steps = []load.Step{
		{Name: "put", Think: 5 * ms, Timeout: 3 * time.Second, Capture: map[string]message.Path{"order": path(t, "json.a.b")},
			Template: load.Template{Method: "PUT", Path: "/{word}", Header: map[string]string{"Content-Type": "application/json"}, JSON: json.RawMessage("{ \"a\" :\t\"<{user}>\" }"), Given: []string{"realm"}},
			Expect:   load.Answering(message.Matcher{Status: []int{200, 201}, JSON: map[string]message.Condition{"a": ready}, Body: ready}),
			Refused:  load.RefusedBy(message.Matcher{Status: []int{503}, Headers: map[string]message.Condition{"Retry-After": ready}})},
		{Name: "get", Template: load.Template{Path: "/{order}?q={token}", Form: map[string]string{"a": "b"}, Method: "POST"}},
	}
	return s
}

func TestALoadIsTheSameInAnotherProcess(t *testing.T) {
	phases := phasesOf(0, time.Second, time.Second, 0)
	api, err := load.NewBalancer("http://127.0.0.1:1/base", "http://[::1]:2")
	require.NoError(t, err)
	config := load.Config{
		BaseURL: "http://127.0.0.1:1", Targets: map[string]*load.Balancer{"api": api}, Seed: 42, Phases: phases, FirstFault: time.Second,
		Header: http.Header{"X-A": {"b"}}, Values: map[string]string{"realm": "@x"},
	}
	plain := load.Stream{Name: "plain", Profile: load.PerPhase(20, map[string]float64{result.Inject: 33.3}).Over(phases), Template: &load.Template{Path: "/"}}
	data, err := load.Pack(config, everything(t), plain)
	require.NoError(t, err)
	got, streams, err := load.Unpack(data)
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.1:1", "[::1]:2"}, got.Hosts())
	require.Equal(t, config.Phases, got.Phases)
	require.Equal(t, config.Seed, got.Seed)
	require.Equal(t, config.Header, got.Header)
	require.Equal(t, config.Values, got.Values)
	require.Equal(t, config.FirstFault, got.FirstFault)
	for i, s := range []load.Stream{everything(t), plain} {
		require.Equal(t, load.PlanHash(42, s, 100), load.PlanHash(42, streams[i], 100))
		a, err := json.Marshal(s)
		require.NoError(t, err)
		b, err := json.Marshal(streams[i])
		require.NoError(t, err)
		if i == 0 { // the other's rate is by phase, and read as fixed
			require.JSONEq(t, string(a), string(b))
		}
	}
	again, err := load.Pack(got, streams...)
	require.NoError(t, err)
	require.Equal(t, string(data), string(again))
}

// What logins ended with goes along: values and cookies.
func TestSessionsGoAlong(t *testing.T) {
	s := &shop{pay: paid}
	server := httptest.NewServer(s)
	defer server.Close()
	stream := loggedIn(t, 3)
	stream.Template.Path = "/carts/c%201/pay"
	stream.Expect = load.Answering(message.Matcher{Status: []int{201}})
	config := load.Config{BaseURL: server.URL, Values: map[string]string{"realm": "@x"}}
	var err error
	config.Logins, err = load.LogIn(t.Context(), config, stream)
	require.NoError(t, err)
	data, err := load.Pack(config, stream)
	require.NoError(t, err)
	got, streams, err := load.Unpack(data)
	require.NoError(t, err)
	attack, err := load.Start(t.Context(), got, streams...)
	require.NoError(t, err)
	require.EqualValues(t, 10, attack.Wait()[0].OK)
	require.Len(t, s.requests, 13, "nobody logged in again")
}

func TestProfilesAreTheSamePlanInAnotherProcess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := load.Stream{Name: "x", Profile: drawProfile(t), Template: &load.Template{Path: "/"}}
		if s.Validate() != nil || load.CheckPortable([]load.Stream{s}) != nil {
			return // a part of no length cannot be written
		}
		config := load.Config{BaseURL: "http://127.0.0.1", Seed: 1}
		data, err := load.Pack(config, s)
		require.NoError(t, err)
		_, got, err := load.Unpack(data)
		require.NoError(t, err)
		require.Equal(t, load.Digest(1, s), load.Digest(1, got...))
		require.Equal(t, load.Planned(s.Profile), load.Planned(got[0].Profile))
	})
}

func TestWhatIsCodeIsRefusedByName(t *testing.T) {
	code := load.Stream{Name: "x", Profile: load.Constant(1, time.Second), Next: get("/")}
	require.ErrorContains(t, load.CheckPortable([]load.Stream{code}), `stream "x" cannot be sent by other processes, which are given data alone: its requests are made by a function`)
	judged := load.Stream{Name: "y", Profile: load.Constant(1, time.Second), Template: &load.Template{Path: "/"}, Expect: load.Status(200)}
	require.ErrorContains(t, load.CheckPortable([]load.Stream{judged}), "its expected answer, status 200, is a function")
	_, err := load.Pack(load.Config{BaseURL: "http://127.0.0.1"}, judged)
	require.Error(t, err)
}

func TestWhatPlansOtherwiseIsRefused(t *testing.T) {
	data, err := load.Pack(load.Config{BaseURL: "http://127.0.0.1", Seed: 1}, load.Stream{Name: "x", Profile: load.Constant(10, time.Second), Template: &load.Template{Path: "/{n}", Vars: map[string]load.Var{"n": {Integers: &load.Integers{Max: 1000}}}}})
	require.NoError(t, err)
	for from, to := range map[string]string{`"seed":1`: `"seed":2`, "10/s for 1s": "10/s for 2s", `"max":1000`: `"max":1001`, `"path":"/{n}"`: `"path":"/{n}x"`} {
		changed := strings.Replace(string(data), from, to, 1)
		require.NotEqual(t, string(data), changed, from)
		_, _, err := load.Unpack([]byte(changed))
		require.ErrorContains(t, err, "plans other requests", from)
	}
	_, _, err = load.Unpack([]byte(`{"command":"rm"}`))
	require.ErrorContains(t, err, "unknown field")
}

// FuzzUnpack reads what another process may send: it is refused, or it can be sent on.
func FuzzUnpack(f *testing.F) {
	data, err := load.Pack(load.Config{BaseURL: "http://127.0.0.1"}, load.Stream{Name: "x", Profile: load.Constant(10, time.Second), Template: &load.Template{Path: "/"}})
	require.NoError(f, err)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		config, streams, err := load.Unpack(data)
		if err != nil {
			return
		}
		_, err = load.Pack(config, streams...)
		require.NoError(t, err)
	})
}
