package http1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// serving gives each connection to talk, side by side.
func serving(t *testing.T, talk func(c *net.TCPConn, r *bufio.Reader)) Dial {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var work sync.WaitGroup
	stop := make(chan struct{})
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				done := make(chan struct{})
				defer close(done)
				defer c.Close()
				work.Go(func() {
					select {
					case <-stop:
						_ = c.Close()
					case <-done:
					}
				})
				talk(c.(*net.TCPConn), bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		close(stop)
		_ = l.Close()
		work.Wait()
	})
	return func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	}
}

func newClient(t *testing.T, dial Dial) *Client {
	c := New(t.Context(), dial)
	t.Cleanup(c.Close)
	return c
}

func answerOf(most int64) *Answer {
	a := new(Answer)
	a.Body.Max = most
	a.Start(false)
	return a
}

const (
	question = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	fine     = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
)

func do(c *Client, within time.Duration) (*Answer, error) {
	a := answerOf(1 << 20)
	return a, c.Do([]byte(question), time.Now().Add(within), a)
}

// What was closed while nobody used it costs no request.
func TestAConnectionThatWasClosedIdleIsNotUsed(t *testing.T) {
	const atOnce = 50
	var answered sync.WaitGroup
	answered.Add(atOnce)
	closed := make(chan struct{}, atOnce)
	var conns atomic.Int64
	c := newClient(t, serving(t, func(c *net.TCPConn, r *bufio.Reader) {
		n := conns.Add(1)
		for {
			if _, err := http.ReadRequest(r); err != nil {
				return
			}
			if n <= atOnce {
				answered.Done()
				answered.Wait() // so that each request has a connection of its own
			}
			_, _ = io.WriteString(c, fine)
			if n <= atOnce {
				_ = c.Close()
				closed <- struct{}{}
				return
			}
		}
	}))
	var asked sync.WaitGroup
	for range atOnce {
		asked.Go(func() {
			_, err := do(c, patience)
			require.NoError(t, err)
		})
	}
	asked.Wait()
	for range atOnce {
		<-closed
	}
	for range 3 {
		_, err := do(c, patience)
		require.NoError(t, err)
	}
	require.EqualValues(t, atOnce+1, conns.Load())
}

