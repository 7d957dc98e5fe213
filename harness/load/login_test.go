package load_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/message"
)

// loggedIn is a stream of requests by users who log in once each.
func loggedIn(t testing.TB, count int) load.Stream {
	return load.Stream{
		Name: "order", Profile: load.Constant(100, 100*ms), MaxLag: time.Minute, Expect: status(201),
		Vars: map[string]load.Var{"user": {Unique: load.UniqueNumber}},
		Sessions: &load.Sessions{
			Count: count, Capture: map[string]message.Path{"token": path(t, "header.access-token")},
			Steps: []load.Step{{Name: "login", Template: load.Template{Method: "POST", Path: "/login", JSON: json.RawMessage(`{"user": "u{user}{realm}"}`), Given: []string{"realm"}}}},
		},
		Template: &load.Template{Method: "POST", Path: "/carts/{{cart}/pay", Header: map[string]string{"Authorization": "Bearer {token}", "Cookie": "own=1"}},
	}
}

func TestSessionsAreOpenedOnceAndTakenInTurn(t *testing.T) {
	s := &shop{pay: paid}
	server := httptest.NewServer(s)
	defer server.Close()
	stream := loggedIn(t, 3)
	stream.Template.Path = "/carts/c%201/pay"
	config := load.Config{BaseURL: server.URL, Values: map[string]string{"realm": "@x"}}
	logins, err := load.LogIn(t.Context(), config, stream)
	require.NoError(t, err)
	require.Len(t, s.requests, 3)
	config.Logins = logins
	attack, err := load.Start(t.Context(), config, stream)
	require.NoError(t, err)
	tallies := attack.Wait()
	require.Len(t, tallies, 1, "logins are no load")
	require.EqualValues(t, 10, tallies[0].OK, "%v", tallies[0].Errors)
	orders := s.requests[3:]
	require.Len(t, orders, 10)
	for i, user := range []string{"u0@x", "u1@x", "u2@x"} {
		n := len(slices.DeleteFunc(slices.Clone(orders), func(r string) bool {
			return r != "POST /carts/c 1/pay sid-"+user+" Bearer t-"+user+" "
		}))
		require.Equal(t, []int{4, 3, 3}[i], n, orders)
	}
	require.Contains(t, s.ids, "order.sessions.login/2")
}

// Without LogIn before it, Start logs in by itself, and the clock begins after that.
func TestStartLogsInByItself(t *testing.T) {
	s := &shop{pay: paid}
	stream := loggedIn(t, 2)
	stream.Template.Path = "/carts/c%201/pay"
	tallies := play(t, s.ServeHTTP, load.Config{Values: map[string]string{"realm": ""}}, stream)
	require.EqualValues(t, 10, tallies[0].OK, "%v", tallies[0].Errors)
	require.Len(t, s.requests, 12)
}

func TestJourneysBeginWithASessionAndGoTheirOwnWay(t *testing.T) {
	s := &shop{pay: paid}
	stream := orders(t, load.Constant(100, 50*ms))
	stream.Sessions = &load.Sessions{Count: 2, Steps: stream.Steps[:1]}
	stream.Steps = stream.Steps[1:]
	tallies := play(t, s.ServeHTTP, load.Config{}, stream)
	require.EqualValues(t, 5, tallies[0].OK, "%v", tallies[0].Errors)
	require.Len(t, s.requests, 2+10)
}

func TestALoginThatFailsIsSaid(t *testing.T) {
	for says, spoil := range map[string]func(*load.Stream, *load.Config){
		`log in for the stream order: session 1 of 1, step login: POST /login: status is 400, expected is status 2xx; the answer begins "what is this?"`: func(s *load.Stream, _ *load.Config) {
			s.Sessions.Steps[0].Template.JSON = json.RawMessage(`{}`)
		},
		`capture token: there is no header.x-token in the answer`: func(s *load.Stream, _ *load.Config) {
			s.Sessions.Capture["token"] = path(t, "header.x-token")
		},
		`capture nothing: there is no json.none in the answer`: func(s *load.Stream, _ *load.Config) {
			s.Sessions.Steps[0].Capture = map[string]message.Path{"nothing": path(t, "json.none")}
		},
		`nobody gave a value for {realm}, did you mean relam?`: func(_ *load.Stream, c *load.Config) {
			c.Values = map[string]string{"relam": ""}
		},
		`no answer: refused`: func(_ *load.Stream, c *load.Config) { c.BaseURL = "http://127.0.0.1:1" },
	} {
		server := httptest.NewServer(&shop{pay: paid})
		stream := loggedIn(t, 1)
		stream.Template.Path = "/carts/c%201/pay"
		config := load.Config{BaseURL: server.URL, Values: map[string]string{"realm": ""}}
		spoil(&stream, &config)
		_, err := load.Start(t.Context(), config, stream)
		require.ErrorContains(t, err, says)
		server.Close()
	}
}

