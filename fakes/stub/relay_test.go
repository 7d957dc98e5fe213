package stub_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/message"
)

// relayTo is a running relay to an upstream.
func relayTo(t *testing.T, r stub.Relay, routes ...stub.Route) *stub.Server {
	t.Helper()
	s, err := stub.Start(stub.Config{Routes: routes}.Relaying(r))
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// upstream answers with what it was asked, and with headers of one hop.
func upstream(t *testing.T) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "1")
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		if to := r.URL.Query().Get("to"); to != "" {
			w.Header().Set("Location", strings.ReplaceAll(to, "HOST", r.Host))
			w.WriteHeader(http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/x-seen")
		head := []string{}
		for _, name := range []string{"Authorization", "X-Api-Key", "X-Secret-Hop", "Connection", "Te", "Proxy-Authorization", "User-Agent", "X-Forwarded-For"} {
			head = append(head, name+"="+strings.Join(r.Header[name], ","))
		}
		fmt.Fprintf(w, "%s %s %s [%s] %s", r.Method, r.Host, r.RequestURI, strings.Join(head, " "), body)
	}))
	t.Cleanup(u.Close)
	return u, &asked
}

// do sends a request and returns the answer with its body; no redirection is followed.
func do(t *testing.T, req *http.Request) (*http.Response, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	return req
}

func TestARequestIsPassedOnAsItCame(t *testing.T) {
	u, _ := upstream(t)
	s := relayTo(t, stub.Relay{To: u.URL + "/base"})
	req := request(t, "PUT", s.URL(0)+"/a%2Fb/c?q=1&q=%20", "the body")
	for name, value := range map[string]string{
		"Authorization": "Bearer geheim", "X-Api-Key": "k", "Connection": "X-Secret-Hop", "X-Secret-Hop": "1", "TE": "trailers", "Proxy-Authorization": "x", "User-Agent": "",
	} {
		req.Header.Set(name, value)
	}
	res, body := do(t, req)
	host := strings.TrimPrefix(u.URL, "http://")
	require.Equal(t, "PUT "+host+" /base/a%2Fb/c?q=1&q=%20 [Authorization=Bearer geheim X-Api-Key=k X-Secret-Hop= Connection= Te= Proxy-Authorization= User-Agent= X-Forwarded-For=] the body", body)
	require.Equal(t, "text/x-seen", res.Header.Get("Content-Type"))
	require.Equal(t, []string{"a=1", "b=2"}, res.Header["Set-Cookie"])
	require.Empty(t, res.Header.Get("X-Hop"))
	require.Len(t, res.Header["Date"], 1)
	require.Empty(t, s.Trouble())
	entries := s.Journal().Gauge(stub.Relayed)
	require.EqualValues(t, 1, entries.Total)
	require.NotContains(t, fmt.Sprint(s.Journal().Samples()), "geheim", "a credential is not in the journal")
}

func TestARedirectionLeadsBackHereAndIsNotFollowed(t *testing.T) {
	u, asked := upstream(t)
	s := relayTo(t, stub.Relay{To: u.URL})
	for to, want := range map[string]string{
		"http://HOST/there?x=1": s.URL(0) + "/there?x=1", "http://HOST": s.URL(0), "/there": "/there",
		"http://HOST1/": u.URL + "1/", "https://login.example/": "https://login.example/",
	} {
		before := asked.Load()
		res, _ := do(t, request(t, "GET", s.URL(0)+"/x?to="+strings.ReplaceAll(to, "?", "%3F"), ""))
		require.Equal(t, http.StatusFound, res.StatusCode)
		require.Equal(t, want, res.Header.Get("Location"))
		require.Equal(t, before+1, asked.Load())
	}
}

