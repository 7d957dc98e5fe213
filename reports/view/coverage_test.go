package view

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestCoverageIsToldInWords(t *testing.T) {
	require.Nil(t, newCoverage(nil))
	require.Nil(t, newCoverage(&result.Coverage{}), "of nothing nothing is told")
	share, requests := 0.25, int64(25)
	v := newCoverage(&result.Coverage{
		Sources: []string{"api.yaml"}, Traffic: &result.Traffic{Requests: 100, Planned: 25, Asked: 25},
		Routes: []result.CoveredRoute{
			{Route: "GET /b", Scenarios: []string{}},
			{
				Route: "GET /a", Operation: "a", Scenarios: []string{"x/y"}, Asked: []string{"x/y"}, Answers: map[string]int64{"503": 2, "200": 1200}, Share: &share, Requests: &requests,
				Errors: []result.ErrorAnswer{{Status: "404"}, {Status: "503", Seen: 2}, {Status: "5XX", Expected: []string{"x/z"}}},
			},
			{Route: "GET /c", Scenarios: []string{"x/z"}, Unlisted: true}, {Route: "GET /d", Scenarios: []string{"x/y"}, Asked: []string{"x/y"}},
			{Route: "GET /metrics", Scenarios: []string{}, Ignored: "machines"},
		},
		Places: []result.CoveredPlace{{Place: "db", Effects: []result.Effect{{Name: result.Slow, Scenarios: []string{"x/y"}, Fired: 7}, {Name: result.Down, Scenarios: []string{"x/z"}}, {Name: result.GivingErrors}}}, {Place: "mail", Effects: []result.Effect{{Name: result.Down}}}, {Place: "pay.refund", Calls: new(int64), Effects: []result.Effect{{Name: result.Down}}}},
	})
	require.Equal(t, []string{"Scenarios ask 2 of 3 routes, 25\u00a0% of the traffic; this run asked 2, 25\u00a0%.", "Scenarios have something go wrong at 1 of 3 places."}, v.Summary)
	require.Equal(t, []string{"no scenario asks GET /b", "no scenario has db giving errors", "no scenario breaks mail", "no scenario of this run has the service call pay.refund", "no scenario gets 404 from GET /a"}, v.Missing)
	a := v.Routes[1]
	require.Equal(t, "200: 1\u00a0200, 503: 2", a.Answers)
	require.Equal(t, "404: never, 503: 2, 5XX: not in this run", a.Errors)
	require.Equal(t, &Share{Width: "25.0%", Text: "25\u00a0%"}, a.Share)
	require.True(t, v.Routes[0].Untouched)
	require.Equal(t, "not in api.yaml", v.Routes[2].Note)
	require.Equal(t, "not in this run", v.Routes[2].Answers)
	require.Equal(t, "asked", v.Routes[3].Answers)
	require.Equal(t, "not to be asked: machines", v.Routes[4].Note)
	require.False(t, v.Routes[4].Untouched)
	require.Equal(t, []CoveredPlace{{Place: "db", Had: "slow (7 times), down (not in this run)", Never: result.GivingErrors}, {Place: "mail", Never: result.Down, Untouched: true}, {Place: "pay.refund", Calls: "0", Never: result.Down, Untouched: true}}, v.Places)
	require.True(t, v.Calls)
}

func TestALargeCoverageIsCut(t *testing.T) {
	c := &result.Coverage{LeftOut: 5}
	for i := range 300 {
		c.Routes = append(c.Routes, result.CoveredRoute{Route: fmt.Sprint("GET /", i)})
	}
	v := newCoverage(c)
	require.Len(t, v.Missing, mostMissing)
	require.Len(t, v.Further, mostFurther)
	require.Equal(t, "200 more can be had of run.json.", v.More)
	require.Len(t, v.Routes, mostRoutes)
	require.Equal(t, "265\u00a0more routes are not shown.", v.RoutesLeftOut)
}
