package stub_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/message"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// on is a matcher of a method and a path.
func on(method, path string) message.Matcher { return message.Matcher{Method: method, Path: path} }

// rates is the smallest stub that is worth having.
func rates() stub.Route {
	return stub.Route{
		Name: "rate", Request: on("GET", "/rates/{currency}"),
		Response: stub.Response{JSON: `{"currency":"{path.currency}","rate":2}`},
	}
}

// charge is a payment as Stripe takes it.
func charge() stub.Route {
	r := stub.Route{
		Name: "charge", Request: on("POST", "/v1/charges"), Key: "{form.metadata[cart]}",
		Idempotency: stub.Idempotency{Header: "Idempotency-Key"},
		Response: stub.Response{
			JSON:    `{"id":"ch_{key}","amount":"{form.amount:int}","paid":true}`,
			Headers: map[string]string{"Request-Id": "req_{id}"},
		},
	}
	r.Request.Headers = map[string]message.Condition{"Authorization": message.Present()}
	return r
}

func start(t *testing.T, routes ...stub.Route) *stub.Server {
	t.Helper()
	return startWith(t, stub.Config{Config: host.Config{Seed: 1}, Routes: routes})
}

func startWith(t *testing.T, c stub.Config) *stub.Server {
	t.Helper()
	s, err := stub.Start(c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// call is one request as a client sends it.
type call struct {
	method, path, body string
	header             map[string]string
}

// answer is what came of it.
type answer struct {
	status int
	body   string
	header http.Header
}

func (c call) to(t *testing.T, s *stub.Server) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), c.method, s.URL(0)+c.path, strings.NewReader(c.body))
	require.NoError(t, err)
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, string(body), res.Header}
}

// pay is a charge for a cart under an idempotency key.
func pay(cart, idempotencyKey string, amount int) call {
	c := call{method: "POST", path: "/v1/charges", body: url.Values{"metadata[cart]": {cart}, "amount": {fmt.Sprint(amount)}}.Encode(), header: map[string]string{
		"Authorization": "Bearer sk_test", "Content-Type": "application/x-www-form-urlencoded",
	}}
	if idempotencyKey != "" {
		c.header["Idempotency-Key"] = idempotencyKey
	}
	return c
}

func TestAnAnswerIsMadeOfItsRequest(t *testing.T) {
	order := stub.Route{
		Name: "order", Request: on("PUT", "/shops/{shop}/orders/{id}"), Key: "{json.order.id}",
		Response: stub.Response{
			Status: 201, Headers: map[string]string{"Location": "{url}/orders/{key}", "Content-Type": "application/vnd.shop+json"},
			JSON: `{"shop":"{shop}","same":"{path.id}","q":"{query.q}","n":"{json.order.n:int}","none":"{json.none:int}","text":"{json.order.text}","brace":"{{x}","h":"{header.x-a}","m":"{method}","fixed":"{parameters.size}"}`,
		},
	}
	s := startWith(t, stub.Config{Routes: []stub.Route{rates(), order}, Values: map[string]string{"parameters.size": "7"}})
	got := call{method: "GET", path: "/rates/EUR"}.to(t, s)
	require.Equal(t, 200, got.status)
	require.Equal(t, "application/json", got.header.Get("Content-Type"))
	require.JSONEq(t, `{"currency":"EUR","rate":2}`, got.body)
	got = call{method: "PUT", path: "/shops/s%201/orders/7?q=a+b", body: `{"order":{"id":"o-1","n":12.5,"text":"say \"hi\""}}`, header: map[string]string{"X-A": "b"}}.to(t, s)
	require.Equal(t, 201, got.status)
	require.JSONEq(t, `{"shop":"s 1","same":"7","q":"a b","n":12.5,"none":null,"text":"say \"hi\"","brace":"{x}","h":"b","m":"PUT","fixed":"7"}`, got.body)
	require.Equal(t, s.URL(0)+"/orders/o-1", got.header.Get("Location"))
	require.Equal(t, "application/vnd.shop+json", got.header.Get("Content-Type"))
	require.Equal(t, map[journal.Name]int{{Group: "rate", Key: "GET /rates/EUR"}: 1, {Group: "order", Key: "o-1"}: 1}, s.Journal().Attempts(journal.Filter{}))
}

