package standing_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/contract"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
)

// counting is a service that counts what it answers, and tells more than there was.
func counting(t *testing.T, more *atomic.Int64, ready int) standing.Scene {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# TYPE asked_total counter\nasked_total{outcome=\"ok\"} %d\n", 100+more.Load())
		fmt.Fprintf(w, "# TYPE cut_total counter\ncut_total %d\n", 100+more.Load())
	})
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(ready) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	promised, err := contract.Contract{
		Routes: []contract.Route{
			{Pattern: "GET /a", Answers: []contract.Answer{{Statuses: []int{200, 503}}}}, {Pattern: "GET /readyz", Answers: []contract.Answer{{Statuses: []int{200}}}},
		},
		Page: contract.Page{Counters: []contract.Counter{{Series: contract.Series{Name: "asked_total", Labels: map[string]string{"outcome": "ok"}}, Pattern: "GET /a", Statuses: []int{200}}}},
	}.Compile()
	require.NoError(t, err)
	return standing.Scene{Target: server.URL, Contract: promised}
}

// Each row is what was seen from outside, and what the service counted.
func TestACounterTellsWhatWasSeen(t *testing.T) {
	for _, row := range []struct {
		name             string
		ok, refused, cut int
		counted          int64
		ready, lives     int
		broken           int64
	}{
		{name: "the same", ok: 7, refused: 3, counted: 7, ready: 200, lives: 1},
		{name: "one too few", ok: 7, counted: 6, ready: 200, lives: 1, broken: 1},
		{name: "one too many", ok: 7, counted: 8, ready: 200, lives: 1, broken: 1},
		{name: "those whose answer did not arrive may be counted", ok: 7, cut: 2, counted: 9, ready: 200, lives: 1},
		{name: "or not", ok: 7, cut: 2, counted: 7, ready: 200, lives: 1},
		{name: "and no more", ok: 7, cut: 2, counted: 10, ready: 200, lives: 1, broken: 1},
		{name: "it was started again", ok: 7, counted: 2, ready: 200, lives: 2},
		{name: "not ready when all is over", ok: 7, counted: 7, ready: 503, lives: 1, broken: 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			var more atomic.Int64
			w := begin(t, "itself", counting(t, &more, row.ready))
			for status, n := range map[int]int{200: row.ok, 503: row.refused, 0: row.cut} {
				for range n {
					w.Exchanged(load.Exchange{Path: "/a?x=1", Status: status})
				}
			}
			w.Exchanged(load.Exchange{Path: "/other", Status: 200})
			more.Store(row.counted)
			w.Drained(t.Context(), standing.Settled{Lives: row.lives})
			found := w.Ended(standing.Ended{})
			require.Equal(t, row.broken, found.Broken, found.Text())
			require.Positive(t, found.Looked)
		})
	}
}

// What a counter counts may stand in the body of an answer alone.
func TestACounterTellsWhatBodiesSaid(t *testing.T) {
	for _, row := range []struct {
		name                     string
		cut, whole, unread, gone int
		counted                  int64
		broken                   int64
	}{
		{name: "the same", cut: 3, whole: 5, counted: 3},
		{name: "one too few", cut: 3, whole: 5, counted: 2, broken: 1},
		{name: "one too many", cut: 3, whole: 5, counted: 4, broken: 1},
		{name: "of what cannot be read nobody knows", cut: 3, unread: 1, gone: 1, counted: 5},
		{name: "and no more", cut: 3, unread: 1, gone: 1, counted: 6, broken: 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			var more atomic.Int64
			scene := counting(t, &more, 200)
			scene.Contract.Counters = []contract.Counter{{Series: contract.Series{Name: "cut_total"}, Pattern: "GET /a", Where: &contract.Where{Member: "page.truncated", Is: "true"}}}
			w := begin(t, "itself", scene)
			for body, n := range map[string]int{`{"page":{"truncated":true}}`: row.cut, `{"page":{"truncated":false}}`: row.whole, `{"page":`: row.unread} {
				if n == 0 {
					continue
				}
				x := load.Exchange{Path: "/a?x=1", Status: 200}
				counts := w.Counted(standing.Answer{Exchange: x, Answer: load.Answer{Status: 200, Body: []byte(body)}})
				for range n { // those that are like it
					w.Exchanged(x)
					for _, c := range counts {
						c.Add(1)
					}
				}
			}
			for range row.gone {
				w.Exchanged(load.Exchange{Path: "/a?x=1"})
			}
			more.Store(row.counted)
			w.Drained(t.Context(), standing.Settled{Lives: 1})
			found := w.Ended(standing.Ended{})
			require.Equal(t, row.broken, found.Broken, found.Text())
		})
	}
}

