package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestGainsAreTold(t *testing.T) {
	measured := result.Gain{Name: "search: memory", Claimed: "−90 %", Where: map[string]string{"projects": "10000"}, Unit: result.UnitBytes,
		Before: ptr(400e6), After: ptr(40e6), BeforeAll: []float64{400e6}, AfterAll: []float64{40e6}, Promised: 0.9,
		Share: ptr(0.9), GainLeast: ptr(0.89), GainMost: ptr(0.91), Verdict: result.Pass, Reason: "−90 % measured", Evidence: "killed by the kernel"}
	open := result.Gain{Name: "queue", Verdict: result.NotExercised, Reason: "not run", Evidence: "no key"}
	got := gains([]result.Gain{measured, open})
	require.Equal(t, Gain{
		Name: "search: memory (projects 10000)", Claimed: "−90 %", Before: "400\u00a0MB", After: "40\u00a0MB", Gain: "−90 %",
		Interval: "−89 % to −91 % in 1 runs a side", Promised: "−90 %", Verdict: badgeOf(result.Pass), Reason: "killed by the kernel",
		Overlay: &Overlay{Before: "100.0%", After: "10.0%", Text: "−90\u00a0%"},
	}, got[0])
	require.Equal(t, Gain{Name: "queue", Before: notMeasured, After: notMeasured, Gain: notMeasured, Verdict: badgeOf(result.NotExercised), Reason: "not run; no key"}, got[1])
}

func TestAnOverlayIsDrawnOfWhatWasMeasuredOnBothSides(t *testing.T) {
	for _, row := range []struct {
		name          string
		before, after *float64
		want          *Overlay
	}{
		{"neither", nil, nil, nil},
		{"one side", ptr(1.0), nil, nil},
		{"nothing on either", ptr(0.0), ptr(0.0), nil},
		{"below zero", ptr(-1.0), ptr(1.0), nil},
		{"it got worse", ptr(50.0), ptr(100.0), &Overlay{Before: "50.0%", After: "100.0%", Text: "+100\u00a0%"}},
		{"from nothing", ptr(0.0), ptr(1.0), &Overlay{Before: "0.0%", After: "100.0%"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.want, overlayOf(result.Gain{Before: row.before, After: row.after}))
		})
	}
}

func TestFaultsAreTold(t *testing.T) {
	for _, row := range []struct {
		name  string
		fault result.Fault
		want  Fault
	}{
		{"it acted and was undone", result.Fault{ID: "slow", Kind: "delay 20ms", On: "database", StartS: 13, EndS: ptr(25.0), Fired: 2812, Undone: ptr(true), Declared: "delay 20 ms", Measured: "20.4 ms"},
			Fault{ID: "slow", Name: "delay 20ms on database", Window: "13.0\u00a0s – 25.0\u00a0s", Fired: "2\u00a0812", Missed: "0", Declared: "delay 20 ms", Measured: "20.4 ms", Undone: "yes, read back"}},
		{"it never acted", result.Fault{ID: "x", Kind: "status 401", StartS: 1, EndS: ptr(2.0), Missed: 3, Undone: ptr(true)},
			Fault{ID: "x", Name: "status 401", Window: "1.0\u00a0s – 2.0\u00a0s", Fired: "0", Missed: "3", Undone: "yes, read back", Bad: true}},
		{"it has no end", result.Fault{ID: "x", StartS: 1, Fired: 1}, Fault{ID: "x", Name: "x", Window: "1.0\u00a0s – no end", Fired: "1", Missed: "0", Undone: "not looked at", Bad: true}},
		{"its undoing was not seen", result.Fault{ID: "x", EndS: ptr(2.0), Fired: 1, Undone: ptr(false)}, Fault{ID: "x", Name: "x", Window: "0.0\u00a0s – 2.0\u00a0s", Fired: "1", Missed: "0", Undone: "NO", Bad: true}},
		{"it went wrong", result.Fault{ID: "x", EndS: ptr(2.0), Fired: 1, Undone: ptr(true), Error: "refused"}, Fault{ID: "x", Name: "x", Window: "0.0\u00a0s – 2.0\u00a0s", Fired: "1", Missed: "0", Undone: "yes, read back", Error: "refused", Bad: true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, []Fault{row.want}, faults(result.Scenario{Faults: []result.Fault{row.fault}}))
		})
	}
}

