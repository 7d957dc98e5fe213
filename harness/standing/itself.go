package standing

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/harness/contract"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
)

// itself: what the target says of itself is so. It is alive whenever it is asked,
// ready when all is over, and its counters tell what was seen from outside.
func itself() Check {
	return Check{
		Name:  "itself",
		About: "what it says of itself is so: /healthz is 200 whenever it is answered, /readyz when all is over, and its counters are what was seen from outside",
		Begin: func(ctx context.Context, s Scene) (Watch, error) {
			w := &itselfWatch{scene: s, client: newClient(time.Second)}
			w.seen = make([]seenAnswers, len(s.Contract.Counters))
			var err error
			if w.counters, err = pageOf(s); err == nil {
				w.before = w.read(ctx)
			}
			w.start()
			watch := Watch{Drained: w.drained, Ended: w.ended}
			if w.before != nil { // else nobody holds it against anything
				watch.Exchanged, watch.Counted = w.exchanged, w.told
			}
			return watch, nil
		},
	}
}

// The routes by which a service says how it is.
const (
	aliveRoute = "GET /healthz"
	readyRoute = "GET /readyz"
	// askEvery is how often it is asked while there is load.
	askEvery = 500 * time.Millisecond
)

type itselfWatch struct {
	scene    Scene
	client   *http.Client
	counters probe.Probe // nil: it has no page, or nobody promised anything of it
	before   []float64

	stop   context.CancelFunc
	asking sync.WaitGroup

	mu    sync.Mutex // guards all below
	seen  []seenAnswers
	found Finding
}

// seenAnswers is how many answers there were that a counter counts, and how many
// requests that were given up, which it may count as well.
type seenAnswers struct {
	answered, given int64
	// Where the body must say so: how many did, and of how many it is not known.
	said, unclear atomic.Int64
}

// pageOf reads the counters of the contract.
func pageOf(s Scene) (probe.Probe, error) {
	var metrics []probe.Metric
	for _, c := range s.Contract.Counters {
		metrics = append(metrics, metric(c.Series))
	}
	for _, g := range s.Contract.Idle {
		metrics = append(metrics, metric(g))
	}
	if len(metrics) == 0 {
		return nil, errUnseen("the contract promises nothing of its counters")
	}
	return probe.Prometheus(probe.PrometheusConfig{URL: s.Target + "/metrics", Metrics: metrics, Present: true})
}

func metric(s contract.Series) probe.Metric {
	return probe.Metric{Series: probe.Series{Name: s.String(), Unit: "count"}, Name: s.Name, Labels: s.Labels}
}

// read reads the counters, and then the gauges; nil where they can't be.
func (w *itselfWatch) read(ctx context.Context) []float64 {
	if w.counters == nil {
		return nil
	}
	values, err := w.counters.Sample(ctx)
	if err != nil {
		return nil
	}
	return values
}

// start asks now and then whether it is alive, until drained or ended.
func (w *itselfWatch) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	if !w.scene.Contract.Has(aliveRoute) {
		return
	}
	w.asking.Go(func() {
		tick := time.NewTicker(askEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				w.status(ctx, "/healthz")
			}
		}
	})
}

// status asks an address that must answer 200. One that is not answered at all is
// frozen or dead, which others see.
func (w *itselfWatch) status(ctx context.Context, path string) {
	ask := load.Request{Path: path}
	a, err := send(ctx, w.client, w.scene.Target, ask)
	if err != nil {
		return
	}
	w.look(a.Status != http.StatusOK, fmt.Sprintf("%s answered %d", path, a.Status), Curl(w.scene.Target, ask))
}

func (w *itselfWatch) look(broken bool, what, repeat string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found.Looked++
	if broken {
		w.found.Add(Example{At: -1, What: what, Repeat: repeat})
	}
}

// exchanged counts what the counters should have counted.
func (w *itselfWatch) exchanged(x load.Exchange) {
	pattern := w.scene.Contract.Pattern(x.Method, x.Path)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, c := range w.scene.Contract.Counters {
		switch {
		case x.Status == 0 && c.Pattern == pattern:
			w.seen[i].given++
		case x.Status != 0 && c.Where == nil && c.Counts(pattern, x.Status): // else its body says so
			w.seen[i].answered++
		}
	}
}

