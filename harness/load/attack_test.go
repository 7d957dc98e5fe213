package load_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

func TestStartRefusesWhatCannotBeRun(t *testing.T) {
	stream := load.Stream{Name: "search", Profile: load.Constant(1, time.Second), Next: get("/")}
	with := func(change func(*load.Stream)) []load.Stream {
		s := stream
		change(&s)
		return []load.Stream{s}
	}
	const base = "http://127.0.0.1:1"
	for _, row := range []struct {
		name    string
		config  load.Config
		streams []load.Stream
		says    string
	}{
		{"no stream", load.Config{BaseURL: base}, nil, "there is no stream"},
		{"no URL", load.Config{}, []load.Stream{stream}, "base URL"},
		{"a URL with a password", load.Config{BaseURL: "http://u:secret@h"}, []load.Stream{stream}, "credentials belong in a header"},
		{"a URL with a query", load.Config{BaseURL: base + "?a=b"}, []load.Stream{stream}, "query"},
		{"another scheme", load.Config{BaseURL: "file:///etc"}, []load.Stream{stream}, "http://"},
		{"a port that is none", load.Config{BaseURL: "http://127.0.0.1:99999"}, []load.Stream{stream}, "port 99999 is none"},
		{"a header with a line break", load.Config{BaseURL: base, Header: http.Header{"X-Token": {"secret\n"}}}, []load.Stream{stream}, "X-Token has a line break"},
		{"a phase that ends first", load.Config{BaseURL: base, Phases: []result.Phase{{Name: "heal", From: 2 * time.Second, To: 1 * time.Second}}}, []load.Stream{stream}, `"heal"`},
		{"a negative interval", load.Config{BaseURL: base, Interval: -1}, []load.Stream{stream}, "interval"},
		{"the same name twice", load.Config{BaseURL: base}, []load.Stream{stream, stream}, `two streams are named "search"`},
		{"a name with a space", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Name = "a b" }), `"a b"`},
		{"no requests", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Profile = load.Constant(0, time.Second) }), "plans no request"},
		{"no duration", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Profile = load.Constant(1, 0) }), "no duration"},
		{"no profile", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Profile = nil }), "Profile is missing"},
		{"a profile without an end", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Profile = endless{} }), "does not end"},
		{"no Next", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Next = nil }), "it has no Next"},
		{"both Next and a template", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Template = &load.Template{Path: "/"} }), "both Next and a Template"},
		{"a template with a mistake", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Next, s.Template = nil, &load.Template{Path: "/{x}"} }), `stream "search": template: path: there is no variable x`},
		{"a negative timeout", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Timeout = -1 }), "Timeout is negative"},
		{"a URL instead of a path", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Next = get("http://example.org/") }), "single /"},
		{"another host by two slashes", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Next = get("//example.org/") }), "single /"},
		{"a path that is not escaped", load.Config{BaseURL: base}, with(func(s *load.Stream) { s.Next = get("/%zz") }), "%zz"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := load.Start(context.Background(), row.config, row.streams...)
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

type endless struct{}

func (endless) Due(n int64) (time.Duration, bool) { return 0, true }
func (endless) Duration() time.Duration           { return time.Second }
func (endless) String() string                    { return "endless" }

// TestAStarvedGeneratorSaysSo takes something away from the generator each
// time. What it then cannot send must be in the books, not vanish.
func TestAStarvedGeneratorSaysSo(t *testing.T) {
	ok := func(http.ResponseWriter, *http.Request) {}
	slow := func(w http.ResponseWriter, r *http.Request) { time.Sleep(200 * ms) }
	stream := load.Stream{Name: "search", Profile: load.Constant(500, 600*ms), Next: get("/")}
	t.Run("little room in flight", func(t *testing.T) {
		s := stream
		s.MaxInFlight, s.MaxLag = 5, time.Minute
		o := play(t, slow, load.Config{}, s)[0]
		require.Greater(t, o.Shed, int64(200))
		require.LessOrEqual(t, o.MaxInFlight, int64(5))
		require.Less(t, o.Health.Delivered, 0.2)
		require.Greater(t, o.Latency.P50, 199.0, "and the latency of the rest is that of the target")
	})
	t.Run("a start that has passed", func(t *testing.T) {
		o := play(t, ok, load.Config{Start: time.Now().Add(-300 * ms)}, stream)[0]
		require.GreaterOrEqual(t, o.Late, int64(90), "what was due more than the greatest lag ago is not sent")
		require.Less(t, o.Health.Delivered, 0.75)
	})
	t.Run("no processor to build the requests with", func(t *testing.T) {
		s := stream
		s.MaxLag = 5 * ms
		s.Next = func(int64, *rand.Rand) load.Request {
			for begun := time.Now(); time.Since(begun) < 20*ms; {
				runtime.Gosched()
			}
			return load.Request{Path: "/"}
		}
		o := play(t, ok, load.Config{}, s)[0]
		require.Greater(t, o.Late+o.Shed, int64(200))
		require.Less(t, o.Health.Delivered, 0.4)
		if o.SendLagP99MS != nil {
			require.LessOrEqual(t, *o.SendLagP99MS, 5.1, "nothing is sent beyond the greatest lag")
		}
	})
}

func TestStreamsRunOnOneClock(t *testing.T) {
	var mu sync.Mutex
	first := make(map[string]time.Duration)
	start := time.Now().Add(100 * ms)
	o := play(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		name, _, _ := strings.Cut(r.Header.Get(load.HeaderRequest), "/")
		if _, seen := first[name]; !seen {
			first[name] = time.Since(start)
		}
	}, load.Config{Start: start, Phases: []result.Phase{
		{Name: result.Baseline, From: 0 * time.Second, To: 200 * time.Millisecond}, {Name: result.Inject, From: 200 * time.Millisecond, To: 250 * time.Millisecond},
	}},
		load.Stream{Name: "search", Profile: load.Constant(100, 400*ms), Next: get("/"), MaxLag: time.Minute},
		load.Stream{Name: "impact", Profile: load.Bursts(10, 100*ms, 200*ms), StartAt: 200 * ms, Next: get("/"), MaxLag: time.Minute})
	require.Equal(t, []string{"search", "impact"}, []string{o[0].Name, o[1].Name})
	require.GreaterOrEqual(t, first["search"], time.Duration(0))
	require.GreaterOrEqual(t, first["impact"], 200*ms)
	planned := func(o load.Tally) (n []int64) {
		for _, p := range o.Phases {
			n = append(n, p.Planned)
		}
		return append(n, o.Planned)
	}
	require.Equal(t, []int64{20, 5, 40}, planned(o[0]), "what is due outside of the phases is in the whole alone")
	require.Equal(t, []int64{0, 10, 20}, planned(o[1]))
	require.Equal(t, "bursts of 10 every 100ms for 200ms", o[1].Shape)
	require.Nil(t, o[1].Phases[0].Latency, "what was not measured is absent")
}