func TestValuesThatAreGiven(t *testing.T) {
	var seen atomic.Value
	handler := func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get("Authorization") + " " + r.URL.RequestURI())
	}
	stream := load.Stream{Name: "x", Profile: load.Constant(10, 100*ms), MaxLag: time.Minute, Template: &load.Template{
		Path: "/{key}", Header: map[string]string{"Authorization": "Bearer {key}"}, Given: []string{"key", "unused"}}}
	tallies := play(t, handler, load.Config{Values: map[string]string{"key": "a b/c"}}, stream)
	require.EqualValues(t, 1, tallies[0].OK)
	require.Equal(t, "Bearer a b/c /a%20b%2Fc", seen.Load())
	for says, values := range map[string]map[string]string{
		"nobody gave a value for {key}, did you mean kee?": {"kee": ""},
		"{key}: its value has a line break":                {"key": "a\nb"},
		"stream \"x\": nobody gave a value for {key}":      nil,
	} {
		_, err := load.Start(t.Context(), load.Config{BaseURL: "http://127.0.0.1:1", Values: values}, stream)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "a\nb", "a value may be a secret")
	}
	stream.Template.Path = "/{kye}"
	require.ErrorContains(t, stream.Validate(), "there is no variable kye, did you mean key?")
	stream.Template = &load.Template{Path: "/", JSON: json.RawMessage(`{"n": "{key:int}"}`), Given: []string{"key"}}
	_, err := load.Start(t.Context(), load.Config{BaseURL: "http://127.0.0.1:1", Values: map[string]string{"key": "7a"}}, stream)
	require.ErrorContains(t, err, "{key:int}: its value is no whole number")
	require.False(t, strings.Contains(err.Error(), "7a"))
}

func TestAStreamGoesToTheProcessThatItNames(t *testing.T) {
	var web, ws atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ws.Add(1) }))
	defer other.Close()
	balancer, err := load.NewBalancer(other.URL)
	require.NoError(t, err)
	one := load.Stream{Name: "one", Profile: load.Constant(100, 50*ms), MaxLag: time.Minute, Next: get("/")}
	two := one
	two.Name, two.To = "two", "ws"
	play(t, func(http.ResponseWriter, *http.Request) { web.Add(1) }, load.Config{Targets: map[string]*load.Balancer{"ws": balancer}}, one, two)
	require.EqualValues(t, 5, web.Load())
	require.EqualValues(t, 5, ws.Load())
	two.To = "wss"
	_, err = load.Start(t.Context(), load.Config{BaseURL: other.URL, Targets: map[string]*load.Balancer{"ws": balancer}}, two)
	require.ErrorContains(t, err, `stream "two" goes to "wss", which is no process of the target, did you mean ws?`)
}

// What was given to requests, or captured, stands in nothing that is kept of them.
func TestGivenValuesAreNotKept(t *testing.T) {
	const secret = "s3cr3t-of-nobody"
	stream := load.Stream{
		Name: "x", Profile: load.Constant(100, 50*ms), MaxLag: time.Minute, Steps: []load.Step{
			{Name: "a", Template: load.Template{Path: "/{key}?q={key}", Given: []string{"key"}}, Expect: status(200), Capture: map[string]message.Path{"token": path(t, "body")}},
			{Name: "b", Template: load.Template{Path: "/b/{token}", Form: map[string]string{"t": "{token}"}, Header: map[string]string{"Authorization": "Bearer {token}"}}, Expect: status(201)},
		},
	}
	var shown []string
	var mu sync.Mutex
	tallies := play(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(secret)) }, load.Config{
		Values: map[string]string{"key": secret},
		Answers: func(x load.Exchange, r load.Request, _ load.Answer) {
			mu.Lock()
			defer mu.Unlock()
			require.Contains(t, r.Path, secret)
			s := r.Shown()
			shown = append(shown, x.Path, s.Path, string(s.Body), s.Header.Get("Authorization"))
		},
	}, stream)
	require.NotEmpty(t, tallies[0].Examples)
	kept, err := json.Marshal(tallies)
	require.NoError(t, err)
	require.NotContains(t, string(kept)+fmt.Sprint(tallies[0].Examples, tallies[2].Examples, shown), secret)
	require.Contains(t, shown, "/b/{token}")
	require.Contains(t, shown, "t=%7Btoken%7D")
	require.Contains(t, shown, "Bearer {token}")
}

// What an answer gives to a journey cannot become a header of its own, or break a body.
func TestACapturedValueThatDoesNotFitEndsTheJourney(t *testing.T) {
	for name, next := range map[string]load.Template{
		"in a header":     {Path: "/", Header: map[string]string{"X-A": "{v}"}},
		"as a number":     {Path: "/", JSON: json.RawMessage(`{"n": "{v:int}"}`)},
		"where it may be": {Path: "/{v}", JSON: json.RawMessage(`{"n": "{v}"}`)},
	} {
		var asked atomic.Int64
		tallies := play(t, func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			_, _ = w.Write([]byte(`{"v": "1\r\nX-B: 2"}`))
		}, load.Config{}, load.Stream{Name: "x", Profile: load.Constant(50, 20*ms), MaxLag: time.Minute, Steps: []load.Step{
			{Name: "a", Template: load.Template{Path: "/"}, Capture: map[string]message.Path{"v": path(t, "json.v")}},
			{Name: "b", Template: next},
		}})
		if name == "where it may be" {
			require.EqualValues(t, 1, tallies[0].OK, name)
			continue
		}
		require.Equal(t, map[string]int64{"check_capture": 1}, tallies[0].Errors, name)
		require.EqualValues(t, 1, asked.Load(), "nothing more was asked")
	}
}
