package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports"
	"holdfast.dev/holdfast/reports/visible"
)

// view shows a run while it goes on: lines that change on a terminal, plain
// lines elsewhere, JSON lines where they were asked for. Progress goes to
// standard error, results to standard output.
type view struct {
	mu       sync.Mutex // guards live, and keeps lines whole
	out, err io.Writer
	json     *json.Encoder // nil: for people
	terminal bool
	colour   bool
	width    int
	live     int // lines that will be overwritten stand on the terminal
	block    *block
}

func newView(env environ, asJSON bool) *view {
	v := &view{out: env.stdout, err: env.stderr, width: 100, block: newBlock()}
	if asJSON {
		v.json = json.NewEncoder(env.stdout)
		v.json.SetEscapeHTML(false)
	}
	if f, ok := terminalOf(env.stderr); ok && env.getenv("CI") == "" && term.IsTerminal(int(f.Fd())) {
		v.terminal = true
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 20 {
			v.width = w
		}
	}
	if f, ok := terminalOf(env.stdout); ok && env.getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd())) {
		v.colour = true
	}
	return v
}

// progressLine is an event as --json prints it.
type progressLine struct {
	Kind     string          `json:"kind"`
	Scenario string          `json:"scenario,omitempty"`
	Phase    string          `json:"phase,omitempty"`
	AtS      *float64        `json:"at_s,omitempty"`
	Text     string          `json:"text,omitempty"`
	Streams  []load.Snapshot `json:"streams,omitempty"`
	Faults   []string        `json:"faults,omitempty"`
	RSSBytes float64         `json:"rss_bytes,omitempty"`
	Verdict  result.Verdict  `json:"verdict,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Report   string          `json:"report,omitempty"`
}

func (v *view) observe(e harness.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.json != nil {
		v.observeJSON(e)
		return
	}
	switch e.Kind {
	case harness.Note:
		v.line("  " + plainText(e.Text))
	case harness.ScenarioStarted:
		v.line(fmt.Sprintf("[%d/%d] %s: %s", e.N, e.All, e.Scenario, plainText(e.Text)))
	case harness.PhaseStarted:
		if !v.terminal {
			v.line(fmt.Sprintf("  %s at %s of %s", e.Phase, seconds(e.At), seconds(e.Of)))
		}
	case harness.Tick:
		if v.terminal {
			v.overwrite(v.block.lines(e))
		}
	case harness.ScenarioEnded:
		v.clear()
		v.block.ended(e.Result)
		said := v.paint(e.Result.Verdict) + "  " + e.Scenario + "  " + plainText(e.Result.Reason)
		if tried := reports.Tried(e.Result.Tries); tried != "" {
			said += " (" + plainText(tried) + ")"
		}
		fmt.Fprintln(v.out, said)
	}
}

func (v *view) observeJSON(e harness.Event) {
	l := progressLine{Kind: string(e.Kind), Scenario: e.Scenario, Phase: e.Phase, Text: e.Text, Streams: e.Streams, Faults: e.Faults, RSSBytes: e.RSS}
	if e.Kind == harness.Tick || e.Kind == harness.PhaseStarted {
		at := e.At.Seconds()
		l.AtS = &at
	}
	if e.Result != nil {
		l.Verdict, l.Reason = e.Result.Verdict, e.Result.Reason
	}
	_ = v.json.Encode(l) // standard output is gone: there is nobody left to tell
}

func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

func (v *view) say(text string) { v.observe(harness.Event{Kind: harness.Note, Text: text}) }

func (v *view) line(text string) {
	v.clear()
	fmt.Fprintln(v.err, text)
}

// overwrite draws lines over those that it drew before. None is longer than the
// terminal is wide, or the terminal would break it and the count be wrong.
func (v *view) overwrite(lines []string) {
	v.clear()
	for i, text := range lines {
		text = strings.ReplaceAll(visible.Text(text), "\n", " ")
		lines[i] = text
		if r := []rune(text); len(r) > v.width-1 {
			lines[i] = string(r[:v.width-1])
		}
	}
	fmt.Fprint(v.err, strings.Join(lines, "\n"))
	v.live = len(lines)
}

func (v *view) clear() {
	if v.live == 0 {
		return
	}
	if v.live > 1 {
		fmt.Fprintf(v.err, "\x1b[%dA", v.live-1)
	}
	fmt.Fprint(v.err, "\r\x1b[J")
	v.live = 0
}

func (v *view) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.clear()
}

// conclude prints the verdict of the run, what failed with value and limit, and
// last the path of the report.
func (v *view) conclude(run *result.Run, report string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ended(run, report) {
		return
	}
	fmt.Fprintln(v.out)
	if advice := reports.Advice(run); advice != "" {
		fmt.Fprintf(v.out, "%s  %s\n\n", v.paint(run.Verdict), plainText(advice))
	}
	for _, s := range run.Scenarios {
		v.problems(s)
	}
	fmt.Fprintf(v.out, "%s  %d scenarios in %.0f s, seed %d\n", v.paint(run.Verdict), len(run.Scenarios), run.DurationS, run.Seed)
	fmt.Fprintln(v.out, report)
}

// ended prints the end of a run as a JSON line, where those were asked for, and
// says whether it did.
func (v *view) ended(run *result.Run, report string) bool {
	if v.json == nil {
		return false
	}
	_ = v.json.Encode(progressLine{Kind: "run-ended", Verdict: run.Verdict, Reason: run.Reason, Report: report})
	return true
}

// concludeProof prints the detection matrix, what is wrong in it in full, and
// last the path of the report.
func (v *view) concludeProof(run *result.Run, report string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ended(run, report) {
		return
	}
	fmt.Fprintln(v.out)
	mutants, caught := 0, 0
	for _, d := range run.Detections {
		if d.Without == "" {
			if d.Verdict != result.Pass {
				fmt.Fprintf(v.out, "%s  intact, %s: %s: %s\n", v.paint(d.Verdict), d.Expected, d.Outcome, d.Reason)
			}
			continue
		}
		mutants++
		if d.Outcome == result.OutcomeCaught {
			caught++
		}
		where := d.Without
		if d.Expected != "" { // no scenario is expected to see what nobody claims
			where += ", " + d.Expected
		}
		fmt.Fprintf(v.out, "%s  without %s: %s: %s\n", v.paint(d.Verdict), where, d.Outcome, d.Reason)
	}
	fmt.Fprintf(v.out, "\n%s  %d of %d mutants caught for the declared reason, %d scenarios as control, in %.0f s, seed %d\n",
		v.paint(run.Verdict), caught, mutants, len(run.Scenarios), run.DurationS, run.Seed)
	fmt.Fprintln(v.out, report)
}

// problems prints what keeps a scenario from passing, and how to repeat it.
func (v *view) problems(s result.Scenario) {
	if s.Verdict == result.Pass {
		return
	}
	fmt.Fprintf(v.out, "%s  %s\n", v.paint(s.Verdict), s.Name)
	if s.Error != "" {
		fmt.Fprintf(v.out, "    %s\n", plainText(s.Error))
	}
	for _, c := range append(append([]result.Check(nil), s.Checks...), s.Evidence...) {
		if c.Verdict != result.Pass && !verdict.Silent(c) {
			fmt.Fprintf(v.out, "    %s %s: %s\n", c.Verdict.Mark(), c.Name, plainText(c.Reason))
		}
	}
	for _, e := range s.Ends {
		if !e.Expected {
			fmt.Fprintf(v.out, "    %s was %s\n", e.Program(), e)
		}
	}
	fmt.Fprintf(v.out, "    repeat: %s\n\n", s.Repeat)
}

// plainText is text that may come from a target, fit for a terminal and for the
// log of a CI job: no control characters, and no line that begins as it likes,
// for such a job takes lines that begin with :: as commands.
func plainText(s string) string {
	return strings.ReplaceAll(visible.Text(s), "\n", "\n    | ")
}

// paint is the verdict as a mark and a word, in colour where the terminal has it.
func (v *view) paint(word result.Verdict) string {
	text := word.Mark() + " " + word.Label()
	if !v.colour {
		return text
	}
	code := map[result.Verdict]string{result.Pass: "36", result.Fail: "31;1", result.Inconclusive: "35", result.NotExercised: "2"}[word]
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
