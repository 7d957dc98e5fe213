package probe

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
)

const metricsPage = `# HELP queue_jobs Jobs.
# TYPE queue_jobs gauge
queue_jobs{state="pending",kind="mail"} 3
queue_jobs{state="pending",kind="notify"} 4
queue_jobs{state="failed",kind="mail"} 1
# TYPE calls_total counter
calls_total{outcome="ok"} 10
calls_total{outcome="timeout"} 2
plain 7
broken NaN
endless +Inf
# TYPE took_seconds histogram
took_seconds_bucket{le="0.1"} 4
took_seconds_bucket{le="+Inf"} 5
took_seconds_sum 1.5
took_seconds_count 5
# TYPE size summary
size{quantile="0.5"} 3
size_sum 30
size_count 10
# TYPE odd_count gauge
odd_count 9
`

func TestAMetricIsFoundByNameAndLabels(t *testing.T) {
	page, err := parsePage(strings.NewReader(metricsPage), plainText, []string{"plain", "queue_jobs", "calls_total", "took_seconds", "took_seconds_sum", "took_seconds_count", "size_sum", "size_count", "odd_count", "broken", "endless"})
	require.NoError(t, err)
	nan := math.NaN()
	cases := []struct {
		name   string
		labels map[string]string
		want   float64
	}{
		{"plain", nil, 7},
		{"queue_jobs", nil, 8},
		{"queue_jobs", map[string]string{"state": "pending"}, 7},
		{"queue_jobs", map[string]string{"state": "pending", "kind": "mail"}, 3},
		{"queue_jobs", map[string]string{"state": "running"}, nan},
		{"queue_jobs", map[string]string{"colour": "red"}, nan},
		{"calls_total", map[string]string{"outcome": "timeout"}, 2},
		{"took_seconds_sum", nil, 1.5},
		{"took_seconds_count", nil, 5},
		{"size_sum", nil, 30},
		{"size_count", nil, 10},
		{"odd_count", nil, 9},
		{"took_seconds", nil, nan}, // a distribution is no single number
		{"nowhere", nil, nan},
		{"nowhere_count", nil, nan},
		{"broken", nil, nan},
		{"endless", nil, math.Inf(1)}, // the sampler makes a gap of it
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.name, c.labels), func(t *testing.T) {
			got := Metric{Name: c.name, Labels: c.labels}.read(page)
			if math.IsNaN(c.want) {
				require.True(t, math.IsNaN(got), "%v", got)
				return
			}
			require.Equal(t, c.want, got)
		})
	}
}

func metricsProbe(t *testing.T, url string, metrics ...Metric) Probe {
	t.Helper()
	p, err := Prometheus(PrometheusConfig{URL: url, Metrics: metrics})
	require.NoError(t, err)
	closed(t, p)
	return p
}

func TestGoroutinesOfALivingProgramAreRead(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector())
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer server.Close()
	p := metricsProbe(t, server.URL, Goroutines())
	require.Equal(t, []Series{{Name: "target.goroutines", Unit: "count"}}, p.Series())
	require.Greater(t, one(t, p)[0], 2.0)
	require.Equal(t, time.Second, p.Every())
}

func TestWhereNobodyListensIsAGapUntilSomebodyDoes(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, metricsPage) }))
	p := metricsProbe(t, server.URL, Metric{Series: Series{Name: "a"}, Name: "plain"})
	require.Equal(t, []float64{7}, one(t, p))
	server.Close()
	require.True(t, math.IsNaN(one(t, p)[0]))
}