func TestHEADSaysTheLengthOfWhatGETWouldGet(t *testing.T) {
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1234")
		if r.Method == http.MethodGet {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1234))
		}
	}))
	defer u.Close()
	s := relayTo(t, stub.Relay{To: u.URL})
	for _, method := range []string{"GET", "HEAD"} {
		res, _ := do(t, request(t, method, s.URL(0)+"/", ""))
		require.EqualValues(t, 1234, res.ContentLength, method)
	}
	require.NoError(t, s.Faults().AddText("drip bytes=4 gap=1ms"))
	res, _ := do(t, request(t, "HEAD", s.URL(0)+"/", ""))
	require.Len(t, res.Header["Content-Length"], 1)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestFaultsAreLaidOverAnUpstream(t *testing.T) {
	u, asked := upstream(t)
	s := relayTo(t, stub.Relay{To: u.URL})
	require.NoError(t, s.Faults().AddText("status 503 key=/down"))
	require.NoError(t, s.Faults().AddText("reset key=/cut"))
	res, _ := do(t, request(t, "GET", s.URL(0)+"/down?x=1", ""))
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	_, err := http.Get(s.URL(0) + "/cut")
	require.Error(t, err)
	res, _ = do(t, request(t, "GET", s.URL(0)+"/up", ""))
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Empty(t, s.Trouble(), "a fault is no trouble of the upstream")
	require.Positive(t, asked.Load())
}

func TestARouteWithAResponseIsAnsweredHere(t *testing.T) {
	u, asked := upstream(t)
	s := relayTo(t, stub.Relay{To: u.URL},
		stub.Route{Name: "own", Request: message.Matcher{Path: "/own"}, Response: stub.Response{Text: "mine"}},
		stub.Route{Name: "keyed", Request: message.Matcher{Path: "/keyed/{n}"}, Key: "{path.n}", PassOn: true})
	_, body := do(t, request(t, "GET", s.URL(0)+"/own", ""))
	require.Equal(t, "mine", body)
	require.Zero(t, asked.Load())
	for range 2 {
		_, body = do(t, request(t, "GET", s.URL(0)+"/keyed/7", ""))
		require.Contains(t, body, "/keyed/7")
	}
	calls, _ := s.Calls()
	require.Equal(t, []string{"own", "keyed", "keyed"}, []string{calls[0].Route, calls[1].Route, calls[2].Route})
	require.Equal(t, "7", calls[2].Key)
	require.Empty(t, s.Asked())
}

func TestSomebodyElsesIsSpared(t *testing.T) {
	u, asked := upstream(t)
	s := relayTo(t, stub.Relay{To: u.URL, ReadOnly: true, PerSecond: 3})
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		res, body := do(t, request(t, method, s.URL(0)+"/", ""))
		require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, body)
		require.Contains(t, body, "--allow-load")
	}
	require.Zero(t, asked.Load())
	begun := time.Now()
	for range 20 {
		_, _ = do(t, request(t, "GET", s.URL(0)+"/", ""))
	}
	require.LessOrEqual(t, asked.Load(), 3*(1+int64(time.Since(begun)/time.Second)))
	require.Contains(t, strings.Join(s.Trouble(), "\n"), "more than 3 requests a second are not passed on")
	require.Contains(t, strings.Join(s.Trouble(), "\n"), "POST is not passed on")
}

