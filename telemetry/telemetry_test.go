package telemetry_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/telemetry"
)

// told are figures of a run, with their page.
type told struct {
	*telemetry.Figures
	page http.Handler
}

func newTold() told {
	latencies := telemetry.NewLatencies()
	f := telemetry.New(telemetry.Run{ID: "r1", Profile: "smoke", Version: "v1", Seed: 7}, latencies)
	return told{f, telemetry.Handler(f, latencies)}
}

// lines are those of the page that are no comments.
func (f told) lines() string {
	w := httptest.NewRecorder()
	f.page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var all strings.Builder
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") {
			all.WriteString(line)
		}
	}
	return all.String()
}

func started(tries int, faults ...string) harness.Event {
	return harness.Event{Kind: harness.ScenarioStarted, Scenario: "shop/slow", Tries: make([]result.Try, tries), Planned: faults}
}

func tick(s load.Snapshot, faults ...string) harness.Event {
	s.Stream = "pay"
	return harness.Event{Kind: harness.Tick, Scenario: "shop/slow", Streams: []load.Snapshot{s}, Faults: faults}
}

func ended(streams ...result.Stream) harness.Event {
	return harness.Event{Kind: harness.ScenarioEnded, Scenario: "shop/slow", Result: &result.Scenario{Streams: streams}}
}

func TestTheNumbersAreThoseOfTheHarness(t *testing.T) {
	f := newTold()
	require.Equal(t, `holdfast_run_info{profile="smoke",run="r1",seed="7",version="v1"} 1`+"\n", f.lines(), "before it has begun")
	f.Observe(started(0, "delay 3s on bank"))
	require.Contains(t, f.lines(), `holdfast_fault_active{fault="delay 3s on bank",scenario="shop/slow"} 0`, "there is something to grow from")
	f.Observe(tick(load.Snapshot{Planned: 20, Sent: 12, OK: 7, Failed: 2, ShedByTarget: 1, Late: 3, Shed: 5, InFlight: 2}, "delay 3s on bank"))
	page := f.lines()
	for _, line := range []string{
		`planned_total{scenario="shop/slow",stream="pay",try="1"} 20`, `sent_total{scenario="shop/slow",stream="pay",try="1"} 12`,
		`ok_total{scenario="shop/slow",stream="pay",try="1"} 7`, `failed_total{scenario="shop/slow",stream="pay",try="1"} 2`,
		`refused_total{scenario="shop/slow",stream="pay",try="1"} 1`, `late_total{scenario="shop/slow",stream="pay",try="1"} 3`,
		`shed_total{scenario="shop/slow",stream="pay",try="1"} 5`, `in_flight{scenario="shop/slow",stream="pay",try="1"} 2`,
	} {
		require.Contains(t, page, "holdfast_requests_"+line+"\n")
	}
	require.NotContains(t, page, "unsent", "not known, and not 0")
	require.Contains(t, page, `holdfast_fault_active{fault="delay 3s on bank",scenario="shop/slow"} 1`)
	f.Observe(tick(load.Snapshot{Planned: 30}))
	require.Contains(t, f.lines(), `holdfast_fault_active{fault="delay 3s on bank",scenario="shop/slow"} 0`)
}

func TestInTheEndTheNumbersAreThoseOfTheResult(t *testing.T) {
	f := newTold()
	f.Observe(started(0))
	f.Observe(tick(load.Snapshot{Planned: 20, Sent: 12, InFlight: 12}, "hang on bank"))
	f.Observe(ended(
		result.Stream{Name: "pay", Counts: result.Counts{Planned: 40, Sent: 30, OK: 20, Late: 1, Shed: 2, Unsent: 7, Errors: map[string]int64{load.ClassTimeout: 6, load.ClassShedByTarget: 4}}},
		result.Stream{Name: "pay.login", StepOf: "pay", Counts: result.Counts{Planned: 30, Sent: 30, OK: 30}}))
	require.Equal(t, []telemetry.Stream{
		{Key: telemetry.Key{Scenario: "shop/slow", Stream: "pay", Try: 1}, Planned: 40, Sent: 30, OK: 20, Failed: 6, Refused: 4, Late: 1, Shed: 2, Unsent: new(int64(7))},
		{Key: telemetry.Key{Scenario: "shop/slow", Stream: "pay.login", Try: 1}, Planned: 30, Sent: 30, OK: 30, Unsent: new(int64(0))},
	}, f.Streams())
	require.Equal(t, []telemetry.Fault{{Scenario: "shop/slow", Name: "hang on bank"}}, f.Faults(), "it is undone")
}

func TestATryKeepsItsNumbersAndTheNextHasItsOwn(t *testing.T) {
	f := newTold()
	f.Observe(started(0))
	f.Exchange("shop/slow", time.Time{}, load.Exchange{Stream: "pay", End: time.Second})
	f.Observe(ended(result.Stream{Name: "pay", Counts: result.Counts{Planned: 40}}))
	f.Observe(started(1))
	f.Exchange("shop/slow", time.Time{}, load.Exchange{Stream: "pay", End: time.Second})
	f.Observe(tick(load.Snapshot{Planned: 1}))
	for _, line := range []string{`planned_total{scenario="shop/slow",stream="pay",try="1"} 40`, `planned_total{scenario="shop/slow",stream="pay",try="2"} 1`} {
		require.Contains(t, f.lines(), "holdfast_requests_"+line)
	}
	for _, try := range []string{"1", "2"} {
		require.Contains(t, f.lines(), `holdfast_request_duration_seconds_count{scenario="shop/slow",stream="pay",try="`+try+`"} 1`)
	}
}

