package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

func tickAt(seconds float64, sent int64) harness.Event {
	p99 := 41.5
	at := time.Duration(seconds * 1e9)
	return harness.Event{Kind: harness.Tick, Scenario: "search/x", Phase: "inject", At: at, Of: 10 * time.Second, RSS: 4e7, Faults: []string{"delay 20ms on database"},
		Streams: []load.Snapshot{{Stream: "search", At: at, Planned: sent, Sent: sent, OK: sent - 2, Failed: 2, InFlight: 7, Late: 1, P99MS: &p99}}}
}

func TestTheTerminalShowsHowThingsStand(t *testing.T) {
	b := newBlock()
	b.ended(&result.Scenario{Checks: []result.Check{{Verdict: result.Pass}, {Verdict: result.Pass}, {Verdict: result.Fail}}})
	b.lines(tickAt(4.5, 900))
	got := strings.ReplaceAll(strings.Join(b.lines(tickAt(5, 1000)), "\n"), "\u00a0", " ")
	require.Equal(t, `  [##########..........] inject 5.0 s of 10 s
  search: planned 200/s, sent 200/s, ok 200/s, 2 failed, 7 in flight, 1 not sent, p99 41.5 ms
  memory 40 MB | faults on: delay 20ms on database | checks so far: 1 fail, 2 pass`, got)
}

// On a terminal the lines are drawn over each other; what is said for good goes
// above them.
func TestLinesAreOverwritten(t *testing.T) {
	var err, out bytes.Buffer
	v := newView(environ{stdout: &out, stderr: &err, getenv: func(string) string { return "" }}, false)
	v.terminal, v.width = true, 40
	v.observe(tickAt(1, 200))
	require.Equal(t, 2, strings.Count(err.String(), "\n"))
	for _, line := range strings.Split(err.String(), "\n") {
		require.Less(t, len([]rune(line)), 40, "the terminal would break it")
	}
	err.Reset()
	v.observe(tickAt(2, 400))
	require.True(t, strings.HasPrefix(err.String(), "\x1b[2A\r\x1b[J  [####"), "%q", err.String())
	err.Reset()
	v.say("a note")
	require.Equal(t, "\x1b[2A\r\x1b[J  a note\n", err.String())
	err.Reset()
	v.close()
	require.Empty(t, err.String(), "nothing is left to clear")
}

// Elsewhere there are plain lines and no control characters.
func TestPlainLinesWhereThereIsNoTerminal(t *testing.T) {
	var err, out bytes.Buffer
	v := newView(environ{stdout: &out, stderr: &err, getenv: func(string) string { return "" }}, false)
	v.observe(harness.Event{Kind: harness.PhaseStarted, Phase: "inject", At: 3 * time.Second, Of: 10 * time.Second})
	v.observe(tickAt(4, 800))
	v.observe(harness.Event{Kind: harness.ScenarioEnded, Scenario: "search/x", Result: &result.Scenario{Verdict: result.Pass, Reason: "held"}})
	v.close()
	require.Equal(t, "  inject at 3.0 s of 10 s\n", err.String())
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
