package coverage_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/coverage"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/result"
)

func compute(k coverage.Known, planned []coverage.Scenario, run []result.Scenario) result.Coverage {
	return coverage.New(k, planned).With(run)
}

func ptr[T any](v T) *T { return &v }

// shop is a service as a description and a log know it.
func shop() coverage.Known {
	carries := func(kinds ...string) fault.Support {
		var s fault.Support
		for _, kind := range kinds {
			s.Kinds = append(s.Kinds, fault.Carried{Kind: kind})
		}
		return s
	}
	return coverage.Known{
		Sources: []string{"api.yaml", "access.log"},
		Routes: []coverage.Route{
			{Method: "get", Paths: []string{"/orders/{n}"}, Requests: 20, Logged: true},
			{Method: "GET", Paths: []string{"/orders/export"}, Requests: 3, Logged: true},
			{Method: "GET", Paths: []string{"/v1/items"}, Requests: 60, Logged: true},
			{Method: "GET", Paths: []string{"/metrics"}, Requests: 10, Logged: true},
			{Method: "GET", Paths: []string{"/old/{path...}"}, Requests: 7, Logged: true},
			{Method: "GET", Paths: []string{"/orders/{id}", "/v1/orders/{id}"}, Operation: "getOrder", Errors: []string{"404", "4XX", "default"}},
			{Method: "GET", Paths: []string{"/items", "/v1/items"}, Operation: "listItems", Errors: []string{"503"}},
			{Method: "POST", Paths: []string{"/orders"}, Operation: "createOrder"},
		},
		Places: []coverage.Place{
			{Name: "pay", Support: carries("delay", "refuse", "lost", "status")}, {Name: "pay.charge", Support: carries("delay", "lost")},
			{Name: "pay.refund", Support: carries("delay", "lost")}, {Name: "pay.charge.webhook", Support: carries("twice", "lost")},
			{Name: "mail", Support: carries("delay", "refuse")}, {Name: "db", Support: carries("delay", "refuse")},
		},
		Ignored: []coverage.Ignored{{Method: "GET", Path: "/metrics", Because: "scraped"}, {Path: "/nothing", Because: "gone"}},
	}
}

func browse() coverage.Scenario {
	return coverage.Scenario{
		Name: "shop/browse",
		Requests: []coverage.Request{
			{Stream: "items", Path: "/v1/items?page={page}", Statuses: []int{200, 503}},
			{Stream: "order", Path: "/orders/{order}", Statuses: []int{200}},
			{Stream: "pages", Path: "/pages/{page}", Words: map[string][]string{"page": {"a", "b"}}},
		},
		Faults: []coverage.Fault{
			{ID: "slow", Place: "pay.charge", Kind: parse("delay 3s")}, {ID: "gone", Place: "db", Kind: parse("refuse cut")},
		},
	}
}

func parse(text string) fault.Kind {
	f, err := fault.Parse(text)
	if err != nil {
		panic(err)
	}
	return f.Kind
}

func route(t *testing.T, c result.Coverage, name string) result.CoveredRoute {
	t.Helper()
	for _, r := range c.Routes {
		if r.Route == name {
			return r
		}
	}
	require.Fail(t, "no such route", "%s in %+v", name, c.Routes)
	return result.CoveredRoute{}
}

func TestWhatNoScenarioTouchesIsSaidMostWorthFirst(t *testing.T) {
	c := compute(shop(), []coverage.Scenario{browse()}, nil)
	require.Equal(t, []string{
		"no scenario asks GET /old/{path...} (7.78\u00a0% of the traffic)",
		"no scenario asks POST /orders",
		"no scenario has pay down, losing replies or giving errors",
		"no scenario breaks pay.refund",
		"no scenario breaks pay.charge.webhook",
		"no scenario breaks mail",
		"no scenario has db slow",
		"no scenario gets 404, 4XX or any other error from GET /orders/{id}",
	}, c.Missing())
	require.Equal(t, &result.Traffic{Requests: 90, Planned: 83}, c.Traffic)
	require.Equal(t, []string{"what is to be ignored is no route that is known: /nothing"}, c.Notes)
	require.Equal(t, "GET /metrics", c.Routes[len(c.Routes)-1].Route)
	require.Nil(t, c.Routes[len(c.Routes)-1].Share, "what is ignored is no part of what is to be covered")
	require.Equal(t, "scraped", c.Routes[len(c.Routes)-1].Ignored)

	items := route(t, c, "GET /items")
	require.Equal(t, "listItems", items.Operation)
	require.Equal(t, ptr(int64(60)), items.Requests, "the log has it below the server's path")
	require.Equal(t, []result.ErrorAnswer{{Status: "503", Expected: []string{"shop/browse"}}}, items.Errors)
	require.Equal(t, ptr(int64(23)), route(t, c, "GET /orders/{id}").Requests, "the description has no other operation for /orders/export")
	pages := route(t, c, "GET /pages/{page}")
	require.True(t, pages.Unlisted)
	require.Nil(t, pages.Requests)
}