// A series that is not on the page counts nothing, and no rule can be about its first.
func TestACounterIsOnThePage(t *testing.T) {
	for _, row := range []struct {
		name      string
		fromStart bool
		label     string // of the counter that is promised; the page has ok alone
		family    string
		answers   int
		broken    string
	}{
		{name: "it counted nothing of what there was", family: "asked_total", label: "refused", answers: 2, broken: "is not on the page, and there were 2 such answers"},
		{name: "there was nothing to count", family: "asked_total", label: "refused"},
		{name: "and it was promised from the start", fromStart: true, family: "asked_total", label: "refused", broken: "was to be there from the start"},
		{name: "the service shows nothing of that kind", fromStart: true, family: "mailed_total", label: "ok"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var more atomic.Int64
			scene := counting(t, &more, 200)
			ok := scene.Contract.Counters[0]
			ok.Statuses = []int{204}
			scene.Contract.FromStart = row.fromStart
			scene.Contract.Counters = []contract.Counter{ok, {Series: contract.Series{Name: row.family, Labels: map[string]string{"outcome": row.label}}, Pattern: "GET /a", Statuses: []int{503}}}
			w := begin(t, "itself", scene)
			for range row.answers {
				w.Exchanged(load.Exchange{Path: "/a?x=1", Status: 503})
			}
			w.Drained(t.Context(), standing.Settled{Lives: 1})
			found := w.Ended(standing.Ended{})
			if row.broken == "" {
				require.Zero(t, found.Broken, found.Text())
				return
			}
			require.EqualValues(t, 1, found.Broken, found.Text())
			require.Contains(t, found.Text(), row.broken)
		})
	}
}

// Of a target that is away when all is over nothing is known: it has no page that lacks a
// counter.
func TestWhoIsAwayHasNoPage(t *testing.T) {
	var more atomic.Int64
	scene := counting(t, &more, 200)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "asked_total{outcome=\"ok\"} 1\n")
	}))
	scene.Target = server.URL
	w := begin(t, "itself", scene)
	w.Exchanged(load.Exchange{Path: "/a", Status: 200})
	server.Close()
	w.Drained(t.Context(), standing.Settled{Lives: 1})
	found := w.Ended(standing.Ended{})
	require.Zero(t, found.Broken, found.Text())
}

// What is under way when all is over is under way for ever.
func TestAGaugeIsAtRest(t *testing.T) {
	for value, broken := range map[string]int64{"0": 0, "3": 1, "NaN": 0} {
		page := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			fmt.Fprintf(w, "# TYPE open gauge\nopen %s\n", value)
		}
		server := httptest.NewServer(http.HandlerFunc(page))
		promised, err := contract.Contract{Page: contract.Page{Idle: []contract.Series{{Name: "open"}, {Name: "not_there"}}}}.Compile()
		require.NoError(t, err)
		w := begin(t, "itself", standing.Scene{Target: server.URL, Contract: promised})
		w.Drained(t.Context(), standing.Settled{Lives: 2})
		found := w.Ended(standing.Ended{})
		server.Close()
		require.Equal(t, broken, found.Broken, found.Text())
	}
}