func TestWhatAnUpstreamDoesNotAnswerIsItsOwnTrouble(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	held := make(chan struct{})
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			select {
			case <-held:
			case <-r.Context().Done():
			}
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("x"))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "/large":
			_, _ = w.Write(bytes.Repeat([]byte("x"), 2000))
		case "/sick":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer bad.Close()
	defer close(held)
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "safe") }))
	defer secure.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(secure.Certificate())
	for _, row := range []struct {
		name, path string
		relay      stub.Relay
		status     int
		trouble    string
	}{
		{"down", "/", stub.Relay{To: gone.URL}, 502, "connection refused (1 requests)"},
		{"a name that there is not", "/", stub.Relay{To: "http://nowhere.invalid"}, 502, "nowhere.invalid"},
		{"slow", "/slow", stub.Relay{To: bad.URL, Timeout: 50 * time.Millisecond}, 504, "did not answer whole in 50ms"},
		{"an answer that breaks off", "/cut", stub.Relay{To: bad.URL}, 502, "its answer broke off"},
		{"an answer that is too large", "/large", stub.Relay{To: bad.URL, MaxBody: 1000}, 502, "more than 1000 bytes"},
		{"sick", "/sick", stub.Relay{To: bad.URL}, 503, "answered 503 (1 requests)"},
		{"whom nobody vouches for", "/", stub.Relay{To: secure.URL}, 502, "certificate"},
		{"over TLS", "/", stub.Relay{To: secure.URL, Roots: trusted}, 200, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := relayTo(t, row.relay)
			res, body := do(t, request(t, "GET", s.URL(0)+row.path, ""))
			require.Equal(t, row.status, res.StatusCode, body)
			require.Contains(t, strings.Join(s.Trouble(), "\n"), row.trouble)
			require.Equal(t, row.trouble != "", len(s.Trouble()) > 0)
		})
	}
}

func TestAClientThatLetsGoIsNobodysTrouble(t *testing.T) {
	asked := make(chan struct{})
	u := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer u.Close()
	s := relayTo(t, stub.Relay{To: u.URL})
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		_, err := http.DefaultClient.Do(request(t, "GET", s.URL(0)+"/", "").WithContext(ctx))
		require.Error(t, err)
	})
	<-asked
	cancel()
	done.Wait()
	s.Close()
	require.Empty(t, s.Trouble())
}

func TestARelayIsRefusedThatCannotBeMeant(t *testing.T) {
	for to, want := range map[string]string{
		"": "is not http://", "api.example.com": "is not http://", "ftp://x": "is not http://", "https://": "is not http://",
		"https://u:geheim@x": "has a name or a password", "https://x?token=geheim": "more than a host and a path", "http://[::1": "is no address", "http://x:port": "is no address",
	} {
		err := stub.Relay{To: to}.Validate()
		require.ErrorContains(t, err, want, to)
		require.NotContains(t, err.Error(), "geheim")
	}
	for to, want := range map[string]string{"https://x": "x:443", "http://x/y": "x:80", "https://x:8443": "x:8443", "https://[::1]": "[::1]:443", "http://[::1]:80": "[::1]:80", "nothing": ""} {
		require.Equal(t, want, stub.Relay{To: to}.Host())
	}
	require.ErrorContains(t, stub.Config{Routes: []stub.Route{{Name: "x", PassOn: true}}}.Validate(), "there is no relay")
}

// The standard library's own proxy is the witness: both pass the same headers on.
func TestARelayPassesOnWhatTheStandardProxyDoes(t *testing.T) {
	var mu sync.Mutex
	var seen []http.Header
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Header.Clone())
		for _, name := range []string{"Keep-Alive", "Proxy-Authenticate", "Upgrade", "X-Kept", "X-Named"} {
			w.Header().Set(name, "1")
		}
		w.Header().Set("Connection", "X-Named")
	}))
	defer u.Close()
	target := must(http.NewRequest("GET", u.URL, nil)).URL
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	defer proxy.Close()
	s := relayTo(t, stub.Relay{To: u.URL})
	var answers []http.Header
	for _, to := range []string{proxy.URL, s.URL(0)} {
		req := request(t, "GET", to+"/x", "")
		for _, name := range []string{"Accept", "Accept-Language", "If-None-Match", "X-Request-Id", "Keep-Alive", "Proxy-Connection", "X-Named", "Range", "User-Agent", "X-Attempt", "Cookie"} {
			req.Header.Set(name, "1")
		}
		req.Header.Set("Connection", "X-Named")
		res, _ := do(t, req)
		answers = append(answers, res.Header)
	}
	require.Equal(t, seen[0], seen[1])
	for _, h := range answers {
		h.Del("Date")
	}
	require.Equal(t, answers[0], answers[1])
}
