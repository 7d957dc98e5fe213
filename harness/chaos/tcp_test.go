package chaos

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

func openTCP(t *testing.T, upstream string) *Proxy {
	t.Helper()
	p, err := NewProxy(ProxyConfig{Upstream: upstream, Seed: 1, Protocol: TCP})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

// The first bytes look like a CancelRequest of Postgres, and the rest like a message
// of any length: here they are bytes.
func TestBytesMeanNothingToAPlainProxy(t *testing.T) {
	p := openTCP(t, serve(t, echo).addr)
	const request = "\x00\x00\x00\x10\x04\xd2\x16\x2e12345678"
	c := dial(t, p.Addr())
	c.ping(request + "and more\xff\xff\xff\xff")
	require.Zero(t, p.Stats().CancelRequests)
}

// Each kind is applied, seen to be on, undone, and read back, with a server that
// says nothing of its own.
func TestEveryFaultOfThePlainNetworkComesAndGoes(t *testing.T) {
	for _, kind := range examplesAt(t, TCPSupport()) {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			p := openTCP(t, serve(t, echo).addr)
			require.NoError(t, p.Support().Accepts(fault.Fault{Kind: kind}))
			applied := apply(t, p, kind)
			require.Len(t, p.on, 1)
			undoFault(t, applied)
			dial(t, p.Addr()).ping("again")
		})
	}
}

func TestWhatOnlyPostgresKnowsIsRefusedAtAPlainProxy(t *testing.T) {
	p := openTCP(t, serve(t, echo).addr)
	for _, text := range []string{"sqlstate 40001", "cancel-lost"} {
		f, err := fault.Parse(text)
		require.NoError(t, err)
		_, err = p.Apply(t.Context(), f)
		require.ErrorContains(t, err, "a TCP proxy cannot carry out")
	}
}

// A server that is gone is not taken for one that is silent.
func TestAPlainProxyReadsBackWhetherTheServerIsReached(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := openTCP(t, silent.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	require.NoError(t, p.cfg.Check(ctx, p.Addr()))
	require.NoError(t, silent.Close())
	require.Error(t, p.cfg.Check(ctx, p.Addr())) // closed before the server was reached, or reset as early as that
	require.NoError(t, ctx.Err(), "it is known at once")
}

// A client that gives up before the delay is over, and a fault that is undone before
// it, were delayed all the same: that is how a slow dependency meets a timeout.
func TestADelayThatIsLongerThanAnybodyWaitsHasActed(t *testing.T) {
	p := openTCP(t, serve(t, echo).addr)
	kind := fault.After(time.Hour)
	applied := apply(t, p, kind)
	conn, err := net.Dial("tcp", p.Addr())
	require.NoError(t, err)
	_, err = conn.Write([]byte("hello"))
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
	require.EqualValues(t, 1, applied.Receipt().Fired)
	undoFault(t, applied)
	require.EqualValues(t, 1, applied.Receipt().Fired, "at once, not when the proxy comes to it")
	require.EqualValues(t, 1, applied.Receipt().Touched)
	require.NoError(t, conn.Close())
}

// A delay makes the line longer, not slower: what is under way waits beside what came
// before it, as with tc's netem. With room for 1 MiB, 20 MB would take 19 times the delay.
func TestADelayDoesNotAddUp(t *testing.T) {
	const size, delay = 20 << 20, 200 * time.Millisecond
	arrived := make(chan time.Time, 1)
	p := openTCP(t, serve(t, func(_ *server, conn *net.TCPConn) {
		_, err := io.CopyN(io.Discard, conn, size)
		if err == nil {
			arrived <- time.Now()
		}
		_ = conn.CloseWrite()
	}).addr)
	kind := fault.After(delay)
	kind.Direction = fault.Up
	applied := apply(t, p, kind)
	conn, err := net.Dial("tcp", p.Addr())
	require.NoError(t, err)
	began := time.Now()
	_, err = conn.Write(make([]byte, size))
	require.NoError(t, err)
	took := (<-arrived).Sub(began)
	require.GreaterOrEqual(t, took, delay)
	require.Less(t, took, 10*delay)
	require.NoError(t, conn.Close())
	undoFault(t, applied)
	require.Eventually(t, func() bool { return p.spare.used.Load() == 0 }, 30*time.Second, time.Millisecond, "all room is given back")
}
