package toxiproxyapi_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	theirs "github.com/Shopify/toxiproxy/v2"
	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/desk/toxiproxyapi"
)

// ours is our API with the official client.
func ours(t *testing.T) *toxiproxy.Client {
	t.Helper()
	s, err := toxiproxyapi.Listen(toxiproxyapi.Config{Address: "127.0.0.1:0"})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return toxiproxy.NewClient(s.URL())
}

// original is Toxiproxy itself, which runs until the test program ends.
func original(t *testing.T) *toxiproxy.Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	go theirs.NewServer(theirs.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop()).Listen(host, port)
	client := toxiproxy.NewClient(net.JoinHostPort(host, port))
	require.Eventually(t, func() bool { _, err := client.Proxies(); return err == nil }, 30*time.Second, 10*time.Millisecond)
	return client
}

// talking is a server that does what the first byte of a connection says: e sends
// all back, k sends 50,000 bytes, b says bye and closes.
func talking(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var work sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { _ = l.Close(); cancel(); work.Wait() })
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer context.AfterFunc(ctx, func() { _ = c.Close() })() // a proxy may keep it open
				talk(c)
			})
		}
	})
	return l.Addr().String()
}

func talk(c net.Conn) {
	defer c.Close()
	first := make([]byte, 1)
	if _, err := io.ReadFull(c, first); err != nil {
		return
	}
	switch first[0] {
	case 'e':
		_, _ = c.Write(first)
		_, _ = io.Copy(c, c)
	case 'k':
		_, _ = c.Write(make([]byte, 50_000))
		_, _ = io.Copy(io.Discard, c)
	case 'b':
		_, _ = c.Write([]byte("bye"))
	}
}

// seen is what a client saw of a connection.
type seen struct {
	got  int
	end  string        // eof, reset, refused, or quiet: nothing came any more
	took time.Duration // until the last of it
}

// quiet is how long nothing must come for a connection to be quiet.
const quiet = 600 * time.Millisecond

// see says something to a server and notes what comes.
func see(t *testing.T, address, say string) seen {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return seen{end: "refused"}
	}
	if errors.Is(err, syscall.ECONNRESET) { // so soon that the dialer has it
		return seen{end: "reset"}
	}
	require.NoError(t, err)
	defer c.Close()
	began := time.Now()
	_, err = c.Write([]byte(say))
	s := seen{}
	for buf := make([]byte, 64<<10); err == nil; {
		require.NoError(t, c.SetReadDeadline(time.Now().Add(quiet)))
		var n int
		if n, err = c.Read(buf); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			s.took = time.Since(began)
		}
		s.got += n
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.end = "quiet"
	case errors.Is(err, io.EOF):
		s.end = "eof"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		s.end = "reset"
	default:
		s.end = err.Error()
	}
	return s
}

// within looks again when it took longer than the most: on a machine that has more to
// do, any single look may.
func within(most time.Duration, look func() seen) seen {
	s := look()
	for range 9 {
		if s.took <= most {
			break
		}
		s = look()
	}
	return s
}

