package probe

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/process"
	"github.com/stretchr/testify/require"
)

func self() (int32, bool) { return int32(os.Getpid()), true }

// BenchmarkSample is the cost of one sample of each probe; gopsutil's way to
// RSS stands beside ours.
func BenchmarkSample(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat(metricsPage, 1))
	}))
	defer server.Close()
	metrics, err := Prometheus(PrometheusConfig{URL: server.URL, Metrics: []Metric{{Series: Series{Name: "a"}, Name: "plain"}}})
	require.NoError(b, err)
	tree := NewTree(TreeConfig{Root: self})
	probes := map[string]Probe{
		"memory": Memory(tree), "process": Process(tree), "sockets": unhurried{NewSockets(tree)}, "machine": Machine(), "prometheus": metrics,
		"cgroup": Cgroup(func() (string, bool) { return "/sys/fs/cgroup/memory", true }),
	}
	if dsn := os.Getenv("HOLDFAST_TEST_DATABASE_URL"); dsn != "" {
		if probes["postgres"], err = Postgres(PostgresConfig{DSN: dsn}); err != nil {
			b.Fatal(err)
		}
	}
	for name, p := range probes {
		b.Run(name, func(b *testing.B) {
			if c, ok := p.(io.Closer); ok {
				defer c.Close()
			}
			for b.Loop() {
				if _, err := p.Sample(b.Context()); err != nil {
					b.Skip(err)
				}
			}
		})
	}
	b.Run("tree", func(b *testing.B) {
		for b.Loop() {
			tree.Look()
		}
	})
	b.Run("gopsutil-rss", func(b *testing.B) {
		p := process.Process{Pid: int32(os.Getpid())}
		for b.Loop() {
			if _, err := p.MemoryInfo(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// unhurried looks at each sample, however long the one before took.
type unhurried struct{ *Sockets }

func (u unhurried) Sample(context.Context) ([]float64, error) {
	_, err := u.Look()
	return []float64{0}, err
}

// BenchmarkSampler is what the usual set of probes takes of one core, all
// together, over two seconds each time: cpu-% is the answer.
func BenchmarkSampler(b *testing.B) {
	var used time.Duration
	var elapsed time.Duration
	for b.Loop() {
		before, began := ownCPU(b), time.Now()
		tree := NewTree(TreeConfig{Root: self})
		s, err := Start(b.Context(), began, Memory(tree), Process(tree), NewSockets(tree), Machine())
		require.NoError(b, err)
		time.Sleep(2 * time.Second)
		s.Stop()
		used += ownCPU(b) - before
		elapsed += time.Since(began)
	}
	b.ReportMetric(100*used.Seconds()/elapsed.Seconds(), "cpu-%")
}

func ownCPU(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
