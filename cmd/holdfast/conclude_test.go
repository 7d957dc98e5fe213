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
	v, _, _ := watching(false)
	seen := map[string]bool{}
	for _, word := range result.Verdicts() {
		v.colour = false
		plain := v.paint(word)
		v.colour = true
		painted := v.paint(word)
		require.Contains(t, painted, plain, "who sees no colour reads the same")
		require.True(t, strings.HasSuffix(painted, "\x1b[0m"), "what comes after is not painted")
		seen[strings.Split(painted, plain)[0]] = true
	}
	require.Len(t, seen, 4)
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
