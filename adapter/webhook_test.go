package adapter_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/message"
)

// hooking is a stub that calls back, signed or not, at most twice.
func hooking(sign stub.Sign) harness.Dependency {
	return adapter.Stub("api", stub.Config{Given: []string{"web.url"}, Routes: []stub.Route{{
		Name: "charge", Request: message.Matcher{Method: "POST", Path: "/charges"}, Key: "{form.cart}",
		Webhook: &stub.Webhook{To: "web", Path: "/hooks", Attempts: 2, Sign: sign},
	}}})
}

func TestWhatBecameOfCallbacksIsMeasured(t *testing.T) {
	var refuses atomic.Bool
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if refuses.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(web.Close)
	d := hooking(stub.Sign{GitHub: "a secret"})
	fake, err := d.Open(t.Context(), harness.Opening{Seed: 1, Values: map[string]string{"web.url": web.URL}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = fake.Close() })
	s := fake.(*adapter.Stubbed)
	require.Zero(t, measured(t, d, s, "api.charge.webhook.failed").Samples, "of nothing nothing can be said")

	place := s.Part("charge.webhook")
	var all []chaos.Applied
	for _, text := range []string{"twice key=b", "lost key=c", "wrong-signature key=d"} {
		what := adapter.Misbehave(text[:4], "api.charge.webhook", text).What()
		require.NoError(t, d.Parts["charge.webhook"].Accepts(what))
		require.NoError(t, place.Support().Accepts(what))
		applied, err := place.Apply(t.Context(), what)
		require.NoError(t, err)
		all = append(all, applied)
	}
	for i, cart := range []string{"a", "b", "c", "d", "e"} {
		refuses.Store(cart == "e")
		require.Equal(t, 200, pay(t, s, cart, "", ""))
		require.Eventually(t, func() bool { cs := s.Callbacks(); return len(cs) == i+1 && cs[i].Over }, 30*time.Second, time.Millisecond)
	}
	for _, applied := range all {
		require.NoError(t, applied.Undo(t.Context()))
		r := applied.Receipt()
		require.NoError(t, r.Err)
		require.EqualValues(t, 1, r.Fired, r.Declared)
		require.True(t, r.Lifted)
	}
	require.Equal(t, "lost key=c", all[1].Receipt().Declared)
	for name, want := range map[string]verdict.Reading{
		"due": {Value: 5, Samples: 5}, "sent": {Value: 4, Samples: 5}, "delivered": {Value: 3, Samples: 5}, "failed": {Value: 1, Samples: 5},
		"lost": {Value: 1, Samples: 5}, "duplicates": {Value: 1, Samples: 5}, "attempts.max": {Value: 2, Samples: 5}, "forged_accepted": {Value: 1, Samples: 1},
	} {
		require.Equal(t, want, measured(t, d, s, "api.charge.webhook."+name), name)
	}
	latency := measured(t, d, s, "api.charge.webhook.latency.max")
	require.EqualValues(t, 3, latency.Samples)
	require.Positive(t, latency.Value)
}

func TestACallbackThatIsNotSignedCannotBeForged(t *testing.T) {
	d := hooking(stub.Sign{})
	require.ErrorContains(t, d.Parts["charge.webhook"].Accepts(fault.Fault{Kind: fault.WrongSignature{}}), "is not signed")
	require.Contains(t, d.Unmeasured["api.charge.webhook.forged_accepted"], "give it a sign")
	for _, m := range d.Measures {
		require.NotEqual(t, "api.charge.webhook.forged_accepted", m.Name)
	}
	_, err := d.Open(t.Context(), harness.Opening{})
	require.ErrorContains(t, err, `no process is called "web"`, "where it is to go nobody has said")
}

// What stands in a result are the first few of each story, on the scenario's clock, and
// a ledger has each key once, whatever became of its callbacks.
func TestCallbacksAreToldOneByOne(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Cart") == "refused" {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(web.Close)
	d := adapter.Stub("api", stub.Config{Given: []string{"web.url"}, Routes: []stub.Route{{
		Name: "charge", Request: message.Matcher{Method: "POST", Path: "/charges"}, Key: "{form.cart}",
		Webhook: &stub.Webhook{To: "web", Path: "/hooks", Attempts: 1, Headers: map[string]string{"X-Cart": "{key}"}, Sign: stub.Sign{GitHub: "a secret"}},
	}}})
	require.Equal(t, []string{"api.charge"}, d.Calls)
	fake, err := d.Open(t.Context(), harness.Opening{Seed: 1, Values: map[string]string{"web.url": web.URL}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = fake.Close() })
	s := fake.(*adapter.Stubbed)
	for _, text := range []string{"lost key=lost", "wrong-signature key=forged"} {
		_, err := s.Part("charge.webhook").Apply(t.Context(), adapter.Misbehave(text[:4], "api.charge.webhook", text).What())
		require.NoError(t, err)
	}
	carts := []string{"a", "b", "c", "d", "a", "refused", "lost", "forged"}
	for i, cart := range carts {
		require.Equal(t, 200, pay(t, s, cart, "", ""))
		require.Eventually(t, func() bool { cs := s.Callbacks(); return len(cs) == i+1 && cs[i].Over }, 30*time.Second, time.Millisecond)
	}
	zero := s.Journal().Start().Add(-time.Minute)
	all := s.Webhooks(zero)
	require.Len(t, all, 1)
	w := all[0]
	require.Equal(t, "api.charge.webhook", w.At)
	require.EqualValues(t, []int64{8, 6, 1, 1, 0}, []int64{w.Due, w.Delivered, w.Failed, w.Lost, w.Duplicates})
	var keys []string
	for _, c := range w.Callbacks {
		keys = append(keys, c.Key)
		require.Greater(t, c.DueS, 60.0)
		require.False(t, c.Pending)
	}
	require.Equal(t, []string{"a", "b", "c", "refused", "lost", "forged"}, keys)
	require.Equal(t, []string{"wron"}, w.Callbacks[5].Faults)
	require.True(t, w.Callbacks[5].Deliveries[0].Forged)

	asked, over := s.Called("api.charge", zero)
	require.True(t, over)
	fates := map[string]ledger.Fate{}
	for _, a := range asked {
		fates[a.Key] = a.Fate
	}
	require.Equal(t, map[string]ledger.Fate{
		"a": ledger.Took, "b": ledger.Took, "c": ledger.Took, "d": ledger.Took, "refused": ledger.Refused, "forged": ledger.Refused,
	}, fates, "what a fault lost was asked of nobody, and what is forged is not to be treated")
	require.Len(t, asked, len(fates))
}
