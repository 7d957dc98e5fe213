package adapter_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/message"
)

// payments is a stub with a route that has keys and one that has none.
func payments() harness.Dependency {
	return adapter.Stub("api", stub.Config{Given: []string{"parameters.size"}, Routes: []stub.Route{
		{
			Name: "charge", Request: message.Matcher{Method: "POST", Path: "/charges"}, Key: "{form.cart}",
			Idempotency: stub.Idempotency{Header: "Idempotency-Key"},
			Response:    stub.Response{JSON: `{"id":"ch_{key}","size":"{parameters.size:int}"}`},
		},
		{Name: "rate", Request: message.Matcher{Method: "GET", Path: "/rates/{currency}"}, Response: stub.Response{JSON: `{"rate":2}`}},
	}})
}

func openStub(t *testing.T, d harness.Dependency) *adapter.Stubbed {
	t.Helper()
	fake, err := d.Open(t.Context(), harness.Opening{Seed: 1, Values: map[string]string{"parameters.size": "7"}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = fake.Close() })
	return fake.(*adapter.Stubbed)
}

// pay charges for a cart and returns the status.
func pay(t *testing.T, s *adapter.Stubbed, cart, idempotencyKey, order string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.Values()["url"]+"/charges", strings.NewReader(url.Values{"cart": {cart}, "order": {order}}.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if idempotencyKey != "" {
		r.Header.Set("Idempotency-Key", idempotencyKey)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Do(r)
	require.NoError(t, err)
	_ = res.Body.Close()
	return res.StatusCode
}

func TestAttemptsAtAStubAreCountedByKey(t *testing.T) {
	d := payments()
	s := openStub(t, d)
	require.Zero(t, measured(t, d, s, "api.charge.attempts.max").Samples)
	for _, row := range []struct{ cart, key string }{{"c-1", "k-1"}, {"c-2", "k-2"}, {"c-1", "k-1"}, {"c-1", ""}, {"", "k-3"}} {
		require.Equal(t, 200, pay(t, s, row.cart, row.key, "o"))
	}
	require.Equal(t, 200, ask(t, "GET", s.Values()["url"]+"/rates/EUR", "", ""))
	require.Equal(t, 200, ask(t, "GET", s.Values()["url"]+"/rates/EUR", "", ""))
	require.Equal(t, 404, ask(t, "GET", s.Values()["url"]+"/elsewhere", "", ""))
	for name, want := range map[string]verdict.Reading{
		"api.calls": {Value: 8, Samples: 8}, "api.unmatched": {Value: 1, Samples: 8}, "api.attempts.max": {Value: 3, Samples: 8}, "api.retries": {Value: 2, Samples: 8},
		"api.charge.calls": {Value: 5, Samples: 5}, "api.charge.attempts.max": {Value: 3, Samples: 5}, "api.charge.retries": {Value: 2, Samples: 5},
		"api.charge.duplicates":           {Value: 1, Samples: 5}, // the replay is none
		"api.charge.idempotency_keys.max": {Value: 2, Samples: 5}, // and no key counts as one
		"api.charge.unkeyed":              {Value: 1, Samples: 5},
		"api.charge.abandoned":            {Value: 0, Samples: 5},
		"api.charge.most_in_flight":       {Value: 1, Samples: 5},
		"api.charge.silent_retries":       {Value: 0, Samples: 5},
		"api.rate.calls":                  {Value: 2, Samples: 2},
		"api.rate.abandoned":              {Value: 0, Samples: 2},
	} {
		require.Equal(t, want, measured(t, d, s, name), name)
	}
	gap := measured(t, d, s, "api.charge.gap.min")
	require.EqualValues(t, 2, gap.Samples, "the retries")
	require.Less(t, gap.Value, 5000.0)
	require.Contains(t, d.Unmeasured["api.rate.retries"], "has a key")
	require.NotContains(t, d.Unmeasured, "api.charge.retries")
	require.NotContains(t, d.Unmeasured, "api.retries")
	for _, m := range d.Measures {
		require.False(t, strings.HasPrefix(m.Name, "api.rate.attempts") || strings.HasPrefix(m.Name, "api.rate.retries"), "what has no key has no attempts")
	}
}

// What was tried first before a window is a retry in it.
func TestARetryBelongsToTheWindowInWhichItArrives(t *testing.T) {
	d := payments()
	s := openStub(t, d)
	require.Equal(t, 200, pay(t, s, "c-1", "", ""))
	between := time.Since(s.Journal().Start())
	time.Sleep(time.Millisecond) // so that the next arrives after that moment on any clock
	require.Equal(t, 200, pay(t, s, "c-1", "", ""))
	state := harness.State{Start: s.Journal().Start(), Fakes: map[string]harness.Fake{"api": s}}
	read := func(name string, w verdict.Window) verdict.Reading {
		for _, m := range d.Measures {
			if m.Name == name {
				return m.Read(state, w)
			}
		}
		t.Fatal(name)
		return verdict.Reading{}
	}
	before, after := verdict.Window{To: between}, verdict.Window{From: between, To: time.Hour}
	require.Equal(t, verdict.Reading{Value: 0, Samples: 1}, read("api.charge.retries", before))
	require.Equal(t, verdict.Reading{Value: 1, Samples: 1}, read("api.charge.retries", after))
	require.Equal(t, verdict.Reading{Value: 2, Samples: 1}, read("api.charge.attempts.max", after))
	require.Equal(t, verdict.Reading{Value: 1, Samples: 1}, read("api.charge.duplicates", after))
	require.Zero(t, read("api.charge.gap.min", before).Samples)
}

func TestAFaultOfARouteSparesTheOthers(t *testing.T) {
	d := payments()
	s := openStub(t, d)
	require.Contains(t, d.Parts, "charge")
	applied, err := s.Part("charge").Apply(t.Context(), adapter.Misbehave("down", "api.charge", "status 503").What())
	require.NoError(t, err)
	require.Equal(t, 503, pay(t, s, "c-1", "", ""))
	require.Equal(t, 200, ask(t, "GET", s.Values()["url"]+"/rates/EUR", "", ""))
	require.NoError(t, applied.Undo(t.Context()))
	require.Equal(t, 200, pay(t, s, "c-1", "", ""))
	receipt := applied.Receipt()
	require.NoError(t, receipt.Err)
	require.EqualValues(t, 1, receipt.Fired)
	require.Equal(t, "status 503", receipt.Declared, "as it was asked for")
	require.Error(t, s.Part("charge").Support().Accepts(adapter.Misbehave("r", "api.charge", "refuse").What()))
}

func TestArrivalsAreReadByKey(t *testing.T) {
	d := payments()
	s := openStub(t, d)
	state := harness.State{Start: s.Journal().Start(), Fakes: map[string]harness.Fake{"api": s}}
	_, err := s.Part("charge").Apply(t.Context(), adapter.Misbehave("down", "api.charge", "status 503 key=c-2").What())
	require.NoError(t, err)
	require.Equal(t, 200, pay(t, s, "c-1", "k", "o-1"))
	require.Equal(t, 200, pay(t, s, "c-1", "k", "o-1"))
	require.Equal(t, 503, pay(t, s, "c-2", "", "o-2"))
	require.Equal(t, 200, ask(t, "GET", s.Values()["url"]+"/rates/EUR", "", ""))
	for key, want := range map[string][]string{"{key}": {"c-1", "c-1", "c-2"}, "": {"c-1", "c-1", "c-2"}, "{form.order}": {"o-1", "o-1", "o-2"}, "{key}/{form.order}": {"c-1/o-1", "c-1/o-1", "c-2/o-2"}, "{json.none}": {"", "", ""}} {
		all, left, err := adapter.Arrivals(state, "api.charge", key)
		require.NoError(t, err)
		require.Zero(t, left)
		var keys []string
		for i, a := range all {
			keys = append(keys, a.Key)
			require.Equal(t, i == 0, a.Accepted, "the replay does no work, nor does what is refused")
			require.Equal(t, i < 2, a.Answered)
			require.Equal(t, "charge", a.Route)
		}
		require.Equal(t, want, keys, key)
	}
	require.Equal(t, []string{"api.charge", "api"}, d.Receives, "what has no key does not tell what arrived")
	for _, place := range d.Receives {
		received := s.Received(place, state.Start)
		require.Len(t, received, 1)
		require.Equal(t, "c-1", received[0].Key)
		require.True(t, received[0].Timed)
	}
	all, _, err := adapter.Arrivals(state, "api", "{key}")
	require.NoError(t, err)
	require.Len(t, all, 4)
	_, _, err = adapter.Arrivals(state, "elsewhere", "{key}")
	require.ErrorContains(t, err, `nothing at "elsewhere"`)
	_, _, err = adapter.Arrivals(state, "api", "{jsn.a}")
	require.ErrorContains(t, err, "did you mean json?")
	require.ErrorContains(t, adapter.CheckKey("fixed"), "the same for every request")
}

// A token in a path that no route is for is not told.
func TestASecretIsNotInWhatIsSaid(t *testing.T) {
	var mu sync.Mutex
	var said []string
	fake, err := payments().Open(t.Context(), harness.Opening{
		Values: map[string]string{"secrets.bot": "123:abcdefgh", "secrets.pin": "bot", "parameters.size": "1"},
		Say:    func(line string) { mu.Lock(); defer mu.Unlock(); said = append(said, line) },
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = fake.Close() })
	require.Equal(t, 404, ask(t, "GET", fake.(*adapter.Stubbed).Values()["url"]+"/bot123:abcdefgh/send", "", ""))
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, said, 1)
	require.Contains(t, said[0], "no route is for GET /bot***/send")
}

func TestAFakeSaysWhereItIs(t *testing.T) {
	v := openStub(t, payments()).Values()
	require.Equal(t, "http://"+v["address"], v["url"])
	require.Equal(t, v["host"]+":"+v["port"], v["address"])
}