func TestACountersGrowthIsPerSecondAndARestartIsAGap(t *testing.T) {
	var count atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n := count.Load(); n >= 0 {
			_, _ = fmt.Fprintf(w, "# TYPE n_total counter\nn_total %d\n", n)
		}
	}))
	defer server.Close()
	p := metricsProbe(t, server.URL, Metric{Series: Series{Name: "a"}, Name: "n_total", PerSecond: true})
	count.Store(1000)
	began := time.Now()
	require.True(t, math.IsNaN(one(t, p)[0]), "the first has nothing to compare with")
	count.Store(2000)
	rate := one(t, p)[0]
	require.Greater(t, rate, 1000/time.Since(began).Seconds())
	require.Zero(t, one(t, p)[0], "no growth is no gap")
	count.Store(5)
	require.True(t, math.IsNaN(one(t, p)[0]), "it was restarted")
	count.Store(6)
	require.Greater(t, one(t, p)[0], 0.0)
	count.Store(-1)
	require.True(t, math.IsNaN(one(t, p)[0]), "it is not there")
	count.Store(7)
	require.True(t, math.IsNaN(one(t, p)[0]), "over a hole no rate is known")
}

func TestAPageThatIsNoneIsAnErrorWithoutThePassword(t *testing.T) {
	cases := []struct {
		name, says string
		answer     http.HandlerFunc
	}{
		{"an error page", "500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }},
		{"HTML", "not a metrics page", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html><body>hello</body></html>")
		}},
		{"without end", "longer than", func(w http.ResponseWriter, _ *http.Request) {
			for line := []byte(strings.Repeat("# nothing\n", 1000)); ; {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		}},
		{"one endless line", "longer than", func(w http.ResponseWriter, _ *http.Request) {
			for part := []byte(strings.Repeat("a", 10_000)); ; {
				if _, err := w.Write(part); err != nil {
					return
				}
			}
		}},
		{"a broken connection", "EOF", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			p := metricsProbe(t, strings.Replace(server.URL, "//", "//me:hunter2@", 1)+"/metrics", Goroutines())
			_, err := p.Sample(t.Context())
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "hunter2")
			require.NotContains(t, p.Name(), "hunter2")
		})
	}
}

func TestAPageIsReadWholeWhateverThePieces(t *testing.T) {
	page, err := parsePage(iotest.OneByteReader(strings.NewReader(metricsPage)), plainText, []string{"plain"})
	require.NoError(t, err)
	require.Equal(t, 7.0, Metric{Name: "plain"}.read(page))
	_, err = parsePage(iotest.TimeoutReader(strings.NewReader(metricsPage)), plainText, nil)
	require.Error(t, err)
}

func TestAMetricsConfigurationSaysAllThatIsWrongWithItAtOnce(t *testing.T) {
	_, err := Prometheus(PrometheusConfig{URL: "file:///etc/passwd", Every: -1})
	for _, part := range []string{"URL", "Metrics", "Every"} {
		require.ErrorContains(t, err, part)
	}
	_, err = Prometheus(PrometheusConfig{URL: "http://h/m", Metrics: []Metric{{}}})
	require.ErrorContains(t, err, "a metric needs a name")
}

func FuzzPage(f *testing.F) {
	f.Add(metricsPage, uint8(0))
	f.Add("a{b=\"c\\\"\"} 1 123\n# EOF\n", uint8(1))
	f.Add("# TYPE h histogram\nh_bucket{le=\"x\"} y\n", uint8(0))
	f.Add("{\"quoted name\", l=\"v\"} 1e999\n", uint8(0))
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		page, err := parsePage(strings.NewReader(text), format(kind%2), []string{"a", "h_bucket", "quoted name"})
		if err != nil {
			return
		}
		for _, s := range page {
			Metric{Name: s.name, Labels: map[string]string{"l": "v"}}.read(page)
			Metric{Name: s.name}.read(page)
		}
	})
}

