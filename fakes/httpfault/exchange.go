package httpfault

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// ErrGone is that the client let go, or that the server is closing.
var ErrGone = errors.New("the client has let go")

// errOutlasted is that the client let go while the fault went on: the fault took
// place, and the client did what it should.
var errOutlasted = errors.New("the client let go while the fault went on")

// errLifted is that the fault was lifted before it was through.
var errLifted = errors.New("the fault was lifted")

// hold is what a fault does to those it has in hand: it lets them go when it is
// lifted, and what has no end of its own when its time is over.
type hold struct {
	lifted context.Context
	left   time.Duration // until the fault's time is over
}

// pause waits for d, and for [Forever] until the fault is over. It returns
// early, with lifted set, when the fault is lifted, and with [ErrGone] when ctx
// ends.
func (h hold) pause(ctx context.Context, d time.Duration) (lifted bool, err error) {
	var timer <-chan time.Time
	if d == Forever {
		d = h.left
	}
	if d != Forever {
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-ctx.Done():
		return false, ErrGone
	case <-h.lifted.Done():
		return true, nil
	case <-timer:
		return false, nil
	}
}

// Exchange is one answer on its way to the client over a connection that was
// taken over from the HTTP server, as a [Sender] sees it.
type Exchange struct {
	Answer *Answer
	Draw   *Draw

	conn   net.Conn
	ctx    context.Context // ends when the client lets go
	cancel context.CancelFunc
	held   hold
	stops  [2]func() bool
	done   chan struct{} // closed when nobody reads any more

	mu      sync.Mutex // guards resting, and with it the write deadline
	resting bool       // the rest is being written, whatever is lifted
}

// takeOver takes a request's connection over. That the client lets go is still
// noticed. The exchange must be closed.
func takeOver(ctx context.Context, w http.ResponseWriter, answer *Answer, draw *Draw, held hold) (*Exchange, error) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, fmt.Errorf("take over the connection: %w", err)
	}
	_ = conn.SetDeadline(time.Time{}) // on a dead connection, what follows fails
	x := &Exchange{Answer: answer, Draw: draw, conn: conn, held: held, done: make(chan struct{})}
	x.ctx, x.cancel = context.WithCancel(ctx)
	x.stops[0] = context.AfterFunc(x.ctx, func() { _ = conn.Close() })
	x.stops[1] = context.AfterFunc(held.lifted, x.giveUp)
	go x.watch()
	return x, nil
}

// watch reads what the client still says, to nobody, until it lets go.
func (x *Exchange) watch() {
	defer close(x.done)
	defer x.cancel()
	var nobody [64]byte
	for {
		if _, err := x.conn.Read(nobody[:]); err != nil {
			return
		}
	}
}

// close closes the connection, and returns when nobody uses it any more.
func (x *Exchange) close() {
	for _, stop := range x.stops {
		stop()
	}
	_ = x.conn.Close()
	<-x.done
	x.cancel()
}

// Pause lets time pass. It returns early when the fault is lifted, and with
// [ErrGone] when the client lets go. After [Forever] it returns when the fault
// is over.
func (x *Exchange) Pause(d time.Duration) (lifted bool, err error) {
	return x.held.pause(x.ctx, d)
}

// Write writes all of b, however slowly the client reads, until the client lets
// go. When the fault is lifted, a write that is stuck is given up.
func (x *Exchange) Write(b []byte) (int, error) {
	n, err := x.conn.Write(b)
	switch {
	case err == nil:
		return n, nil
	case x.held.lifted.Err() != nil && x.ctx.Err() == nil:
		return n, errLifted
	default:
		return n, ErrGone
	}
}

// through writes b, as [Exchange.Write] does. If the fault is lifted meanwhile, what is
// left of b and the rest of the answer follow at once: whoever is cut off then was not
// cut off by the fault, but by its end.
func (x *Exchange) through(b, rest []byte) (lifted bool, err error) {
	n, err := x.Write(b)
	if !errors.Is(err, errLifted) {
		return false, err
	}
	return true, x.Rest(slices.Concat(b[n:], rest))
}

// giveUp ends a write that is stuck, once the fault is lifted. It may come late,
// when the rest is under way already: that is not to be cut.
func (x *Exchange) giveUp() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.resting {
		_ = x.conn.SetWriteDeadline(time.Unix(1, 0)) // on a dead connection, the write fails anyway
	}
}

// Rest writes what is left of an answer once the fault is over, in a time in
// which any client that still reads has it.
func (x *Exchange) Rest(b []byte) error {
	x.mu.Lock()
	x.resting = true
	_ = x.conn.SetWriteDeadline(time.Now().Add(5 * time.Second)) // as above
	x.mu.Unlock()
	if _, err := x.conn.Write(b); err != nil {
		return errOutlasted
	}
	return nil
}

// Reset makes closing the connection a TCP reset.
func (x *Exchange) Reset() {
	if tcp, ok := x.conn.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0)
	}
}

// Head is the answer's status line and headers, with the further lines given.
func (x *Exchange) Head(lines ...string) []byte {
	a := x.Answer
	b := x.statusLine()
	b = fmt.Appendf(b, "Date: %s\r\n", x.Draw.Now.UTC().Format(http.TimeFormat))
	if a.ContentType != "" {
		b = fmt.Appendf(b, "Content-Type: %s\r\n", a.ContentType)
	}
	for name, values := range a.Header {
		if name == "Content-Length" { // of a body that is not sent: the lines say what is
			continue
		}
		for _, v := range values {
			b = fmt.Appendf(b, "%s: %s\r\n", name, v)
		}
	}
	for _, line := range lines {
		b = append(append(b, line...), "\r\n"...)
	}
	return append(b, "Connection: close\r\n\r\n"...)
}

func (x *Exchange) statusLine() []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n", x.Answer.Status, http.StatusText(x.Answer.Status))
}

// Whole is the head of an answer that promises all of its body.
func (x *Exchange) Whole() []byte {
	if x.Answer.Wire != nil {
		return x.Answer.Wire
	}
	return x.Head("Content-Length: " + strconv.Itoa(len(x.Answer.Body)))
}

// Write sends an answer in the ordinary way.
func Write(w http.ResponseWriter, a *Answer) error {
	header := w.Header()
	for name, values := range a.Header {
		header[name] = values
	}
	if a.ContentType != "" {
		header["Content-Type"] = []string{a.ContentType}
	}
	if _, said := header["Content-Length"]; said && len(a.Body) == 0 {
		// An answer to HEAD: it says the length of what GET would get.
	} else if a.Status >= 200 && a.Status != http.StatusNoContent && a.Status != http.StatusNotModified {
		header["Content-Length"] = []string{strconv.Itoa(len(a.Body))}
	}
	w.WriteHeader(a.Status)
	if len(a.Body) == 0 {
		return nil
	}
	if _, err := w.Write(a.Body); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}