func TestEndsAreTold(t *testing.T) {
	got := ends(result.Scenario{Ends: []result.End{
		{StartS: -1, EndS: ptr(21.3), Signal: "killed", OOMKilled: true, OOMEvidence: "docker inspect", PeakRSSBytes: ptr(uint64(100e6)), LimitBytes: ptr(uint64(100e6))},
		{StartS: 23, EndS: ptr(35.0), ExitCode: ptr(0), Expected: true},
		{StartS: 36},
	}})
	require.Equal(t, []End{
		{From: "-1.0\u00a0s", To: "21.3\u00a0s", How: "killed by the kernel for memory (limit 100\u00a0MB)", Evidence: "docker inspect", Peak: "100\u00a0MB", Limit: "100\u00a0MB", Bad: true},
		{From: "23.0\u00a0s", To: "35.0\u00a0s", How: "stopped cleanly", Peak: notMeasured, Limit: "none"},
		{From: "36.0\u00a0s", To: "–", How: "still running", Peak: notMeasured, Limit: "none"},
	}, got)
}

func TestTheAccountOfWork(t *testing.T) {
	account, attempts := ledger(&result.Ledger{Accepted: 200, Delivered: 150, FailedPermanent: 40, FailedExhausted: 9, Lost: 1, Attempts: map[string]int64{"10": 1, "1": 190, "4": 9, "many": 3}})
	require.Equal(t, []Pair{{"accepted", "200"}, {"delivered", "150"}, {"failed, permanent", "40"}, {"failed, attempts exhausted", "9"}, {"lost", "1"}, {"duplicated", "0"},
		{"attempts per task (amplification)", "1.18×"}}, account)
	require.Equal(t, []Pair{{"1", "190"}, {"4", "9"}, {"10", "1"}, {"many", "3"}}, attempts, "in the order of their numbers")
	account, attempts = ledger(nil)
	require.Empty(t, account)
	require.Empty(t, attempts)
	account, _ = ledger(&result.Ledger{})
	require.Len(t, account, 6, "without a task there is no amplification")
}

func TestALogKeepsItsEnd(t *testing.T) {
	log := make([]string, mostLogLines+3)
	log[len(log)-1] = "killed"
	lines, cut := lastLines(log)
	require.Len(t, lines, mostLogLines)
	require.Equal(t, "killed", lines[mostLogLines-1])
	require.Equal(t, "3\u00a0earlier lines are in run.json.", cut)
	lines, cut = lastLines([]string{"a"})
	require.Equal(t, []any{[]string{"a"}, ""}, []any{lines, cut})
}

func TestTheReevaluationIsTold(t *testing.T) {
	require.Nil(t, newReevaluation(nil))
	got := newReevaluation(&result.Reevaluation{By: "slo.yaml", Changes: []result.Change{
		{Scenario: "a", Check: "m", OldLimit: "≤ 5", NewLimit: "≤ 3", Was: result.Pass, Is: result.Fail},
		{Scenario: "a", Check: "n", OldLimit: "≤ 5", NewLimit: "≤ 4", Was: result.Pass, Is: result.Pass},
		{Scenario: "a", Check: "new", NewLimit: "≤ 3", Is: result.Pass},
	}})
	require.Contains(t, got.Sentence, "the limits of slo.yaml. Of 3\u00a0checks with another limit, 2\u00a0have another verdict.")
	require.True(t, got.Rows[0].Changed)
	require.False(t, got.Rows[1].Changed)
	require.Equal(t, "no such check", got.Rows[2].Old)
	require.Equal(t, "NOT JUDGED", got.Rows[2].Was.Word)
}

func TestWhatARunLacks(t *testing.T) {
	require.Empty(t, lacking(&result.Run{Complete: true}))
	require.Equal(t, "The run was ended early by a signal (interrupt).", lacking(&result.Run{Complete: true, Interrupted: "interrupt"}))
	require.Contains(t, lacking(&result.Run{}), "This result is partial")
}