// Each row is a toxic, what a client says, and what it sees, by Toxiproxy and by us.
func TestToxicsMeanWhatTheyMeanToToxiproxy(t *testing.T) {
	type row struct {
		kind, stream string
		toxicity     float32
		attributes   toxiproxy.Attributes
		say          string
		want         seen // took is the least
		most         time.Duration
	}
	const ms = time.Millisecond
	const fast = 250 * ms
	imported := 0
	defer func() { require.GreaterOrEqual(t, imported, 9) }()
	for _, row := range []row{
		{"noop", "downstream", 1, nil, "e", seen{1, "quiet", 0}, fast},
		{"latency", "downstream", 1, toxiproxy.Attributes{"latency": 300}, "e", seen{1, "quiet", 300 * ms}, 550 * ms},
		{"latency", "upstream", 1, toxiproxy.Attributes{"latency": 300}, "e", seen{1, "quiet", 300 * ms}, 550 * ms},
		{"latency", "downstream", 1, toxiproxy.Attributes{"latency": 300, "jitter": 100}, "e", seen{1, "quiet", 200 * ms}, 590 * ms},
		{"latency", "downstream", 0, toxiproxy.Attributes{"latency": 300}, "e", seen{1, "quiet", 0}, fast},
		{"bandwidth", "downstream", 1, toxiproxy.Attributes{"rate": 100}, "k", seen{50_000, "quiet", 400 * ms}, 900 * ms},
		{"bandwidth", "upstream", 1, toxiproxy.Attributes{"rate": 100}, "k", seen{50_000, "quiet", 0}, fast},
		{"bandwidth", "downstream", 1, toxiproxy.Attributes{"rate": 0}, "e", seen{0, "quiet", 0}, fast},
		{"timeout", "downstream", 1, toxiproxy.Attributes{"timeout": 200}, "e", seen{0, "eof", 150 * ms}, 500 * ms},
		{"timeout", "downstream", 1, toxiproxy.Attributes{"timeout": 0}, "e", seen{0, "quiet", 0}, fast},
		{"reset_peer", "downstream", 1, toxiproxy.Attributes{"timeout": 0}, "e", seen{0, "reset", 0}, fast},
		{"reset_peer", "upstream", 1, toxiproxy.Attributes{"timeout": 300}, "e", seen{0, "reset", 300 * ms}, 550 * ms},
		{"slow_close", "downstream", 1, toxiproxy.Attributes{"delay": 300}, "b", seen{3, "eof", 300 * ms}, 550 * ms},
		{"slicer", "upstream", 1, toxiproxy.Attributes{"average_size": 1, "delay": 50_000}, "eeeeeeee", seen{8, "quiet", 300 * ms}, 800 * ms},
		{"limit_data", "downstream", 1, toxiproxy.Attributes{"bytes": 4}, "eabcdef", seen{4, "eof", 0}, fast},
		{"limit_data", "downstream", 1, toxiproxy.Attributes{"bytes": 0}, "e", seen{0, "eof", 0}, fast},
	} {
		name := row.kind + "/" + row.stream + "/" + row.say
		if text := carriedOver(t, row.kind, row.stream, row.toxicity, row.attributes); text != "" {
			imported++
			t.Run(name+"/imported", func(t *testing.T) {
				t.Parallel()
				address := withFault(t, talking(t), text)
				got := within(row.most, func() seen { return see(t, address, row.say) })
				require.Equal(t, row.want.end, got.end, "%s: %+v", text, got)
				require.Equal(t, row.want.got, got.got, "%s: %+v", text, got)
				require.GreaterOrEqual(t, got.took, row.want.took, text)
				require.LessOrEqual(t, got.took, row.most, text)
			})
		}
		for who, client := range map[string]func(*testing.T) *toxiproxy.Client{"Toxiproxy": original, "ours": ours} {
			t.Run(name+"/"+who, func(t *testing.T) {
				t.Parallel()
				proxy, err := client(t).CreateProxy("p", "127.0.0.1:0", talking(t))
				require.NoError(t, err)
				defer func() { require.NoError(t, proxy.Delete()) }()
				_, err = proxy.AddToxic("", row.kind, row.stream, row.toxicity, row.attributes)
				require.NoError(t, err)
				got := within(row.most, func() seen { return see(t, proxy.Listen, row.say) })
				require.Equal(t, row.want.end, got.end, "%+v", got)
				require.Equal(t, row.want.got, got.got, "%+v", got)
				require.GreaterOrEqual(t, got.took, row.want.took)
				require.LessOrEqual(t, got.took, row.most)
			})
		}
	}
}

