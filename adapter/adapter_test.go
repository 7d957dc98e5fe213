package adapter_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/fakes/smtpserver"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open starts the fake of a dependency, as the harness does.
func open(t *testing.T, d harness.Dependency) harness.Fake {
	t.Helper()
	fake, err := d.Open(t.Context(), harness.Opening{Seed: 1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = fake.Close() })
	return fake
}

// measured is the reading of a metric over the whole load, which began with the fake.
func measured(t *testing.T, d harness.Dependency, fake harness.Fake, name string) verdict.Reading {
	t.Helper()
	state := harness.State{Start: time.Now().Add(-time.Hour), Fakes: map[string]harness.Fake{"api": fake}}
	for _, m := range d.Measures {
		if m.Name == name {
			return m.Read(state, verdict.Window{To: 2 * time.Hour})
		}
	}
	t.Fatalf("the fake does not measure %s", name)
	return verdict.Reading{}
}

// ask sends a request on a connection of its own and returns the status.
func ask(t *testing.T, method, url, key, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	return res.StatusCode
}

func TestOraclesAreCountedWhereTheyAreAsked(t *testing.T) {
	d := adapter.OracleAPI("api", oracleapi.Config{DataSeed: 1})
	fake := open(t, d)
	require.Zero(t, measured(t, d, fake, "api.calls").Samples)
	for n, oracle := range []string{"oracle-1", "oracle-2", "oracle-1"} {
		url := fake.(*adapter.Oracles).Endpoint(n, oracle)
		require.Equal(t, 200, ask(t, http.MethodGet, url+"?project=7", "", ""))
	}
	for name, want := range map[string]float64{"api.calls": 3, "api.most_in_flight": 1, "api.silent_retries": 0, "api.asked_per_project": 2} {
		require.Equal(t, verdict.Reading{Value: want, Samples: 3}, measured(t, d, fake, name), name)
	}
	require.Len(t, d.Gauges, 1)
	require.Equal(t, "api.in_flight", d.Gauges[0].Series.Name)
	require.Zero(t, d.Gauges[0].Read(fake))
	require.Contains(t, fake.(*adapter.Oracles).Endpoint(0, "oracle-1"), "http://"+fake.(*adapter.Oracles).Addresses()[0]+"/")
	now, most, total := fake.(*adapter.Oracles).Traffic()
	require.Equal(t, []int64{0, 1, 3}, []int64{now, most, total})
	require.Empty(t, fake.Settings(), "their addresses are data")
}

// What a fake saw can be read when it is closed: that is when it is judged.
func TestAClosedFakeStillTellsWhatItSaw(t *testing.T) {
	d := adapter.OracleAPI("api", oracleapi.Config{})
	fake := open(t, d)
	require.Equal(t, 200, ask(t, http.MethodGet, fake.(*adapter.Oracles).Endpoint(0, "oracle-1")+"?project=7", "", ""))
	require.NoError(t, fake.Close())
	require.EqualValues(t, 1, measured(t, d, fake, "api.calls").Value)
}

// Only what falls within a window is counted in it.
func TestAWindowIsOnTheScenariosClock(t *testing.T) {
	j := journal.New(journal.Config{})
	state := harness.State{Start: j.Start().Add(10 * time.Second)}
	require.Equal(t, journal.Filter{From: 12 * time.Second, To: 15 * time.Second},
		adapter.During(j, state, verdict.Window{From: 2 * time.Second, To: 5 * time.Second}))
	early := harness.State{Start: j.Start().Add(-10 * time.Second)}
	require.Equal(t, journal.Filter{From: 0, To: 5 * time.Second},
		adapter.During(j, early, verdict.Window{From: 2 * time.Second, To: 15 * time.Second}), "a journal has nothing before its start")
}

func TestAMeasureOfAFakeThatIsNotThere(t *testing.T) {
	m := adapter.Measure("elsewhere", verdict.Descriptor{Name: "elsewhere.calls", Unit: result.UnitCount},
		func(j *journal.Journal, _ harness.State, _ verdict.Window) verdict.Reading {
			return verdict.Reading{Value: float64(j.Count(journal.Filter{})), Samples: 1}
		})
	require.Zero(t, m.Read(harness.State{}, verdict.Window{}).Samples)
	other := open(t, adapter.OracleAPI("api", oracleapi.Config{}))
	require.Zero(t, m.Read(harness.State{Fakes: map[string]harness.Fake{"api": other}}, verdict.Window{}).Samples)
	require.EqualValues(t, 1, m.Read(harness.State{Fakes: map[string]harness.Fake{"elsewhere": other}}, verdict.Window{}).Samples)
}

