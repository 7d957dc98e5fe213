package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
)

// onTerminal calls do with a view on a terminal of that size, and returns all that
// arrived there.
func onTerminal(t *testing.T, columns int, variables map[string]string, do func(*view)) string {
	t.Helper()
	keyboard, terminal, err := pty.Open()
	require.NoError(t, err)
	defer keyboard.Close()
	require.NoError(t, pty.Setsize(terminal, &pty.Winsize{Cols: uint16(columns), Rows: 24}))
	arrived := make(chan []byte, 1)
	go func() {
		var all bytes.Buffer
		_, _ = io.Copy(&all, keyboard) // ends with an error once nobody holds the terminal open
		arrived <- all.Bytes()
	}()
	h := new(hider)
	do(newView(environ{stdout: h.writer(terminal), stderr: h.writer(terminal), getenv: func(name string) string { return variables[name] }}, false))
	require.NoError(t, terminal.Close())
	return string(<-arrived)
}

// screen is what stands on a terminal in the end, as far as this program steers one.
func screen(t *testing.T, text string) string {
	t.Helper()
	lines, at := []string{""}, 0
	for len(text) > 0 {
		switch {
		case strings.HasPrefix(text, "\x1b["):
			end := strings.IndexAny(text, "AJm")
			require.Positive(t, end, "%q", text)
			switch text[end] {
			case 'A':
				up, err := strconv.Atoi(text[2:end])
				require.NoError(t, err)
				require.LessOrEqual(t, up, at, "above the top")
				at -= up
			case 'J':
				lines = append(lines[:at:at], "")
			}
			text = text[end+1:]
		case text[0] == '\r':
			text = text[1:]
		case text[0] == '\n':
			if at++; at == len(lines) {
				lines = append(lines, "")
			}
			text = text[1:]
		default:
			end := strings.IndexAny(text, "\x1b\r\n")
			if end < 0 {
				end = len(text)
			}
			lines[at] += text[:end]
			text = text[end:]
		}
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), "\u00a0", " ")
}

// twoScenarios is told to a view: of two scenarios one has ended, the other goes on.
func twoScenarios(v *view) {
	v.say("seed 7")
	v.observe(harness.Event{Kind: harness.ScenarioStarted, Scenario: "search/y", Text: "it holds", N: 1, All: 2})
	v.observe(harness.Event{Kind: harness.ScenarioEnded, Scenario: "search/y", Result: &result.Scenario{Name: "search/y", Verdict: result.Pass, Reason: "held", Checks: []result.Check{{Verdict: result.Pass}}}})
	v.observe(harness.Event{Kind: harness.ScenarioStarted, Scenario: "search/x", Text: "it holds", N: 2, All: 2})
	v.observe(tickAt(4.5, 900))
	v.observe(tickAt(5, 1000))
}

func TestOnATerminal(t *testing.T) {
	for columns, want := range map[int]string{
		80: `  seed 7
[1/2] search/y: it holds
✓ PASS  search/y  held
[2/2] search/x: it holds
scenario                        phase    plan/s  ok/s shed fail     p99  memory
search/x             [####....] inject      200   180   16    4 41.5 ms   40 MB
    1 not sent, faults on: delay 20ms on database
2 of 2, checks so far: 1 pass`,
		40: `  seed 7
[1/2] search/y: it holds
✓ PASS  search/y  held
[2/2] search/x: it holds
search/x
  [####....] inject
  planned 200/s, ok 180, shed 16,
    failed 4, p99 41.5 ms, 40 MB, 1 not
    sent, faults on: delay 20ms on
    database
2 of 2, checks so far: 1 pass`,
	} {
		arrived := onTerminal(t, columns, nil, twoScenarios)
		require.Equal(t, want, screen(t, arrived))
		require.Contains(t, arrived, "\x1b[36m", "in colour")
		for _, variables := range []map[string]string{{"CI": "true"}, {"TERM": "dumb"}} {
			plain := onTerminal(t, columns, variables, twoScenarios)
			require.NotContains(t, plain, "#", "%v", variables)
			if variables["TERM"] == "dumb" {
				require.NotContains(t, plain, "\x1b")
			}
		}
		require.NotContains(t, onTerminal(t, columns, map[string]string{"NO_COLOR": "1"}, twoScenarios), "m✓")
		require.Equal(t, "✓ PASS  search/y  held\n", screen(t, onTerminal(t, columns, nil, func(v *view) { v.quiet = true; twoScenarios(v) })))
	}
}

// Who presses Ctrl-C reads at once that it was heard, and goes on reading it while the
// run ends.
func TestAnInterruptIsAnsweredAtOnce(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		shown := screen(t, onTerminal(t, 80, nil, func(v *view) {
			v.quiet = quiet
			twoScenarios(v)
			ctx, cancel := context.WithCancelCause(t.Context())
			end := onInterrupt(ctx, v.interrupted)
			cancel(&harness.Interrupted{Signal: os.Interrupt})
			end()
			v.observe(tickAt(6, 1200))
			v.observe(tickAt(7, 1400))
			v.close()
		}))
		require.True(t, strings.HasSuffix(shown, "\nholdfast: interrupt: ending in order and writing the report; once more to quit\n  at once\n"), "%q", shown)
	}
}