func TestLatenciesCountFromWhenARequestWasDue(t *testing.T) {
	f := newTold()
	f.Observe(started(0))
	for _, ms := range []time.Duration{400, 900} {
		f.Exchange("shop/slow", time.Time{}, load.Exchange{Stream: "pay", Due: time.Second, Sent: 2 * time.Second, End: time.Second + ms*time.Millisecond})
	}
	f.Exchange("shop/slow", time.Time{}, load.Exchange{Stream: "pay", Unplanned: true, End: time.Hour})
	for _, line := range []string{`bucket{scenario="shop/slow",stream="pay",try="1",le="0.5"} 1`, `bucket{scenario="shop/slow",stream="pay",try="1",le="1"} 2`,
		`count{scenario="shop/slow",stream="pay",try="1"} 2`, `sum{scenario="shop/slow",stream="pay",try="1"} 1.3`} {
		require.Contains(t, f.lines(), "holdfast_request_duration_seconds_"+line)
	}
}

// Requests end on many goroutines, and the page is read meanwhile.
func TestFiguresAreToldFromManyGoroutines(t *testing.T) {
	f := newTold()
	f.Observe(started(0))
	done := make(chan struct{})
	for range 8 {
		go func() {
			for range 100 {
				f.Exchange("shop/slow", time.Time{}, load.Exchange{Stream: "pay", End: time.Millisecond})
				f.Observe(tick(load.Snapshot{Planned: 1}))
				f.lines()
			}
			done <- struct{}{}
		}()
	}
	for range 8 {
		<-done
	}
	require.Contains(t, f.lines(), `duration_seconds_count{scenario="shop/slow",stream="pay",try="1"} 800`)
}

// The table of the manual has the metrics of a page, each with its own words, and no
// other.
func TestTheManualHasEveryMetric(t *testing.T) {
	f := newTold()
	f.Observe(started(0, "hang on bank"))
	f.Exchange("shop/slow", time.Time{}, load.Exchange{Stream: "pay"})
	f.Observe(ended(result.Stream{Name: "pay"}))
	w := httptest.NewRecorder()
	f.page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(w.Body)
	require.NoError(t, err)
	manual, err := os.ReadFile("../docs/telemetry.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(manual), "| metric | type | labels | meaning |\n|---|---|---|---|\n")
	require.True(t, found)
	seen := map[string]bool{}
	for line := range strings.Lines(table) {
		name, isRow := strings.CutPrefix(line, "| `")
		if !isRow {
			break
		}
		name, _, _ = strings.Cut(name, "`")
		require.Contains(t, families, name, "the manual has a metric that the page does not tell")
		require.Equal(t, row(families[name]), line)
		seen[name] = true
	}
	for name := range families {
		require.True(t, seen[name], "the manual lacks %s", name)
	}
}

func row(f *dto.MetricFamily) string {
	var labels []string
	for _, l := range f.Metric[0].Label {
		labels = append(labels, "`"+l.GetName()+"`")
	}
	return "| `" + f.GetName() + "` | " + strings.ToLower(f.GetType().String()) + " | " + strings.Join(labels, ", ") + " | " + f.GetHelp() + " |\n"
}

func TestAnAddressIsSaidWhole(t *testing.T) {
	for address, says := range map[string]string{
		"9095": "not HOST:PORT", "127.0.0.1": "not HOST:PORT", "127.0.0.1:http": `the port "http"`, "127.0.0.1:70000": `the port "70000"`,
		":9095": "127.0.0.1:9095 for this machine alone, 0.0.0.0:9095 for all", "": "not HOST:PORT",
	} {
		require.ErrorContains(t, telemetry.Check(address), says, address)
		_, err := telemetry.Listen(address, nil)
		require.Error(t, err)
	}
	for _, address := range []string{"127.0.0.1:0", "localhost:9095", "[::1]:9095", "0.0.0.0:9095", "metrics.example:9095"} {
		require.NoError(t, telemetry.Check(address), address)
	}
}

// A page of somebody else's, at a name that its owner lets mean this machine, reads nothing.
func TestOnlyThisMachineIsAnswered(t *testing.T) {
	s, err := telemetry.Listen("127.0.0.1:0", newTold().page)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Finish(t.Context())) }()
	ask := func(change func(*http.Request)) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL(), nil)
		require.NoError(t, err)
		change(r)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(text)
	}
	status, text := ask(func(*http.Request) {})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "holdfast_run_info")
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.Host = "evil.example" },
		func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") },
	} {
		status, text := ask(change)
		require.Equal(t, http.StatusForbidden, status)
		require.NotContains(t, text, "holdfast_run")
	}
	status, _ = ask(func(r *http.Request) { r.URL.Path = "/" })
	require.Equal(t, http.StatusNotFound, status)
	status, _ = ask(func(r *http.Request) { r.Method = http.MethodPost })
	require.Equal(t, http.StatusMethodNotAllowed, status)
	http.DefaultClient.CloseIdleConnections()
}

func TestAPortThatIsTakenIsSaid(t *testing.T) {
	s, err := telemetry.Listen("127.0.0.1:0", newTold().page)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Finish(t.Context())) }()
	_, err = telemetry.Listen(strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/metrics"), newTold().page)
	require.ErrorContains(t, err, "address already in use")
}
