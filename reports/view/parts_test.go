package view

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
	"holdfast.dev/holdfast/reports/chart"
)

func TestEachSeriesHasItsPlace(t *testing.T) {
	for _, c := range []struct{ name, unit, title, label string }{
		{"search.latency.p99", result.UnitMS, "Latency of search", "p99"},
		{"search.latency.p99.9", result.UnitMS, "Latency of search", "p99.9"},
		{"search.planned", result.UnitPerS, "Requests of search", "planned"},
		{"process.rss", result.UnitBytes, "Memory", "process.rss"},
		{"db.pool.in_use", result.UnitCount, "Connections", "db.pool.in_use"},
		{"oracle_api.in_flight", result.UnitCount, "In flight", "oracle_api.in_flight"},
		{"queue.pending", result.UnitCount, "Queue", "queue.pending"},
		{"process.cpu", result.UnitRatio, "Other of process", "cpu"},
		{"odd", "", "Other", "odd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := placeOf(result.Series{Name: c.name, Unit: c.unit})
			require.Equal(t, []string{c.title, c.label}, []string{p.title, p.label})
		})
	}
}

func TestAPanelNeverMixesUnitsNorHoldsTooManyLines(t *testing.T) {
	var s result.Scenario
	for i := range 80 {
		s.Series = append(s.Series, result.Series{Name: fmt.Sprintf("db.c%d", i), Unit: []string{result.UnitCount, result.UnitRatio}[i%2], T: []float64{0}, V: []float64{1}})
	}
	lines := 0
	for _, p := range panels(s, chart.Span{From: 0, To: 1}, 120) {
		require.LessOrEqual(t, len(p.Lines), chart.MaxLines)
		for _, l := range p.Lines {
			require.Equal(t, p.Unit, l.Unit)
		}
		lines += len(p.Lines)
	}
	require.Equal(t, mostSeries, lines)
	require.Equal(t, "16\u00a0more series are in run.json and not drawn.", newScenario(judgedOf(s, 0), "s1", false).LeftOut)
}

func TestThresholdsStandOverTheirPhase(t *testing.T) {
	s := passing(t)
	found := map[string]chart.Span{}
	for _, p := range panels(s, spanOf(s), 120) {
		for _, l := range p.Limits {
			found[l.Name] = l.Span
		}
	}
	require.Equal(t, map[string]chart.Span{
		"inject: p99 ≤": {From: 13, To: 25}, "limit of process.rss": {From: 0, To: 35},
	}, found, "a check on the limit itself is not a second line")
}

func TestMarksOfATargetThatDied(t *testing.T) {
	var said []string
	for _, m := range marks(killed(t)) {
		said = append(said, fmt.Sprintf("%v %s %v", m.At, m.Name, m.Bad))
	}
	require.Equal(t, []string{"21.3 target killed by the kernel for memory (limit 100\u00a0MB) true", "23.1 target started again false", "23.4 ready again after 2.1 s false"}, said)
	require.Empty(t, marks(passing(t)), "an end that was asked for is no event")
}

func TestPeaksAreOfTheirPhase(t *testing.T) {
	s := result.Series{Unit: result.UnitCount, T: []float64{0, 1, 2, 3}, V: []float64{5, math.NaN(), 9, 1}}
	require.Equal(t, "5 (1)", peakIn(s, result.Phase{From: 0 * time.Second, To: 2 * time.Second}))
	require.Equal(t, "9 (1)", peakIn(s, result.Phase{From: 2 * time.Second, To: 3 * time.Second}))
	require.Equal(t, notMeasured, peakIn(s, result.Phase{From: 5 * time.Second, To: 9 * time.Second}), "nothing is not 0")
}

func TestAQuantileNeedsSamples(t *testing.T) {
	p999 := percentile("p99_9")
	require.Equal(t, notMeasured, p999(result.Counts{}, 0))
	require.Equal(t, "too few", p999(result.Counts{Latency: &result.Quantiles{N: 999, P999: 7}}, 0))
	require.Equal(t, "7\u00a0ms", p999(result.Counts{Latency: &result.Quantiles{N: 1000, P999: 7}}, 0))
}

