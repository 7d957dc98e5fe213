package chaos

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/internal/port"
)

// server is a TCP server for tests; it counts what reaches it.
type server struct {
	addr  string
	bytes atomic.Int64 // received
	conns atomic.Int64
}

// serve starts a server that handles each connection with handle; it ends with the test.
func serve(t testing.TB, handle func(*server, *net.TCPConn)) *server {
	t.Helper()
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	s := &server{addr: l.Addr().String()}
	var wg sync.WaitGroup
	var mu sync.Mutex
	open := map[*net.TCPConn]bool{}
	wg.Go(func() {
		for {
			conn, err := l.AcceptTCP()
			if err != nil {
				return
			}
			s.conns.Add(1)
			mu.Lock()
			open[conn] = true
			mu.Unlock()
			wg.Go(func() {
				defer func() {
					_ = conn.Close()
					mu.Lock()
					delete(open, conn)
					mu.Unlock()
				}()
				handle(s, conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return s
}

// echo answers what it gets, and ends when the client does.
func echo(s *server, conn *net.TCPConn) {
	_, _ = io.Copy(conn, io.TeeReader(conn, counter{&s.bytes}))
}

type counter struct{ n *atomic.Int64 }

func (c counter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return len(b), nil
}

// echoes is the check of undoing before an echo server.
func echoes(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Write([]byte("x")); err != nil {
		return err
	}
	_, err = io.ReadFull(conn, make([]byte, 1))
	return err
}

func openProxy(t testing.TB, upstream string) *Proxy {
	t.Helper()
	p, err := NewProxy(ProxyConfig{Upstream: upstream, Check: echoes, Seed: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

// client is a connection of a test, with a deadline far away.
type client struct {
	*net.TCPConn
	t testing.TB
}

func dial(t testing.TB, addr string) client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	return client{conn.(*net.TCPConn), t}
}

// ping sends text, reads as much and returns how long that took.
func (c client) ping(text string) time.Duration {
	c.t.Helper()
	begun := time.Now()
	c.send(text)
	require.Equal(c.t, text, c.read(len(text)))
	return time.Since(begun)
}

func (c client) send(text string) {
	c.t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(c.t, err)
}

func (c client) read(n int) string {
	c.t.Helper()
	got := make([]byte, n)
	_, err := io.ReadFull(c, got)
	require.NoError(c.t, err)
	return string(got)
}

// silent requires that nothing comes for that long.
func (c client) silent(d time.Duration) {
	c.t.Helper()
	require.NoError(c.t, c.SetReadDeadline(time.Now().Add(d)))
	n, err := c.Read(make([]byte, 1))
	require.Zero(c.t, n)
	var timeout net.Error
	require.ErrorAs(c.t, err, &timeout)
	require.True(c.t, timeout.Timeout())
	require.NoError(c.t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
}

// requireReset requires that a new connection to addr ends in a reset, which
// the client may learn of already while it connects.
func requireReset(t *testing.T, addr string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		defer conn.Close()
		_, err = io.Copy(io.Discard, conn)
	}
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

// failing returns the error that reading ends in.
func (c client) failing() error {
	c.t.Helper()
	_, err := io.Copy(io.Discard, c)
	if err == nil {
		return io.EOF
	}
	return err
}

func apply(t testing.TB, place Place, kind fault.Kind) Applied {
	t.Helper()
	applied, err := place.Apply(t.Context(), fault.Fault{Kind: kind})
	require.NoError(t, err)
	return applied
}

func undoFault(t testing.TB, applied Applied) {
	t.Helper()
	require.NoError(t, applied.Undo(t.Context()))
	require.NoError(t, applied.Undo(t.Context()), "undoing twice is harmless")
}

func TestWithNoFaultTheProxyPassesEverythingInOrder(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	rapid.Check(t, func(r *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 40_000), 1, 8).Draw(r, "pieces")
		conn := dial(t, p.Addr())
		sent := bytes.Join(pieces, nil)
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() {
			for _, piece := range pieces {
				_, _ = conn.Write(piece)
			}
			_ = conn.CloseWrite()
		})
		got, err := io.ReadAll(conn)
		require.NoError(r, err)
		require.True(r, bytes.Equal(sent, got))
	})
}

func TestBytesStayWholeAndInOrderWhileFaultsComeAndGo(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	kinds := []struct {
		fault.Kind
		acts int64 // how often it should act before it is undone
	}{
		{fault.Delay{Distribution: fault.Jitter{Each: 3 * time.Millisecond, By: 3 * time.Millisecond}, Direction: fault.Both}, 100},
		{fault.Bandwidth{Rate: 20_000_000}, 20},
		{fault.Slicer{Bytes: 700, Direction: fault.Both}, 100},
		{fault.BlackHole{}, 3}, // each stream at least once: it then stands still
	}
	stop := make(chan struct{})
	var streams sync.WaitGroup
	for i := range 3 {
		conn := dial(t, p.Addr())
		sent, got := sha256.New(), sha256.New()
		streams.Go(func() {
			defer conn.CloseWrite()
			luck, piece := rand.NewChaCha8([32]byte{byte(i)}), make([]byte, 5000)
			for {
				select {
				case <-stop:
					return
				default:
				}
				_, _ = luck.Read(piece)
				_, _ = sent.Write(piece)
				if _, err := conn.Write(piece); err != nil {
					return
				}
			}
		})
		streams.Go(func() {
			n, err := io.Copy(got, conn)
			<-stop
			if err != nil || n == 0 || !bytes.Equal(sent.Sum(nil), got.Sum(nil)) {
				t.Errorf("stream %d: not the bytes that were sent: %d came, %v", i, n, err)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for range 2 {
		for _, kind := range kinds {
			applied := apply(t, p, kind.Kind)
			require.NoError(t, await(ctx, kind.String(), func() (bool, error) {
				return applied.Receipt().Fired >= kind.acts, nil
			}))
			undoFault(t, applied)
		}
	}
	close(stop)
	streams.Wait()
}

func TestAHalfCloseIsPassedOn(t *testing.T) {
	greeter := serve(t, func(_ *server, conn *net.TCPConn) {
		all, _ := io.ReadAll(conn)
		_, _ = fmt.Fprintf(conn, "got %d", len(all))
	})
	for name, kind := range map[string]fault.Kind{"with no fault": nil, "with a delay": fault.Delay{Distribution: fault.Fixed(20 * time.Millisecond), Direction: fault.Both}} {
		t.Run(name, func(t *testing.T) {
			p := openProxy(t, greeter.addr)
			if kind != nil {
				apply(t, p, kind)
			}
			conn := dial(t, p.Addr())
			conn.send("hello")
			require.NoError(t, conn.CloseWrite())
			all, err := io.ReadAll(conn)
			require.NoError(t, err)
			require.Equal(t, "got 5", string(all))
		})
	}
}

func TestAResetIsPassedOnAsAReset(t *testing.T) {
	resetter := serve(t, func(_ *server, conn *net.TCPConn) {
		_, _ = conn.Read(make([]byte, 1))
		_ = conn.SetLinger(0)
	})
	p := openProxy(t, resetter.addr)
	conn := dial(t, p.Addr())
	conn.send("x")
	require.ErrorIs(t, conn.failing(), syscall.ECONNRESET)
}

func TestAServerThatIsNotThereLooksLikeAReset(t *testing.T) {
	reserved, err := port.Reserve()
	require.NoError(t, err)
	defer reserved.Release()
	p := openProxy(t, reserved.Addr().String())
	requireReset(t, p.Addr())
	require.EqualValues(t, 1, p.Stats().UpstreamErrors)
}

func TestAThousandConnectionsAtOnceThroughEveryDirection(t *testing.T) {
	const n = 1000
	p := openProxy(t, serve(t, echo).addr)
	conns := make([]client, n)
	for i := range conns {
		conns[i] = dial(t, p.Addr())
		conns[i].ping("open")
	}
	require.EqualValues(t, n, p.Stats().Open)
	applied := apply(t, p, fault.After(300*time.Millisecond))
	for i, conn := range conns {
		conn.send(fmt.Sprintf("%4d", i))
	}
	for i, conn := range conns {
		require.Equal(t, fmt.Sprintf("%4d", i), conn.read(4))
	}
	r := applied.Receipt()
	require.EqualValues(t, n, r.Fired)
	require.EqualValues(t, n, r.Touched)
	undoFault(t, applied)
	reset := apply(t, p, fault.Reset{})
	for _, conn := range conns {
		require.ErrorIs(t, conn.failing(), syscall.ECONNRESET)
	}
	require.EqualValues(t, n, reset.Receipt().Fired)
	undoFault(t, reset)
	awaitOpen(t, p, 0)
}

// awaitOpen waits until so many connections are open.
func awaitOpen(t *testing.T, p *Proxy, n int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	require.NoError(t, await(ctx, "connections to end", func() (bool, error) { return p.Stats().Open == n, nil }))
}

func TestMoreConnectionsThanAllowedAreReset(t *testing.T) {
	p, err := NewProxy(ProxyConfig{Upstream: serve(t, echo).addr, MaxConnections: 2, Check: echoes})
	require.NoError(t, err)
	defer p.Close()
	one, two := dial(t, p.Addr()), dial(t, p.Addr())
	one.ping("1")
	two.ping("2")
	requireReset(t, p.Addr())
	require.EqualValues(t, 1, p.Stats().Overflowed)
	require.NoError(t, one.Close())
	awaitOpen(t, p, 1)
	dial(t, p.Addr()).ping("room again")
}

func TestWhatABlackHoleHoldsIsBounded(t *testing.T) {
	s := serve(t, echo)
	p := openProxy(t, s.addr)
	applied := apply(t, p, fault.BlackHole{Direction: fault.Up})
	conn := dial(t, p.Addr())
	const size = 64 << 20
	require.NoError(t, conn.SetWriteDeadline(time.Now().Add(300*time.Millisecond)))
	n, err := conn.Write(make([]byte, size))
	require.Error(t, err, "the sender is held up")
	require.Less(t, n, size/2)
	require.LessOrEqual(t, heldBytes(applied), int64(queueBytes))
	undoFault(t, applied)
}

func TestWhatIsLostTakesNoRoom(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	applied := apply(t, p, fault.BlackHole{Direction: fault.Up, Lose: true})
	conn := dial(t, p.Addr())
	const size = 16 << 20
	conn.send(strings.Repeat("x", size)) // more than all buffers on the way
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, await(ctx, "all to be lost", func() (bool, error) { return heldBytes(applied) == size, nil }))
	undoFault(t, applied)
	require.ErrorIs(t, conn.failing(), syscall.ECONNRESET)
}

func heldBytes(a Applied) int64 {
	hole := a.(known).Applied.(*proxied).effect.(*swallowing)
	hole.mu.Lock()
	defer hole.mu.Unlock()
	return hole.bytes
}

func TestABlackHoleHoldsTheEndOfAStreamToo(t *testing.T) {
	ended := make(chan struct{})
	s := serve(t, func(_ *server, conn *net.TCPConn) {
		_, _ = io.Copy(io.Discard, conn)
		close(ended)
	})
	p := openProxy(t, s.addr)
	p.cfg.Check = func(context.Context, string) error { return nil } // this server answers nothing
	conn := dial(t, p.Addr())
	applied := apply(t, p, fault.BlackHole{Direction: fault.Up})
	require.NoError(t, conn.Close())
	select {
	case <-ended:
		t.Fatal("the server heard of the end")
	case <-time.After(100 * time.Millisecond):
	}
	undoFault(t, applied)
	<-ended
}

func TestFaultsAddUp(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	up := apply(t, p, fault.Delay{Distribution: fault.Fixed(100 * time.Millisecond), Direction: fault.Up})
	down := apply(t, p, fault.Delay{Distribution: fault.Fixed(100 * time.Millisecond), Direction: fault.Down})
	slices := apply(t, p, fault.Slicer{Bytes: 1, Gap: 10 * time.Millisecond})
	conn := dial(t, p.Addr())
	ping := func() time.Duration { return conn.ping("0123456789") }
	took := quick(500*time.Millisecond, ping)
	require.GreaterOrEqual(t, took, 290*time.Millisecond)
	require.Less(t, took, 500*time.Millisecond)
	undoFault(t, up)
	undoFault(t, slices)
	around(t, 100*time.Millisecond, quick(140*time.Millisecond, ping))
	undoFault(t, down)
}

func TestAFaultThatExcludesOneThatIsOnIsRefused(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	applied := apply(t, p, fault.Reset{})
	_, err := p.Apply(t.Context(), fault.Fault{Kind: fault.SlowAccept{Each: 1}})
	require.ErrorContains(t, err, "both decide")
	undoFault(t, applied)
	undoFault(t, apply(t, p, fault.SlowAccept{Each: 1}))
}

func TestUndoingIsReadBackAndNotBelieved(t *testing.T) {
	broken := true
	p, err := NewProxy(ProxyConfig{Upstream: serve(t, echo).addr, Check: func(ctx context.Context, addr string) error {
		if broken {
			return errBroken
		}
		return echoes(ctx, addr)
	}})
	require.NoError(t, err)
	defer p.Close()
	for _, kind := range examplesAt(t, ProxySupport()) {
		broken = true
		applied := apply(t, p, kind)
		require.ErrorIs(t, applied.Undo(t.Context()), errBroken, kind.Name())
		broken = false
		undoFault(t, applied)
	}
}

func TestAClosedProxyLeavesNothingAndSaysSo(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	conn := dial(t, p.Addr())
	conn.ping("before")
	refuse := apply(t, p, fault.Refuse{})
	apply(t, p, fault.Delay{Distribution: fault.Fixed(time.Hour), Direction: fault.Both})
	conn.send("held")
	conn.silent(20 * time.Millisecond)
	require.NoError(t, p.Close())
	require.NoError(t, p.Close(), "closing twice is harmless")
	require.Error(t, conn.failing())
	require.ErrorIs(t, refuse.Undo(t.Context()), ErrProxyClosed)
	_, err := net.Dial("tcp", p.Addr())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestWhatIsWrongWithAProxyIsToldAtOnce(t *testing.T) {
	_, err := NewProxy(ProxyConfig{Upstream: "nowhere", DialTimeout: -1, MaxConnections: -1})
	for _, part := range []string{`upstream "nowhere" is not host:port`, "dial timeout", "max connections"} {
		require.ErrorContains(t, err, part)
	}
}

// exchange times round trips of a small message to addr.
func exchange(b *testing.B, addr string) {
	conn := dial(b, addr)
	message := make([]byte, 100)
	require.NoError(b, conn.SetDeadline(time.Time{}))
	for b.Loop() {
		_, _ = conn.Write(message)
		if _, err := io.ReadFull(conn, message); err != nil {
			b.Fatal(err)
		}
	}
}

// The difference between the two is what the proxy adds to a round trip.
func BenchmarkRoundTrip(b *testing.B) {
	s := serve(b, echo)
	p := openProxy(b, s.addr)
	b.Run("direct", func(b *testing.B) { exchange(b, s.addr) })
	b.Run("proxy", func(b *testing.B) { exchange(b, p.Addr()) })
	b.Run("proxy with a delay of 1 ns", func(b *testing.B) {
		undone := apply(b, p, fault.Delay{Distribution: fault.Fixed(1), Direction: fault.Both})
		exchange(b, p.Addr())
		undoFault(b, undone)
	})
}

func BenchmarkThroughput(b *testing.B) {
	const size = 1 << 20
	sink := serve(b, func(_ *server, conn *net.TCPConn) {
		buf := make([]byte, size)
		for {
			if _, err := io.ReadFull(conn, buf); err != nil {
				return
			}
			_, _ = conn.Write(buf[:1])
		}
	})
	p := openProxy(b, sink.addr)
	for name, addr := range map[string]string{"direct": sink.addr, "proxy": p.Addr()} {
		b.Run(name, func(b *testing.B) {
			conn := dial(b, addr)
			require.NoError(b, conn.SetDeadline(time.Time{}))
			message := make([]byte, size)
			b.SetBytes(size)
			for b.Loop() {
				_, _ = conn.Write(message)
				if _, err := io.ReadFull(conn, message[:1]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestASlowReadBackKeepsNoOtherFaultWaiting(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	p, err := NewProxy(ProxyConfig{Upstream: serve(t, echo).addr, Check: func(context.Context, string) error {
		close(asked)
		<-answer
		return errBroken
	}})
	require.NoError(t, err)
	defer p.Close()
	first := apply(t, p, fault.Reset{})
	undone := make(chan error, 1)
	go func() { undone <- first.Undo(t.Context()) }()
	<-asked
	apply(t, p, fault.After(1))
	close(answer)
	require.NoError(t, <-undone, "with another fault on, the connection says nothing")
}

// What a connection met that was opened between two faults is the second one's doing,
// also where that is over before the connection is.
func TestAReadBackSaysNothingOnceAnotherFaultHasBegun(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	first := true
	p, err := NewProxy(ProxyConfig{Upstream: serve(t, echo).addr, Check: func(ctx context.Context, addr string) error {
		if !first {
			return echoes(ctx, addr)
		}
		first = false
		close(asked)
		<-answer
		return errBroken
	}})
	require.NoError(t, err)
	defer p.Close()
	refused := apply(t, p, fault.Refuse{})
	undone := make(chan error, 1)
	go func() { undone <- refused.Undo(t.Context()) }()
	<-asked
	undoFault(t, apply(t, p, fault.BlackHole{Direction: fault.Down}))
	close(answer)
	require.NoError(t, <-undone)
}

func TestAReadBackEndsWhenAnotherFaultBegins(t *testing.T) {
	asked := make(chan struct{})
	p, err := NewProxy(ProxyConfig{Upstream: serve(t, echo).addr, Check: func(ctx context.Context, _ string) error {
		close(asked)
		<-ctx.Done()
		return ctx.Err()
	}})
	require.NoError(t, err)
	defer p.Close()
	refused := apply(t, p, fault.Refuse{})
	undone := make(chan error, 1)
	go func() { undone <- refused.Undo(t.Context()) }()
	<-asked
	apply(t, p, fault.BlackHole{Direction: fault.Down})
	require.NoError(t, <-undone)
}
