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
		require.Eventually(t, func() bool { cs := s.Callbacks(); return len(cs) == i+1 && cs[i].Over }, 10*time.Second, time.Millisecond)
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