func TestATextAndAnEmptyAnswer(t *testing.T) {
	s := start(t,
		stub.Route{Name: "text", Request: on("GET", "/text"), Response: stub.Response{Text: "hello {query.q}, number {n}, try {attempt}"}},
		stub.Route{Name: "empty", Request: on("DELETE", "/x"), Response: stub.Response{Status: 204}})
	require.Equal(t, "hello you, number 1, try 1", call{method: "GET", path: "/text?q=you"}.to(t, s).body)
	got := call{method: "GET", path: "/text?q=you"}.to(t, s)
	require.Equal(t, "hello you, number 2, try 2", got.body)
	require.Equal(t, "text/plain; charset=utf-8", got.header.Get("Content-Type"))
	require.Equal(t, answer{status: 204}, answer{status: call{method: "DELETE", path: "/x"}.to(t, s).status})
}

// What a client puts into a value stays a value.
func TestAValueOfTheRequestDoesNotBecomeMore(t *testing.T) {
	s := start(t, stub.Route{
		Name: "echo", Request: on("POST", "/echo"),
		Response: stub.Response{JSON: `{"v":"{json.v}","n":"{json.n:int}"}`, Headers: map[string]string{"X-V": "{json.v}"}},
	})
	got := call{method: "POST", path: "/echo", body: `{"v":"a\",\"x\":1,\"\r\nSet-Cookie: a","n":"1,\"y\":2"}`}.to(t, s)
	require.JSONEq(t, `{"v":"a\",\"x\":1,\"\r\nSet-Cookie: a","n":null}`, got.body)
	require.Empty(t, got.header.Get("Set-Cookie"))
}

func TestTheMoreParticularRouteAnswers(t *testing.T) {
	text := func(name string, m message.Matcher) stub.Route {
		return stub.Route{Name: name, Request: m, Response: stub.Response{Text: name}}
	}
	drafts := on("GET", "/v1/charges/{id}")
	drafts.Query = map[string]message.Condition{"draft": message.Equal("true")}
	s := start(t, text("any", message.Matcher{}), text("rest", on("GET", "/v1/{rest...}")), text("one", on("GET", "/v1/charges/{id}")),
		text("draft", drafts), text("search", on("GET", "/v1/charges/search")))
	for path, want := range map[string]string{
		"/v1/charges/search": "search", "/v1/charges/7": "one", "/v1/charges/7?draft=true": "draft", "/v1/other": "rest", "/else": "any",
	} {
		require.Equal(t, want, call{method: "GET", path: path}.to(t, s).body, path)
	}
}

func TestWhatNoRouteIsForIsToldAndCounted(t *testing.T) {
	var lines []string
	var mu sync.Mutex
	s := startWith(t, stub.Config{Routes: []stub.Route{rates(), charge()}, Config: host.Config{Log: func(line string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, line)
	}}})
	for range 2 {
		got := call{method: "POST", path: "/v1/charges?x=1", body: "a=b"}.to(t, s)
		require.Equal(t, 404, got.status)
		require.Contains(t, got.body, "no route is for POST /v1/charges: ")
		require.Contains(t, got.body, "charge: header.Authorization is absent, it should be present")
		require.Contains(t, got.body, "rate: method is POST, it should be GET")
	}
	require.Equal(t, 2, s.Journal().Count(journal.Filter{Group: stub.Unmatched}))
	require.Equal(t, []string{"no route is for POST /v1/charges"}, s.Asked())
	require.Equal(t, []string{"no route is for POST /v1/charges (otherwise than asked for: charge: header.Authorization; rate: method)"}, lines, "said once, without what stood there")
}

