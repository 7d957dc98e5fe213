package main

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
)

// watching is a view with what it printed.
func watching(asJSON bool) (v *view, out, errs *bytes.Buffer) {
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	return newView(environ{stdout: out, stderr: errs, getenv: func(string) string { return "" }}, asJSON), out, errs
}

func TestTheEndOfAProof(t *testing.T) {
	v, out, errs := watching(false)
	v.concludeProof(&result.Run{
		Verdict: result.Fail, DurationS: 61.4, Seed: 9, Scenarios: make([]result.Scenario, 2),
		Detections: []result.Detection{
			{Expected: "search/a", Outcome: result.OutcomeIntact, Verdict: result.Pass},
			{Expected: "search/b", Outcome: result.OutcomeFalseAlarm, Verdict: result.Fail, Reason: "p99 over 50 ms"},
			{Without: "search.cap", Expected: "search/a", Outcome: result.OutcomeCaught, Verdict: result.Pass, Reason: "101 results"},
			{Without: "search.order", Expected: "search/b", Outcome: result.OutcomeMissed, Verdict: result.Fail, Reason: "nothing noticed"},
			{Without: "search.index", Outcome: result.OutcomeUnguarded, Verdict: result.Fail, Reason: "no scenario claims it"},
		},
	}, "out/report.html")
	require.Empty(t, errs.String())
	require.Equal(t, `
✕ FAIL  intact, search/b: false alarm: p99 over 50 ms
✓ PASS  without search.cap, search/a: caught: 101 results
✕ FAIL  without search.order, search/b: missed: nothing noticed
✕ FAIL  without search.index: unguarded: no scenario claims it

✕ FAIL  1 of 3 mutants caught for the declared reason, 2 scenarios as control, in 61 s, seed 9
out/report.html
`, out.String())
}

func TestTheEndOfARun(t *testing.T) {
	v, out, _ := watching(false)
	v.conclude(&result.Run{Verdict: result.Fail, DurationS: 30, Seed: 4, Scenarios: []result.Scenario{
		{Name: "search/held", Verdict: result.Pass, Checks: []result.Check{{Name: "held", Verdict: result.Pass}}},
		{Name: "search/broke", Verdict: result.Fail, Error: "it died\nat night", Repeat: "holdfast run search/broke",
			Checks:   []result.Check{{Name: "limit", Verdict: result.Fail, Reason: "7 is more than 5"}, {Name: "held", Verdict: result.Pass}},
			Evidence: []result.Check{{Name: "load", Verdict: result.Inconclusive, Reason: "late"}},
			Ends:     []result.End{{Expected: true}}},
	}}, "out/report.html")
	require.Equal(t, `
✓ PASS  search/held      0 s  held
✕ FAIL  search/broke     0 s  7 is more than 5

✕ FAIL  search/broke
    it died
    | at night
    ✕ limit: 7 is more than 5
    ? load: late
    repeat: holdfast run search/broke

✕ FAIL  2 scenarios in 30 s, seed 4
out/report.html
`, out.String())
}

// A terminal shows what fits, with a mark where something is cut, and breaks sentences
// between words; a log has all of it, and commands are in one line everywhere.
func TestWhatIsLongerThanATerminalIsWide(t *testing.T) {
	why := "p99 was 1 200 ms, limit at most 900 ms"
	run := &result.Run{Verdict: result.Fail, DurationS: 30, Seed: 4, Scenarios: []result.Scenario{
		{Name: "a/b", Verdict: result.Pass},
		{Name: "search/broke", Verdict: result.Fail, Repeat: "holdfast run search/broke --profile smoke --seed 4",
			Checks: []result.Check{{Name: "search.latency.p99 in inject <= 900ms", Metric: "search.latency.p99", Phase: result.Inject, Op: "<=", Threshold: 900, Unit: result.UnitMS, Value: new(1200.0), Verdict: result.Fail, Reason: why}}},
	}}
	v, log, _ := watching(false)
	v.conclude(run, "out/report.html")
	require.NotContains(t, log.String(), "…")
	require.Contains(t, log.String(), "(≤\u00a0900\u00a0ms)\n", "the limit stands at the end of its line")
	require.Contains(t, log.String(), why)

	v, shown, _ := watching(false)
	v.width = func() int { return 44 }
	v.conclude(run, "out/report.html")
	lines := strings.Split(shown.String(), "\n")
	require.True(t, strings.HasSuffix(lines[2], "…"), "%q", lines[2])
	for _, line := range lines {
		require.True(t, strings.Contains(line, "repeat: "+run.Scenarios[1].Repeat) || fitting(line, 44) == line, "%q", line)
	}
	require.Contains(t, strings.Join(strings.Fields(shown.String()), " "), strings.Join(strings.Fields(why), " "), "no word is broken")
}