func TestAFakeOfOnesOwn(t *testing.T) {
	api, err := oracleapi.Start(oracleapi.Config{Config: host.Config{Seed: 1}})
	require.NoError(t, err)
	own := adapter.New(api.Host)
	own.Set("ORACLE_URL", api.URL(0))
	d := adapter.Dependency("api", func(uint64) (harness.Fake, error) { return own, nil },
		harness.Measure{Descriptor: verdict.Descriptor{Name: "api.own", Unit: result.UnitCount}, Read: func(harness.State, verdict.Window) verdict.Reading {
			return verdict.Reading{Value: 42, Samples: 1}
		}})
	fake := open(t, d)
	require.Equal(t, map[string]string{"ORACLE_URL": api.URL(0)}, fake.Settings())
	require.EqualValues(t, 42, measured(t, d, fake, "api.own").Value)
	require.EqualValues(t, 0, measured(t, d, fake, "api.calls").Value)
}

func TestAFaultIsForAPhaseOrThroughout(t *testing.T) {
	incident, condition := adapter.Misbehave("down", "api", "status 503"), adapter.Always("down", "api", "status 503")
	require.Empty(t, incident.During, "the inject phase")
	require.Equal(t, harness.Throughout, condition.During)
	for _, f := range []harness.Fault{incident, condition} {
		require.Equal(t, "down", f.ID)
		require.Equal(t, "api", f.On)
		require.Equal(t, "status 503", f.Kind.String())
	}
}

func TestAFaultActsUntilItIsUndone(t *testing.T) {
	fake := open(t, adapter.OracleAPI("api", oracleapi.Config{}))
	url := func(oracle string) string { return fake.(*adapter.Oracles).Endpoint(0, oracle) + "?project=7" }
	applied, err := fake.Apply(t.Context(), adapter.Misbehave("down", "api", "status 503 key=oracle-1").What())
	require.NoError(t, err)
	require.Equal(t, 503, ask(t, http.MethodGet, url("oracle-1"), "", ""))
	require.Equal(t, 200, ask(t, http.MethodGet, url("oracle-2"), "", ""))
	require.NoError(t, applied.Undo(t.Context()))
	require.NoError(t, applied.Undo(t.Context()), "undone twice is undone")
	require.Equal(t, 200, ask(t, http.MethodGet, url("oracle-1"), "", ""))
	receipt := applied.Receipt()
	require.NoError(t, receipt.Err)
	require.EqualValues(t, 1, receipt.Fired)
	require.EqualValues(t, 1, receipt.Touched)
	require.Contains(t, receipt.Declared, "status 503")
}

// The times of a fault count from when it is applied, not from when the fake
// was started.
func TestTheTimesOfAFaultCountFromItsBeginning(t *testing.T) {
	fake := open(t, adapter.OracleAPI("api", oracleapi.Config{}))
	url := fake.(*adapter.Oracles).Endpoint(0, "oracle-1") + "?project=7"
	for id, text := range map[string]string{"later": "status 503 from=1h", "now": "status 504 to=1h"} {
		_, err := fake.Apply(t.Context(), adapter.Misbehave(id, "api", text).What())
		require.NoError(t, err)
	}
	require.Equal(t, 504, ask(t, http.MethodGet, url, "", ""))
}

// Who writes a check finds its metric in the documents.
func TestEveryMetricOfAFakeIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/scenarios.md")
	require.NoError(t, err)
	for _, d := range []harness.Dependency{
		adapter.OracleAPI("A", oracleapi.Config{}), adapter.EmailAPI("A", emailapi.Config{}, adapter.KeyInEnvironment),
		adapter.Stub("A", stub.Config{Routes: []stub.Route{{Name: "R", Key: "{body}", Idempotency: stub.Idempotency{Header: "I"}}}}),
		adapter.SMTP("A", smtpserver.Config{}),
	} {
		for _, m := range d.Measures {
			require.Contains(t, string(doc), "`"+m.Name+"`")
		}
		for _, g := range d.Gauges {
			require.Contains(t, string(doc), "`"+g.Series.Name+"`")
		}
	}
}

// The standing checks ask every fake where it is and how busy. One that hides the
// methods behind others of the same name would leave them blind.
func TestEveryFakeSaysWhereItIs(t *testing.T) {
	for _, d := range []harness.Dependency{
		adapter.OracleAPI("A", oracleapi.Config{}), adapter.EmailAPI("A", emailapi.Config{}, adapter.KeyInEnvironment),
		adapter.Stub("A", stub.Config{Routes: []stub.Route{{Name: "R"}}}), adapter.SMTP("A", smtpserver.Config{}),
	} {
		fake, ok := open(t, d).(interface {
			Addresses() []string
			Traffic() (now, most, total int64)
		})
		require.True(t, ok)
		require.NotEmpty(t, fake.Addresses())
	}
}
