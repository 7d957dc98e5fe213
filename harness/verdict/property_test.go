package verdict_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

func anyVerdict() *rapid.Generator[result.Verdict] {
	return rapid.SampledFrom(append(result.Verdicts(), "", "great"))
}

func anyChecks(t *rapid.T, label string) []result.Check {
	checks := make([]result.Check, rapid.IntRange(0, 5).Draw(t, label))
	for i := range checks {
		value := float64(rapid.IntRange(0, 4).Draw(t, "value"))
		checks[i] = result.Check{
			Metric: fmt.Sprint(label, i), Op: "<=", Threshold: 2, Value: &value, Verdict: anyVerdict().Draw(t, "verdict"),
			Primary: rapid.IntRange(0, 3).Draw(t, "primary") == 0, Reason: fmt.Sprint("of ", label, i),
		}
	}
	return checks
}

func verdictsOf(checks []result.Check) (all []result.Verdict) {
	for _, c := range checks {
		all = append(all, c.Verdict)
	}
	return all
}

// The decisive check has the worst verdict of all; which one it is does not depend
// on the order of those that differ.
func TestTheDecisiveCheckIsAWorstOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checks, evidence := anyChecks(t, "check"), anyChecks(t, "evidence")
		got := verdict.Decisive(checks, evidence)
		worst := result.Worst(append(verdictsOf(checks), verdictsOf(evidence)...)...)
		v, why := verdict.OfScenario(checks, evidence, "")
		if got == nil {
			require.Empty(t, checks)
			require.Equal(t, result.NotExercised, v)
			return
		}
		require.Equal(t, worst, result.Worst(got.Verdict))
		require.Equal(t, []any{worst, got.Reason}, []any{v, why})
		shuffled := verdict.Decisive(rapid.Permutation(checks).Draw(t, "order"), rapid.Permutation(evidence).Draw(t, "order of evidence"))
		require.Equal(t, got.Verdict.Worse(result.Pass), shuffled.Verdict.Worse(result.Pass))
		require.Equal(t, got.Primary, shuffled.Primary)
		gotUsed, gotKnown := verdict.LimitUsed(*got)
		used, known := verdict.LimitUsed(*shuffled)
		require.Equal(t, []any{gotUsed, gotKnown}, []any{used, known}, "headroom tells those apart that have one")
	})
}

// Whatever failed, a scenario that could not be carried out never passes.
func TestAFailureToCarryOutNeverPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checks, evidence := anyChecks(t, "check"), anyChecks(t, "evidence")
		without, _ := verdict.OfScenario(checks, evidence, "")
		with, why := verdict.OfScenario(checks, evidence, "no disk")
		require.NotEqual(t, result.Pass, with)
		require.False(t, without.Worse(with), "it is no better for it")
		require.True(t, with == result.Fail || why == "no disk")
	})
}

func anyRun(t *rapid.T) *result.Run {
	run := &result.Run{Complete: rapid.Bool().Draw(t, "complete"), Verdict: anyVerdict().Draw(t, "says")}
	for i := range rapid.IntRange(0, 3).Draw(t, "scenarios") {
		s := result.Scenario{Name: fmt.Sprint("s", i), Verdict: anyVerdict().Draw(t, "of the scenario"), Checks: anyChecks(t, "check"), Evidence: anyChecks(t, "evidence")}
		run.Scenarios = append(run.Scenarios, s)
	}
	for range rapid.IntRange(0, 2).Draw(t, "gains") {
		run.Gains = append(run.Gains, result.Gain{Name: "g", Verdict: anyVerdict().Draw(t, "gain")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "detections") {
		run.Detections = append(run.Detections, result.Detection{Without: rapid.SampledFrom([]string{"", "p"}).Draw(t, "without"), Verdict: anyVerdict().Draw(t, "detection")})
	}
	run.Interrupted = rapid.SampledFrom([]string{"", "interrupt"}).Draw(t, "interrupted")
	return run
}

// No file is shown better than any part of it, or than it says of itself, and none
// that was cut short as a success.
func TestNothingIsShownBetterThanItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run := anyRun(t)
		shown, _ := verdict.ShownRun(run)
		of, _ := verdict.OfRun(run)
		if !run.Complete {
			require.Contains(t, []result.Verdict{"", result.Fail}, shown)
			require.Contains(t, []result.Verdict{"", result.Fail}, of)
		} else {
			require.True(t, shown.Valid() && of.Valid())
			require.False(t, run.Verdict.Worse(shown))
		}
		for _, s := range run.Scenarios {
			v, _ := verdict.ShownScenario(s)
			require.False(t, s.Verdict != "" && s.Verdict.Worse(v))
			for _, c := range append(s.Checks, s.Evidence...) {
				require.True(t, c.Verdict != result.Fail || v == result.Fail, "a failed check fails its scenario")
			}
			require.True(t, v != result.Fail || shown == result.Fail && of == result.Fail, "a failed scenario fails its run")
			require.False(t, run.Complete && v.Worse(shown))
		}
		for _, d := range run.Detections {
			require.True(t, d.Verdict != result.Fail || of == result.Fail)
		}
		for _, g := range run.Gains {
			require.True(t, g.Verdict != result.Fail || of == result.Fail)
		}
		require.True(t, run.Interrupted == "" || of != result.Pass)
	})
}

