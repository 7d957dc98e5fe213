package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

const capped = "oracle.cap" // the protection that these mutants lack

// guard is a check of the protection, other one of something else.
func guard(v result.Verdict) result.Check {
	return result.Check{Name: "calls", Metric: "api.calls", Op: "<=", Verdict: v, Reason: "calls were " + string(v), Protections: []string{capped}}
}

func other(v result.Verdict) result.Check {
	return result.Check{Name: "latency", Metric: "web.latency.p99", Op: "<=", Verdict: v, Reason: "latency was " + string(v), Protections: []string{"another"}}
}

func judged(claims []string, checks ...result.Check) result.Detection {
	var verdicts []result.Verdict
	for _, c := range checks {
		verdicts = append(verdicts, c.Verdict)
	}
	out := &result.Scenario{Checks: checks, Verdict: result.Worst(verdicts...), Reason: "as its checks say"}
	return judge(Protection{Name: capped}, Scenario{Name: "oracle/many", Protections: claims}, out)
}

func TestWhatBecameOfAMutant(t *testing.T) {
	claims := []string{capped}
	for _, row := range []struct {
		name    string
		claims  []string
		checks  []result.Check
		outcome result.Outcome
		verdict result.Verdict
		says    string
	}{
		{"its guard fails", claims, []result.Check{guard(result.Fail)}, result.OutcomeCaught, result.Pass, "calls were fail"},
		{"its guard and another fail", claims, []result.Check{other(result.Fail), guard(result.Fail)}, result.OutcomeCaught, result.Pass, "calls were fail"},
		{"one guard of two fails", claims, []result.Check{guard(result.Pass), guard(result.Fail)}, result.OutcomeCaught, result.Pass, "calls were fail"},
		{"only another fails", claims, []result.Check{guard(result.Pass), other(result.Fail)}, result.OutcomeOtherReason, result.Fail, "not by a check that guards it: latency was fail"},
		{"another fails and the guard says nothing", claims, []result.Check{guard(result.Inconclusive), other(result.Fail)}, result.OutcomeOtherReason, result.Fail, "latency"},
		{"all hold", claims, []result.Check{guard(result.Pass), other(result.Pass)}, result.OutcomeMissed, result.Fail, "nothing noticed: calls were pass"},
		{"the guard says nothing", claims, []result.Check{guard(result.Inconclusive)}, result.OutcomeNotExercised, result.Inconclusive, "as its checks say"},
		{"the guard had nothing to see", claims, []result.Check{guard(result.NotExercised)}, result.OutcomeNotExercised, result.NotExercised, "as its checks say"},
		{"nobody guards it", claims, []result.Check{other(result.Fail)}, result.OutcomeUnguarded, result.Fail, "no check of it guards that"},
		{"no check at all", claims, nil, result.OutcomeUnguarded, result.Fail, "no check of it guards that"},
		{"nobody claims it, and nothing failed", nil, []result.Check{other(result.Pass)}, result.OutcomeMissed, result.Fail, capped},
		{"nobody claims it, and something failed", nil, []result.Check{other(result.Fail)}, result.OutcomeOtherReason, result.Fail, "latency"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := judged(row.claims, row.checks...)
			require.Equal(t, row.outcome, d.Outcome)
			require.Equal(t, row.verdict, d.Verdict)
			require.Contains(t, d.Reason, row.says)
			require.Equal(t, []string{capped, "oracle/many"}, []string{d.Without, d.Expected})
		})
	}
}

// A mutant counts as caught when, and only when, a check that guards it failed:
// no other word of the checks makes a proof.
func TestOnlyAGuardThatFailedProves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var checks []result.Check
		var guardFailed bool
		failed := 0
		for range rapid.IntRange(0, 5).Draw(rt, "checks") {
			v := rapid.SampledFrom(result.Verdicts()).Draw(rt, "verdict")
			c := other(v)
			if rapid.Bool().Draw(rt, "guards") {
				c = guard(v)
				guardFailed = guardFailed || v == result.Fail
			}
			if v == result.Fail {
				failed++
			}
			checks = append(checks, c)
		}
		d := judged([]string{capped}, checks...)
		require.Equal(rt, guardFailed, d.Verdict == result.Pass)
		require.Equal(rt, guardFailed, d.Outcome == result.OutcomeCaught)
		require.Len(rt, d.Failed, failed, "whatever failed is kept, for which checks are proven")
		require.NotEmpty(rt, d.Reason)
	})
}

// cellsOf is a row of a matrix whose cells came out so; empty: not settled.
func cellsOf(without string, claims bool, outcomes ...result.Outcome) *row {
	v := Variant{}
	if without != "" {
		v.Without = []Protection{{Name: without}}
	}
	r := newRow(v, nil, make([]Scenario, len(outcomes)))
	for i, o := range outcomes {
		r.cells[i].scenario.Name = string('a' + rune(i))
		if claims {
			r.cells[i].scenario.Protections = []string{without}
		}
		r.cells[i].found = result.Detection{Without: without, Expected: r.cells[i].scenario.Name, Outcome: o, Verdict: result.Pass}
	}
	return r
}