func TestAnIdempotencyKeyIsAnsweredAsBefore(t *testing.T) {
	s := start(t, charge())
	first := pay("c-1", "k-1", 300).to(t, s)
	require.Equal(t, 200, first.status)
	require.JSONEq(t, `{"id":"ch_c-1","amount":300,"paid":true}`, first.body)
	require.Empty(t, first.header.Get(stub.Replayed))
	again := pay("c-1", "k-1", 300).to(t, s)
	require.Equal(t, first.body, again.body)
	require.Equal(t, first.header.Get("Request-Id"), again.header.Get("Request-Id"))
	require.Equal(t, "true", again.header.Get(stub.Replayed))
	other := pay("c-1", "k-1", 301).to(t, s)
	require.Equal(t, 422, other.status)
	require.Contains(t, other.body, "idempotency_key_reused")
	require.Equal(t, 1, s.Journal().Accepted(), "done once")
	require.Equal(t, 200, pay("c-1", "", 300).to(t, s).status, "without a key it is another charge")
	require.Equal(t, 2, s.Journal().Accepted())
	require.Len(t, s.Journal().Duplicates(), 1)
	require.Equal(t, []stub.KeyUse{{Entry: 0, Route: "charge", Key: "c-1"}, {Entry: 3, Route: "charge", Key: "c-1"}}, s.IdempotencyKeys())
}

// The work is done and its answer is lost: the retry is answered as the first time.
func TestALostAnswerIsNotDoneTwiceUnderItsKey(t *testing.T) {
	s := start(t, charge())
	require.NoError(t, s.Faults().AddText("1*lost reset -> ok"))
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL(0)+"/v1/charges", strings.NewReader(pay("c-1", "", 1).body))
	require.NoError(t, err)
	for name, value := range pay("c-1", "k-1", 1).header {
		r.Header.Set(name, value)
	}
	if res, err := client.Do(r); err == nil {
		_ = res.Body.Close()
		t.Fatal("its answer was lost")
	}
	require.Equal(t, "true", pay("c-1", "k-1", 1).to(t, s).header.Get(stub.Replayed))
	require.Equal(t, 1, s.Journal().Accepted())
}

func TestAConflictHasItsOwnStatusAndAKeyMayBeRequired(t *testing.T) {
	r := charge()
	r.Idempotency.Conflict, r.Idempotency.Required = 409, true
	s := start(t, r)
	require.Equal(t, 400, pay("c-1", "", 1).to(t, s).status)
	require.Equal(t, 200, pay("c-1", "k", 1).to(t, s).status)
	require.Equal(t, 409, pay("c-2", "k", 1).to(t, s).status)
	require.Equal(t, 1, s.Journal().Accepted())
}

// What lacks its key is nobody's retry.
func TestARequestWithoutItsKey(t *testing.T) {
	s := start(t, charge())
	for _, amount := range []int{1, 2, 2} {
		c := pay("", "", amount)
		c.body = fmt.Sprintf("amount=%d", amount)
		require.Equal(t, 200, c.to(t, s).status)
	}
	require.Len(t, s.Journal().Attempts(journal.Filter{}), 2)
	require.Equal(t, 3, s.Journal().Count(journal.Filter{Where: func(e journal.Entry) bool { return e.Odd }}))
}

func TestFaultsPickARouteOrAKey(t *testing.T) {
	s := start(t, rates(), charge())
	require.NoError(t, s.Faults().AddText("status 503 key=charge/c-1", "status 429 key=rate"))
	require.Equal(t, 503, pay("c-1", "", 1).to(t, s).status)
	require.Equal(t, 200, pay("c-11", "", 1).to(t, s).status)
	got := call{method: "GET", path: "/rates/EUR"}.to(t, s)
	require.Equal(t, 429, got.status)
	require.JSONEq(t, `{"error":{"code":"too_many_requests","message":"Too Many Requests"}}`, got.body)
	_, err := s.Faults().Clear(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Faults().AddText("status 503 key=rate/EUR"))
	require.Equal(t, 503, call{method: "GET", path: "/rates/EUR"}.to(t, s).status, "what has no key is picked by its path")
	require.Equal(t, 200, call{method: "GET", path: "/rates/USD"}.to(t, s).status)
}

