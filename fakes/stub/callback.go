package stub

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
)

// Callback is one [Webhook] that fell due, and what became of it. Times count from the
// journal's start.
type Callback struct {
	N     int // its number, from 1
	Entry int // in the journal, of the request that caused it
	Route string
	Key   string // of that request
	// Due is when it was to be sent without any fault.
	Due time.Duration
	// Faults are the names of those that acted on it.
	Faults []string
	// Lost says that a fault had it sent to nobody.
	Lost bool
	// Over says that nothing more will be sent.
	Over       bool
	Deliveries []Delivery
}

// Delivery is one time that a callback was sent.
type Delivery struct {
	Attempt int // from 1
	// Again says that a fault sent it beside the one that was to be sent.
	Again bool
	// Forged says that its signature was wrong.
	Forged bool
	Sent   time.Duration
	Took   time.Duration
	// Status is what the service answered; 0 where it did not, and Err says why.
	Status int
	Err    string
}

// Taken says whether the service answered with 2xx.
func (d Delivery) Taken() bool { return d.Status >= 200 && d.Status <= 299 }

const (
	deliveryTimeout = 10 * time.Second
	// overtaking is how long a callback is held for another one to overtake it.
	overtaking = 5 * time.Second
	firstWait  = 250 * time.Millisecond // before a second attempt; doubled for each further
	atOnce     = 256                    // deliveries, each on a connection of its own
)

// callbacks sends what is due. It owns the goroutines that do.
type callbacks struct {
	client *http.Client
	faults *httpfault.Set
	now    func() time.Time
	start  time.Time
	ctx    context.Context // ends when the fake closes
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu     sync.Mutex // guards what follows
	closed bool
	all    []*Callback
	ofKey  map[businessKey]int
	sent   int           // deliveries
	next   chan struct{} // closed when the next one was sent; nil: nobody waits
}

func newCallbacks(c Config, start time.Time) *callbacks {
	b := &callbacks{
		faults: httpfault.NewSet(httpfault.Config{Seed: c.Seed, Start: start, Now: c.Now, Support: WebhookSupport(true)}),
		now:    c.Now, start: start, ofKey: map[businessKey]int{},
		client: &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true, MaxConnsPerHost: atOnce},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// close ends all that is under way and returns when nothing of it is left.
func (b *callbacks) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cancel()
	b.work.Wait()
}

// goes runs f in a goroutine that close waits for; after close it does nothing.
func (b *callbacks) goes(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.work.Go(f)
	}
}

// callBack sends the callback of a request whose work was done.
func (a *api) callBack(c *host.Call, x *exchange) {
	o := a.callbacks.prepare(c.Entry(), x)
	if o.early() {
		o.fallDue(0)
		again := o.send()
		o.goes(func() { o.finish(again) })
		return
	}
	c.OnSent(func() {
		o.fallDue(o.webhook.Delay)
		o.goes(func() {
			if o.pause(o.webhook.Delay) {
				o.finish(o.send())
			} else {
				o.plan.Done()
			}
		})
	})
}

func (b *callbacks) since() time.Duration { return b.now().Sub(b.start) }

// Callbacks are all that fell due so far, in that order.
func (s *Server) Callbacks() []Callback {
	b := s.api.callbacks
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Callback, len(b.all))
	for i, c := range b.all {
		all[i] = *c
		all[i].Deliveries = slices.Clone(c.Deliveries)
	}
	slices.SortStableFunc(all, func(a, b Callback) int { return cmp.Compare(a.Due, b.Due) })
	return all
}

// WebhookFaults are the faults of callbacks. Keys that they pick are names of routes,
// keys, and ROUTE/KEY.
func (s *Server) WebhookFaults() *httpfault.Set { return s.api.callbacks.faults }
