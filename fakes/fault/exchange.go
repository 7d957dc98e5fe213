package fault

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// ErrGone is that the client let go, or that the server is closing.
var ErrGone = errors.New("the client has let go")

// errOutlasted is that the client let go while the fault went on: the fault took
// place, and the client did what it should.
var errOutlasted = errors.New("the client let go while the fault went on")

// Exchange is one answer on its way to the client, as a [Sender] sees it.
type Exchange struct {
	Answer *Answer
	Draw   *Draw
	// Writer is the ordinary way to answer. It must not be used after Raw.
	Writer http.ResponseWriter

	ctx    context.Context // ends when the client lets go
	cancel context.CancelFunc
	held   hold
	raw    *Raw
}

// hold is what a fault does to those it has in hand: it lets them go when it is
// lifted, and what has no end of its own when its time is over.
type hold struct {
	lifted <-chan struct{}
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
	case <-h.lifted:
		return true, nil
	case <-timer:
		return false, nil
	}
}

// Pause lets time pass. It returns early when the fault is lifted, and with
// [ErrGone] when the client lets go. After [Forever] it returns when the fault
// is over.
func (x *Exchange) Pause(d time.Duration) (lifted bool, err error) {
	return x.held.pause(x.ctx, d)
}

// Answered sends the answer in the ordinary way.
func (x *Exchange) Answered() error { return Write(x.Writer, x.Answer) }

// Write sends an answer in the ordinary way.
func Write(w http.ResponseWriter, a *Answer) error {
	writeHeader(w, a)
	if len(a.Body) == 0 {
		return nil
	}
	if _, err := w.Write(a.Body); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

func writeHeader(w http.ResponseWriter, a *Answer) {
	header := w.Header()
	for name, values := range a.Header {
		header[name] = values
	}
	if a.ContentType != "" {
		header["Content-Type"] = []string{a.ContentType}
	}
	if a.Status >= 200 && a.Status != http.StatusNoContent && a.Status != http.StatusNotModified {
		header["Content-Length"] = []string{strconv.Itoa(len(a.Body))}
	}
	w.WriteHeader(a.Status)
}

// Raw is the connection itself. It is closed when the exchange is over.
type Raw struct {
	conn    net.Conn
	x       *Exchange
	stop    func() bool
	watched chan struct{} // closed when nobody reads any more
}

// Raw takes the connection over. The client's letting go is still noticed.
func (x *Exchange) Raw() (*Raw, error) {
	if x.raw != nil {
		return x.raw, nil
	}
	conn, buffered, err := http.NewResponseController(x.Writer).Hijack()
	if err != nil {
		return nil, fmt.Errorf("take over the connection: %w", err)
	}
	buffered.Reader.Reset(nil) // give its memory back
	buffered.Writer.Reset(nil)
	_ = conn.SetDeadline(time.Time{})
	r := &Raw{conn: conn, x: x, watched: make(chan struct{})}
	r.stop = context.AfterFunc(x.ctx, func() { _ = conn.Close() })
	go r.watch()
	x.raw = r
	return r, nil
}

// watch reads what the client still says, to nobody, until it lets go.
func (r *Raw) watch() {
	defer close(r.watched)
	defer r.x.cancel()
	var nobody [64]byte
	for {
		if _, err := r.conn.Read(nobody[:]); err != nil {
			return
		}
	}
}

// Write writes all of b, however slowly the client reads, until the client lets
// go or the fault is lifted.
func (r *Raw) Write(b []byte) (int, error) {
	written := 0
	for written < len(b) {
		_ = r.conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		n, err := r.conn.Write(b[written:])
		written += n
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			select {
			case <-r.x.held.lifted:
				return written, errLifted
			default:
			}
		case err != nil:
			return written, ErrGone
		}
	}
	return written, nil
}

// errLifted is that the fault was lifted before it was through.
var errLifted = errors.New("the fault was lifted")

// Reset makes closing the connection a TCP reset.
func (r *Raw) Reset() {
	if tcp, ok := r.conn.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0)
	}
}

// head is the answer's status line and headers, with the further lines given.
func (r *Raw) head(lines ...string) []byte {
	a := r.x.Answer
	b := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n", a.Status, http.StatusText(a.Status))
	b = fmt.Appendf(b, "Date: %s\r\n", r.x.Draw.Now.UTC().Format(http.TimeFormat))
	if a.ContentType != "" {
		b = fmt.Appendf(b, "Content-Type: %s\r\n", a.ContentType)
	}
	for name, values := range a.Header {
		for _, v := range values {
			b = fmt.Appendf(b, "%s: %s\r\n", name, v)
		}
	}
	for _, line := range lines {
		b = append(append(b, line...), "\r\n"...)
	}
	return append(b, "Connection: close\r\n\r\n"...)
}

// close ends what the exchange has begun. The connection is closed if it was
// taken over.
func (x *Exchange) close() {
	if x.raw != nil {
		x.raw.stop()
		_ = x.raw.conn.Close()
		<-x.raw.watched
	}
	x.cancel()
}
