package live_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/live"
)

func running() (*result.Run, error) {
	return &result.Run{Schema: result.Schema, ID: "1", Scenarios: []result.Scenario{
		{Name: "search/done", Verdict: result.Pass}, {Name: "search/x", Phases: []result.Phase{{Name: result.Baseline, To: 4 * time.Second}}},
	}}, nil
}

func plan() []string { return []string{"search/done", "search/x", "task/later"} }

func get(t *testing.T, method, url, host string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	if host != "" {
		req.Host = host
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Do(req)
	require.NoError(t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return r.StatusCode, r.Header, string(body)
}

func says(t *testing.T, body string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		require.True(t, strings.Contains(body, want), "the page does not say %q", want)
	}
}

func TestThePageFollowsTheRun(t *testing.T) {
	before := goleak.IgnoreCurrent()
	defer goleak.VerifyNone(t, before)
	s, err := live.Listen("127.0.0.1:0", plan(), running)
	require.NoError(t, err)
	p99 := 41.5
	for i := range 8 {
		n := int64(i * 100)
		s.Tick(live.Moment{Scenario: "search/x", Phase: "baseline", At: time.Duration(i) * 500 * time.Millisecond, Of: 10 * time.Second, RSSBytes: 4e7,
			Streams: []live.Stream{{Name: "search", Planned: n, Sent: n, OK: n - 1, Failed: 1, InFlight: 3, P99MS: &p99}}, Faults: []string{"delay 20ms on <database>"}})
	}
	code, header, body := get(t, http.MethodGet, s.URL(), "")
	require.Equal(t, http.StatusOK, code)
	require.Empty(t, header.Get("Refresh"), "its script is told of changes")
	require.Equal(t, "no-store", header.Get("Cache-Control"))
	says(t, body, "RUNNING", "search/x: baseline, 3.5\u00a0s of 10\u00a0s.", "700 sent, 699 ok, 1 failed, p99 41.5\u00a0ms", "delay 20ms on &lt;database&gt; (on now)", "task/later", "TO COME", "connect-src 'self'; ", `<noscript><meta http-equiv="refresh"`, "The run is going on", "not judged yet", "being written",
		"Requests of search", "peak 200/s", "target.rss", "peak 40\u00a0MB")

	s.Tick(live.Moment{Scenario: "search/y", Phase: "inject", At: time.Second, Of: 4 * time.Second})
	_, _, body = get(t, http.MethodGet, s.URL(), "")
	says(t, body, "search/x: baseline", "search/y: inject, 1\u00a0s of 4\u00a0s.", "peak 200/s")
	s.Ended("search/x")
	_, _, body = get(t, http.MethodGet, s.URL(), "")
	says(t, body, "search/y: inject")
	require.NotContains(t, body, "search/x: baseline")
	s.Ended("search/y")
	_, _, body = get(t, http.MethodGet, s.URL(), "")
	says(t, body, "No scenario runs at this moment")

	finished := make(chan error, 1)
	go func() {
		finished <- s.Finish(t.Context(), &result.Run{ID: "1", Complete: true, Verdict: result.Fail, Reason: "search/x: too slow", Scenarios: []result.Scenario{{Name: "search/x", Verdict: result.Fail}}})
	}()
	for {
		_, _, body = get(t, http.MethodGet, s.URL(), "")
		if !strings.Contains(body, "data-events") {
			break
		}
	}
	says(t, body, "FAIL", "too slow")
	require.NoError(t, <-finished, "the final page was fetched, so it ended at once")
}

func TestOnlyThisMachineIsServed(t *testing.T) {
	s, err := live.Listen("127.0.0.1:0", plan(), running)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Finish(t.Context(), nil)) }()
	for _, row := range []struct {
		method, path, host string
		code               int
	}{
		{http.MethodGet, "", "", http.StatusOK}, {http.MethodHead, "", "localhost:1", http.StatusOK},
		{http.MethodGet, "", "evil.example:80", http.StatusForbidden}, {http.MethodGet, "", "evil.example", http.StatusForbidden},
		{http.MethodGet, "events", "evil.example:80", http.StatusForbidden}, {http.MethodPost, "events", "", http.StatusMethodNotAllowed}, {http.MethodPost, "", "", http.StatusMethodNotAllowed}, {http.MethodGet, "etc/passwd", "", http.StatusNotFound},
	} {
		code, _, _ := get(t, row.method, s.URL()+row.path, row.host)
		require.Equal(t, row.code, code, "%+v", row)
	}
	for _, address := range []string{"0.0.0.0:0", ":0", "192.168.0.1:0", "here", "example.com:80"} {
		_, err := live.Listen(address, nil, running)
		require.Error(t, err, address)
	}
	_, err = live.Listen(strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/"), nil, running)
	require.ErrorContains(t, err, "serve the live report", "the port is taken")
}

func TestARunThatCannotBeReadYetIsAskedForAgain(t *testing.T) {
	var there atomic.Bool
	s, err := live.Listen("127.0.0.1:0", nil, func() (*result.Run, error) {
		if !there.Load() {
			return nil, errors.New("no run.json")
		}
		return running()
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Finish(t.Context(), nil)) }()
	code, header, _ := get(t, http.MethodGet, s.URL(), "")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Equal(t, "2", header.Get("Refresh"))
	there.Store(true)
	code, _, _ = get(t, http.MethodGet, s.URL(), "")
	require.Equal(t, http.StatusOK, code)
}

// Who follows is told at once, of each change, and at the end that it is over; then the
// server is done with it.
func TestEventsTellOfChanges(t *testing.T) {
	before := goleak.IgnoreCurrent()
	defer goleak.VerifyNone(t, before)
	s, err := live.Listen("127.0.0.1:0", plan(), running)
	require.NoError(t, err)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	open := func() *bufio.Scanner {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"events", nil)
		require.NoError(t, err)
		r, err := client.Do(req)
		require.NoError(t, err)
		t.Cleanup(func() { _ = r.Body.Close() })
		require.Equal(t, "text/event-stream", r.Header.Get("Content-Type"))
		return bufio.NewScanner(r.Body)
	}
	next := func(b *bufio.Scanner) string {
		for b.Scan() {
			if name, ok := strings.CutPrefix(b.Text(), "event: "); ok {
				return name
			}
		}
		return "end"
	}
	one := open()
	require.Equal(t, "change", next(one), "whoever comes late is told to look")
	s.Tick(live.Moment{Scenario: "search/x"})
	require.Equal(t, "change", next(one))
	s.Ended("search/x")
	require.Equal(t, "change", next(one))
	two := open()
	require.Equal(t, "change", next(two))
	require.NoError(t, s.Finish(t.Context(), &result.Run{ID: "1", Complete: true}))
	require.Equal(t, []string{"over", "end", "over", "end"}, []string{next(one), next(one), next(two), next(two)})
}

func TestEventsEndWithARunThatDidNotTakePlace(t *testing.T) {
	s, err := live.Listen("127.0.0.1:0", plan(), running)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"events", nil)
	require.NoError(t, err)
	r, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer r.Body.Close()
	require.NoError(t, s.Finish(t.Context(), nil))
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.NotContains(t, string(body), "over")
}
