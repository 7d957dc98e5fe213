//go:build !slim

package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// A run tells its figures to Prometheus and to a collector: what they heard last is what
// run.json says. And it names the traces that it began.
func TestWhatIsToldOfARunIsWhatTheRunSays(t *testing.T) {
	dir := t.TempDir()
	service := strings.Replace(goodService, `"{port}"]`, `"{port}", --bind, 127.0.0.1]`, 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "holdfast.yaml"), []byte(service), 0o600))
	c := &collected{report: filepath.Join(dir, "out", "report.html")}
	collecting := httptest.NewServer(c)
	defer collecting.Close()
	said, says := io.Pipe()
	page := make(chan string, 1)
	go func() { page <- scrapeUntilGone(said) }()
	env := map[string]string{"PATH": os.Getenv("PATH"), "OTEL_EXPORTER_OTLP_ENDPOINT": collecting.URL}
	var stdout strings.Builder
	code := run(t.Context(), environ{stdout: &stdout, stderr: says, getenv: func(name string) string { return env[name] },
		args: []string{"run", "--service", dir, "--all", "--metrics", "127.0.0.1:0", "--trace", "1", "--out", filepath.Join(dir, "out")}})
	require.NoError(t, says.Close())
	require.Contains(t, []int{exitPass, exitInconclusive}, code, stdout.String()) // on a machine that is full nothing may be shown
	whole, err := readRun(filepath.Join(dir, "out", "run.json"))
	require.NoError(t, err)
	sc := whole.Scenarios[0]
	stream := sc.Streams[0]
	require.Positive(t, stream.Sent)

	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(<-page))
	require.NoError(t, err)
	for name, want := range countsOf(stream) {
		family := families["holdfast_requests_"+name+"_total"]
		require.Len(t, family.GetMetric(), 1, name)
		require.EqualValues(t, want, family.Metric[0].Counter.GetValue(), name)
		require.Equal(t, want, c.of("holdfast.requests." + name).GetSum().DataPoints[0].GetAsInt(), name)
	}
	told := families["holdfast_request_duration_seconds"].GetMetric()[0]
	require.Equal(t, map[string]string{"scenario": sc.Name, "stream": stream.Name, "try": "1"}, labels(told))
	collectedTook := c.of("holdfast.request.duration").GetExponentialHistogram().DataPoints[0]
	sum := stream.Latency.Mean * float64(stream.Latency.N) / 1000
	for _, of := range []struct {
		n   uint64
		sum float64
	}{
		{told.Histogram.GetSampleCount(), told.Histogram.GetSampleSum()},
		{collectedTook.Count, collectedTook.GetSum()},
	} {
		require.EqualValues(t, stream.Latency.N, of.n)
		require.InEpsilon(t, sum, of.sum, 0.01, "the result's own are rounded to a thousandth each")
	}

	require.True(t, c.reported, "whoever is told last holds no report up")

	require.NotEmpty(t, stream.SlowestTraced)
	report, err := os.ReadFile(filepath.Join(dir, "out", "report.html"))
	require.NoError(t, err)
	for _, r := range stream.SlowestTraced {
		require.Regexp(t, `^[0-9a-f]{32}$`, r.TraceID)
		require.Contains(t, string(report), r.TraceID)
	}
	require.Contains(t, whole.Command, " --trace 1")
}

// countsOf are the counts of a stream by the names under which they are told.
func countsOf(s result.Stream) map[string]int64 {
	return map[string]int64{
		"planned": s.Planned, "sent": s.Sent, "ok": s.OK, "failed": load.Failed(s.Counts), "refused": s.Errors[load.ClassShedByTarget],
		"late": s.Late, "shed": s.Shed, "unsent": s.Unsent,
	}
}

func labels(m *dto.Metric) map[string]string {
	all := map[string]string{}
	for _, l := range m.Label {
		all[l.GetName()] = l.GetValue()
	}
	return all
}

// scrapeUntilGone reads what a run says for the address of its metrics, asks there until
// nobody answers any more, and returns the last page.
func scrapeUntilGone(said io.Reader) (last string) {
	lines := bufio.NewScanner(said)
	address := regexp.MustCompile(`metrics at (http://\S+)`)
	var at []string
	for at == nil && lines.Scan() {
		at = address.FindStringSubmatch(lines.Text())
	}
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(io.Discard, said) })
	defer reading.Wait()
	for at != nil {
		answer, err := http.Get(at[1])
		if err != nil {
			return last
		}
		text, err := io.ReadAll(answer.Body)
		if err = errors.Join(err, answer.Body.Close()); err != nil {
			return last
		}
		last = string(text)
		time.Sleep(20 * time.Millisecond) // as a scraper does; nothing waits for it
	}
	return last
}

// collected is a collector that keeps the latest of what was sent to it.
type collected struct {
	report string // a file

	mu       sync.Mutex
	latest   map[string]*metrics.Metric
	reported bool // the file was there then
}

func (c *collected) of(name string) *metrics.Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest[name]
}

func (c *collected) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var sent collector.ExportMetricsServiceRequest
	if proto.Unmarshal(body, &sent) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, missing := os.Stat(c.report)
	c.latest, c.reported = map[string]*metrics.Metric{}, missing == nil
	for _, of := range sent.ResourceMetrics {
		for _, scope := range of.ScopeMetrics {
			for _, m := range scope.Metrics {
				c.latest[m.Name] = m
			}
		}
	}
}

// What is wrong with whom a run is to tell is said in one line, before anything starts.
func TestWhomARunTellsIsCheckedFirst(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for _, row := range []struct {
		args []string
		env  map[string]string
		says string
	}{
		{[]string{"--metrics", "9095"}, nil, `--metrics: address "9095" is not HOST:PORT, for example 127.0.0.1:9095`},
		{[]string{"--metrics", ":9095"}, nil, "names no host"},
		{[]string{"--trace", "5"}, nil, "--trace 5: the share of requests that are traced is between 0 and 1"},
		{[]string{"--trace", "NaN"}, nil, "between 0 and 1"},
		{[]string{"--trace", "some"}, nil, "--trace some: it is to be a number"},
		{nil, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT is no address"},
	} {
		code, stdout, stderr := holdfast(t, row.env, append([]string{"run", "search/any-question", "--profile", "smoke", "--out", out}, row.args...)...)
		require.Equal(t, exitUsage, code, stderr)
		require.Contains(t, stderr, row.says)
		require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
		require.Empty(t, stdout)
		require.NoFileExists(t, out)
	}
}