// told is what an answer adds to that some counter should have counted.
func (w *itselfWatch) told(a Answer) (all []*atomic.Int64) {
	pattern := w.scene.Contract.Pattern(a.Request.Method, a.Path)
	for i, c := range w.scene.Contract.Counters {
		if c.Where == nil || !c.Counts(pattern, a.Answer.Status) {
			continue
		}
		switch is, known := c.Where.Of(a.Body); {
		case is:
			all = append(all, &w.seen[i].said)
		case !known:
			all = append(all, &w.seen[i].unclear)
		}
	}
	return all
}

// drained asks whether it is ready, and holds its counters against what was seen.
func (w *itselfWatch) drained(ctx context.Context, s Settled) {
	w.rest()
	if w.scene.Contract.Has(readyRoute) {
		w.status(ctx, "/readyz")
	}
	after := w.atRest(ctx)
	if after == nil {
		return // it has no such page
	}
	for i, g := range w.scene.Contract.Idle {
		if v := after[len(w.seen)+i]; !math.IsNaN(v) {
			w.look(v != 0, fmt.Sprintf("the gauge %s is %g, and nothing is under way", g, v), w.page())
		}
	}
	if w.before == nil || s.Lives > 1 {
		return // it was started again, and counts anew
	}
	for i, c := range w.scene.Contract.Counters {
		if math.IsNaN(after[i]) {
			w.absent(c, after, &w.seen[i])
		} else {
			w.counted(c, after[i]-before(w.before[i]), &w.seen[i])
		}
	}
}

// absent is held against a counter that is not on the page, if there was anything to
// count, or if it was promised from the start by who shows others of its family.
func (w *itselfWatch) absent(c contract.Counter, after []float64, seen *seenAnswers) {
	kin := false
	for i, other := range w.scene.Contract.Counters {
		kin = kin || other.Name == c.Name && !math.IsNaN(after[i])
	}
	switch least := seen.answered + seen.said.Load(); {
	case least > 0:
		w.look(true, fmt.Sprintf("the counter %s is not on the page, and there were %d such answers", c, least), w.page())
	case kin && w.scene.Contract.FromStart:
		w.look(true, fmt.Sprintf("the counter %s is not on the page, and was to be there from the start", c), w.page())
	}
}

// atRest reads the page until the gauges say that nothing is under way, for a while:
// what an answer did not wait for may still be ending.
func (w *itselfWatch) atRest(ctx context.Context) []float64 {
	const patience, every = 2 * time.Second, 100 * time.Millisecond
	for until := time.Now().Add(patience); ; {
		values := w.read(ctx)
		busy := values != nil && slices.ContainsFunc(values[len(w.seen):], func(v float64) bool { return v != 0 && !math.IsNaN(v) })
		if !busy || time.Now().After(until) {
			return values
		}
		select {
		case <-ctx.Done():
			return values
		case <-time.After(every):
		}
	}
}

// before is what a counter stood at; one that was not there yet stood at 0.
func before(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

func (w *itselfWatch) counted(c contract.Counter, grown float64, seen *seenAnswers) {
	least, unsure := seen.answered+seen.said.Load(), seen.given+seen.unclear.Load()
	what := fmt.Sprintf("the counter %s grew by %.0f, and there were %d such answers", c, grown, least)
	if unsure > 0 {
		what += fmt.Sprintf(" and %d requests without one that can be read", unsure)
	}
	w.look(grown < float64(least) || grown > float64(least+unsure), what, w.page())
}

// page is how to look at it.
func (w *itselfWatch) page() string { return "curl " + quoted(w.scene.Target+"/metrics") }

// rest stops asking.
func (w *itselfWatch) rest() {
	w.stop()
	w.asking.Wait()
}

func (w *itselfWatch) ended(e Ended) Finding {
	w.rest()
	if c, ok := w.counters.(io.Closer); ok {
		_ = c.Close() // of idle connections: cannot fail
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.found
}
