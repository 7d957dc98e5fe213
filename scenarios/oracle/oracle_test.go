package oracle

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract/reference"
	"holdfast.dev/holdfast/scenarios/profile"
)

func named(t *testing.T, name string) profile.Profile {
	t.Helper()
	p, err := profile.ByName(name)
	require.NoError(t, err)
	return p
}

// every runs a test with each scenario of each profile.
func every(t *testing.T, test func(t *testing.T, p profile.Profile, s harness.Scenario)) {
	t.Helper()
	for _, name := range profile.Names() {
		p := named(t, name)
		for _, s := range Scenarios(p, reference.Impact, reference.Searches()) {
			t.Run(name+" "+s.Name, func(t *testing.T) { test(t, p, s) })
		}
	}
}

// check finds a check by its metric and its operator.
func check(t *testing.T, s harness.Scenario, metric string, op verdict.Op) verdict.Check {
	t.Helper()
	i := slices.IndexFunc(s.Checks, func(c verdict.Check) bool { return c.Metric == metric && c.Op == op })
	require.GreaterOrEqual(t, i, 0, "%s has no check %s %s", s.Name, metric, op)
	return s.Checks[i]
}

var projectPath = regexp.MustCompile(`^/projects/(\d+)/impact$`)

// A fault of an oracle that is never asked would show nothing.
func TestFaultsAreOfOraclesThatAreAsked(t *testing.T) {
	every(t, func(t *testing.T, _ profile.Profile, s harness.Scenario) {
		for _, f := range s.Faults {
			for _, key := range f.When.Keys {
				require.Contains(t, asked(), key, "fault %s", f.ID)
			}
		}
	})
}

// The projects that are asked about are those with oracles: the first few, but
// where any may be.
func TestOnlyProjectsWithOraclesAreAskedAbout(t *testing.T) {
	every(t, func(t *testing.T, _ profile.Profile, s harness.Scenario) {
		if s.Name == "oracle/any-project" {
			return
		}
		for _, stream := range s.Load {
			path := stream.Next(0, rand.New(rand.NewPCG(1, 1))).Path
			if m := projectPath.FindStringSubmatch(path); m != nil {
				require.Contains(t, []string{"1", "2", "3"}, m[1])
				require.True(t, m[1] == "1" || len(s.World.Dependencies) == 2, "nobody plays the oracles of project %s", m[1])
			} else {
				require.True(t, strings.HasPrefix(path, "/search?"), path)
			}
		}
	})
}

// A bound on the wait means something only if the hang lasts longer.
func TestTheHangOutlastsTheBoundOnIt(t *testing.T) {
	for _, name := range profile.Names() {
		p := named(t, name)
		s := allHang(p, over(reference.Impact(p.Projects)))
		require.Greater(t, s.Timeline.Inject, p.CallTimeout)
		most, least := check(t, s, "impact.latency.max", verdict.AtMost), check(t, s, "impact.latency.max", verdict.AtLeast)
		require.Greater(t, most.Limit.Value, least.Limit.Value)
		require.Less(t, time.Duration(least.Limit.Value*float64(time.Millisecond)), p.CallTimeout)
		require.Equal(t, p.CallTimeout < profile.SourceCallTimeout, len(s.Compressed) > 0, "%s: a compressed timeout is told", name)
		require.Equal(t, p.CallTimeout.String(), s.Settings["DEFAULT_API_TIMEOUT"])
	}
}

// Ten calls, one after the other, would add up to more than the deadline: each is
// within its own timeout, and ten of them are far beyond the whole, so far that no busy
// machine explains it. The first is in by then, also after the three ways to the database
// that it waits for, and the second is not: there is something to deliver and something
// that is missing.
func TestCallsWouldAddUp(t *testing.T) {
	for _, name := range profile.Names() {
		p := named(t, name)
		s := slowWaves(p, over(reference.Impact(p.Projects)))
		slow, err := time.ParseDuration(strings.TrimPrefix(s.Faults[0].Kind.String(), "delay "))
		require.NoError(t, err)
		call, err := time.ParseDuration(s.Settings["DEFAULT_API_TIMEOUT"])
		require.NoError(t, err)
		require.Less(t, slow, call, name)
		require.Greater(t, 10*slow, 3*p.CallTimeout, name)
		query, err := time.ParseDuration(strings.TrimPrefix(s.Faults[1].Kind.String(), "delay "))
		require.NoError(t, err)
		require.Less(t, 3*query+slow, p.CallTimeout, name)
		require.Greater(t, 3*query+2*slow, p.CallTimeout, name)
	}
}