// Each row is a page with one odd line, of which the value asked for is 5.
func TestAnOddLineCostsNoOtherItsValue(t *testing.T) {
	filler := strings.Repeat("# filler filler filler filler filler filler filler filler\n", 100_000)
	for name, text := range map[string]string{
		"no newline at end": "# TYPE req counter\nreq 5", "crlf": "# TYPE req counter\r\nreq 5\r\n",
		"a type twice": "# TYPE req counter\nreq{a=\"1\"} 2\n# TYPE req counter\nreq{a=\"2\"} 3\n",
		"interleaved":  "req{a=\"1\"} 2\nother 1\nreq{a=\"2\"} 3\n", "a unit": "# UNIT x_seconds seconds\nx_seconds 1\nreq 5\n# EOF\n",
		"an info": "# TYPE build info\nbuild_info{v=\"1\"} 1\nreq 5\n", "an exemplar": "req 5 # {trace_id=\"abc\"} 1 1.6e9\n",
		"milliseconds": "req 5 1700000000000\n", "seconds": "req 5 1700000000.123\n", "a number in hex": "other 0x1p-2\nreq 5\n",
		"a bad escape": "other{p=\"C:\\dir\"} 1\nreq 5\n", "spaces": "req { a = \"1\" } 5\n", "latin1": "other{a=\"\xe9\"} 1\nreq 5\n",
		"a dash": "my-metric 1\nreq 5\n", "part of a bucket": "h_bucket{le=\"+Inf\"} 1.5\nh_count 1.5\nreq 5\n", "twice": "req 5\nreq 6\n",
		"a byte order mark": "\xef\xbb\xbfreq 5\n", "blanks": "\n\n  req 5\n", "another type": "# TYPE req COUNTER\nreq +5.0e0\n",
		"long": filler + "req 5\n", "cut": "req 5\nother{a=\"1", "a brace in quotes": "req{a=\"}\\\"{ 1\"} 5\n", "a distribution beside it": "req{le=\"1\"} 2\nreq 5\n",
	} {
		page, err := parsePage(strings.NewReader(text), plainText, []string{"req"})
		require.NoError(t, err, name)
		require.Equal(t, 5.0, Metric{Name: "req"}.read(page), name)
	}
	page, err := parsePage(strings.NewReader("{\"my.metric\",a=\"1\"} 1\n"), plainText, []string{"my.metric"})
	require.NoError(t, err)
	require.Equal(t, 1.0, Metric{Name: "my.metric", Labels: map[string]string{"a": "1"}}.read(page))
}

// Each row is what Prometheus itself takes from such a page, by its Content-Type.
func TestWhatTheFormatOfAPageChanges(t *testing.T) {
	const text, open = "text/plain; version=0.0.4", "application/openmetrics-text; version=1.0.0; charset=utf-8"
	buckets := func(bound string) string {
		return fmt.Sprintf("took_bucket{le=%q} 5\ntook_bucket{le=\"+Inf\"} 6\n", bound)
	}
	one := map[string]string{"le": "1"}
	for name, row := range map[string]struct {
		contentType, page, metric string
		labels                    map[string]string
		want                      float64 // NaN: it is not there
		says                      string  // why there is no page
	}{
		"the end":                     {open, "req_total 5\n# EOF\n", "req_total", nil, 5, ""},
		"the end without a newline":   {open, "req_total 5\n# EOF", "req_total", nil, 5, ""},
		"no end":                      {open, "req_total{a=\"1\"} 5\nreq_total{a=\"2\"", "req_total", nil, 0, "cut off"},
		"no end, in text":             {text, "req_total 5\n", "req_total", nil, 5, ""},
		"behind the end":              {open, "req_total 5\n# EOF\nreq_total{a=\"1\"} 7\n", "req_total", nil, 5, ""},
		"a remark of that text":       {text, "# EOF\nreq_total 5\n", "req_total", nil, 5, ""},
		"nothing at all":              {open, "", "req_total", nil, 0, "cut off"},
		"nothing to tell":             {open, "# EOF\n", "req_total", nil, math.NaN(), ""},
		"an exemplar":                 {open, "req_total 5 # {trace_id=\"a b\"} 1 1700000000.5\n# EOF\n", "req_total", nil, 5, ""},
		"an exemplar with a brace":    {open, "took_bucket{le=\"1.0\"} 5 # {trace_id=\"}\"} 0.5\n# EOF\n", "took_bucket", one, 5, ""},
		"when it was created":         {open, "# TYPE req counter\nreq_created 1.7e9\nreq_total 5\n# EOF\n", "req_total", nil, 5, ""},
		"a counter's bare name":       {open, "# TYPE req counter\nreq_created 1.7e9\nreq_total 5\n# EOF\n", "req", nil, math.NaN(), ""},
		"a bound":                     {text, buckets("1"), "took_bucket", one, 5, ""},
		"a bound of OpenMetrics":      {open, buckets("1.0") + "# EOF\n", "took_bucket", one, 5, ""},
		"a bound as Prometheus 3 has": {text, buckets("1"), "took_bucket", map[string]string{"le": "1.0"}, 5, ""},
		"a name in quotes":            {text, "{\"req.total\", a=\"1\"} 5\n", "req.total", nil, 5, ""},
		"a name in quotes, open":      {open, "# TYPE \"req.total\" gauge\n{\"req.total\",a=\"1\"} 5 # {} 1\n# EOF\n", "req.total", nil, 5, ""},
		"a path that is not escaped":  {text, "req{dir=\"C:\\dir\\new\"} 5\n", "req", map[string]string{"dir": "C:\\dir\new"}, 5, ""},
		"a number of Go alone":        {text, "req 0x1p-2\nother 1\n", "req", nil, math.NaN(), ""},
		"another type's parameters":   {"application/openmetrics-text; version", "req_total 5\n", "req_total", nil, 0, "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", row.contentType)
				_, _ = io.WriteString(w, row.page)
			}))
			defer server.Close()
			p := metricsProbe(t, server.URL, Metric{Series: Series{Name: "a"}, Name: row.metric, Labels: row.labels})
			got, err := p.Sample(t.Context())
			if row.says != "" {
				require.ErrorContains(t, err, row.says)
				return
			}
			require.NoError(t, err)
			require.True(t, got[0] == row.want || math.IsNaN(got[0]) && math.IsNaN(row.want), "%v", got[0])
		})
	}
}

