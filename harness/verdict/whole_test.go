package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

func TestAResultIsNeverShownBetterThanItsParts(t *testing.T) {
	scenario := func(v result.Verdict, checks ...result.Verdict) result.Scenario {
		s := result.Scenario{Verdict: v}
		for _, c := range checks {
			s.Checks = append(s.Checks, result.Check{Verdict: c})
		}
		return s
	}
	failed := scenario(result.Pass, result.Pass)
	failed.Error = "could not start"
	for _, c := range []struct {
		name string
		run  result.Run
		want result.Verdict
	}{
		{"a pass of passes", result.Run{Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{scenario(result.Pass, result.Pass)}}, result.Pass},
		{"a pass with a failed scenario", result.Run{Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{scenario(result.Fail)}}, result.Fail},
		{"a pass with a failed check", result.Run{Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{scenario(result.Pass, result.Fail)}}, result.Fail},
		{"a pass with a check that has no verdict", result.Run{Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{scenario(result.Pass, "")}}, result.Inconclusive},
		{"a pass with a scenario that checked nothing", result.Run{Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{scenario(result.Pass)}}, result.NotExercised},
		{"a pass of nothing", result.Run{Complete: true, Verdict: result.Pass}, result.NotExercised},
		{"a pass with a scenario that was not carried out", result.Run{Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{failed}}, result.Inconclusive},
		{"complete but without a verdict", result.Run{Complete: true, Scenarios: []result.Scenario{scenario(result.Pass, result.Pass)}}, result.Inconclusive},
		{"an unknown word", result.Run{Complete: true, Verdict: "great", Scenarios: []result.Scenario{scenario(result.Pass, result.Pass)}}, result.Inconclusive},
		{"partial, all passed until then", result.Run{Verdict: result.Pass, Scenarios: []result.Scenario{scenario(result.Pass, result.Pass)}}, ""},
		{"partial, one failed", result.Run{Scenarios: []result.Scenario{scenario(result.Pass, result.Pass), scenario(result.Fail)}}, result.Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := verdict.ShownRun(&c.run)
			require.Equal(t, c.want, got)
		})
	}
}

func TestARunIsTheWorstOfAllItsParts(t *testing.T) {
	scenario := func(name string, v result.Verdict, used float64) result.Scenario {
		c := result.Check{Metric: "m", Op: "<=", Threshold: 1, Value: &used, Verdict: v, Reason: "m was it"}
		return result.Scenario{Name: name, Verdict: v, Checks: []result.Check{c}}
	}
	passes := []result.Scenario{scenario("a", result.Pass, 0.2), scenario("b", result.Pass, 0.8)}
	missed := result.Detection{Without: "p", Expected: "a", Outcome: result.OutcomeMissed, Verdict: result.Fail, Reason: "nothing noticed"}
	falseAlarm := result.Detection{Expected: "a", Outcome: result.OutcomeFalseAlarm, Verdict: result.Fail, Reason: "it failed"}
	gain := func(v result.Verdict) result.Gain {
		return result.Gain{Name: "g", Verdict: v, Reason: "5 of 90 %"}
	}
	for _, row := range []struct {
		name   string
		run    result.Run
		want   result.Verdict
		reason string
	}{
		{"all pass: the one with the least headroom", result.Run{Complete: true, Scenarios: passes}, result.Pass, "b: m was it"},
		{"one fails", result.Run{Complete: true, Scenarios: append([]result.Scenario{scenario("c", result.Fail, 2)}, passes...)}, result.Fail, "c: m was it"},
		{"a mutant was missed", result.Run{Complete: true, Scenarios: passes, Detections: []result.Detection{missed}}, result.Fail, "without p: nothing noticed"},
		{"a scenario fails and a mutant was missed", result.Run{Complete: true, Scenarios: []result.Scenario{scenario("c", result.Fail, 2)}, Detections: []result.Detection{falseAlarm, missed}}, result.Fail, "without p: nothing noticed"},
		{"the intact target failed", result.Run{Complete: true, Scenarios: []result.Scenario{scenario("a", result.Fail, 2)}, Detections: []result.Detection{falseAlarm}}, result.Fail, "a: m was it"},
		{"the control says so alone", result.Run{Complete: true, Scenarios: passes, Detections: []result.Detection{falseAlarm}}, result.Fail, "the intact target in a: it failed"},
		{"a gain does not hold", result.Run{Complete: true, Gains: []result.Gain{gain(result.Pass), gain(result.Fail)}}, result.Fail, "g: 5 of 90 %"},
		{"a gain may not hold", result.Run{Complete: true, Scenarios: passes, Gains: []result.Gain{gain(result.Inconclusive)}}, result.Inconclusive, "g: 5 of 90 %"},
		{"all gains hold", result.Run{Complete: true, Gains: []result.Gain{gain(result.Pass)}}, result.Pass, ""},
		{"interrupted between two scenarios", result.Run{Complete: true, Interrupted: "interrupt", Scenarios: passes}, result.Inconclusive, "the run was ended early by a signal (interrupt)"},
		{"interrupted before any", result.Run{Complete: true, Interrupted: "interrupt"}, result.Inconclusive, "the run was ended early by a signal (interrupt)"},
		{"interrupted after a failure", result.Run{Complete: true, Interrupted: "interrupt", Scenarios: []result.Scenario{scenario("c", result.Fail, 2)}}, result.Fail, "c: m was it"},
		{"interrupted, and that shows", result.Run{Complete: true, Interrupted: "interrupt", Scenarios: []result.Scenario{scenario("c", result.Inconclusive, 2)}}, result.Inconclusive, "c: m was it"},
		{"not at its end, nothing failed", result.Run{Scenarios: passes}, "", ""},
		{"not at its end, a mutant was missed", result.Run{Scenarios: passes, Detections: []result.Detection{missed}}, result.Fail, "without p: nothing noticed"},
		{"nothing at all", result.Run{Complete: true}, result.NotExercised, "nothing was run"},
		{"one that was not judged", result.Run{Complete: true, Scenarios: []result.Scenario{{Name: "a"}}}, result.Inconclusive, "a: it was not judged"},
		{"a detection of no known word", result.Run{Complete: true, Detections: []result.Detection{{Without: "p", Verdict: "great"}}}, result.Inconclusive, "without p: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, why := verdict.OfRun(&row.run)
			require.Equal(t, row.want, v)
			require.Equal(t, row.reason, why)
		})
	}
}

