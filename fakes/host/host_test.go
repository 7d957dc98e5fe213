package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if address := helperAddress(); address != "" {
		serveAsHelper(address)
		return
	}
	goleak.VerifyTestMain(m)
}

// plainAPI is the least that a fake can stand for.
type plainAPI struct{ done atomic.Int64 }

func (*plainAPI) Identify(r *http.Request, _ []byte) host.Identity {
	return host.Identity{Group: r.Method, Key: r.URL.Path, Names: []string{r.URL.Path}}
}

func (a *plainAPI) Serve(c *host.Call) httpfault.Answer {
	c.Accept("someone", uint64(c.Hit()))
	c.OnDone(func() { a.done.Add(1) })
	return httpfault.Answer{Status: 200, ContentType: "text/plain", Body: fmt.Appendf(nil, "attempt %d of %d bytes", c.Attempt, len(c.Body))}
}

func (*plainAPI) Refuse(status int, name string) httpfault.Answer {
	return httpfault.Answer{Status: status, ContentType: "text/plain", Body: []byte("refused " + name)}
}

func start(t *testing.T, c host.Config) (*host.Host, *plainAPI, *http.Client) {
	t.Helper()
	api := &plainAPI{}
	h, err := host.Start(c, api)
	require.NoError(t, err)
	t.Cleanup(h.Close)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	return h, api, client
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	res, err := c.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(body)
}

func TestOneHostListensOnSeveralAddresses(t *testing.T) {
	h, _, client := start(t, host.Config{Addresses: []string{"127.0.0.1:0", "127.0.0.1:0"}})
	require.Len(t, h.URLs(), 2)
	require.NotEqual(t, h.URL(0), h.URL(1))
	require.Equal(t, "attempt 1 of 0 bytes", get(t, client, h.URL(0)+"/a"))
	require.Equal(t, "attempt 2 of 0 bytes", get(t, client, h.URL(1)+"/a"))
	require.Equal(t, 2, h.Journal().Accepted())
}

func TestTheStampOfAnAttemptIsRead(t *testing.T) {
	h, _, client := start(t, host.Config{})
	for _, row := range []struct {
		stamp string
		want  string
	}{{"7", "attempt 7"}, {"0", "attempt 2"}, {"-1", "attempt 3"}, {"many", "attempt 4"}, {"65536", "attempt 5"}, {"65535", "attempt 65535"}} {
		req, err := http.NewRequest(http.MethodGet, h.URL(0)+"/a", nil)
		require.NoError(t, err)
		req.Header.Set("X-Attempt", row.stamp)
		res, err := client.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Contains(t, string(body), row.want)
	}
}

// A client that asks the same thing anew says each time that it is the first
// attempt: a fault with a probability must not take all of them or none.
func TestEachArrivalIsDrawnAnewWhateverTheClientStamps(t *testing.T) {
	h, _, client := start(t, host.Config{Seed: 1})
	require.NoError(t, h.Faults().AddText("status 500 p=0.5"))
	failed := 0
	for range 64 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL(0)+"/same", nil)
		require.NoError(t, err)
		request.Header.Set("X-Attempt", "1")
		response, err := client.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		if response.StatusCode == http.StatusInternalServerError {
			failed++
		}
	}
	require.InDelta(t, 32, failed, 20)
}

func TestOnlyLoopbackUnlessToldOtherwiseAndThenWithAWarning(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:0": true, "127.9.9.9:0": true, "[::1]:0": true, "localhost:0": true,
		"0.0.0.0:0": false, ":0": false, "192.0.2.1:80": false, "example.org:80": false, "nonsense": false,
	} {
		require.Equal(t, ok, host.CheckAddress(address, false) == nil, address)
	}
	_, err := host.Start(host.Config{Addresses: []string{"0.0.0.0:0"}}, &plainAPI{})
	require.ErrorContains(t, err, "can be reached from outside")
	var told []string
	h, err := host.Start(host.Config{
		Addresses: []string{"0.0.0.0:0"}, AllowRemote: true, Log: func(line string) { told = append(told, line) },
	}, &plainAPI{})
	require.NoError(t, err)
	h.Close()
	require.Len(t, told, 1)
	require.Contains(t, told[0], "warning")
}

