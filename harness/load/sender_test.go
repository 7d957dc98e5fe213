package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// transports answer in turn.
type transports []func(*http.Request) (*http.Response, error)

func (ts *transports) RoundTrip(r *http.Request) (*http.Response, error) {
	next := (*ts)[0]
	*ts = (*ts)[1:]
	return next(r)
}

// TestOnlyWhatWasNotWrittenIsSentAgain: a connection may turn out to be closed
// before anything is written to it. Only then may there be a second try.
func TestOnlyWhatWasNotWrittenIsSentAgain(t *testing.T) {
	broken := errors.New("the connection is broken")
	unwritten := func(*http.Request) (*http.Response, error) { return nil, broken }
	written := func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		return nil, broken
	}
	dial := func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	}
	ok := func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		return &http.Response{StatusCode: 200 + len(body), Body: http.NoBody}, nil
	}
	for _, row := range []struct {
		name  string
		ask   Request
		turns transports
		left  int // transports that were not asked
		err   error
	}{
		{"at once", Request{Path: "/"}, transports{ok}, 0, nil},
		{"not written, then well", Request{Path: "/"}, transports{unwritten, unwritten, ok}, 0, nil},
		{"a body is sent whole the second time", Request{Path: "/", Method: "POST", Body: []byte("{}")}, transports{unwritten, ok}, 0, nil},
		{"written", Request{Path: "/"}, transports{written, ok}, 1, broken},
		{"a body that was written", Request{Path: "/", Method: "POST", Body: []byte("{}")}, transports{written, ok}, 1, broken},
		{"not written, then written", Request{Path: "/"}, transports{unwritten, written, ok}, 1, broken},
		{"nobody listens", Request{Path: "/"}, transports{dial, ok}, 1, syscall.ECONNREFUSED},
		{"not for ever", Request{Path: "/"}, transports{unwritten, unwritten, unwritten, unwritten, unwritten, unwritten, unwritten, unwritten, unwritten, ok}, 1, broken},
	} {
		t.Run(row.name, func(t *testing.T) {
			base := &url.URL{Scheme: "http", Host: "h"}
			s := &caller{name: "x", expect: Status(), maxBody: 10, via: &Balancer{addresses: []*address{{base: base, template: newTemplate(base)}}}, transport: &row.turns}
			answer, err := s.exchange(context.Background(), 0, row.ask, newScratch().(*scratch))
			require.Len(t, row.turns, row.left)
			if row.err != nil {
				require.ErrorIs(t, err, row.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, 200+len(row.ask.Body), answer.Status)
		})
	}
}

func TestATimeoutIsNeverEarlyAndHardlyLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		life, end := context.WithCancel(context.Background())
		d := newDeadlines(life, 10*time.Second)
		time.Sleep(130 * time.Millisecond)
		first := d.from(time.Since(begun))
		time.Sleep(60 * time.Millisecond)
		require.Same(t, first, d.from(time.Since(begun)), "neighbours share one")
		time.Sleep(20 * time.Millisecond)
		require.NotSame(t, first, d.from(time.Since(begun)))
		<-first.Done()
		require.ErrorIs(t, first.Err(), context.DeadlineExceeded)
		require.Equal(t, 10*time.Second+200*time.Millisecond, time.Since(begun), "of 10.13 s and 10.19 s")
		last := d.from(time.Since(begun))
		end()
		require.ErrorIs(t, last.Err(), context.Canceled)
		synctest.Wait()
	})
}

// TestWhatTheLoopbackCannotShow names errors that take a network to provoke.
func TestWhatTheLoopbackCannotShow(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for class, err := range map[string]error{
		ClassDNS:      dial(&net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}),
		ClassTimeout:  dial(&net.DNSError{Err: "i/o timeout", Name: "h", IsTimeout: true}),
		ClassReset:    &net.OpError{Op: "write", Err: syscall.EPIPE},
		ClassRefused:  dial(syscall.ECONNREFUSED),
		ClassCanceled: dial(context.Canceled),
		ClassOther:    dial(syscall.EHOSTUNREACH),
	} {
		require.Equal(t, class, classify(fmt.Errorf("wrapped: %w", err)))
		require.Empty(t, whyUnsent(fmt.Errorf("wrapped: %w", err)), "the other side may be the reason")
	}
	for why, err := range map[string]error{
		whyFiles:     dial(syscall.ENFILE),
		whyPorts:     dial(syscall.EADDRNOTAVAIL),
		whyMemory:    dial(syscall.ENOBUFS),
		whyForbidden: dial(syscall.EPERM),
		whyRoute:     dial(syscall.ENETUNREACH),
		whyAddress:   dial(&net.AddrError{Err: "invalid port", Addr: "99999"}),
	} {
		require.Equal(t, why, whyUnsent(fmt.Errorf("wrapped: %w", err)))
	}
}