func TestAScenarioIsItsDecisiveCheck(t *testing.T) {
	check := func(v result.Verdict) []result.Check {
		return []result.Check{{Metric: "m", Verdict: v, Reason: "m " + string(v)}}
	}
	for _, row := range []struct {
		name             string
		checks, evidence []result.Check
		failure          string
		want             result.Verdict
		reason           string
	}{
		{"it passes", check(result.Pass), check(result.Pass), "", result.Pass, "m pass"},
		{"it fails, whatever else is wrong", check(result.Fail), check(result.Inconclusive), "no disk", result.Fail, "m fail"},
		{"the experiment was not valid", check(result.Pass), check(result.Inconclusive), "", result.Inconclusive, "m inconclusive"},
		{"nothing was checked", nil, check(result.Pass), "", result.NotExercised, "nothing was checked"},
		{"it could not be carried out", nil, nil, "no disk", result.Inconclusive, "no disk"},
		{"it could not, after checks that held", check(result.Pass), nil, "no disk", result.Inconclusive, "no disk"},
		{"the data lack what it is about", nil, check(result.NotExercised), "no rows", result.NotExercised, "no rows"},
		{"a verdict of a later version", check("great"), nil, "", result.Inconclusive, "m great"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, why := verdict.OfScenario(row.checks, row.evidence, row.failure)
			require.Equal(t, row.want, v)
			require.Equal(t, row.reason, why)
		})
	}
}

func TestAScenarioFromAFile(t *testing.T) {
	primary := result.Check{Metric: "m", Verdict: result.Fail, Reason: "m was 2", Primary: true}
	failing := []result.Check{primary}
	for _, row := range []struct {
		name   string
		of     result.Scenario
		want   result.Verdict
		reason string
	}{
		{"not judged yet", result.Scenario{}, "", ""},
		{"not judged, but a check failed", result.Scenario{Checks: failing}, result.Fail, "m was 2"},
		{"not judged, and not carried out", result.Scenario{Error: "no disk"}, result.Inconclusive, "no disk"},
		{"it says worse of itself than its checks do", result.Scenario{Verdict: result.Fail, Reason: "it says"}, result.Fail, "it says"},
		{"it says better", result.Scenario{Verdict: result.Pass, Reason: "it says", Checks: failing}, result.Fail, "m was 2"},
		{"it has words of its own", result.Scenario{Verdict: result.Fail, Reason: "m was 2, and that is much", Checks: failing}, result.Fail, "m was 2, and that is much"},
		{"it says that all held", result.Scenario{Verdict: result.Fail, Reason: "All 12 checks held", Checks: failing}, result.Fail, "m was 2"},
		{"it names another check than the decisive one", result.Scenario{Verdict: result.Fail, Reason: "other was 3", Checks: append([]result.Check{{Metric: "other", Verdict: result.Fail, Reason: "other was 3"}}, primary)}, result.Fail, "m was 2"},
		{"its checks are lost", result.Scenario{Verdict: result.NotExercised, Reason: "it says"}, result.NotExercised, "it says"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, why := verdict.ShownScenario(row.of)
			require.Equal(t, row.want, v)
			require.Equal(t, row.reason, why)
		})
	}
}

func TestWorstFirst(t *testing.T) {
	scenario := func(v result.Verdict, used float64) result.Scenario {
		return result.Scenario{Verdict: v, Checks: []result.Check{{Metric: "m", Op: "<=", Threshold: 1, Value: &used, Verdict: v}}}
	}
	require.Equal(t, []int{2, 1, 4, 3, 0}, verdict.WorstFirst([]result.Scenario{
		scenario(result.Pass, 0.1), scenario(result.Fail, 2), scenario(result.Fail, 3), scenario(result.Pass, 0.9), scenario(result.Inconclusive, 9),
	}))
}

func TestARunFromAFile(t *testing.T) {
	other, primary := result.Check{Metric: "other", Verdict: result.Fail, Reason: "other was 3"}, result.Check{Metric: "m", Verdict: result.Fail, Reason: "m was 2", Primary: true}
	scenario := result.Scenario{Name: "a", Verdict: result.Fail, Reason: "other was 3", Checks: []result.Check{other, primary}}
	for _, row := range []struct {
		name   string
		reason string
		want   string
	}{
		{"its own words stay", "it was too slow", "it was too slow"},
		{"words that all held don't", "All 12 checks held.", "a: m was 2"},
		{"those of another check don't", "a: other was 3", "a: m was 2"},
		{"it has none", "", "a: m was 2"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, why := verdict.ShownRun(&result.Run{Complete: true, Verdict: result.Fail, Reason: row.reason, Scenarios: []result.Scenario{scenario}})
			require.Equal(t, result.Fail, v)
			require.Equal(t, row.want, why)
		})
	}
}