func TestAnAddressInUseIsAnErrorAndLeavesNothingBehind(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = host.Start(host.Config{Addresses: []string{"127.0.0.1:0", taken.Addr().String()}}, &plainAPI{})
	require.ErrorIs(t, err, syscall.EADDRINUSE)
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	h, _, client := start(t, host.Config{MaxBody: 10})
	for size, want := range map[int]int{10: 200, 11: 413} {
		res, err := client.Post(h.URL(0)+"/a", "text/plain", strings.NewReader(strings.Repeat("x", size)))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, want, res.StatusCode)
	}
	require.EqualValues(t, 1, h.Connections().Malformed)
}

func TestMoreConnectionsThanAllowedAreTurnedAway(t *testing.T) {
	h, _, client := start(t, host.Config{MaxConns: 3})
	address := strings.TrimPrefix(h.URL(0), "http://")
	conns := make([]net.Conn, 3)
	for i := range conns {
		c, err := net.Dial("tcp", address)
		require.NoError(t, err)
		conns[i] = c
	}
	require.Eventually(t, func() bool { return h.Connections().Open == 3 }, 30*time.Second, time.Millisecond)
	_, err := client.Get(h.URL(0) + "/a")
	require.Error(t, err)
	require.EqualValues(t, 1, h.Connections().TurnedAway)
	for _, c := range conns {
		require.NoError(t, c.Close())
	}
	require.Eventually(t, func() bool { return h.Connections().Open == 0 }, 30*time.Second, time.Millisecond)
	require.Equal(t, "attempt 1 of 0 bytes", get(t, client, h.URL(0)+"/a"))
}

func TestAClientThatLetsGoIsSeen(t *testing.T) {
	for _, text := range []string{"hang headers", "hang body", "lost hang", "delay 1h", "drip gap=10s"} {
		t.Run(text, func(t *testing.T) {
			h, api, client := start(t, host.Config{})
			require.NoError(t, h.Faults().AddText(text))
			ctx, cancel := context.WithCancel(t.Context())
			var calls sync.WaitGroup
			for i := range 20 {
				calls.Go(func() {
					req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprint(h.URL(0), "/", i), nil)
					if err != nil {
						return
					}
					if res, err := client.Do(req); err == nil {
						_, _ = io.Copy(io.Discard, res.Body)
						_ = res.Body.Close()
					}
				})
			}
			require.Eventually(t, func() bool { return h.Journal().Gauge("").InFlight == 20 }, 30*time.Second, time.Millisecond)
			cancel()
			require.Eventually(t, func() bool { return h.Journal().Gauge("").InFlight == 0 }, 30*time.Second, time.Millisecond)
			calls.Wait()
			require.Equal(t, map[journal.Ending]int{journal.Abandoned: 20}, h.Journal().Outcomes(journal.Filter{}))
			require.EqualValues(t, h.Journal().Accepted(), api.done.Load(), "what was begun is told that it is over")
		})
	}
}

func TestClosingEndsEverythingThatIsHeld(t *testing.T) {
	h, _, client := start(t, host.Config{})
	faults := []string{"hang headers", "hang body", "lost hang", "delay 1h", "drip gap=1h", "endless"}
	for i, text := range faults {
		require.NoError(t, h.Faults().AddText(fmt.Sprintf("%s key=/%d", text, i)))
	}
	var calls sync.WaitGroup
	answered := atomic.Int64{}
	for i := range faults {
		calls.Go(func() {
			res, err := client.Get(fmt.Sprint(h.URL(0), "/", i))
			if err != nil {
				return
			}
			if _, err = io.Copy(io.Discard, &slowly{res.Body}); err == nil {
				answered.Add(1)
			}
			_ = res.Body.Close()
		})
	}
	require.Eventually(t, func() bool { return h.Journal().Gauge("").InFlight == int64(len(faults)) }, 30*time.Second, time.Millisecond)
	begin := time.Now()
	h.Close()
	require.Less(t, time.Since(begin), 30*time.Second)
	calls.Wait()
	require.LessOrEqual(t, answered.Load(), int64(1), "only the endless body, which has no length, may look whole")
	require.Zero(t, h.Journal().Gauge("").InFlight)
	_, err := client.Get(h.URL(0))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	h.Close() // again
}