// TestNextIsPure: each request can be told from the seed, the stream and its
// number, whatever the order in which requests were built.
func TestNextIsPure(t *testing.T) {
	paths := func(seed uint64, name string) map[string]string {
		var mu sync.Mutex
		seen := make(map[string]string)
		play(t, func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen[r.Header.Get(load.HeaderRequest)] = r.URL.Path
		}, load.Config{Seed: seed}, load.Stream{
			Name: name, Profile: load.Bursts(50, time.Second, time.Second), MaxLag: time.Minute,
			Next: func(_ int64, r *rand.Rand) load.Request {
				return load.Request{Path: "/" + strings.Repeat("x", r.IntN(1000))}
			},
		})
		return seen
	}
	require.Equal(t, paths(1, "a"), paths(1, "a"))
	require.NotEqual(t, paths(1, "a"), paths(2, "a"))
	one, other := paths(1, "a"), paths(1, "b")
	same := 0
	for i := range one {
		if one[i] == other["b"+strings.TrimPrefix(i, "a")] {
			same++
		}
	}
	require.Less(t, same, 5, "streams draw for themselves")
}

func TestARequestThatCannotBeBuiltIsUnsent(t *testing.T) {
	o := play(t, func(http.ResponseWriter, *http.Request) {}, load.Config{}, load.Stream{
		Name: "search", Profile: load.Constant(100, 100*ms), MaxLag: time.Minute,
		Next: func(n int64, _ *rand.Rand) load.Request {
			if n%2 == 1 {
				return load.Request{Path: "elsewhere"}
			}
			return load.Request{Path: "/"}
		},
	})[0]
	require.EqualValues(t, 5, o.Unsent)
	require.EqualValues(t, 5, o.OK)
	require.ErrorContains(t, o.Problem, `"elsewhere"`)
}

