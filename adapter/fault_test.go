package adapter_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
)

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
	fake := adapter.New(api.Host)
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
	require.Equal(t, "status 503 key=oracle-3 to=1h0m0s", r.Declared, "as it was asked for, whatever the clock of the fake")
	require.EqualValues(t, 1, r.Fired)
	require.EqualValues(t, 1, r.Touched)
	require.True(t, r.Lifted)
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

// What a dependency says of itself before it is opened holds once it is.
func TestADependencySaysBeforehandWhatCanBeDoneToIt(t *testing.T) {
	for _, d := range []harness.Dependency{
		adapter.OracleAPI("api", oracleapi.Config{}),
		adapter.EmailAPI("api", emailapi.Config{}, adapter.KeyInFile),
		adapter.EmailAPI("api", emailapi.Config{}, adapter.KeyInEnvironment),
	} {
		there := open(t, d).Support()
		require.Equal(t, d.Faults.Kinds, there.Kinds)
		require.Equal(t, d.Faults.Selectors, there.Selectors)
		for _, row := range []struct{ text, because string }{
			{"hang headers", ""},
			{"status 503 key=oracle-1 p=0.5", ""},
			{"delay 200ms jitter 50ms", ""},
			{"slicer 1B", "cannot carry out"},
			{"kill", "cannot carry out"},
			{"delay 200ms up", "on its answers alone"},
		} {
			before, now := d.Faults.Accepts(parsed(t, row.text)), there.Accepts(parsed(t, row.text))
			require.Equal(t, before, now, row.text)
			if row.because == "" {
				require.NoError(t, now)
			} else {
				require.ErrorContains(t, now, row.because)
			}
		}
	}
}