func TestACurveEndsWhereTheSamplesDo(t *testing.T) {
	h := hdr.New(1, 60_000_000, 3)
	for i := range 1000 {
		require.NoError(t, h.RecordValue(int64(i+1)*1000))
	}
	encoded, err := h.Encode(hdr.V2CompressedEncodingCookieBase)
	require.NoError(t, err)
	points, err := quantiles(string(encoded))
	require.NoError(t, err)
	require.InDelta(t, 0.5, points[0].Q, 1e-9)
	require.InEpsilon(t, 500, points[0].MS, 0.01)
	last := points[len(points)-1]
	require.InDelta(t, 0.999, last.Q, 1e-9, "a thousand samples say nothing of the ten-thousandth")
	require.InEpsilon(t, 1000, last.MS, 0.01)
	for i := 1; i < len(points); i++ {
		require.Greater(t, points[i].Q, points[i-1].Q)
		require.GreaterOrEqual(t, points[i].MS, points[i-1].MS)
	}
}

func TestAHistogramThatCannotBeReadIsSaid(t *testing.T) {
	for _, text := range []string{"not base64 !", "AAAA", strings.Repeat("A", latency.MaxText+4)} {
		_, err := quantiles(text)
		require.Error(t, err)
	}
	d := distributions(result.Scenario{Streams: []result.Stream{{Name: "search", Histograms: result.Histograms{Histogram: "AAAA"}}}})
	require.Len(t, d, 1)
	require.Contains(t, d[0].Note, "the histogram from the plan can't be read")
}

func TestTiles(t *testing.T) {
	find := func(run *result.Run, name string) Tile {
		for _, tl := range tiles(run) {
			if tl.Name == name {
				return tl
			}
		}
		t.Fatal("no tile " + name)
		return Tile{}
	}
	run := &result.Run{Complete: true}
	require.Equal(t, "none", find(run, "Load delivered").Class, "no load is not a good load")
	require.Equal(t, "none", find(run, "Faults fired").Class)
	run.Scenarios = []result.Scenario{{
		Streams: []result.Stream{{Counts: result.Counts{Planned: 1000, Sent: 989}}},
		Faults:  []result.Fault{{Fired: 1, Undone: ptr(true)}, {Fired: 0}},
		Checks:  []result.Check{{Verdict: result.Fail}, {Verdict: result.Inconclusive}},
	}}
	require.Equal(t, Tile{Class: "bad", Mark: "✕", Name: "Load delivered", Value: "98.9\u00a0%", Note: "11 not sent"}, find(run, "Load delivered"))
	require.Equal(t, "1 of 2", find(run, "Faults fired").Value)
	require.Equal(t, "1 of 2", find(run, "Faults undone").Value, "not looked at is not undone")
	require.Equal(t, "1 of 2", find(run, "Checks exercised").Value)
	run.Scenarios[0].Streams[0].Sent = 995
	require.Equal(t, "ok", find(run, "Load delivered").Class)
}

// A kill has happened and is over: that nobody undid it is no red mark.
func TestWhatHappensOnceIsNotToBeUndone(t *testing.T) {
	kill := result.Fault{ID: "kill", Fired: 1, StartS: 2, EndS: new(2.0)}
	delay := result.Fault{ID: "slow", Fired: 1, StartS: 2, EndS: new(3.0), Undone: new(true)}
	for want, faults := range map[string][]result.Fault{"1 of 1": {kill, delay}, "none to undo": {kill}, "none planned": nil} {
		run := &result.Run{Complete: true, Scenarios: []result.Scenario{{Name: "a/b", Faults: faults}}}
		i := slices.IndexFunc(tiles(run), func(tile Tile) bool { return tile.Name == "Faults undone" })
		require.Equal(t, want, tiles(run)[i].Value)
		require.NotEqual(t, "bad", tiles(run)[i].Class)
	}
}

