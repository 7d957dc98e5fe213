package load_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/message"
)

// path reads the name of a part of an answer.
func path(t testing.TB, text string) message.Path {
	t.Helper()
	p, err := message.ParsePath(text)
	require.NoError(t, err)
	return p
}

func status(codes ...int) load.Expectation { return load.Answering(message.Matcher{Status: codes}) }

// shop is a service of which each order is a journey: a login that gives a cookie and a
// token, a cart, and its payment. It answers what does not fit with 400.
type shop struct {
	mu       sync.Mutex
	requests []string // METHOD PATH COOKIE AUTHORIZATION BODY
	ids      []string // of the requests
	pay      http.HandlerFunc
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		User string `json:"user"`
		N    int    `json:"n"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	cookie, _ := r.Cookie("sid")
	sid := ""
	if cookie != nil {
		sid = cookie.Value
	}
	s.mu.Lock()
	s.requests = append(s.requests, strings.Join([]string{r.Method, r.URL.Path, sid, r.Header.Get("Authorization"), body.User}, " "))
	s.ids = append(s.ids, r.Header.Get(load.HeaderRequest))
	s.mu.Unlock()
	switch {
	case r.URL.Path == "/login" && body.User != "":
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "sid-" + body.User, Path: "/", Secure: true, HttpOnly: true})
		w.Header().Set("Access-Token", "t-"+body.User)
		_, _ = fmt.Fprintf(w, `{"user": {"id": 7}}`)
	case r.URL.Path == "/users/7/cart" && sid != "" && r.Header.Get("Authorization") == "Bearer t-"+strings.TrimPrefix(sid, "sid-") && body.N == 7:
		_, _ = fmt.Fprintf(w, `{"cart": "c 1"}`)
	case r.URL.Path == "/carts/c 1/pay" && sid != "" && s.pay != nil:
		s.pay(w, r)
	default:
		http.Error(w, "what is this?\nno", http.StatusBadRequest)
	}
}

// orders are journeys through the shop.
func orders(t testing.TB, p load.Profile) load.Stream {
	return load.Stream{
		Name: "order", Profile: p, MaxLag: time.Minute, Vars: map[string]load.Var{"user": {Unique: load.UniqueNumber}},
		Steps: []load.Step{
			{Name: "login", Template: load.Template{Method: "POST", Path: "/login", JSON: json.RawMessage(`{"user": "u{user}"}`)}, Expect: status(200),
				Capture: map[string]message.Path{"token": path(t, "header.access-token"), "id": path(t, "json.user.id")}},
			{Name: "cart", Template: load.Template{Method: "POST", Path: "/users/{id}/cart", Header: map[string]string{"authorization": "Bearer {token}"}, JSON: json.RawMessage(`{"n": "{id:int}"}`)},
				Expect: status(200), Capture: map[string]message.Path{"cart": path(t, "json.cart")}},
			{Name: "pay", Template: load.Template{Method: "POST", Path: "/carts/{cart}/pay"}, Expect: status(201), Refused: load.Refusal()},
		},
	}
}

func paid(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }

func TestAJourneyKnowsWhatItsAnswersSaid(t *testing.T) {
	s := &shop{pay: paid}
	tallies := play(t, s.ServeHTTP, load.Config{}, orders(t, load.Constant(100, 50*ms)))
	require.Len(t, tallies, 4)
	for i, name := range []string{"order", "order.login", "order.cart", "order.pay"} {
		require.Equal(t, name, tallies[i].Name)
		require.EqualValues(t, 5, tallies[i].OK, "%s: %v", name, tallies[i].Errors)
	}
	require.Equal(t, "order", tallies[1].StepOf)
	require.Empty(t, tallies[0].StepOf)
	require.True(t, tallies[0].Answered(4))
	require.Contains(t, s.requests, "POST /carts/c 1/pay sid-u3  ", "each with its own cookies")
	require.Contains(t, s.ids, "order.pay/3")
	require.Len(t, s.requests, 15)
}

func TestAJourneyEndsAtTheStepThatFails(t *testing.T) {
	for _, row := range []struct {
		name    string
		pay     http.HandlerFunc
		class   string
		example string
	}{
		{"an error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "status_500", "step pay, POST /carts/{cart}/pay (order.pay/"},
		{"a refusal in order", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(503)
		}, load.ClassShedByTarget, ""},
		{"nothing to capture", nil, "check_capture", "step cart, POST /users/{id}/cart (order.cart/"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &shop{pay: row.pay}
			var mu sync.Mutex
			var whole, parts []load.Exchange
			stream := orders(t, load.Constant(100, 30*ms))
			last := stream.Steps[2]
			if row.pay == nil {
				stream.Steps[1].Capture["cart"] = path(t, "json.basket")
				last = stream.Steps[1]
			}
			note := func(all *[]load.Exchange) func(load.Exchange) {
				return func(x load.Exchange) { mu.Lock(); defer mu.Unlock(); *all = append(*all, x) }
			}
			tallies := play(t, s.ServeHTTP, load.Config{Arrivals: note(&whole), Observe: note(&parts)}, stream)
			require.Equal(t, map[string]int64{row.class: 3}, tallies[0].Errors)
			require.Equal(t, tallies[0].Errors, named(tallies, "order."+last.Name).Errors, "and the step says so itself")
			require.Contains(t, load.Classes(stream), row.class)
			require.Len(t, whole, 3)
			for _, x := range whole {
				require.Equal(t, "order", x.Stream)
				require.Equal(t, last.Name, x.Step, "which step it was")
				require.Equal(t, row.class, x.Class)
			}
			if row.pay == nil {
				require.Len(t, parts, 6)
				require.Zero(t, named(tallies, "order.pay").Sent, "the step after it was never made")
			} else {
				require.Len(t, parts, 9)
			}
			refused := row.class == load.ClassShedByTarget
			require.True(t, load.MayRefuse(stream))
			require.Equal(t, map[bool]int64{true: 3, false: 0}[refused], load.Refused(tallies[0].Counts))
			require.Equal(t, map[bool]int64{true: 0, false: 3}[refused], load.Failed(tallies[0].Counts))
			require.Zero(t, tallies[0].OK, "a refusal is no success")
			require.Contains(t, tallies[0].Examples[row.class], row.example)
			require.Contains(t, named(tallies, "order."+last.Name).Examples[row.class], strings.TrimPrefix(row.example, "step "+last.Name+", "))
		})
	}
}

func named(all []load.Tally, name string) load.Tally {
	for _, t := range all {
		if t.Name == name {
			return t
		}
	}
	return load.Tally{}
}

// The latency of a journey counts from when it was due to the end of its last step, that
// of a step from the end of the step before.
func TestLatenciesOfJourneys(t *testing.T) {
	s := &shop{pay: func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(60 * ms)
		w.WriteHeader(http.StatusCreated)
	}}
	stream := orders(t, load.Constant(50, 100*ms))
	stream.Steps[2].Think = 40 * ms
	phases := []result.Phase{{Name: result.Baseline, To: 100 * ms}, {Name: result.Inject, From: 100 * ms, To: time.Second}}
	tallies := play(t, s.ServeHTTP, load.Config{Phases: phases}, stream)
	whole, pay := tallies[0], tallies[3]
	require.GreaterOrEqual(t, whole.Latency.P50, 100.0)
	require.GreaterOrEqual(t, pay.Latency.P50, 60.0)
	require.Less(t, pay.Latency.P50, whole.Latency.P50-30, "thinking is no latency of a step")
	require.EqualValues(t, 5, whole.During(result.Baseline).Planned)
	require.Positive(t, pay.During(result.Inject).Sent, "a step counts in the phase in which it is due")
	for _, series := range pay.Series {
		require.NotEqual(t, "order.pay.rate.planned", series.Name, "nobody planned when it is due")
	}
}

func TestJourneysAreMadeByThePlan(t *testing.T) {
	s := &shop{pay: paid}
	stream := orders(t, load.Constant(100, 50*ms))
	_ = play(t, s.ServeHTTP, load.Config{Seed: 7}, stream)
	values, err := load.Values(7, stream)
	require.NoError(t, err)
	for n := range int64(5) {
		require.Contains(t, s.requests, "POST /login   u"+values(n)["user"])
	}
}

func TestWhatIsNoJourneyIsSaid(t *testing.T) {
	valid := func() load.Stream { return orders(t, load.Constant(100, time.Second)) }
	require.NoError(t, valid().Validate())
	for says, spoil := range map[string]func(*load.Stream){
		"step pay: path: there is no variable crat, did you mean cart?": func(s *load.Stream) { s.Steps[2].Template.Path = "/carts/{crat}/pay" },
		"step login: path: there is no variable cart":                   func(s *load.Stream) { s.Steps[0].Template.Path = "/{cart}" },
		`step "a.b": its name must be one word`:                         func(s *load.Stream) { s.Steps[0].Name = "a.b" },
		"step rate: its name is the beginning of other metrics":         func(s *load.Stream) { s.Steps[0].Name = "rate" },
		"step login: there are two of that name":                        func(s *load.Stream) { s.Steps[1].Name = "login" },
		"it has both a Template and Steps":                              func(s *load.Stream) { s.Template = &load.Template{Path: "/"} },
		"its steps say what is expected":                                func(s *load.Stream) { s.Expect = status(200) },
		"capture user: there is a variable of that name":                func(s *load.Stream) { s.Steps[0].Capture["user"] = path(t, "json.user") },
		"capture x: it does not say which part":                         func(s *load.Stream) { s.Steps[0].Capture["x"] = message.Path{} },
		"variable user: the stream has one of that name": func(s *load.Stream) {
			s.Steps[0].Template.Vars = map[string]load.Var{"user": words("a")}
		},
		"an answer has no path":            func(s *load.Stream) { s.Steps[0].Expect = load.Answering(message.Matcher{Path: "/x"}) },
		"each would count as a refusal":    func(s *load.Stream) { s.Steps[0].Refused = load.RefusedBy(message.Matcher{}) },
		"each expected answer would count": func(s *load.Stream) { s.Steps[0].Refused = load.RefusedBy(message.Matcher{Status: []int{200, 503}}) },
		"status 1000 is not between":       func(s *load.Stream) { s.Steps[0].Expect = status(1000) },
		"its Think or Timeout is negative": func(s *load.Stream) { s.Steps[0].Think = -1 },
		"there are between 1 and":          func(s *load.Stream) { s.Sessions = &load.Sessions{Steps: s.Steps} },
		"sessions: they have no step":      func(s *load.Stream) { s.Sessions = &load.Sessions{Count: 1} },
		`step x: method: "A B" is none`: func(s *load.Stream) {
			s.Steps[0] = load.Step{Name: "x", Template: load.Template{Method: "A B", Path: "/"}}
		},
		"path: \"//evil/\" does not begin":  func(s *load.Stream) { s.Steps[0].Template.Path = "//evil/" },
		"given as more than one of body":    func(s *load.Stream) { s.Steps[0].Template.Form = map[string]string{"a": "b"} },
		"its name is that of a value which": func(s *load.Stream) { s.Steps[0].Template.Given = []string{"user"} },
	} {
		s := valid()
		spoil(&s)
		require.ErrorContains(t, s.Validate(), says)
	}
	twice := valid()
	twice.Vars = map[string]load.Var{"user": {IP: "10.0.0.0/80"}}
	require.EqualError(t, twice.Validate(), `stream "order": variable user: ip: "10.0.0.0/80" is no network such as 10.0.0.0/8`, "it is said once")
	_, err := load.Start(t.Context(), load.Config{BaseURL: "http://127.0.0.1:1"}, valid(), load.Stream{Name: "order.pay", Profile: load.Constant(1, time.Second), Next: get("/")})
	require.ErrorContains(t, err, `two streams are named "order.pay"`)
}

// A journey that is written in other words is the same plan; one that asks something
// else at any step, or goes elsewhere, is another.
func TestThePlanOfAJourneyIsThatOfAllItsSteps(t *testing.T) {
	plan := func(change func(*load.Stream)) string {
		s := orders(t, load.Constant(100, time.Second))
		change(&s)
		require.NoError(t, s.Validate())
		return load.PlanHash(1, s, 10_000)
	}
	want := plan(func(*load.Stream) {})
	for name, same := range map[string]func(*load.Stream){
		"a body and its type instead of json": func(s *load.Stream) {
			s.Steps[0].Template.JSON, s.Steps[0].Template.Body = nil, `{"user": "u{user}"}`
			s.Steps[0].Template.Header = map[string]string{"content-type": "application/json"}
		},
		"variables of the steps": func(s *load.Stream) {
			s.Steps[0].Template.Vars, s.Vars = s.Vars, nil
		},
		"one more variable": func(s *load.Stream) {
			s.Vars = map[string]load.Var{"user": {Unique: load.UniqueNumber}, "other": words("a")}
		},
	} {
		require.Equal(t, want, plan(same), name)
	}
	for name, other := range map[string]func(*load.Stream){
		"the last step":   func(s *load.Stream) { s.Steps[2].Template.Path = "/carts/{cart}/pay?now" },
		"one step less":   func(s *load.Stream) { s.Steps = s.Steps[:2] },
		"another process": func(s *load.Stream) { s.To = "ws" },
		"another rate":    func(s *load.Stream) { s.Profile = load.Constant(99, time.Second) },
	} {
		require.NotEqual(t, want, plan(other), name)
	}
}
