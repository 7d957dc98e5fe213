package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

func tickAt(seconds float64, sent int64) harness.Event {
	p99 := 41.5
	at := time.Duration(seconds * 1e9)
	return harness.Event{Kind: harness.Tick, Scenario: "search/x", Phase: "inject", At: at, Of: 10 * time.Second, RSS: 4e7, Faults: []string{"delay 20ms on database"},
		Streams: []load.Snapshot{{Stream: "search", At: at, Planned: sent, Sent: sent, OK: sent * 9 / 10, ShedByTarget: sent * 8 / 100, Failed: sent * 2 / 100, InFlight: 7, Late: 1, P99MS: &p99}}}
}

// shownAt is what a terminal of that width shows after two looks at a scenario, while
// another is being set up.
func shownAt(columns int) string {
	p, now := newProgress(), time.Now()
	p.observe(harness.Event{Kind: harness.ScenarioEnded, Result: &result.Scenario{Checks: []result.Check{{Verdict: result.Pass}, {Verdict: result.Pass}, {Verdict: result.Fail}}}}, now)
	p.observe(harness.Event{Kind: harness.ScenarioStarted, Scenario: "search/x", N: 2, All: 3}, now)
	p.observe(tickAt(4.5, 900), now)
	p.observe(harness.Event{Kind: harness.ScenarioStarted, Scenario: "search/a-name-that-is-long", N: 3, All: 3}, now)
	p.observe(tickAt(5, 1000), now)
	return strings.ReplaceAll(strings.Join(p.lines(columns), "\n"), "\u00a0", " ") + "\n"
}

func TestTheTerminalShowsHowThingsStand(t *testing.T) {
	require.Equal(t, `scenario                              phase    plan/s  ok/s shed fail     p99  memory
search/x                   [####....] inject      200   180   16    4 41.5 ms   40 MB
    1 not sent, faults on: delay 20ms on database
search/a-name-that-is-long [........] set-up
3 of 3, checks so far: 1 fail, 2 pass
`, shownAt(85))
	require.Equal(t, `search/x
  [####....] inject
  planned 200/s, ok 180, shed 16,
    failed 4, p99 41.5 ms, 40 MB, 1 not
    sent, faults on: delay 20ms on
    database
search/a-name-that-is-long
  [........] set-up
3 of 3, checks so far: 1 fail, 2 pass
`, shownAt(39))
}

// Of a scenario that is tried again its last try counts, and a check that had nothing to
// look at does not.
func TestTheChecksSoFarAreThoseOfTheLastTry(t *testing.T) {
	p, now := newProgress(), time.Now()
	idle := verdict.OfFinding("answers", "", 0, 0, "")
	require.True(t, verdict.Silent(idle))
	for _, v := range []result.Verdict{result.Inconclusive, result.Pass} {
		p.observe(harness.Event{Kind: harness.ScenarioEnded, Scenario: "a", Result: &result.Scenario{Checks: []result.Check{{Verdict: v}, idle}}}, now)
	}
	require.Equal(t, "running, checks so far: 1 pass", p.soFar())
}

// What tries a scenario several times in a row does not say each time that it has ended.
func TestAScenarioThatSaysNothingMoreIsForgotten(t *testing.T) {
	p, now := newProgress(), time.Now()
	p.observe(tickAt(1, 10), now)
	other := tickAt(1, 10)
	other.Scenario = "search/y"
	p.observe(other, now.Add(forgotten))
	require.Len(t, p.running, 2)
	p.observe(other, now.Add(forgotten+1))
	require.Len(t, p.running, 1)
	require.Equal(t, "search/y", p.running[0].name)
}

func TestARateThatIsNotKnownIsNotZero(t *testing.T) {
	p := newProgress()
	p.observe(harness.Event{Kind: harness.Tick, Scenario: "a", Phase: "baseline", Streams: []load.Snapshot{{Stream: "s"}}}, time.Now())
	for _, columns := range []int{39, 79} {
		require.NotContains(t, strings.Join(p.lines(columns), "\n"), " 0")
	}
}