func TestTheSentenceOfARun(t *testing.T) {
	reasonless := result.Scenario{Name: "a", Verdict: result.Fail, Checks: []result.Check{{Metric: "m", Verdict: result.Fail}}}
	for _, row := range []struct {
		name string
		run  result.Run
		want string
	}{
		{"its own words", result.Run{Complete: true, Verdict: result.Fail, Reason: "it was slow", Scenarios: []result.Scenario{reasonless}}, "it was slow"},
		{"words of a run that is partial", result.Run{Reason: "The file is cut off."}, "The file is cut off."},
		{"gains that hold", result.Run{Complete: true, Verdict: result.Pass, Gains: []result.Gain{{Verdict: result.Pass}}}, "Every gain that was promised was measured, and holds."},
		{"nothing in a run that is partial", result.Run{}, "No scenario was run: nothing was shown."},
		{"one that was not judged", result.Run{Scenarios: []result.Scenario{{Name: "a"}}}, "a: " + unjudged},
	} {
		t.Run(row.name, func(t *testing.T) { require.Equal(t, row.want, Of(&row.run).Sentence) })
	}
}

func TestTheRunLine(t *testing.T) {
	run := &result.Run{ID: "1", Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), DurationS: 151.2, Seed: 42, Scenarios: []result.Scenario{
		{Streams: []result.Stream{{Counts: result.Counts{Planned: 1000}}}}, {Streams: []result.Stream{{Counts: result.Counts{Planned: 234}}}}}}
	require.Equal(t, []Pair{{"Run", "1"}, {"Started", "2026-01-02 03:04:05\u00a0UTC"}, {"Took", "2\u00a0min 31\u00a0s"}, {"Seed", "42"}, {"Load", "1\u00a0234\u00a0requests planned"}},
		facts(run), "what is not known is left out")
	require.Equal(t, "none", loadOf(&result.Run{}))
	require.Equal(t, "unknown", moment(time.Time{}))
	require.Equal(t, []Pair{{"Target", "process"}, {"CPUs", "2"}, {"Memory", "8.59\u00a0GB"}, {"holdfast", "v1"}, {"postgres", "15"}},
		setting(result.Environment{Target: "process", CPUs: 2, MemoryBytes: 8 << 30, Versions: map[string]string{"postgres": "15", "holdfast": "v1"}}))
}

func TestTheTally(t *testing.T) {
	var all []judged
	for _, v := range []result.Verdict{result.Pass, result.Fail, result.Pass, ""} {
		all = append(all, judged{badge: badgeOf(v)})
	}
	require.Equal(t, []string{"1\u00a0fail", "2\u00a0pass", "1\u00a0no verdict"}, tally(all))
}

func TestWhatIsProven(t *testing.T) {
	proven := result.Check{Metric: "a", Seen: &result.ProvenFailure{Without: "p", At: "2026-01-31"}}
	run := &result.Run{Scenarios: []result.Scenario{{Checks: []result.Check{proven, {Metric: "b"}, {Metric: "c", Exercise: true}}}}}
	require.Equal(t, "Seen to fail without p on 2026-01-31", seen(proven))
	require.Equal(t, "Unproven: never seen to fail", seen(result.Check{}))
	require.Contains(t, seen(result.Check{Exercise: true}), "never failed")
	require.Equal(t, "1 of 2\u00a0checks were never seen to fail (unproven); the HTML report marks them.", Of(run).Unproven)
	run.Scenarios[0].Checks[0].Seen = nil
	v := Of(run)
	require.Empty(t, v.Unproven, "where nothing was proved nothing is said")
	require.Empty(t, v.Scenarios[0].Checks[0].Seen)
}