func TestWhatARunWasAnsweredIsMeasured(t *testing.T) {
	counts := func(statuses map[string]int64) result.Counts { return result.Counts{Completed: 9, Statuses: statuses} }
	run := []result.Scenario{{
		Name: "shop/browse",
		Streams: []result.Stream{
			{Name: "items", Counts: counts(map[string]int64{"200": 7, "503": 2})}, {Name: "order", Counts: counts(map[string]int64{"404": 1, "422": 3, "500": 5})},
			{Name: "pages"}, {Name: "other", Counts: counts(map[string]int64{"200": 1})},
		},
		Faults: []result.Fault{{ID: "slow", Fired: 12}, {ID: "gone"}}, Calls: map[string]int64{"pay": 12, "pay.charge": 12, "pay.refund": 0},
	}, {Name: "shop/unknown"}}
	plan := coverage.New(shop(), []coverage.Scenario{browse(), {Name: "shop/not-run", Requests: []coverage.Request{{Stream: "create", Method: "POST", Path: "/orders"}}}})
	c := plan.With(run)
	require.Equal(t, &result.Traffic{Requests: 90, Planned: 83, Asked: 83}, c.Traffic)
	order := route(t, c, "GET /orders/{id}")
	require.Equal(t, map[string]int64{"404": 1, "422": 3, "500": 5}, order.Answers)
	require.Equal(t, []result.ErrorAnswer{{Status: "404", Seen: 1}, {Status: "4XX", Seen: 3}, {Status: "default", Seen: 5}}, order.Errors)
	require.Equal(t, []string{"shop/browse"}, order.Asked)
	require.Empty(t, route(t, c, "GET /pages/{page}").Asked, "it got no answer")
	create := route(t, c, "POST /orders")
	require.Equal(t, []string{"shop/not-run"}, create.Scenarios)
	require.Empty(t, create.Asked)
	require.Equal(t, result.Effect{Name: result.Slow, Scenarios: []string{"shop/browse"}, Fired: 12}, c.Places[0].Effects[0])
	require.Equal(t, ptr(int64(12)), c.Places[1].Calls)
	require.Nil(t, db(c).Calls, "nobody counts the calls of a database")
	require.Contains(t, c.Missing(), "no scenario of this run has the service call pay.refund")
	again := plan.With(run)
	require.Equal(t, c, again, "a plan never changes")
	require.Equal(t, result.Effect{Name: result.Down, Scenarios: []string{"shop/browse"}}, db(c).Effects[1], "it was laid, and did not act")
}

func db(c result.Coverage) result.CoveredPlace { return c.Places[5] }

// Words may lead to several routes; whose the statuses are nobody knows then.
func TestAStreamOfSeveralRoutesTouchesEach(t *testing.T) {
	known := coverage.Known{Routes: []coverage.Route{{Paths: []string{"/a"}}, {Paths: []string{"/b"}}, {Paths: []string{"/{other}"}}}}
	s := coverage.Scenario{Name: "x/y", Requests: []coverage.Request{{Stream: "s", Path: "/{page}", Words: map[string][]string{"page": {"a", "b"}}}}}
	run := []result.Scenario{{Name: "x/y", Streams: []result.Stream{{Name: "s", Counts: result.Counts{Completed: 3, Statuses: map[string]int64{"200": 3}}}}}}
	c := compute(known, []coverage.Scenario{s}, run)
	for _, name := range []string{"GET /a", "GET /b"} {
		require.Equal(t, []string{"x/y"}, route(t, c, name).Asked, name)
		require.Nil(t, route(t, c, name).Answers, name)
	}
	require.Empty(t, route(t, c, "GET /{other}").Scenarios)
	require.Equal(t, []string{"the stream s asks several routes: which of them got which status is not known"}, c.Notes)
	require.Nil(t, c.Traffic)
}

