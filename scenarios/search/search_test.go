package search

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
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
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 20).Draw(t, "streams")
		total := rapid.Float64Range(10, 200).Draw(t, "rate")
		line := harness.Timeline{Baseline: time.Duration(rapid.IntRange(500, 5000).Draw(t, "ms")) * time.Millisecond}
		var all []time.Duration
		for i := range of {
			all = append(all, dues(inTurn(termClass{name: "any", query: "any"}, i, of, total, line))...)
		}
		slices.Sort(all)
		gap := time.Duration(float64(time.Second) / total)
		for i := 1; i < len(all); i++ {
			require.InDelta(t, float64(gap), float64(all[i]-all[i-1]), float64(gap)/50, "between the requests %d and %d", i-1, i)
		}
		require.Less(t, all[len(all)-1], line.Total())
	})
}

// What is asked is drawn from the run's seed alone, and all of it is asked.
func TestQueriesAreDrawnFromTheSeed(t *testing.T) {
	queries := []string{"projet", "100%", `c:\d`, "élève à l'école", "a&b=c"}
	next := Requests(queries...)
	asked := map[string]int{}
	one, two := rand.New(rand.NewPCG(7, 7)), rand.New(rand.NewPCG(7, 7))
	for n := range int64(500) {
		r := next(n, one)
		require.Equal(t, r, next(n, two))
		require.Empty(t, r.Method+string(r.Body))
		u, err := url.Parse(r.Path)
		require.NoError(t, err)
		require.Equal(t, "/search", u.Path)
		require.Len(t, u.Query(), 1)
		asked[u.Query().Get("q")]++
	}
	require.Len(t, asked, len(queries))
	for _, q := range queries {
		require.Greater(t, asked[q], 50, q)
	}
}

// Ten times what can be served: the requests of the inject phase alone.
func TestTheStormIsInTheInjectPhase(t *testing.T) {
	s := overload(smoke(t))
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
	s := popularTerm(smoke(t), "search/any", 10_000)
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
