package httpfault_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

const healthyBody = `{"data":{"count":3,"name":"seven","ok":true,"score":0.5},"oracle":"oracle-1","pad":"` +
	`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","project_id":7}`

// plainAPI is the least that a fake can stand for. It counts the work it does.
type plainAPI struct{ worked atomic.Int64 }

func (*plainAPI) Identify(r *http.Request, _ []byte) host.Identity {
	key := r.URL.Query().Get("key")
	name, _, _ := strings.Cut(key, ".")
	return host.Identity{Group: "plain", Key: key, Names: []string{name}}
}

func (a *plainAPI) Serve(*host.Call) httpfault.Answer {
	a.worked.Add(1)
	return httpfault.Answer{
		Status: 200, ContentType: "application/json", Body: []byte(healthyBody),
		Wrong: func(how string) []byte { return []byte(`{"wrong":"` + how + `"}`) },
	}
}

func (*plainAPI) Refuse(status int, name string) httpfault.Answer {
	return httpfault.Answer{Status: status, ContentType: "application/json", Body: fmt.Appendf(nil, `{"error":%q}`, name)}
}

// rig is a fake with faults and a real client in front of it, over TCP.
type rig struct {
	*testing.T
	*host.Host
	api    *plainAPI
	client *http.Client // a connection for each request, so that nothing is tried twice
	names  []string     // of the faults
	seed   uint64
}

// newRig starts a fake. When the test ends it lifts the faults and demands that
// nothing of them is left: the next answer is whole, and no goroutine remains.
func newRig(t *testing.T, seed uint64, faults ...string) *rig {
	t.Helper()
	api := &plainAPI{}
	h, err := host.Start(host.Config{Seed: seed}, api)
	require.NoError(t, err)
	r := &rig{T: t, Host: h, api: api, seed: seed, client: &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 256 << 10},
	}}
	t.Cleanup(h.Close)
	for _, text := range faults {
		f, err := fault.Parse(text)
		require.NoError(t, err)
		require.NoError(t, h.Faults().Add(f))
		r.names = append(r.names, f.Name())
	}
	return r
}

// undo lifts the faults and demands that nothing is left of them.
func (r *rig) undo() {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	receipts, err := r.Clear(ctx)
	require.NoError(r, err)
	for _, receipt := range receipts {
		require.True(r, receipt.Lifted)
		require.Zero(r, receipt.Held)
		require.Positive(r, receipt.Fired, "the fault never fired: %s", receipt.Text)
		require.Equal(r, receipt.Selected, receipt.Fired+receipt.Missed)
	}
	got := r.get("after", 1)
	require.NoError(r, got.err)
	require.Equal(r, healthyBody, string(got.body))
	require.Less(r, got.took, 10*time.Second)
	require.Eventually(r, func() bool { return r.Journal().Gauge("").InFlight == 0 }, 30*time.Second, time.Millisecond)
}

// receipt is that of the first fault.
func (r *rig) receipt() fault.Receipt {
	r.Helper()
	got, err := r.Faults().Receipt(r.names[0])
	require.NoError(r, err)
	return got
}

// reply is what a client got.
type reply struct {
	status int
	header http.Header
	body   []byte
	err    error         // of the call or of its body
	inBody bool          // err came while reading the body
	head   time.Duration // until the headers were there
	took   time.Duration // until all was there, or an error
}

func (r *rig) get(key string, attempt int) reply {
	return r.getWith(r.client, key, attempt)
}

func (r *rig) getWith(client *http.Client, key string, attempt int) reply {
	req, err := http.NewRequest(http.MethodGet, r.URL(0)+"/?key="+key, nil)
	if err != nil {
		return reply{err: err}
	}
	req.Header.Set("X-Attempt", strconv.Itoa(attempt))
	begin := time.Now()
	res, err := client.Do(req)
	got := reply{err: err, head: time.Since(begin), took: time.Since(begin)}
	if err != nil {
		return got
	}
	defer res.Body.Close()
	got.status, got.header = res.StatusCode, res.Header
	got.body, got.err = io.ReadAll(io.LimitReader(res.Body, 256<<20))
	got.inBody, got.took = got.err != nil, time.Since(begin)
	return got
}