// Without its breaker an oracle that fails would be asked at each request: the
// limit on calls must be below that, and above what the nine others take.
func TestTheBreakerMakesADifference(t *testing.T) {
	for _, name := range profile.Names() {
		p := named(t, name)
		s := leftAlone(p, over(reference.Impact(p.Projects)))
		const rate, alsoRate = 40, 10
		requests := (rate + alsoRate) * s.Timeline.Inject.Seconds()
		limit := check(t, s, "oracle_api.calls", verdict.AtMost).Limit.Value
		require.Greater(t, limit, requests*(maxOracles-1), name)
		require.Less(t, limit, requests*maxOracles, name)
		back := check(t, s, "oracle-4.asked", verdict.AtLeast).Limit.Value
		require.Greater(t, back, 0.0, name)
		require.Less(t, back, 1.0, name)
	}
}

// Calls that go on for callers who have gone would pile up to far more than the limit.
func TestAbandonedCallsWouldPileUp(t *testing.T) {
	for _, name := range profile.Names() {
		p := named(t, name)
		s := callersHangUp(p, over(reference.Impact(p.Projects)))
		require.Less(t, s.Load[0].Timeout, s.Timeline.Inject)
		limit := check(t, s, "oracle_api.most_in_flight", verdict.AtMost).Limit.Value
		call, err := time.ParseDuration(s.Settings["DEFAULT_API_TIMEOUT"])
		require.NoError(t, err)
		piled := 10 * min(call, s.Timeline.Inject).Seconds() * maxOracles
		require.Greater(t, piled, 2*limit, name)
	}
}

// Each wrong answer of the catalogue has an oracle of its own.
func TestEachWrongAnswerHasItsOracle(t *testing.T) {
	s := malformedAnswers(named(t, "smoke"), over(reference.Impact(100)))
	seen := map[string]string{}
	for _, f := range s.Faults {
		require.Len(t, f.When.Keys, 1, f.ID)
		place := f.On + " " + f.When.Keys[0]
		require.Empty(t, seen[place], "%s and %s", f.ID, seen[place])
		seen[place] = f.ID
		require.Equal(t, harness.Throughout, f.During, f.ID)
	}
	require.Len(t, seen, 15)
}

// The oracle that never answers does so until all who wait have gone.
func TestABlockedOracleStaysBlocked(t *testing.T) {
	for _, oracles := range []int{100, 1000} {
		p := named(t, "bench")
		s := oracleBlocked(p, over(reference.Impact(100)), oracles)
		require.Equal(t, harness.Throughout, s.Faults[0].During)
		require.Greater(t, s.Load[0].Timeout, p.CallTimeout, "who waits has more patience than the timeout that is missing")
		require.GreaterOrEqual(t, s.Timeline.Total(), s.Load[0].Profile.Duration()+s.Load[0].Timeout)
		require.Equal(t, fmt.Sprint(oracles), s.World.Facts["active oracles of the project"])
	}
}

func TestWhatWasPromisedOfOracles(t *testing.T) {
	var names []string
	for _, p := range Promises(named(t, "bench"), reference.Impact, reference.ImpactProtections()) {
		names = append(names, p.Scenario.Name)
		for _, before := range p.Before {
			require.NotEmpty(t, before.Off, "%s: %s", p.Name, before.Name)
		}
	}
	require.Equal(t, []string{"gains/oracle-calls-100", "gains/oracle-blocked-100", "gains/oracle-calls-1000", "gains/oracle-blocked-1000"}, names)
	g := Growth(named(t, "bench"), reference.Impact, reference.ImpactProtections())
	var xs []float64
	for _, size := range g.Sizes {
		xs = append(xs, size.X)
		require.Positive(t, load.Planned(size.Scenario.Load[0].Profile))
	}
	require.Equal(t, []float64{10, 100, 1000, 10_000}, xs)
}