// slowly reads a little at a time.
type slowly struct{ io.Reader }

func (s *slowly) Read(b []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return s.Reader.Read(b[:min(len(b), 64<<10)])
}

func TestRefusingClosesTheAddressAndOpensItAgain(t *testing.T) {
	h, _, _ := start(t, host.Config{})
	kept := &http.Client{Transport: &http.Transport{}}
	defer kept.CloseIdleConnections()
	get(t, kept, h.URL(0)+"/a")
	for range 3 {
		require.NoError(t, h.Faults().AddText("refuse cut"))
		require.Eventually(t, h.Shut, 30*time.Second, time.Millisecond)
		_, err := kept.Get(h.URL(0) + "/a")
		require.ErrorIs(t, err, syscall.ECONNREFUSED, "the connection that was kept is gone, too")
		r, err := h.Lift(t.Context(), "refuse cut")
		require.NoError(t, err)
		require.Positive(t, r.Fired)
		get(t, kept, h.URL(0)+"/a") // at once: lifting has waited for it
	}
	require.NoError(t, h.Faults().AddText("refuse cut", "close"))
	require.Eventually(t, h.Shut, 30*time.Second, time.Millisecond)
	receipts, err := h.Clear(t.Context())
	require.NoError(t, err)
	require.Len(t, receipts, 2)
	get(t, kept, h.URL(0)+"/a")
}

func TestTheFirstThatSendsInItsOwnWayIsTheOneThatDoes(t *testing.T) {
	h, _, client := start(t, host.Config{})
	require.NoError(t, h.Faults().AddText("delay 20ms", "json null", "cut silent", "close"))
	require.Equal(t, "nu", get(t, client, h.URL(0)+"/a"))
	require.Eventually(t, func() bool { return h.Journal().Gauge("").InFlight == 0 }, 30*time.Second, time.Millisecond)
	for e := range h.Journal().Entries(journal.Filter{}) {
		require.Equal(t, []string{"delay 20ms", "json null", "cut silent"}, e.Faults)
	}
	r, err := h.Faults().Receipt("close")
	require.NoError(t, err)
	require.EqualValues(t, 1, r.Missed)
}

func TestConnectionsAreToldApart(t *testing.T) {
	h, _, client := start(t, host.Config{})
	kept := &http.Client{Transport: &http.Transport{}}
	defer kept.CloseIdleConnections()
	for range 3 {
		get(t, kept, h.URL(0)+"/a")
	}
	get(t, client, h.URL(0)+"/a")
	require.Equal(t, map[uint32]int{1: 3, 2: 1}, h.Journal().PerConnection(journal.Filter{}))
	require.Equal(t, 2, h.Journal().Count(journal.Filter{Where: func(e journal.Entry) bool { return e.Reused }}))
}

func TestARedirectionKeepsToItsOwnPath(t *testing.T) {
	h, _, client := start(t, host.Config{})
	other, _, _ := start(t, host.Config{})
	require.NoError(t, h.Faults().AddText("redirect host location="+other.URL(0)+"/"))
	require.Equal(t, "attempt 1 of 0 bytes", get(t, client, h.URL(0)+"/a?b=c"))
	require.Equal(t, 1, other.Journal().Count(journal.Filter{Key: "/a"}))
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return errors.New("not followed") }
	_, err := client.Get(h.URL(0) + "/a")
	require.ErrorContains(t, err, "not followed")
}