// ending is a server whose answers come when they are released.
func ending(t *testing.T) (base string, arrived *atomic.Int64, release func()) {
	t.Helper()
	arrived = new(atomic.Int64)
	gate := make(chan struct{})
	release = sync.OnceFunc(func() { close(gate) })
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived.Add(1)
		select {
		case <-gate:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(release)
	return server.URL, arrived, release
}

func TestTheEndOfTheContextSendsNothingMoreAndWaitsForTheRest(t *testing.T) {
	base, arrived, release := ending(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	attack, err := load.Start(ctx, load.Config{BaseURL: base, Phases: []result.Phase{{Name: "soak", To: 1800 * time.Second}}}, load.Stream{
		Name: "search", Profile: load.Constant(200, time.Hour), Next: get("/"), MaxLag: time.Minute,
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return arrived.Load() >= 10 }, 30*time.Second, ms)
	cancel()
	time.AfterFunc(50*ms, release)
	o := attack.Wait()[0]
	requireSound(t, o)
	require.EqualValues(t, 720_000, o.Planned)
	require.EqualValues(t, 360_000, o.Phases[0].Planned)
	require.Equal(t, o.Sent, o.OK, "what was in flight was waited for")
	require.Greater(t, o.Unsent, int64(700_000))
}

func TestAbortGivesUpWhatIsInFlight(t *testing.T) {
	base, arrived, _ := ending(t)
	attack, err := load.Start(context.Background(), load.Config{BaseURL: base}, load.Stream{
		Name: "search", Profile: load.Constant(200, time.Hour), Next: get("/"), MaxLag: time.Minute,
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return arrived.Load() >= 10 }, 30*time.Second, ms)
	live := attack.Live()[0]
	require.Equal(t, "search", live.Stream)
	require.GreaterOrEqual(t, live.InFlight, int64(10))
	require.Equal(t, live.Sent, live.InFlight)
	require.GreaterOrEqual(t, live.Planned, live.Sent)
	require.Nil(t, live.P99MS, "nothing was answered")
	attack.Stop()
	attack.Abort()
	attack.Abort()
	o := attack.Wait()[0]
	requireSound(t, o)
	require.Equal(t, map[string]int64{load.ClassCanceled: o.Sent}, o.Errors)
	require.Equal(t, o, attack.Wait()[0], "again")
	require.Zero(t, attack.Live()[0].InFlight)
}

func TestCalibrateMeasuresTheGenerator(t *testing.T) {
	c, err := load.Calibrate(context.Background(), load.Calibration{For: 400 * ms})
	require.NoError(t, err)
	t.Logf("%.0f/s, send lag p99 %v, delivered %.3f at half of it", c.PerSecond, c.SendLagP99, c.Delivered)
	require.Greater(t, c.PerSecond, 100.0)
	require.Positive(t, c.SendLagP99)
	require.True(t, c.Trusted(c.PerSecond*0.69))
	require.False(t, c.Trusted(c.PerSecond*0.71))
	require.False(t, load.Ceiling{}.Trusted(1), "what was not measured is not trusted")

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = load.Calibrate(ctx, load.Calibration{For: 100 * ms})
	require.ErrorIs(t, err, context.Canceled)
}

// TestMemoryDoesNotGrowWithTheNumberOfRequests compares what is left alive
// after some requests and after many times as many.
func TestMemoryDoesNotGrowWithTheNumberOfRequests(t *testing.T) {
	alive := func(requests float64) uint64 {
		attack, err := load.Start(context.Background(), load.Config{BaseURL: trivial(t), Interval: ms}, load.Stream{
			Name: "search", Profile: load.Constant(4000, time.Duration(requests/4000*1e9)), Next: get("/"), MaxInFlight: 32, MaxLag: time.Minute,
		})
		require.NoError(t, err)
		o := attack.Wait()
		require.Greater(t, o[0].OK, int64(requests/20))
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		runtime.KeepAlive(attack)
		return m.HeapAlloc
	}
	few := alive(1000)
	many := alive(16_000)
	t.Logf("alive after 1,000 requests %d kB, after 16,000 %d kB", few/1000, many/1000)
	require.Less(t, float64(many), float64(few)+1.5e6, "64 bytes a request would be 1 MB, and its latencies alone in a slice 0.1 MB")
}
