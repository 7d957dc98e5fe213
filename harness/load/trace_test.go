package load_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// traceparent is the header as W3C's Trace Context, version 00, writes it.
var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-01$`)

// traced is what a target saw of traces: the header by request.
type traced struct {
	mu   sync.Mutex
	seen map[string]string
}

func (s *traced) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[string]string{}
	}
	s.seen[r.Header.Get(load.HeaderRequest)] = strings.Join(r.Header.Values("Traceparent"), ",")
}

// carried are the requests that carried the header.
func (s *traced) carried() map[string]string {
	all := maps.Clone(s.seen)
	maps.DeleteFunc(all, func(_, parent string) bool { return parent == "" })
	return all
}

// requestName is what the header of a request calls it.
func requestName(stream string, n int64) string { return fmt.Sprintf("%s/%d", stream, n) }

func traceOf(t *testing.T, parent string) (trace, span string) {
	t.Helper()
	parts := traceparent.FindStringSubmatch(parent)
	require.NotNil(t, parts, "%q is no traceparent", parent)
	require.NotEqual(t, strings.Repeat("0", 32), parts[1])
	require.NotEqual(t, strings.Repeat("0", 16), parts[2])
	return parts[1], parts[2]
}

// A share of the requests is traced, and a second run with the same seed traces the
// same ones; the tally says under which ids.
func TestAShareOfTheRequestsIsTracedAndItIsTheSameAgain(t *testing.T) {
	sent := func(seed uint64) (*traced, load.Tally) {
		s := new(traced)
		o := play(t, s.ServeHTTP, load.Config{Tracing: load.Tracing{Share: 0.3, Seed: seed}, Phases: []result.Phase{{Name: result.Baseline, To: 500 * ms}}},
			load.Stream{Name: "search", Profile: load.Constant(400, 500*ms), Next: get("/"), MaxLag: time.Minute})[0]
		require.Len(t, s.seen, 200)
		return s, o
	}
	one, tally := sent(7)
	require.InDelta(t, 60, len(one.carried()), 30) // far over four standard deviations
	ids := map[string]string{}
	for request, parent := range one.carried() {
		id, _ := traceOf(t, parent)
		require.NotContains(t, ids, id, "each request is a trace of its own")
		ids[id] = request
	}
	again, _ := sent(7)
	require.Equal(t, one.carried(), again.carried())
	other, _ := sent(8)
	require.NotEqual(t, one.carried(), other.carried())

	require.Len(t, tally.SlowestTraced, 8)
	for _, r := range tally.SlowestTraced {
		require.Equal(t, requestName("search", r.N), ids[r.TraceID], "the target was asked under that id")
	}
	for _, r := range tally.Slowest {
		require.Equal(t, r.TraceID != "", one.carried()[requestName("search", r.N)] != "")
	}
	merged, err := load.Merge(tally, tally)
	require.NoError(t, err)
	require.Len(t, merged.SlowestTraced, 8)
}

func TestNothingIsTracedUnlessItIsAskedFor(t *testing.T) {
	s := new(traced)
	o := play(t, s.ServeHTTP, load.Config{}, load.Stream{Name: "search", Profile: load.Constant(200, 50*ms), Next: get("/")})[0]
	require.Empty(t, s.carried())
	require.Empty(t, o.SlowestTraced)
	require.Empty(t, o.Slowest[0].TraceID)
	for _, share := range []float64{-0.1, 1.1} {
		require.ErrorContains(t, load.Tracing{Share: share}.Validate(), "between 0 and 1")
	}
}

// A request goes by net/http where it is not plain; it carries the same.
func TestTheHeaderIsTheSameOnBothWays(t *testing.T) {
	carried := func(header http.Header) map[string]string {
		s := new(traced)
		play(t, s.ServeHTTP, load.Config{Tracing: load.Tracing{Share: 1, Seed: 7}}, load.Stream{Name: "search", Profile: load.Constant(200, 50*ms), MaxLag: time.Minute,
			Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: "/", Header: header} }})
		return s.carried()
	}
	plain := carried(nil)
	require.Len(t, plain, 10)
	require.Equal(t, plain, carried(http.Header{"Te": {"trailers"}}), "net/http sends what has this header")
	for _, name := range []string{"Traceparent", "traceparent"} {
		for _, more := range []http.Header{{}, {"Te": {"trailers"}}} {
			more[name] = []string{"00-11111111111111111111111111111111-2222222222222222-00"}
			for _, parent := range carried(more) {
				require.Equal(t, more[name][0], parent, "a request's own goes before")
			}
		}
	}
}

func TestTheStepsOfAJourneyAreOneTrace(t *testing.T) {
	s, seen := &shop{pay: paid}, new(traced)
	tallies := play(t, func(w http.ResponseWriter, r *http.Request) {
		seen.ServeHTTP(w, r)
		s.ServeHTTP(w, r)
	}, load.Config{Tracing: load.Tracing{Share: 1, Seed: 7}}, orders(t, load.Constant(100, 30*ms)))
	require.Len(t, seen.carried(), 9)
	for n := range int64(3) {
		first, span := traceOf(t, seen.seen[requestName("order.login", n)])
		for _, step := range []string{"order.cart", "order.pay"} {
			trace, own := traceOf(t, seen.seen[requestName(step, n)])
			require.Equal(t, first, trace)
			require.NotEqual(t, span, own, "each request has a place of its own in it")
		}
	}
	require.Len(t, tallies[0].SlowestTraced, 3)
	for _, r := range tallies[0].SlowestTraced {
		trace, _ := traceOf(t, seen.seen[requestName("order.login", r.N)])
		require.Equal(t, trace, r.TraceID, "of the whole journey")
	}
}