// Pages with an odd line, as somebody met them.
func TestPagesThatWereMet(t *testing.T) {
	for name, kind := range map[string]format{"duplicate-type.txt": plainText, "openmetrics-info.txt": openMetrics} {
		f, err := os.Open(filepath.Join("testdata", name))
		require.NoError(t, err)
		defer f.Close()
		page, err := parsePage(f, kind, []string{"go_goroutines", "requests_total", "other_pool_size"})
		require.NoError(t, err, name)
		require.Equal(t, 12.0, Metric{Name: "go_goroutines"}.read(page), name)
		if kind == openMetrics {
			require.Equal(t, 5.0, Metric{Name: "requests_total"}.read(page))
		} else {
			require.Equal(t, 12.0, Metric{Name: "other_pool_size"}.read(page), "4 and 8")
		}
	}
}

// Many frameworks send /metrics on to /metrics/. Another host may be somebody else.
func TestARedirectIsFollowedToTheSameHostAlone(t *testing.T) {
	var strangers atomic.Int64
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		strangers.Add(1)
		_, _ = io.WriteString(w, "req 7\n")
	}))
	defer stranger.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/metrics":
			http.Redirect(w, r, "/metrics/", http.StatusTemporaryRedirect)
		case "/metrics/":
			_, _ = io.WriteString(w, "req 5\n")
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/away":
			http.Redirect(w, r, strings.Replace(stranger.URL, "//", "//me:hunter2@", 1)+"/metrics", http.StatusMovedPermanently)
		case "/nowhere":
			w.WriteHeader(http.StatusMovedPermanently)
		}
	}))
	defer server.Close()
	metric := Metric{Series: Series{Name: "a"}, Name: "req"}
	require.Equal(t, []float64{5}, one(t, metricsProbe(t, server.URL+"/metrics", metric)))
	for path, says := range map[string]string{"/away": "301 Moved Permanently to " + strings.TrimPrefix(stranger.URL, "http://"), "/round": "302", "/nowhere": "301"} {
		_, err := metricsProbe(t, server.URL+path, metric).Sample(t.Context())
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "hunter2")
	}
	require.Zero(t, strangers.Load(), "it was not asked")
}