// What a log tells apart stays so where no description says that it is one; HEAD goes
// where GET does, unless it has a route of its own.
func TestRoutesOfALogStayApart(t *testing.T) {
	known := coverage.Known{Routes: []coverage.Route{
		{Paths: []string{"/orders/{n}"}, Requests: 5, Logged: true}, {Paths: []string{"/orders/export"}, Requests: 3, Logged: true},
		{Paths: []string{"/orders/{n}"}, Requests: 2, Logged: true}, {Method: "HEAD", Paths: []string{"/orders/export"}, Requests: 1, Logged: true},
	}}
	s := coverage.Scenario{Name: "x/y", Requests: []coverage.Request{{Method: "HEAD", Path: "/orders/17"}, {Method: "HEAD", Path: "/orders/export"}}}
	c := compute(known, []coverage.Scenario{s}, nil)
	require.Len(t, c.Routes, 3)
	require.Equal(t, ptr(int64(7)), route(t, c, "GET /orders/{n}").Requests)
	require.Equal(t, []string{"x/y"}, route(t, c, "GET /orders/{n}").Scenarios)
	require.Empty(t, route(t, c, "GET /orders/export").Scenarios)
	require.Equal(t, []string{"x/y"}, route(t, c, "HEAD /orders/export").Scenarios)
}

func TestEveryKindOfFaultHasAnEffect(t *testing.T) {
	callbacks := map[string]bool{"twice": true, "late": true, "before-answer": true, "reordered": true, "wrong-signature": true}
	for _, kind := range fault.Catalogue() {
		if callbacks[kind.Name] {
			continue
		}
		require.NotEmpty(t, coverage.Possible(kind.Name), kind.Name)
		for _, v := range kind.Variants {
			require.Subset(t, coverage.Possible(kind.Name), coverage.EffectsOf(parse(v.Example)), v.Example)
		}
	}
	for text, want := range map[string][]string{
		"reset": {result.Down}, "reset body": {result.LosingReplies}, "status 503": {result.GivingErrors}, "status 504 carried-out": {result.LosingReplies},
		"black-hole down lose upon COMMIT": {result.LosingReplies}, "2*status 503 -> ok": {result.GivingErrors}, "delay 1s -> close": {result.Slow, result.Down},
	} {
		require.Equal(t, want, coverage.EffectsOf(parse(text)), text)
	}
}

// Whatever is known and planned, each route is listed once, and the traffic adds up.
func TestTheTrafficAddsUp(t *testing.T) {
	paths := []string{"/", "/a", "/a/{x}", "/a/b", "/{x}", "/{x...}", "/a/{x}/c"}
	rapid.Check(t, func(rt *rapid.T) {
		var known coverage.Known
		var total int64
		for range rapid.IntRange(0, 12).Draw(rt, "routes") {
			r := coverage.Route{
				Method: rapid.SampledFrom([]string{"GET", "POST"}).Draw(rt, "method"), Paths: []string{rapid.SampledFrom(paths).Draw(rt, "path")},
				Operation: rapid.SampledFrom([]string{"", "op"}).Draw(rt, "operation"),
			}
			if r.Operation == "" {
				r.Logged, r.Requests = true, rapid.Int64Range(0, 1000).Draw(rt, "requests")
				total += r.Requests
			}
			known.Routes = append(known.Routes, r)
		}
		var s coverage.Scenario
		for range rapid.IntRange(0, 4).Draw(rt, "asked") {
			s.Requests = append(s.Requests, coverage.Request{Method: "GET", Path: rapid.SampledFrom(paths[:5]).Draw(rt, "asked")})
		}
		c := compute(known, []coverage.Scenario{s}, nil)
		var listed int64
		for _, r := range c.Routes {
			if r.Requests != nil {
				listed += *r.Requests
			}
		}
		if total > 0 {
			require.Equal(rt, total, c.Traffic.Requests)
			require.Equal(rt, total, listed)
			require.LessOrEqual(rt, c.Traffic.Planned, total)
		}
		for _, asked := range c.Routes {
			require.True(rt, !asked.Unlisted || len(asked.Scenarios) > 0)
		}
	})
}

func TestManyRoutesAreBounded(t *testing.T) {
	var known coverage.Known
	for i := range 700 {
		known.Routes = append(known.Routes, coverage.Route{Paths: []string{"/" + string(rune('a'+i%26)) + "/" + string(rune('a'+i/26))}, Operation: "o"})
	}
	c := compute(known, nil, nil)
	require.Len(t, c.Routes, 300)
	require.EqualValues(t, 400, c.LeftOut)
}