func TestTheMatrixAsFarAsItIsKnown(t *testing.T) {
	m := matrix{rows: []*row{
		cellsOf("", false, result.OutcomeIntact, ""), cellsOf("cap", true, "", result.OutcomeCaught), cellsOf("nobody", false),
		cellsOf("noticed", false, result.OutcomeOtherReason),
	}}
	var said []string
	for _, d := range m.detections() {
		said = append(said, d.Without+"/"+d.Expected+" "+string(d.Outcome))
	}
	require.Equal(t, []string{"/a intact", "cap/b caught", "nobody/ unguarded", "noticed/a caught otherwise", "noticed/ unguarded"}, said)
	require.Len(t, m.control(), 2)
	require.Len(t, m.mutants(), 3)
}

func TestWhichCellsAreTriedOnceMore(t *testing.T) {
	intact, mutant := cellsOf("", false, "").cells[0], cellsOf("cap", true, "").cells[0]
	for _, row := range []struct {
		of      *cell
		company bool
		again   []result.Verdict
	}{
		{intact, false, []result.Verdict{result.Inconclusive}},
		{mutant, false, []result.Verdict{result.Inconclusive}},
		{intact, true, []result.Verdict{result.Inconclusive, result.NotExercised}},
		{mutant, true, []result.Verdict{result.Fail, result.Inconclusive, result.NotExercised}},
	} {
		var again []result.Verdict
		for _, v := range result.Verdicts() {
			row.of.out, row.of.company, row.of.found.Verdict = new(result.Scenario), row.company, v
			if row.of.doubtful() {
				again = append(again, v)
			}
		}
		require.Equal(t, row.again, again, "%s, in company: %v", row.of.row.variant, row.company)
	}
	mutant.out = nil
	require.False(t, mutant.doubtful(), "it has no control, and another try gives it none")
}

// A mutant that in company a check on time alone caught is not caught yet, and is seen
// alone; what no company can cause catches it, and says nothing of the check on time.
func TestNoNeighbourMakesAMutantLookCaught(t *testing.T) {
	late := guard(result.Fail)
	late.Name, late.Metric, late.Timed = "late", "web.latency.p99", true
	in := func(checks ...result.Check) *cell {
		c := cellsOf(capped, true, "").cells[0]
		out := byCompany(result.Scenario{Checks: checks})
		c.out, c.company = &out, true
		c.found = c.judge(&out)
		return c
	}
	require.True(t, in(late).doubtful())
	require.NotEqual(t, result.OutcomeCaught, in(late).found.Outcome)
	both := in(late, guard(result.Fail))
	require.False(t, both.doubtful())
	require.Equal(t, result.OutcomeCaught, both.found.Outcome)
	require.Equal(t, []string{guard(result.Fail).Key()}, both.found.Failed)
}

func TestAMutantIsHeldAgainstItsOwnControl(t *testing.T) {
	m := matrix{rows: []*row{cellsOf("", false, result.OutcomeIntact, result.OutcomeFalseAlarm), cellsOf("cap", true, "", "")}}
	m.control()[1].found.Verdict = result.Fail
	require.Equal(t, result.Pass, m.controlOf(m.mutants()[0]))
	require.Equal(t, result.Fail, m.controlOf(m.mutants()[1]))
	require.Equal(t, result.Pass, m.controlOf(m.control()[1]), "the control has none")
}

// What is left is told once there is enough to tell by, and what is tried once
// more is counted.
func TestHowLongAProofStillTakes(t *testing.T) {
	m := matrix{rows: []*row{cellsOf("", false, make([]result.Outcome, 8)...), cellsOf("cap", true, "", "")}, start: time.Now().Add(-40 * time.Minute)}
	first := m.begin(m.mutants()[0], "")
	require.Equal(t, []any{1, 10}, []any{first.N, first.All})
	require.NotContains(t, first.Text, "left")
	m.ended, m.extra = 8, 2
	later := m.begin(m.mutants()[1], ", once more")
	require.Equal(t, []any{2, 12}, []any{later.N, later.All})
	require.Contains(t, later.Text, "cap")
	require.Contains(t, later.Text, ", once more, about 20m0s left")
}

// Side by side nobody could tell whose tick it is; all else is passed on.
func TestWhatIsSeenOfScenariosSideBySide(t *testing.T) {
	kinds := []EventKind{Note, ScenarioStarted, PhaseStarted, Tick, ScenarioEnded}
	for sideBySide, want := range map[int][]EventKind{1: kinds, 2: {Note, ScenarioStarted, ScenarioEnded}} {
		var seen []EventKind
		observe := apart(func(e Event) { seen = append(seen, e.Kind) }, sideBySide)
		for _, k := range kinds {
			observe(Event{Kind: k})
		}
		require.Equal(t, want, seen)
	}
	require.Nil(t, apart(nil, 3))
}