// An answer may come before the request was read, and the connection end with it.
func TestAnEarlyAnswerIsAnAnswer(t *testing.T) {
	c := newClient(t, serving(t, func(c *net.TCPConn, _ *bufio.Reader) {
		_, _ = io.WriteString(c, "HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
		_ = c.CloseWrite()
		_, _ = io.Copy(io.Discard, c)
	}))
	a := answerOf(10)
	body := strings.Repeat("x", 16<<10)
	request := fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	require.NoError(t, c.Do([]byte(request), time.Now().Add(patience), a))
	require.Equal(t, 413, a.Status)
	require.Equal(t, "no", string(a.Body.Bytes))
}

func TestAHeaderWithoutEndTakesNoMemory(t *testing.T) {
	c := newClient(t, serving(t, func(c *net.TCPConn, r *bufio.Reader) {
		_, _ = http.ReadRequest(r)
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for err == nil {
			_, err = io.WriteString(c, "X: "+strings.Repeat("x", 4000)+"\r\n")
		}
	}))
	_, err := do(c, patience)
	require.ErrorIs(t, err, errHeader)
}

func TestInformationalAnswersHaveAnEnd(t *testing.T) {
	c := newClient(t, serving(t, func(c *net.TCPConn, r *bufio.Reader) {
		_, _ = http.ReadRequest(r)
		var err error
		for err == nil {
			_, err = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\n\r\n")
		}
	}))
	_, err := do(c, patience)
	require.ErrorIs(t, err, errInformational)
}

// Who waits for a connection that does not come waits no longer than its deadline, and
// the next gets one as soon as there is one.
func TestADialThatHangsHoldsNobodyUp(t *testing.T) {
	dial := serving(t, func(c *net.TCPConn, r *bufio.Reader) {
		if _, err := http.ReadRequest(r); err == nil {
			_, _ = io.WriteString(c, fine)
		}
	})
	var dials atomic.Int64
	c := newClient(t, func(ctx context.Context) (net.Conn, error) {
		if dials.Add(1) == 1 {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return dial(ctx)
	})
	_, err := do(c, 30*time.Millisecond)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = do(c, patience)
	require.NoError(t, err)
}

// After an outage that lasted longer than a request may, the next requests are answered:
// none is left with the time that another had.
func TestAnOutageOfDialsEndsForAll(t *testing.T) {
	dial := serving(t, func(c *net.TCPConn, r *bufio.Reader) {
		_, err := http.ReadRequest(r)
		for ; err == nil; _, err = http.ReadRequest(r) {
			_, _ = io.WriteString(c, fine)
		}
	})
	var down atomic.Bool
	down.Store(true)
	var most, now atomic.Int64
	c := newClient(t, func(ctx context.Context) (net.Conn, error) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		if down.Load() {
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
		}
		return dial(ctx)
	})
	var asked sync.WaitGroup
	for i := range 200 {
		asked.Go(func() {
			within := time.Duration(50+i) * time.Millisecond
			began := time.Now()
			_, err := do(c, within)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.GreaterOrEqual(t, time.Since(began), within)
		})
	}
	asked.Wait()
	require.LessOrEqual(t, most.Load(), int64(MaxDials))
	down.Store(false)
	for range 100 {
		asked.Go(func() {
			_, err := do(c, patience)
			require.NoError(t, err)
		})
	}
	asked.Wait()
}

// What is no plain answer is heard as soon as it is there, not when the time is over.
func TestAnOddAnswerIsHeardAtOnce(t *testing.T) {
	for answer, status := range map[string]int{
		"HTTP/1.1 200 OK\nContent-Length: 2\n\nok": 200, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok": 200, "SSH-2.0-OpenSSH_9.2\r\n": 0,
	} {
		c := newClient(t, serving(t, func(c *net.TCPConn, r *bufio.Reader) {
			_, _ = http.ReadRequest(r)
			_, _ = io.WriteString(c, answer)
			_, _ = io.Copy(io.Discard, r)
		}))
		a, err := do(c, time.Hour)
		require.Equal(t, status == 0, err != nil, "%q: %v", answer, err)
		require.Equal(t, status, a.Status)
	}
}

func TestADialThatFailsIsTheError(t *testing.T) {
	broken := errors.New("the network is down")
	c := newClient(t, func(context.Context) (net.Conn, error) { return nil, broken })
	_, err := do(c, patience)
	require.ErrorIs(t, err, broken)
}

// Closing ends all that is in flight or waits.
func TestClosingGivesUp(t *testing.T) {
	arrived := make(chan struct{}, 1)
	dial := serving(t, func(_ *net.TCPConn, r *bufio.Reader) {
		_, _ = http.ReadRequest(r)
		arrived <- struct{}{}
		_, _ = io.Copy(io.Discard, r)
	})
	var dials atomic.Int64
	c := New(t.Context(), func(ctx context.Context) (net.Conn, error) {
		if dials.Add(1) > 1 {
			arrived <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return dial(ctx)
	})
	ends := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := do(c, time.Hour)
			ends <- err
		}()
		<-arrived
	}
	c.Close()
	for range 2 {
		require.ErrorIs(t, <-ends, context.Canceled)
	}
	_, err := do(c, patience)
	require.ErrorIs(t, err, context.Canceled)
}

// Whatever a server does, each request reaches it once at most, ends by its deadline,
// and gets its own answer.
func TestEachRequestGetsItsOwnAnswerOnceAtMost(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[string]int)
	c := newClient(t, serving(t, func(c *net.TCPConn, r *bufio.Reader) {
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			id := req.URL.Path
			mu.Lock()
			seen[id]++
			mu.Unlock()
			text := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(id), id)
			switch rand.N(12) {
			case 0:
				return
			case 1:
				_ = c.SetLinger(0)
				return
			case 2:
				text = fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(id), id)
			case 3:
				text += "more"
			case 4:
				_, _ = io.WriteString(c, text[:rand.N(len(text))])
				return
			case 5:
				_, _ = io.WriteString(c, text)
				return
			}
			cut := rand.N(len(text))
			_, _ = io.WriteString(c, text[:cut])
			_, _ = io.WriteString(c, text[cut:])
		}
	}))
	var asked sync.WaitGroup
	var right atomic.Int64
	for worker := range 8 {
		asked.Go(func() {
			a := answerOf(1 << 10)
			for n := range 300 {
				id := fmt.Sprintf("/%d/%d", worker, n)
				a.Start(false)
				if err := c.Do([]byte("GET "+id+" HTTP/1.1\r\nHost: h\r\n\r\n"), time.Now().Add(patience), a); err != nil {
					require.NotErrorIs(t, err, context.DeadlineExceeded)
					continue
				}
				require.Equal(t, id, string(a.Body.Bytes))
				right.Add(1)
			}
		})
	}
	asked.Wait()
	require.Greater(t, right.Load(), int64(8*300/2))
	mu.Lock()
	defer mu.Unlock()
	for id, times := range seen {
		require.Equal(t, 1, times, id)
	}
}
