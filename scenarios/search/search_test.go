package search

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/scenarios/profile"
	"holdfast.dev/holdfast/scenarios/search/model"
)

func smoke(t *testing.T) profile.Profile {
	t.Helper()
	p, err := profile.ByName("smoke")
	require.NoError(t, err)
	return p
}

// dues are when a stream's requests are due, on the scenario's clock.
func dues(s load.Stream) []time.Duration {
	var all []time.Duration
	for n := range load.Planned(s.Profile) {
		due, _ := s.Profile.Due(n)
		all = append(all, s.StartAt+due)
	}
	return all
}

// Streams of one rate that begin at once would be bursts: together they must be
// as even as one stream.
func TestStreamsInTurnAreOneSteadyLoad(t *testing.T) {
	searches := Of(100)
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 20).Draw(t, "streams")
		total := rapid.Float64Range(10, 200).Draw(t, "rate")
		line := harness.Timeline{Baseline: time.Duration(rapid.IntRange(500, 5000).Draw(t, "ms")) * time.Millisecond}
		var all []time.Duration
		for i := range of {
			all = append(all, dues(searches.inTurn(termClass{name: "any", query: "any"}, i, of, total, line))...)
		}
		slices.Sort(all)
		gap := time.Duration(float64(time.Second) / total)
		for i := 1; i < len(all); i++ {
			require.InDelta(t, float64(gap), float64(all[i]-all[i-1]), float64(gap)/50, "between the requests %d and %d", i-1, i)
		}
		require.Less(t, all[len(all)-1], line.Total())
	})
}

// Ten times what can be served: the requests of the inject phase alone.
func TestTheStormIsInTheInjectPhase(t *testing.T) {
	s := overload(smoke(t), Of(10_000))
	count := map[string]int{}
	for _, due := range dues(s.Load[0]) {
		for _, p := range s.Timeline.Phases() {
			if due >= p.From && due < p.To {
				count[p.Name]++
			}
		}
	}
	require.Equal(t, map[string]int{result.WarmUp: 2, result.Baseline: 3, result.Inject: 400, result.Heal: 5}, count)
}

// The source's own test searches with fifty at once.
func TestFiftySearchAtOnce(t *testing.T) {
	s := popularTerm(smoke(t), Of(10_000), "search/any", 10_000)
	at := map[time.Duration]int{}
	for _, due := range dues(s.Load[0]) {
		at[due]++
	}
	require.NotEmpty(t, at)
	for due, n := range at {
		require.Equal(t, concurrent, n, "at %s", due)
		require.Zero(t, due%(500*time.Millisecond))
	}
}

func TestTheLargeDataSetIsSearchedWhereThereIsOne(t *testing.T) {
	has := func(p profile.Profile) bool {
		return slices.ContainsFunc(Scenarios(p), func(s harness.Scenario) bool { return s.Name == "search/popular-term-large" })
	}
	p := smoke(t)
	require.False(t, has(p))
	require.Equal(t, []int{p.Projects}, gainSizes(p))
	p.Large = 100_000
	require.True(t, has(p))
	require.Equal(t, []int{p.Projects, 100_000}, gainSizes(p))
}

// Loading millions of rows into a process takes the machine down, so the side
// without the limit ends where it can be borne.
func TestGrowthStopsWhereTheMachineWould(t *testing.T) {
	p := smoke(t)
	p.Scale = 1_000_000
	g := Growth(p)
	var xs []float64
	for _, size := range g.Sizes {
		xs = append(xs, size.X)
		require.Equal(t, size.X > 100_000, size.AfterOnly, "%v projects", size.X)
	}
	require.Equal(t, []float64{1000, 10_000, 100_000, 1_000_000}, xs)
}

// Every class is a stream of its own, within what a query may be.
func TestTheClassesOfTerms(t *testing.T) {
	names, queries := map[string]bool{}, map[string]bool{}
	for _, c := range termClasses() {
		require.False(t, names[c.name], "two classes are named %s", c.name)
		require.False(t, queries[c.query], "two classes ask %q", c.query)
		names[c.name], queries[c.query] = true, true
		require.Empty(t, model.Refused(c.query), c.name)
		require.NotContains(t, c.name, ".", "it begins the names of metrics")
		require.True(t, c.name != "200-characters" || utf8.RuneCountInString(c.query) == model.MaxQueryLength)
	}
}

// No scenario takes an answer for right by its status: a page without results, which
// a broken search answers to everything, is wrong or a refusal is wanted.
func TestNoScenarioJudgesByStatusAlone(t *testing.T) {
	for _, s := range Scenarios(smoke(t)) {
		require.Len(t, s.Watches, 1, s.Name)
		for _, stream := range s.Load {
			request, err := load.Requests(1, stream)
			require.NoError(t, err)
			wrong := 0
			for n := range min(load.Planned(stream.Profile), 40) {
				r := request(n)
				query, ok := queryOf(r)
				require.True(t, ok, r.Path)
				empty, err := json.Marshal(map[string]any{"query": query, "limit": 100, "count": 0, "truncated": false, "results": []any{}})
				require.NoError(t, err)
				a := load.Answer{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: empty, Asked: r}
				if stream.Expect.Judge(a) != "" {
					wrong++
				}
				a.Body = []byte("[]")
				require.NotEmpty(t, stream.Expect.Judge(a), "%s %s: %q", s.Name, stream.Name, query)
			}
			if !strings.HasPrefix(stream.Name, "absent") {
				require.Positive(t, wrong, "%s %s", s.Name, stream.Name)
			}
		}
	}
}

// Each table is locked, and each lock has a time of its own.
func TestEachTableThatASearchReadsIsLocked(t *testing.T) {
	s := lockedTable(smoke(t), Of(10_000))
	var locked []string
	end := time.Duration(0)
	for _, f := range s.Faults {
		locked = append(locked, f.Kind.(fault.LockTable).Tables()...)
		require.Equal(t, end, f.After, f.ID)
		end += s.Timeline.Inject / time.Duration(len(s.Faults))
		require.Less(t, f.After+f.For, end, "two at once would be refused")
	}
	require.Equal(t, s.Timeline.Inject, end)
	require.ElementsMatch(t, []string{"search_documents", "search_words", "projects", "categories", "cities", "owners", "project_tags", "tags"}, locked)
}
