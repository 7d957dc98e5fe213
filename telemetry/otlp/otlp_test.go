package otlp_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/telemetry"
	"holdfast.dev/holdfast/telemetry/otlp"
)

// receiver is a collector: it keeps the latest of what was sent to it.
type receiver struct {
	mu       sync.Mutex
	path     string
	header   http.Header
	resource map[string]string
	latest   map[string]*metrics.Metric
}

func (c *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var sent collector.ExportMetricsServiceRequest
	if err = errors.Join(err, proto.Unmarshal(body, &sent)); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.path, c.header = r.URL.Path, r.Header
	c.resource, c.latest = map[string]string{}, map[string]*metrics.Metric{}
	for _, of := range sent.ResourceMetrics {
		for _, a := range of.Resource.Attributes {
			c.resource[a.Key] = a.Value.GetStringValue()
		}
		for _, scope := range of.ScopeMetrics {
			for _, m := range scope.Metrics {
				c.latest[m.Name] = m
			}
		}
	}
	answer, _ := proto.Marshal(&collector.ExportMetricsServiceResponse{})
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(answer)
}

// numbers are the points of a sum or a gauge by their attributes.
func numbers(m *metrics.Metric) map[string]int64 {
	all := map[string]int64{}
	for _, p := range append(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()...) {
		all[texts(p.Attributes)] = p.GetAsInt()
	}
	return all
}

func texts(attributes []*common.KeyValue) string {
	var all []string
	for _, a := range attributes {
		all = append(all, a.Key+"="+strings.Trim(a.Value.String(), " "))
	}
	return strings.Join(all, ",")
}

// variables is an environment.
func variables(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// said collects what is said of a collector.
type said struct {
	mu   sync.Mutex
	text []string
}

func (s *said) say(text string) { s.mu.Lock(); defer s.mu.Unlock(); s.text = append(s.text, text) }

// told is an exporter to an address, with the figures of a scenario that has ended.
func told(t *testing.T, to string, say func(string)) *otlp.Exporter {
	t.Helper()
	e, err := otlp.New(to, telemetry.Run{ID: "r1", Version: "v1", Profile: "smoke", Seed: 7}, variables(), say)
	require.NoError(t, err)
	f := telemetry.New(telemetry.Run{}, e)
	require.NoError(t, e.Follow(f))
	f.Observe(harness.Event{Kind: harness.ScenarioStarted, Scenario: "shop/slow", Planned: []string{"hang on bank"}})
	f.Observe(harness.Event{Kind: harness.Tick, Scenario: "shop/slow", Faults: []string{"hang on bank"}})
	for i := range 100 {
		f.Exchange("shop/slow", time.Time{}, load.Exchange{Stream: "pay", End: time.Duration(i+1) * time.Millisecond})
	}
	f.Observe(harness.Event{Kind: harness.ScenarioEnded, Scenario: "shop/slow", Result: &result.Scenario{Streams: []result.Stream{
		{Name: "pay", Counts: result.Counts{Planned: 107, Sent: 100, OK: 90, Late: 1, Shed: 2, Unsent: 4, Errors: map[string]int64{load.ClassTimeout: 6, load.ClassShedByTarget: 4}}}}}})
	return e
}

func TestACollectorGetsTheNumbersOfTheRun(t *testing.T) {
	c := new(receiver)
	server := httptest.NewServer(c)
	defer server.Close()
	to, unspoken, err := otlp.Endpoint(variables("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL))
	require.NoError(t, err)
	require.Empty(t, unspoken)
	quiet := new(said)
	told(t, to, quiet.say).Close(t.Context())
	require.Empty(t, quiet.text)
	require.Equal(t, "/v1/metrics", c.path)
	require.Equal(t, "holdfast", c.resource["service.name"])
	require.Equal(t, "r1", c.resource["holdfast.run"])
	stream := `scenario=string_value:"shop/slow",stream=string_value:"pay",try=int_value:1`
	for name, want := range map[string]int64{"planned": 107, "sent": 100, "ok": 90, "failed": 6, "refused": 4, "late": 1, "shed": 2, "unsent": 4, "in_flight": 0} {
		m := c.latest["holdfast.requests."+name]
		require.NotNil(t, m, name)
		require.Equal(t, map[string]int64{stream: want}, numbers(m), name)
		if name != "in_flight" {
			require.True(t, m.GetSum().IsMonotonic, name)
			require.Equal(t, metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE, m.GetSum().AggregationTemporality)
		}
	}
	require.Equal(t, map[string]int64{`fault=string_value:"hang on bank",scenario=string_value:"shop/slow"`: 0}, numbers(c.latest["holdfast.fault.active"]))
	took := c.latest["holdfast.request.duration"]
	require.Equal(t, "s", took.Unit)
	points := took.GetExponentialHistogram().GetDataPoints()
	require.Len(t, points, 1)
	require.Equal(t, stream, texts(points[0].Attributes))
	require.EqualValues(t, 100, points[0].Count)
	require.InDelta(t, 5.05, points[0].GetSum(), 1e-9)
	require.InDelta(t, 0.1, points[0].GetMax(), 1e-9)
	require.Greater(t, len(points[0].Positive.BucketCounts), 50, "fine enough for any percentile")
}

// What is malformed in a variable of OpenTelemetry's ends no run: the rest is sent.
func TestAMalformedResourceIsSaidOnce(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=search,prod")
	c := new(receiver)
	server := httptest.NewServer(c)
	defer server.Close()
	s := new(said)
	told(t, server.URL+"/v1/metrics", s.say).Close(t.Context())
	require.Len(t, s.text, 1)
	require.Contains(t, s.text[0], "what is not NAME=VALUE in OTEL_RESOURCE_ATTRIBUTES is left out")
	require.Contains(t, s.text[0], "[prod]")
	require.Equal(t, "r1", c.resource["holdfast.run"])
	require.Equal(t, "holdfast", c.resource["service.name"])
}

// Who takes nothing is said once, and holds nobody up.
func TestACollectorThatTakesNothingIsSaidOnce(t *testing.T) {
	hangs, err := net.Listen("tcp", "127.0.0.1:0") // it takes connections and never answers
	require.NoError(t, err)
	t.Cleanup(func() { _ = hangs.Close() })
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, refused.Close())
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }))
	t.Cleanup(broken.Close)
	for name, row := range map[string]struct{ to, says string }{
		"nobody is there":     {"http://u:geheim@" + refused.Addr().String() + "/v1/metrics", "connection refused"},
		"an error is its say": {broken.URL + "/v1/metrics", "500"},
		"it never answers":    {"http://" + hangs.Addr().String() + "/v1/metrics", "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := new(said)
			e := told(t, row.to, s.say)
			begun := time.Now()
			e.Close(t.Context())
			require.Less(t, time.Since(begun), 10*time.Second)
			require.Len(t, s.text, 1)
			require.Contains(t, s.text[0], "does not take the figures of the run, which goes on")
			require.Contains(t, s.text[0], row.says)
			require.NotContains(t, s.text[0], "geheim")
		})
	}
}