// What is done to connections that are open, by Toxiproxy and by us.
func TestToxicsActOnOpenConnections(t *testing.T) {
	for who, client := range map[string]func(*testing.T) *toxiproxy.Client{"Toxiproxy": original, "ours": ours} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			proxy, err := client(t).CreateProxy("p", "127.0.0.1:0", talking(t))
			require.NoError(t, err)
			c, err := net.Dial("tcp", proxy.Listen)
			require.NoError(t, err)
			defer c.Close()
			echo := func() time.Duration {
				began := time.Now()
				_, err := c.Write([]byte("e"))
				require.NoError(t, err)
				_, err = io.ReadFull(c, make([]byte, 1))
				require.NoError(t, err)
				return time.Since(began)
			}
			quick := func() time.Duration { // of several: a busy machine may hold any of them up
				least := echo()
				for range 9 {
					least = min(least, echo())
				}
				return least
			}
			require.Less(t, quick(), 200*time.Millisecond)
			_, err = proxy.AddToxic("slow", "latency", "", 1, toxiproxy.Attributes{"latency": 200})
			require.NoError(t, err)
			require.GreaterOrEqual(t, echo(), 200*time.Millisecond)
			_, err = proxy.AddToxic("slower", "latency", "", 1, toxiproxy.Attributes{"latency": 300})
			require.NoError(t, err)
			require.GreaterOrEqual(t, echo(), 300*time.Millisecond)
			changed, err := proxy.UpdateToxic("slower", -1, toxiproxy.Attributes{"latency": 0})
			require.NoError(t, err)
			require.EqualValues(t, 0, changed.Attributes["latency"])
			require.NoError(t, proxy.RemoveToxic("slow"))
			require.Less(t, quick(), 200*time.Millisecond)
			_, err = proxy.AddToxic("", "timeout", "", 1, toxiproxy.Attributes{"timeout": 0})
			require.NoError(t, err)
			_, err = c.Write([]byte("e"))
			require.NoError(t, err)
			require.NoError(t, proxy.RemoveToxic("timeout_downstream"))
			_, err = c.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF, "what lost bytes is closed")
			require.Equal(t, seen{got: 1, end: "quiet"}, untimed(see(t, proxy.Listen, "e")))
			require.NoError(t, proxy.Disable())
			require.Equal(t, seen{end: "refused"}, see(t, proxy.Listen, "e"))
			require.NoError(t, proxy.Enable())
			require.Equal(t, seen{got: 1, end: "quiet"}, untimed(see(t, proxy.Listen, "e")))
		})
	}
}

func untimed(s seen) seen { s.took = 0; return s }

// A line of Toxiproxy is each connection's own.
func TestConnectionsShareNoBandwidth(t *testing.T) {
	proxy, err := ours(t).CreateProxy("p", "", talking(t))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(proxy.Listen, "127.0.0.1:"), proxy.Listen)
	_, err = proxy.AddToxic("", "bandwidth", "", 1, toxiproxy.Attributes{"rate": 100})
	require.NoError(t, err)
	var all sync.WaitGroup
	got := make([]seen, 12)
	for i := range got {
		all.Go(func() { got[i] = see(t, proxy.Listen, "k") })
	}
	all.Wait()
	for _, s := range got {
		require.Equal(t, 50_000, s.got)
		require.Less(t, s.took, 4*time.Second, "of 0.5 s each; one line for all would take 6 s")
	}
}

// Of many connections a toxic acts on its share.
func TestToxicityIsAShareOfConnections(t *testing.T) {
	proxy, err := ours(t).CreateProxy("p", "", talking(t))
	require.NoError(t, err)
	_, err = proxy.AddToxic("", "limit_data", "", 0.5, toxiproxy.Attributes{"bytes": 0})
	require.NoError(t, err)
	var all sync.WaitGroup
	got := make([]seen, 60)
	for i := range got {
		all.Go(func() { got[i] = see(t, proxy.Listen, "e") })
	}
	all.Wait()
	ended := 0
	for _, s := range got {
		if s.end == "eof" {
			ended++
		}
	}
	require.Greater(t, ended, 10)
	require.Less(t, ended, 50)
}
