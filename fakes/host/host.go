package host

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
)

// Host is a fake that is running.
type Host struct {
	config  Config
	api     API
	faults  *httpfault.Set
	journal *journal.Journal
	server  *http.Server
	gates   []*gate

	ctx    context.Context // ends when the host closes
	cancel context.CancelFunc
	work   sync.WaitGroup // every goroutine of the host, and every request
	closed sync.Once
	// refusal is held while the gates are made what the faults say.
	refusal sync.Mutex

	lastConn   atomic.Uint32
	open       atomic.Int64 // connections
	turnedAway atomic.Int64
	malformed  atomic.Int64
	secured    secured
}

// Start listens and answers until Close.
func Start(c Config, api API) (*Host, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("start fake: %w", err)
	}
	c = c.withDefaults()
	h := &Host{
		config: c, api: api, journal: c.Journal,
		faults: httpfault.NewSet(httpfault.Config{Seed: c.Seed, Start: c.Start, Now: c.Now}),
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.server = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState:         h.follow,
		BaseContext:       func(net.Listener) context.Context { return h.ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if e, ok := c.(*either); ok {
				c = e.conn
			}
			return context.WithValue(ctx, connKey{}, c)
		},
	}
	for _, address := range c.Addresses {
		g, err := newGate(h, address)
		if err != nil {
			h.Close()
			return nil, fmt.Errorf("start fake: %w", err)
		}
		h.gates = append(h.gates, g)
		if !g.addr.IP.IsLoopback() {
			c.Log(fmt.Sprintf("warning: %s can be reached from outside, and this fake lets anyone in", g.addr))
		}
	}
	for _, g := range h.gates {
		h.work.Go(g.run)
		h.work.Go(func() { _ = h.server.Serve(g) })
	}
	h.work.Go(h.watchRefusal)
	return h, nil
}

// follow makes Close wait for the goroutine of every connection. A new one is
// told of before the server's own goroutine, which is waited for too, can end.
func (h *Host) follow(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		h.work.Add(1)
	case http.StateClosed, http.StateHijacked:
		h.work.Done()
	}
}

// connKey is where a request's context has its connection.
type connKey struct{}

// watchRefusal shuts and opens the gates as the faults say.
func (h *Host) watchRefusal() {
	tick := time.NewTicker(refuseEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
		}
		h.heedRefusal()
	}
}

// heedRefusal makes the gates what the faults say.
func (h *Host) heedRefusal() {
	h.refusal.Lock()
	defer h.refusal.Unlock()
	refusing, cut := h.faults.Refusing()
	for _, g := range h.gates {
		switch {
		case refusing && !g.isShutAs(cut):
			h.faults.Touched(max(1, g.shut(cut)))
		case !refusing && g.isShut():
			if err := g.reopen(); err != nil {
				h.config.Log("warning: " + err.Error())
			}
		}
	}
}

// asTold says whether the gates are what the faults say.
func (h *Host) asTold() bool {
	h.refusal.Lock()
	defer h.refusal.Unlock()
	refusing, _ := h.faults.Refusing()
	return h.shut() == refusing
}

// URL is the base address of the i-th listener, for example
// http://127.0.0.1:40001.
func (h *Host) URL(i int) string { return "http://" + h.gates[i].addr.String() }

// URLs are the base addresses of all listeners.
func (h *Host) URLs() []string {
	out := make([]string, len(h.gates))
	for i := range h.gates {
		out[i] = h.URL(i)
	}
	return out
}

// Faults are what goes wrong. They may be changed at any time.
func (h *Host) Faults() *httpfault.Set { return h.faults }

// Journal is what the host saw.
func (h *Host) Journal() *journal.Journal { return h.journal }

// Connections is what is known of the connections.
type Connections struct {
	Accepted   int64 `json:"accepted"`    // so far
	Open       int64 `json:"open"`        // now
	TurnedAway int64 `json:"turned_away"` // because there were too many
	Malformed  int64 `json:"malformed"`   // requests whose body could not be read
}

// Connections returns the counters of the connections.
func (h *Host) Connections() Connections {
	return Connections{
		Accepted: int64(h.lastConn.Load()), Open: h.open.Load(),
		TurnedAway: h.turnedAway.Load(), Malformed: h.malformed.Load(),
	}
}

// Lift lifts a fault, and returns when nothing of it is left: no request held,
// no address closed.
func (h *Host) Lift(ctx context.Context, name string) (fault.Receipt, error) {
	r, err := h.faults.Lift(ctx, name)
	if err != nil {
		return r, err
	}
	return r, h.awaitAddresses(ctx)
}

// Clear lifts every fault, and returns when nothing of them is left.
func (h *Host) Clear(ctx context.Context) ([]fault.Receipt, error) {
	r, err := h.faults.Clear(ctx)
	if err != nil {
		return r, err
	}
	return r, h.awaitAddresses(ctx)
}

// awaitAddresses waits until the addresses are as the faults say.
func (h *Host) awaitAddresses(ctx context.Context) error {
	for h.ctx.Err() == nil && !h.asTold() {
		if ctx.Err() != nil {
			return fmt.Errorf("open the addresses again: %w", context.Cause(ctx))
		}
		pause(ctx, refuseEvery)
	}
	return nil
}

// Shut says whether a fault has the addresses closed at the moment. It waits for one
// that is about to: what was open is reset by then, and counted.
func (h *Host) Shut() bool {
	h.refusal.Lock()
	defer h.refusal.Unlock()
	return h.shut()
}

// shut is Shut for who holds h.refusal.
func (h *Host) shut() bool {
	for _, g := range h.gates {
		if g.isShut() {
			return true
		}
	}
	return false
}

// Close ends every request and connection, and returns when nothing of the host
// is left. It may be called more than once.
func (h *Host) Close() {
	h.closed.Do(func() {
		h.cancel()
		for _, g := range h.gates {
			_ = g.Close()
		}
		_ = h.server.Close()
		for _, g := range h.gates {
			g.each(func(c *conn) { _ = c.Close() })
		}
	})
	h.work.Wait()
}