func TestFailuresCountWhatWasNeverSent(t *testing.T) {
	rows := failures(result.Scenario{Streams: []result.Stream{{Name: "search", Counts: result.Counts{
		Planned: 100, Sent: 80, Late: 15, Shed: 5, Errors: map[string]int64{"reset": 4, "timeout": 8, "eof": 4}}}}})
	var said []string
	for _, r := range rows {
		said = append(said, r.Class+" "+r.N+" "+r.Share)
	}
	require.Equal(t, []string{"timeout 8 10\u00a0%", "eof 4 5\u00a0%", "reset 4 5\u00a0%", "not sent: the generator was late 15 15\u00a0% of planned", "not sent: too many in flight 5 5\u00a0% of planned"}, said)
}

func TestWords(t *testing.T) {
	require.Equal(t, []string{"under 1\u00a0% of the limit", "81\u00a0% of the limit", "just past the limit", "187\u00a0% of the limit", "4.8× the limit", "12× the limit", "far past the limit"},
		[]string{usedText(0.001), usedText(0.81), usedText(1.001), usedText(1.87), usedText(4.77), usedText(12.3), usedText(1000)})
	require.Equal(t, []string{"36.4\u00a0s", "2\u00a0min 31\u00a0s", "1\u00a0h 05\u00a0min"}, []string{duration(36.4), duration(151.2), duration(3900)})
	require.Equal(t, []string{"1", "2", "4", "10", "many"}, byNumber(map[string]int64{"10": 1, "many": 1, "2": 1, "4": 1, "1": 1}))
	require.Equal(t, "never", measured(result.Check{Op: "falls_to", Verdict: result.Fail}))
	require.Equal(t, notMeasured, measured(result.Check{Op: "falls_to", Verdict: result.NotExercised}), "not measured is not never")
}

// An orderly refusal that was to be expected is no failure, and says so.
func TestARefusalInOrderIsNoFailure(t *testing.T) {
	s := result.Scenario{Streams: []result.Stream{{Name: "search", Counts: result.Counts{
		Planned: 100, Sent: 100, Completed: 100, OK: 10, Errors: map[string]int64{shedByTarget: 88, "timeout": 2}, Latency: &result.Quantiles{N: 100}}}}}
	rows := map[string]string{}
	for _, r := range phaseTables(s)[0].Rows {
		rows[r.Name] = r.Cells[0]
	}
	require.Equal(t, "88 (88\u00a0%)", rows["refused in order"])
	require.Equal(t, "2 (2\u00a0%)", rows["failed"])
	require.Equal(t, "shed_by_target (refused in order: no failure)", failures(s)[0].Class)
	s.Streams[0].Errors, s.Streams[0].Latency = nil, nil
	for _, r := range phaseTables(s)[0].Rows {
		require.True(t, r.Name != "failed" || r.Cells[0] == notMeasured, "what a run that goes on does not know yet is not 90 failures")
	}
}

// Beside the machine's gigabytes nobody would see the target's megabytes.
func TestTheTargetsMemoryHasAPanelOfItsOwn(t *testing.T) {
	s := result.Scenario{}
	for _, name := range []string{"target.rss", "target.rss_peak", "machine.memory_available", "harness.rss"} {
		s.Series = append(s.Series, result.Series{Name: name, Unit: result.UnitBytes, T: []float64{0, 1}, V: []float64{1, 2}})
	}
	var got []string
	for _, p := range panels(s, chart.Span{From: 0, To: 1}, 120) {
		got = append(got, p.Title)
		require.True(t, p.Title != "Memory" || len(p.Lines) == 2)
	}
	require.Equal(t, []string{"Memory", "Memory of machine", "Memory of harness"}, got)
}

func TestNewsIsOnlyWhatTheRowDoesNotSay(t *testing.T) {
	c := passing(t).Checks[0]
	require.Empty(t, news(c))
	c.Reason += "; but the generator was late"
	require.Equal(t, c.Reason, news(c))
	c.Reason = "anything else"
	require.Equal(t, "anything else", news(c))
}