// WorstFirst is an order of all, and a stable one.
func TestWorstFirstIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run := anyRun(t)
		order := verdict.WorstFirst(run.Scenarios)
		require.Len(t, order, len(run.Scenarios))
		seen := map[int]bool{}
		for n, i := range order {
			require.False(t, seen[i])
			seen[i] = true
			if n > 0 {
				before, _ := verdict.ShownScenario(run.Scenarios[order[n-1]])
				now, _ := verdict.ShownScenario(run.Scenarios[i])
				require.False(t, now.Worse(before))
			}
		}
	})
}

// A result records of each check what its judge knew.
func TestTheRecordHasWhatTheJudgeKnew(t *testing.T) {
	b := new(verdict.Registry)
	read := verdict.Source{
		Read:   func(verdict.Window) verdict.Reading { return verdict.Reading{Value: 1, Samples: 500} },
		Points: func(verdict.Window) []verdict.Point { return []verdict.Point{{At: 6 * time.Second, Value: 0}} },
	}
	b.Add(verdict.Descriptor{Name: "a.p99", Unit: result.UnitMS, MinSamples: 100}, read)
	b.Add(verdict.Descriptor{Name: "b.ok", Unit: result.UnitRatio, Timed: true}, read)
	b.Add(verdict.Descriptor{Name: "c.rss", Unit: result.UnitBytes}, read)
	b.Add(verdict.Descriptor{Name: "c.rss", Unit: result.UnitMS, Timed: true}, read)
	b.Add(verdict.Descriptor{Name: "d.in_flight", Unit: result.UnitCount}, read)
	require.Equal(t, []string{"a.p99", "b.ok", "c.rss", "d.in_flight"}, b.Names(), "the first entry of a name stays")
	got := b.Judge([]verdict.Check{
		verdict.Metric("a.p99").AtMost(verdict.Duration(time.Second)).Because("promised").Guarding("p").Guarding("q"),
		verdict.Metric("b.ok").AtLeast(verdict.Percent(99)).AsPrimary(),
		verdict.Metric("c.rss").Between(verdict.Bytes(0), verdict.Bytes(1e8)),
		verdict.Metric("d.in_flight").In(result.Heal).FallsTo(verdict.Count(0), 2*time.Second),
	}, phases, result.Validity{})
	require.Equal(t, []bool{true, true, false, true}, []bool{got[0].Timed, got[1].Timed, got[2].Timed, got[3].Timed})
	require.Equal(t, int64(100), got[0].MinSamples)
	require.Equal(t, []string{"p", "q"}, got[0].Protections)
	require.Equal(t, "promised", got[0].Why)
	require.Equal(t, []bool{false, true}, []bool{got[0].Primary, got[1].Primary}, "the one that is marked, not the first")
	require.InDelta(t, 1e8, *got[2].Upper, 0)
	require.Equal(t, []any{0.0, "count", 2.0, "s", 1.0}, []any{*got[3].Level, got[3].LevelUnit, got[3].Threshold, got[3].Unit, *got[3].Value})
	require.Equal(t, "d.in_flight in heal falls to 0 within 2\u00a0s", got[3].Name)
	for _, c := range got {
		require.Equal(t, result.Pass, c.Verdict, c.Reason)
	}
}

func TestQuantitiesAreWrittenWithTheirUnit(t *testing.T) {
	for want, q := range map[string]verdict.Quantity{
		"5": verdict.Count(5), "1\u00a0500\u00a0ms": verdict.Duration(1500 * time.Millisecond), "100\u00a0MB": verdict.Bytes(100e6), "99.5\u00a0%": verdict.Percent(99.5),
		"20/s": verdict.PerSecond(20), "2×": verdict.Times(2), "110": verdict.Count(100).Plus(10),
	} {
		require.Equal(t, want, q.String())
	}
}
