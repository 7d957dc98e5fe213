package load_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"holdfast.dev/holdfast/harness/load"
)

// trivial answers every request with the same bytes. It reads up to the empty
// line that ends a request without a body, and costs next to nothing.
func trivial(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go serveTrivial(l)
	return "http://" + l.Addr().String()
}

func serveTrivial(l net.Listener) { serveCounted(l, new(atomic.Int64)) }

// serveCounted is serveTrivial that counts its answers. A client of HTTP/1.0 is told that
// its connection stays, as ab wants to hear.
func serveCounted(l net.Listener, answered *atomic.Int64) {
	const today, old = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			buf := make([]byte, 4096)
			for {
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				answer := today
				if line, _, _ := bytes.Cut(buf[:n], []byte("\r")); bytes.HasSuffix(line, []byte("HTTP/1.0")) {
					answer = old
				}
				if _, err := io.WriteString(c, answer); err != nil {
					return
				}
				answered.Add(1)
			}
		}()
	}
}

// BenchmarkRequest is one request from plan to books, through
// net/http, with the trivial server in the same process. More is planned than
// can be sent, with 64 in flight.
func BenchmarkRequest(b *testing.B) {
	var answers atomic.Int64
	enough := make(chan struct{})
	b.ReportAllocs()
	before := cpuTime(b)
	attack, err := load.Start(context.Background(), load.Config{BaseURL: trivial(b)}, load.Stream{
		Name: "null", Next: get("/"), MaxInFlight: 64, MaxLag: time.Hour,
		Profile: load.Constant(20_000, time.Hour),
		Expect: load.Expectation{IgnoresBody: true, Judge: func(load.Answer) string {
			if answers.Add(1) == int64(b.N) {
				close(enough)
			}
			return ""
		}},
	})
	require.NoError(b, err)
	<-enough
	b.StopTimer()
	b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(answers.Load()), "cpu-ns/op")
	attack.Abort()
	attack.Wait()
	b.ReportMetric(float64(answers.Load())/b.Elapsed().Seconds(), "req/s")
}

// cpuTime is what this process has used so far: on a busy machine it tells more
// than the clock.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkVegeta is the same load on vegeta's own client, as a measure.
func BenchmarkVegeta(b *testing.B) {
	b.ReportAllocs()
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: trivial(b) + "/"})
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	attacker := vegeta.NewAttacker(vegeta.Workers(64), vegeta.MaxWorkers(64), vegeta.Client(client))
	before := cpuTime(b)
	answers := 0
	for r := range attacker.Attack(target, vegeta.ConstantPacer{}, 0, "") {
		require.Empty(b, r.Error)
		if answers++; answers == b.N {
			attacker.Stop()
		}
	}
	b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(answers), "cpu-ns/op")
	b.ReportMetric(float64(answers)/b.Elapsed().Seconds(), "req/s")
}