func TestWhereAnEnvironmentWantsMetrics(t *testing.T) {
	for name, row := range map[string]struct {
		env          []string
		to, unspoken string
		err          string
	}{
		"nowhere":                      {nil, "", "", ""},
		"the common address":           {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"}, "http://127.0.0.1:4318/v1/metrics", "", ""},
		"with a path":                  {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.example/tenant/"}, "https://otlp.example/tenant/v1/metrics", "", ""},
		"that of metrics, as it is":    {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://b:1/x"}, "http://b:1/x", "", ""},
		"nothing is to be sent":        {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a", "OTEL_SDK_DISABLED", "true"}, "", "", ""},
		"nothing of metrics":           {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a", "OTEL_METRICS_EXPORTER", "none"}, "", "", ""},
		"by what is not spoken":        {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4317", "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}, "", "grpc is wanted", ""},
		"by what is spoken of metrics": {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a", "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"}, "http://a/v1/metrics", "", ""},
		"what is no address":           {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"}, "", "", "OTEL_EXPORTER_OTLP_ENDPOINT is no address of http or https, such as http://127.0.0.1:4318"},
		"and tells no password":        {[]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://u:geheim@[::x"}, "", "", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is no address of http or https, such as http://127.0.0.1:4318"},
	} {
		t.Run(name, func(t *testing.T) {
			to, unspoken, err := otlp.Endpoint(variables(row.env...))
			require.Equal(t, row.to, to)
			if row.unspoken == "" {
				require.Empty(t, unspoken)
			}
			require.Contains(t, unspoken, row.unspoken)
			if row.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, row.err)
			}
		})
	}
}

// What one request costs the load generator where its latency is sent.
func BenchmarkTook(b *testing.B) {
	e, err := otlp.New("http://127.0.0.1:1/v1/metrics", telemetry.Run{}, variables("OTEL_METRIC_EXPORT_INTERVAL", "3600000"), func(string) {})
	require.NoError(b, err)
	defer e.Close(b.Context())
	f := telemetry.New(telemetry.Run{}, e)
	for b.Loop() {
		f.Exchange("shop/slow", time.Time{}, load.Exchange{Stream: "pay", End: time.Millisecond})
	}
}
