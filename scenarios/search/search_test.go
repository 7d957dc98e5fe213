package search

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/reference"
	"holdfast.dev/holdfast/scenarios/profile"
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
	s := &service{Search: reference.Searches()(100)}
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 20).Draw(t, "streams")
		total := rapid.Float64Range(10, 200).Draw(t, "rate")
		line := harness.Timeline{Baseline: time.Duration(rapid.IntRange(500, 5000).Draw(t, "ms")) * time.Millisecond}
		var all []time.Duration
		for i := range of {
			all = append(all, dues(s.inTurn(contract.Term{Name: "any", Query: "any"}, i, of, total, line))...)
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
	s := overload(smoke(t), &service{Search: reference.Searches()(10_000)})
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
	s := popularTerm(smoke(t), &service{Search: reference.Searches()(10_000)}, "search/any")
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
		return slices.ContainsFunc(Scenarios(p, reference.Searches()), func(s harness.Scenario) bool { return s.Name == "search/popular-term-large" })
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
	g := Growth(p, reference.Searches(), reference.SearchProtections())
	var xs []float64
	for _, size := range g.Sizes {
		xs = append(xs, size.X)
		require.Equal(t, size.X > 100_000, size.AfterOnly, "%v projects", size.X)
	}
	require.Equal(t, []float64{1000, 10_000, 100_000, 1_000_000}, xs)
}

// No scenario takes an answer for right by its status: a page without results, which
// a broken search answers to everything, is wrong or a refusal is wanted.
func TestNoScenarioJudgesByStatusAlone(t *testing.T) {
	for _, s := range Scenarios(smoke(t), reference.Searches()) {
		require.Len(t, s.Watches, 1, s.Name)
		for _, stream := range s.Load {
			request, err := load.Requests(1, stream)
			require.NoError(t, err)
			wrong := 0
			for n := range min(load.Planned(stream.Profile), 40) {
				r := request(n)
				u, err := url.Parse(r.Path)
				require.NoError(t, err)
				query := u.Query().Get("q")
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
	s := lockedTable(smoke(t), &service{Search: reference.Searches()(10_000)})
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