// impatient is a client that waits no longer than that.
func (r *rig) impatient(timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, Transport: r.client.Transport}
}

// many makes n requests with keys of their own, at most 16 at once.
func (r *rig) many(n int) []reply {
	out := make([]reply, n)
	slots := make(chan struct{}, 16)
	var wg sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			out[i] = r.get("k"+strconv.Itoa(i), 1)
		})
	}
	wg.Wait()
	return out
}

// raw makes a request over a bare connection and returns all that comes back,
// and how it ended: nil for an orderly end.
func (r *rig) raw() ([]byte, error) {
	r.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.URL(0), "http://"))
	require.NoError(r, err)
	defer conn.Close()
	require.NoError(r, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, "GET /?key=raw HTTP/1.1\r\nHost: fake\r\n\r\n")
	require.NoError(r, err)
	return io.ReadAll(conn)
}

// worked says whether the work of the only request was done.
func (r *rig) worked() bool { return r.api.worked.Load() > 0 }

// last is the only entry of the journal, once it is over.
func (r *rig) last() journal.Entry {
	r.Helper()
	require.Eventually(r, func() bool { return r.Journal().Gauge("").InFlight == 0 }, 30*time.Second, time.Millisecond)
	all := slices.Collect(r.Journal().Entries(journal.Filter{}))
	require.NotEmpty(r, all)
	return all[len(all)-1]
}

// about demands that got is want, within share of it and 15 ms for the machine.
func about(must *require.Assertions, want, got time.Duration, share float64, what string) {
	slack := time.Duration(share*float64(want)) + 15*time.Millisecond
	must.InDelta(want.Seconds(), got.Seconds(), slack.Seconds(), "%s: want %v, got %v", what, want, got)
}

// drawn are the waits of requests k0, k1, …
type drawn []time.Duration

func (d drawn) quantile(q float64) time.Duration {
	return slices.Sorted(slices.Values(d))[int(q*float64(len(d)))]
}

// draws returns what the first fault has each request wait for: what a set of
// its own, with the same seed, makes of it in no time at all.
func (r *rig) draws(n int) drawn {
	r.Helper()
	out := make(drawn, n)
	synctest.Test(r.T, func(t *testing.T) {
		set := httpfault.NewSet(httpfault.Config{Seed: r.seed})
		require.NoError(t, set.AddText(r.names[0]))
		for i := range out {
			plan := set.Plan(httpfault.Request{Key: fmt.Sprint("plain/k", i), Attempt: 1, Arrival: 1})
			begin := time.Now()
			require.NoError(t, plan.Wait(t.Context()))
			out[i] = time.Since(begin)
			plan.Done()
		}
	})
	return out
}

// waitsForItsDraws demands that no request is answered before its draw, and that
// the promptest is answered within a tenth of it: other work on the machine
// delays many, but what it adds is not the fault's.
func (r *rig) waitsForItsDraws(draws drawn) {
	r.Helper()
	promptest := time.Hour
	for i, got := range r.many(len(draws)) {
		require.NoError(r, got.err)
		require.GreaterOrEqual(r, got.head, draws[i], "request %d was answered early", i)
		promptest = min(promptest, got.head-draws[i]-draws[i]/10)
	}
	require.Less(r, promptest, 2*time.Millisecond, "what was added to the promptest, beyond a tenth")
}

// takesItsTime demands that an answer took at least a time, and not much more.
func (r *rig) takesItsTime(want time.Duration, got reply, share float64) {
	r.Helper()
	for range 5 { // other work on the machine may spoil a few
		require.GreaterOrEqual(r, got.took, want)
		if got.took <= want+time.Duration(share*float64(want))+15*time.Millisecond {
			return
		}
		got = r.get("again", 1)
	}
	r.Fatalf("want %v, and got %v at least in six attempts", want, got.took)
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// readResponse reads what a raw exchange brought as HTTP.
func readResponse(b []byte) (*http.Response, error) {
	return http.ReadResponse(bufio.NewReader(strings.NewReader(string(b))), nil)
}