func TestAPhaseTableNeedsNoNumberThatIsNotKnown(t *testing.T) {
	s := result.Scenario{
		Phases: []result.Phase{{Name: result.Inject, From: time.Second, To: 3 * time.Second}},
		Streams: []result.Stream{{Name: "search", Shape: "100/s", Counts: result.Counts{Planned: 200, Sent: 190, OK: 180}, Phases: []result.StreamPhase{
			{Phase: result.Baseline}, {Phase: result.Inject, Counts: result.Counts{Planned: 200, Sent: 190, OK: 180, Latency: &result.Quantiles{N: 190, P50: 3, P99: 9, Max: 20}, SendLagP99MS: ptr(0.5)}}}}},
	}
	tables := phaseTables(s)
	require.Len(t, tables, 1)
	require.Equal(t, "search: 100/s", tables[0].Caption)
	require.Equal(t, []Column{{Name: result.Inject, Role: "during"}, {Name: "whole load"}}, tables[0].Columns, "a phase without load has no column")
	rows := map[string][]string{}
	for _, r := range tables[0].Rows {
		rows[r.Name] = r.Cells
	}
	require.Equal(t, []string{"200 (100/s)", "200"}, rows["planned"])
	require.Equal(t, []string{"190 (95\u00a0%)", "190 (95\u00a0%)"}, rows["sent"])
	require.Equal(t, []string{"9\u00a0ms", notMeasured}, rows["p99"])
	require.Equal(t, []string{"too few", notMeasured}, rows["p99.9"])
	require.Equal(t, []string{"10 (5.26\u00a0%)", notMeasured}, rows["failed"])
	require.Equal(t, []string{"0.5\u00a0ms", notMeasured}, rows["send lag p99"])
}

func TestACurveWithoutASideSaysSo(t *testing.T) {
	c := result.Curve{Name: "memory", X: "projects", Unit: result.UnitBytes, Points: []result.CurvePoint{{X: 1000, Before: ptr(2e6), After: ptr(1e6)}, {X: 1e6, After: ptr(3e6)}}}
	v := Drawn(&result.Run{Curves: []result.Curve{c}}).Curves[0]
	require.Equal(t, []CurveRow{{"1\u00a0000", "2\u00a0MB", "1\u00a0MB"}, {"1\u00a0000\u00a0000", notMeasured, "3\u00a0MB"}}, v.Rows)
	require.NotNil(t, v.Plot)
	require.Nil(t, Of(&result.Run{Curves: []result.Curve{c}}).Curves[0].Plot, "pictures are for pages")
}

// Of and Drawn differ in pictures alone.
func TestADrawnViewIsTheViewWithPictures(t *testing.T) {
	for _, name := range []string{"mixed", "passed", "partial", "reevaluated", "hostile", "empty"} {
		run := sample(t, name)
		bare, drawn := Of(run), Drawn(run)
		for i := range drawn.Scenarios {
			drawn.Scenarios[i].Charts, drawn.Scenarios[i].Distributions = nil, nil
		}
		for i := range drawn.Curves {
			drawn.Curves[i].Plot = nil
		}
		for i := range drawn.Rows {
			drawn.Rows[i].Spark = ""
		}
		if drawn.Answer != nil {
			drawn.Answer.Chart = nil
		}
		drawn.Memories = nil
		require.Equal(t, bare, drawn, name)
	}
}

func TestALiveViewKeepsAFailure(t *testing.T) {
	run := sample(t, "mixed")
	run.Complete, run.Verdict = false, ""
	v := Live(run, Now{Sentence: "baseline, \x1b3 s of 10 s"})
	require.Equal(t, "FAIL", v.Verdict.Word)
	require.Equal(t, `baseline, \x1b3 s of 10 s`, v.Sentence)
	v = Live(sample(t, "partial"), Now{Sentence: "now"})
	require.Equal(t, "RUNNING – Holdfast run 20260102-030405-7f3a", v.Title)
	require.True(t, slices.ContainsFunc(v.Scenarios, func(s Scenario) bool { return s.Reason == "not judged yet" && s.Verdict.Word == "RUNNING" }))
	v = Live(run, Now{Going: []Going{{Scenario: run.Scenarios[0].Name}}, Late: 3, Shed: 2})
	for _, want := range []Tile{{Class: "bad", Mark: "!", Name: "Not sent (too late)", Value: "3"}, {Class: "bad", Mark: "!", Name: "Not sent (shed)", Value: "2"}} {
		want.Word = idOf(v.Words, strings.ToLower(want.Name))
		require.NotEmpty(t, want.Word)
		require.Contains(t, v.Tiles, want)
	}
	for _, tile := range v.Tiles {
		require.True(t, tile.Name != journalName || tile.Value == "being written")
	}
}
