package server_test

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/memcg"
)

var update = flag.Bool("update", false, "write the generated table of docs/metrics.md anew")

const (
	metricsDoc = "../../docs/metrics.md"
	metricsTop = "<!-- generated from a scrape -->\n"
)

// absent says of metrics when they are not there.
var absent = map[string]string{
	"cgroup_memory_working_set_bytes":         "the process is in no memory cgroup, or in the root of version 2",
	"cgroup_memory_limit_bytes":               "neither its cgroup nor one around it has a limit that can be seen from where it runs",
	"cgroup_oom_kills_total":                  "as above, and before Linux 4.13",
	"app_memory_limit_bytes":                  "`APP_MEMORY_LIMIT_BYTES` is not set",
	"queue_jobs":                              "not counted in the last 5 s, as without a database",
	"queue_oldest_job_age_seconds":            "as above",
	"queue_parked_jobs":                       "as above",
	"task_worker_heartbeat_timestamp_seconds": "the process works no tasks (`EMAIL_API_URL` is not set)",
}

// scraped is what a page tells, of those metrics that are the reference's own.
func scraped(t *testing.T, p program) map[string]*dto.MetricFamily {
	_, body := get(t, p.url+"/metrics")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	require.NoError(t, err)
	maps.DeleteFunc(families, func(name string, _ *dto.MetricFamily) bool {
		return strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_")
	})
	return families
}

// row is a metric's line of the table.
func row(f *dto.MetricFamily) string {
	values := map[string]map[string]bool{}
	for _, m := range f.Metric {
		for _, l := range m.Label {
			if values[l.GetName()] == nil {
				values[l.GetName()] = map[string]bool{}
			}
			values[l.GetName()][l.GetValue()] = true
		}
	}
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		labels = append(labels, fmt.Sprintf("`%s`: %s", name, strings.Join(slices.Sorted(maps.Keys(values[name])), ", ")))
	}
	meaning := f.GetHelp()
	if f.GetType() == dto.MetricType_HISTOGRAM {
		var bounds []string
		for _, b := range f.Metric[0].GetHistogram().GetBucket() {
			if b.GetUpperBound() < 1e9 { // +Inf goes without saying
				bounds = append(bounds, fmt.Sprint(b.GetUpperBound()))
			}
		}
		meaning += " Bounds: " + strings.Join(bounds, ", ") + "."
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), strings.Join(labels, "; "),
		strings.ReplaceAll(meaning, "|", `\|`), absent[f.GetName()])
}

// documented are the lines of the table by metric.
func documented(t *testing.T) (head string, rows map[string]string) {
	data, err := os.ReadFile(metricsDoc)
	require.NoError(t, err)
	head, table, found := strings.Cut(string(data), metricsTop)
	require.True(t, found)
	rows = map[string]string{}
	for line := range strings.Lines(table) {
		if name, isRow := strings.CutPrefix(line, "| `"); isRow {
			name, _, _ = strings.Cut(name, "`")
			require.NotContains(t, rows, name, "a metric has one line")
			rows[name] = line
		}
	}
	return head, rows
}

// The table is what a page says, word for word, and nothing else: a rule about a
// metric that is not there never fires, and nobody hears of it.
func TestTheTableOfMetricsIsWhatAScrapeTells(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"id":"x"}`) }))
	t.Cleanup(api.Close)
	p := start(t, map[string]string{"DATABASE_URL": projects(t, 150), "EMAIL_API_URL": api.URL, "EMAIL_API_KEY": "k", "APP_MEMORY_LIMIT_BYTES": "104857600"})
	var got map[string]*dto.MetricFamily
	require.Eventually(t, func() bool { // the tasks are counted beside the requests
		got = scraped(t, p)
		return got["queue_jobs"] != nil
	}, 30*time.Second, 10*time.Millisecond)
	_, inCgroup := memcg.Own("/proc/self")
	require.Equal(t, inCgroup, got["cgroup_memory_working_set_bytes"] != nil)
	for name, f := range ofCgroup(t) { // whatever this machine has of them
		got[name] = cmp.Or(got[name], f)
	}
	head, want := documented(t)
	if *update {
		writeTable(t, head, got)
		return
	}
	for name, f := range got {
		require.Equal(t, row(f), want[name], "%s is out of date: go test ./reference/server -run Table -update", metricsDoc)
		require.Equal(t, f.GetType() == dto.MetricType_COUNTER, strings.HasSuffix(name, "_total"), name)
		require.NotRegexp(t, `_(ms|millis|milliseconds|minutes|kb|mb|kilobytes|megabytes|percent)(_|$)`, name)
	}
	for name := range want {
		require.Contains(t, got, name, "%s has a line for a metric that the page does not tell", metricsDoc)
	}
	for name := range absent {
		require.Contains(t, got, name, "it is said when a metric is not there that never is")
	}
}

// ofCgroup is what is told of a memory cgroup that has everything.
func ofCgroup(t *testing.T) map[string]*dto.MetricFamily {
	root := t.TempDir()
	for name, text := range map[string]string{
		"mountinfo": "30 23 0:26 / " + root + " rw - cgroup2 cgroup2 rw\n", "cgroup": "0::/\n", "memory.current": "2", "memory.max": "3",
		"memory.stat": "inactive_file 1\n", "memory.events": "oom_kill 0\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	group, ok := memcg.Own(root)
	require.True(t, ok)
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(group))
	families, err := registry.Gather()
	require.NoError(t, err)
	all := map[string]*dto.MetricFamily{}
	for _, f := range families {
		all[f.GetName()] = f
	}
	require.Len(t, all, 3)
	return all
}

func writeTable(t *testing.T, head string, got map[string]*dto.MetricFamily) {
	text := head + metricsTop + "\n| metric | type | labels | meaning | not there where |\n|---|---|---|---|---|\n"
	for _, name := range slices.Sorted(maps.Keys(got)) {
		text += row(got[name])
	}
	require.NoError(t, os.WriteFile(metricsDoc, []byte(text), 0o644))
}

// What a service is held to must be a bound of the buckets, else nobody can tell who
// kept it.
func TestTheServiceLevelIsABoundOfTheBuckets(t *testing.T) {
	t.Parallel()
	p := start(t, map[string]string{"DATABASE_URL": databases.Empty(t)})
	_, body := get(t, p.url+"/metrics")
	require.Contains(t, body, `search_duration_seconds_bucket{le="1"} 0`)
	require.Contains(t, body, `impact_duration_seconds_bucket{le="10"} 0`)
}