func TestAFaultOfOneRoute(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"status 503", "status 503 key=charge/*"},
		{"delay 1s key=c-1,d*", "delay 1s key=charge/c-1,charge/d*"},
		{"delay 1s key=a,b pick=1", "delay 1s key=charge/a,charge/b pick=1"},
	} {
		f, err := fault.Parse(row.text)
		require.NoError(t, err)
		require.Equal(t, row.want, stub.At("charge", f).Text())
	}
	for text, refused := range map[string]string{
		"refuse": "lay it at the dependency as a whole", "hang accept": "as a whole", "wrong stale": "of what time they are", "wrong other": "whose", "hang headers": "", "lost reset": "", "2*status 503 -> ok": "",
	} {
		f, err := fault.Parse(text)
		require.NoError(t, err)
		if err := stub.RouteSupport().Accepts(f); refused == "" {
			require.NoError(t, err, text)
		} else {
			require.ErrorContains(t, err, refused, text)
		}
	}
	f, err := fault.Parse("refuse")
	require.NoError(t, err)
	require.NoError(t, stub.Support().Accepts(f), "the whole can")
}

func TestWrongAnswersAreWellFormed(t *testing.T) {
	s := start(t, charge())
	_ = pay("c-1", "", 1).to(t, s)
	require.NoError(t, s.Faults().AddText("wrong id key=c-2", "wrong duplicate key=c-3"))
	require.JSONEq(t, `{"id":"ch_c-2-other","amount":2,"paid":true}`, pay("c-2", "", 2).to(t, s).body)
	require.JSONEq(t, `{"id":"ch_c-2","amount":2,"paid":true}`, pay("c-3", "", 3).to(t, s).body)
}

func TestCallsAreKeptUpToABound(t *testing.T) {
	s := startWith(t, stub.Config{Routes: []stub.Route{charge()}, KeepCallBytes: 2500})
	for n := range 5 {
		_ = pay(fmt.Sprint("c-", n), "", n).to(t, s)
	}
	calls, left := s.Calls()
	require.Len(t, calls, 5-left)
	require.Positive(t, left)
	p, err := message.ParsePath("form.amount")
	require.NoError(t, err)
	for n, c := range calls {
		amount, _ := p.Of(c.Message)
		require.Equal(t, fmt.Sprint(n), amount)
		require.Equal(t, fmt.Sprint("c-", n), c.Key)
	}
}

func TestAnAnswerTakesItsLatency(t *testing.T) {
	r := rates()
	r.Response.Latency = time.Hour
	s := start(t, r)
	client := http.Client{Timeout: 500 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
	_, err := client.Get(s.URL(0) + "/rates/EUR")
	require.Error(t, err)
	require.Eventually(t, func() bool { return s.Journal().Outcomes(journal.Filter{})[journal.Abandoned] == 1 }, 30*time.Second, time.Millisecond)
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	bad := stub.Route{
		Name: "a.b", Key: "{form.x} {key} {n}", Request: message.Matcher{Path: "x", Status: []int{200}},
		Idempotency: stub.Idempotency{Required: true, Conflict: 200},
		Response: stub.Response{
			Status: 99, JSON: `{`, Text: "{path.currency} {nobody}", Headers: map[string]string{"A": "{json..x}"}, Latency: -1,
		},
	}
	first := rates()
	first.Response.JSON = `{"a":"{curency}","b":"x{currency:int}"}`
	second := rates()
	second.Name = "other"
	err := stub.Config{Config: host.Config{Addresses: []string{"0.0.0.0:0"}}, Routes: []stub.Route{bad, first, second, {Name: "other", Request: on("GET", "/z")}, {Name: "unmatched", Request: on("GET", "/y")}}}.Validate()
	for _, part := range []string{
		"can be reached from outside", `route a.b: its name "a.b"`, "a request has no status", `path "x" does not begin with /`, "key: {key} is nothing", "{n} is nothing",
		"does not say which header", "status 200 of a conflict", "status 99", "its answer is no JSON", "JSON or a text, not both", "{path.currency}: the route's path has no {currency}",
		"{nobody} is nothing that is known of a request", "header A: ", "latency is below 0", "{curency} is nothing that is known of a request, did you mean currency?",
		"{currency:int}: a kind is int", "route other is for the same requests as rate", `two routes are named "other"`, `"unmatched" is what`,
	} {
		require.ErrorContains(t, err, part)
	}
	require.ErrorContains(t, stub.Config{}.Validate(), "has no routes")
	given := rates()
	given.Response.JSON = `"{secrets.a}"`
	require.NoError(t, stub.Config{Routes: []stub.Route{given}, Given: []string{"secrets.a"}}.Validate())
	_, err = stub.Start(stub.Config{})
	require.Error(t, err)
}