// On a terminal the lines are drawn over each other; what is said for good goes
// above them.
func TestLinesAreOverwritten(t *testing.T) {
	var err, out bytes.Buffer
	v := newView(environ{stdout: &out, stderr: &err, getenv: func(string) string { return "" }}, false)
	v.terminal, v.size = true, func() (int, int) { return 40, 25 }
	v.observe(tickAt(1, 200))
	drawn := strings.Count(err.String(), "\n")
	require.Greater(t, drawn, 2)
	err.Reset()
	v.observe(tickAt(2, 400))
	require.True(t, strings.HasPrefix(err.String(), fmt.Sprintf("\x1b[%dA\r\x1b[Jsearch/x\n  [#", drawn)), "%q", err.String())
	drawn = strings.Count(err.String(), "\n")
	err.Reset()
	v.say("a note")
	require.True(t, strings.HasPrefix(err.String(), fmt.Sprintf("\x1b[%dA\r\x1b[J  a note\nsearch/x\n", drawn)), "%q", err.String())
	v.close()
	err.Reset()
	v.say("another")
	require.Equal(t, "  another\n", err.String(), "nothing is left to clear")
}

func TestNoMoreLinesThanTheTerminalHas(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var err bytes.Buffer
		v := newView(environ{stdout: &err, stderr: &err, getenv: func(string) string { return "" }}, false)
		columns, rows := rapid.IntRange(1, 200).Draw(rt, "columns"), rapid.IntRange(1, 60).Draw(rt, "rows")
		v.terminal, v.size = true, func() (int, int) { return columns, rows }
		for n := range rapid.IntRange(1, 20).Draw(rt, "scenarios") {
			e := tickAt(1, 200)
			e.Scenario = fmt.Sprintf("service/scenario-%d", n)
			err.Reset()
			v.observe(e)
		}
		_, drawn, _ := strings.Cut("\x1b[J"+err.String(), "\x1b[J")
		if again := strings.LastIndex(drawn, "\x1b[J"); again >= 0 {
			drawn = drawn[again+len("\x1b[J"):]
		}
		require.LessOrEqual(rt, strings.Count(drawn, "\n"), max(rows-2, 0))
		for line := range strings.SplitSeq(drawn, "\n") {
			require.Less(rt, len([]rune(line)), max(columns, 2), "the terminal would break it")
		}
	})
}

func TestALineIsFoldedBetweenWords(t *testing.T) {
	require.Equal(t, []string{"  one two", "    three"}, folded("  one two three", 11))
	require.Equal(t, []string{"  abcde"}, folded("  abcdefgh", 7), "a word that does not fit is cut")
	require.Equal(t, []string{"日本", "  語"}, folded("日本 語", 6), "letters of East Asia take two columns")
	require.Equal(t, []string{""}, folded("", 10))
}

// Elsewhere there are plain lines and no control characters.
func TestPlainLinesWhereThereIsNoTerminal(t *testing.T) {
	var err, out bytes.Buffer
	v := newView(environ{stdout: &out, stderr: &err, getenv: func(string) string { return "" }}, false)
	v.observe(harness.Event{Kind: harness.PhaseStarted, Scenario: "search/x", Phase: "inject", At: 3 * time.Second, Of: 10 * time.Second})
	v.observe(tickAt(4, 800))
	v.observe(harness.Event{Kind: harness.ScenarioEnded, Scenario: "search/x", Result: &result.Scenario{Verdict: result.Pass, Reason: "held"}})
	v.close()
	require.Equal(t, "  search/x: inject at 3.0 s of 10 s\n", err.String())
	require.Equal(t, "✓ PASS  search/x  held\n", out.String())
}

// What a target says can't drive the terminal, nor command the CI job.
func TestHostileTextOnTheTerminal(t *testing.T) {
	var err, out bytes.Buffer
	v := newView(environ{stdout: &out, stderr: &err, getenv: func(string) string { return "" }}, false)
	evil := "x\x1b]0;title\x07\u202e\n::add-mask::y\r\n::error::z"
	s := result.Scenario{Name: "a", Verdict: result.Fail, Reason: evil, Error: evil, Checks: []result.Check{{Name: "c", Verdict: result.Fail, Reason: evil}}}
	v.say(evil)
	v.observe(harness.Event{Kind: harness.ScenarioEnded, Scenario: "a", Result: &s})
	v.conclude(&result.Run{Verdict: result.Fail, Scenarios: []result.Scenario{s}}, "report.html")
	for _, text := range []string{out.String(), err.String()} {
		require.Contains(t, text, `\x1b]0;title\x07`)
		require.NotContains(t, text, "\x1b")
		require.NotContains(t, text, "\r")
		for _, line := range strings.Split(text, "\n") {
			require.False(t, strings.HasPrefix(strings.TrimSpace(line), "::"), "%q", line)
		}
	}
}