func TestCounted(t *testing.T) {
	require.Equal(t, []string{"1 scenario", "0 scenarios", "2 processes", "1 process", "3 dependencies"},
		[]string{counted(1, "scenario"), counted(0, "scenario"), counted(2, "process"), counted(1, "process"), counted(3, "dependency")})
}

// Each line of JSON stands alone, and says what the terminal would have said.
func TestProgressAsJSON(t *testing.T) {
	v, out, errs := watching(true)
	v.say("a note")
	v.observe(tickAt(1.5, 300))
	v.observe(harness.Event{Kind: harness.PhaseStarted, Scenario: "search/x", Phase: "warm-up"})
	v.observe(harness.Event{Kind: harness.ScenarioEnded, Scenario: "search/x", Result: &result.Scenario{Verdict: result.Fail, Reason: "1 < 2 & so on"}})
	v.conclude(&result.Run{Verdict: result.Fail, Reason: "search/x failed"}, "out/report.html")
	v.close()
	require.Empty(t, errs.String())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 5)
	var said []map[string]any
	for _, line := range lines {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &m), line)
		said = append(said, m)
	}
	require.Equal(t, map[string]any{"kind": "note", "text": "a note"}, said[0])
	require.EqualValues(t, 1.5, said[1]["at_s"])
	require.Len(t, said[1]["streams"], 1)
	require.EqualValues(t, 0, said[2]["at_s"], "the beginning is a moment, too")
	require.Contains(t, lines[3], "1 < 2 & so on", "it is no web page")
	require.Equal(t, map[string]any{"kind": "run-ended", "verdict": "fail", "reason": "search/x failed", "report": "out/report.html"}, said[4])

	v, out, _ = watching(true)
	v.concludeProof(&result.Run{Verdict: result.Pass}, "r.html")
	require.JSONEq(t, `{"kind":"run-ended","verdict":"pass","report":"r.html"}`, out.String())
}

func TestColourIsBesideTheWord(t *testing.T) {
	v, out, _ := watching(false)
	seen := map[string]bool{}
	for _, word := range result.Verdicts() {
		said := func(colour bool) string {
			out.Reset()
			v.colour = colour
			v.verdict(word, "%s", "x")
			return out.String()
		}
		plain, painted := said(false), said(true)
		mark := strings.TrimSuffix(plain, "  x\n")
		require.Contains(t, painted, mark, "who sees no colour reads the same")
		require.True(t, strings.HasSuffix(painted, mark+"\x1b[0m  x\n"), "what comes after is not painted: %q", painted)
		seen[strings.Split(painted, mark)[0]] = true
	}
	require.Len(t, seen, 4)
}

// Our own colours arrive through the writer of everything; those of a text do not.
func TestOnlyOurOwnColoursArrive(t *testing.T) {
	var out bytes.Buffer
	h := new(hider)
	v := newView(environ{stdout: h.writer(&out), stderr: h.writer(&out), getenv: func(string) string { return "" }}, false)
	v.colour = true
	v.verdict(result.Fail, "%s", "\x1b[32mPASS")
	require.Equal(t, "\x1b[31;1m✕ FAIL\x1b[0m  \\u001b[32mPASS\n", out.String())
}

func TestTheBarIsAsFullAsItsTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		of := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(rt, "of"))
		a := time.Duration(rapid.Int64Range(-int64(time.Hour), 2*int64(time.Hour)).Draw(rt, "at"))
		a = rapid.SampledFrom([]time.Duration{a, of - 1, of}).Draw(rt, "at, or about its end")
		b := a + time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(rt, "later"))
		first, later := bar(a, of), bar(b, of)
		require.Len(rt, first, barWidth+2)
		require.GreaterOrEqual(rt, strings.Count(later, "#"), strings.Count(first, "#"), "it never goes back")
		require.Equal(rt, barWidth, strings.Count(first, "#")+strings.Count(first, "."))
		if of > 0 {
			require.Equal(rt, a >= of, strings.Count(first, "#") == barWidth, "full when it is over, and not before")
		}
	})
}

// A size reads back as it was written, whatever the case and the unit.
func TestASizeIsReadAsItIsMeant(t *testing.T) {
	units := []string{"b", "k", "m", "g"}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.Uint64Range(1, 1<<30).Draw(rt, "n")
		power := rapid.IntRange(0, 3).Draw(rt, "power")
		text := strings.ToUpper
		if rapid.Bool().Draw(rt, "small") {
			text = strings.ToLower
		}
		unit := text(units[power])
		if power > 0 && rapid.Bool().Draw(rt, "with b") {
			unit += text("b")
		}
		want := n
		for range power {
			want *= 1024
		}
		got, err := parseBytes(result.Number(float64(n)))
		require.True(rt, n < 1000 && err == nil && got == n || n >= 1000 && err != nil, "a number with spaces is none: %d", n)
		got, err = parseBytes(strconv.FormatUint(n, 10) + unit)
		require.NoError(rt, err)
		require.Equal(rt, want, got)
	})
}
