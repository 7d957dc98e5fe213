package adapter_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
)

// opened opens a dependency, and demands that what it said of itself before holds
// now that it is there.
func opened(t *testing.T, d harness.Dependency) harness.Fake {
	t.Helper()
	fake, err := d.Open(1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fake.Close()) })
	require.Equal(t, d.Faults.Kinds, fake.Support().Kinds)
	require.Equal(t, d.Faults.Selectors, fake.Support().Selectors)
	return fake
}

func applied(t *testing.T, place chaos.Place, f fault.Fault) chaos.Applied {
	t.Helper()
	a, err := place.Apply(t.Context(), f)
	require.NoError(t, err)
	return a
}

func parsed(t *testing.T, text string) fault.Fault {
	t.Helper()
	f, err := fault.Parse(text)
	require.NoError(t, err)
	return f
}

func TestAFaultHasTheScenariosNameDownToTheJournal(t *testing.T) {
	api, err := oracleapi.Start(oracleapi.Config{})
	require.NoError(t, err)
	fake := adapter.New("oracle_api", api.Host)
	defer fake.Close()
	f := parsed(t, "status 503 key=oracle-3 to=1h")
	f.ID = "oracle-3-is-down"
	a := applied(t, fake, f)
	res, err := http.Get(api.Endpoint(0, "oracle-3") + "?project=7")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)

	for e := range fake.Journal().Entries(journal.Filter{}) {
		require.Equal(t, []string{"oracle-3-is-down"}, e.Faults)
	}
	require.NoError(t, a.Undo(t.Context()))
	require.NoError(t, a.Undo(t.Context()), "undoing twice is harmless")
	r := a.Receipt()
	require.Equal(t, "oracle-3-is-down", r.ID)
	require.True(t, strings.HasPrefix(r.Declared, "status 503 key=oracle-3"), r.Declared)
	require.EqualValues(t, 1, r.Fired)
	require.EqualValues(t, 1, r.Touched)
	require.True(t, r.Lifted)
}

func TestTimesOfAFaultCountFromWhenItIsLaidOn(t *testing.T) {
	api, err := oracleapi.Start(oracleapi.Config{Config: host.Config{Start: time.Now().Add(-2 * time.Hour)}})
	require.NoError(t, err)
	fake := adapter.New("oracle_api", api.Host)
	defer fake.Close()
	applied(t, fake, parsed(t, "status 503 to=1h"))
	res, err := http.Get(api.Endpoint(0, "oracle-3") + "?project=7")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, "the hour begins now, not when the fake was started")
}

func TestAKeyIsRevokedAndReplaced(t *testing.T) {
	d := adapter.EmailAPI("email_api", emailapi.Config{}, adapter.KeyInFile)
	fake := opened(t, d)
	revoke := fault.Fault{ID: "revoked", Kind: fault.RevokeKey{}}
	require.NoError(t, d.Faults.Accepts(revoke))
	a := applied(t, fake, revoke)
	require.Zero(t, a.Receipt().Fired)
	require.Equal(t, "revoked", a.Receipt().ID)
	send := func(key string) int {
		req, err := http.NewRequest(http.MethodPost, fake.Settings()["EMAIL_API_URL"]+"/emails",
			strings.NewReader(`{"from":"a@example.org","to":"b@example.org","subject":"s","text":"t"}`))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+key)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	require.GreaterOrEqual(t, send("re_first_key"), 400)
	require.EqualValues(t, 1, a.Receipt().Fired)
	require.NoError(t, a.Undo(t.Context()))
	require.Equal(t, http.StatusOK, send("re_second_key"))
}

func TestAnAPIThatCannotHaveItsKeyReplacedSaysSoBeforehand(t *testing.T) {
	revoke := fault.Fault{Kind: fault.RevokeKey{}}
	require.ErrorContains(t, adapter.EmailSupport(adapter.KeyInEnvironment).Accepts(revoke), "not in a file")
	require.ErrorContains(t, adapter.Support().Accepts(revoke), `a fake cannot carry out "revoke-key"`)
	for _, text := range []string{"revoke-key p=0.5", "2*revoke-key -> ok"} {
		require.ErrorContains(t, adapter.EmailSupport(adapter.KeyInFile).Accepts(parsed(t, text)), "takes no selectors and is no step")
	}
	require.ErrorContains(t, adapter.EmailSupport(adapter.KeyInFile).Accepts(parsed(t, "delay 1s up")), "on its answers alone")
	require.NoError(t, adapter.EmailSupport(adapter.KeyInEnvironment).Accepts(parsed(t, "2*503 -> ok key=a")))
}

func TestAFaultIsLaidOnForItsPhaseOrForAll(t *testing.T) {
	require.Empty(t, adapter.Misbehave("hang", "api", "hang headers").During)
	all := adapter.Always("hang", "api", "hang headers key=a")
	require.Equal(t, harness.Throughout, all.During)
	require.Equal(t, fault.Kind(fault.Hang{At: "headers"}), all.Kind)
	require.Equal(t, []string{"a"}, all.When.Keys)
}
