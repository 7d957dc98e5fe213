package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports"
	"holdfast.dev/holdfast/reports/visible"
)

// view shows a run while it goes on: lines that change on a terminal, plain
// lines elsewhere, JSON lines where they were asked for. Progress goes to
// standard error, results to standard output.
type view struct {
	mu       sync.Mutex // guards live and progress, and keeps lines whole
	out, err io.Writer
	json     *json.Encoder // nil: for people
	terminal bool
	colour   bool
	size     func() (columns, rows int) // of the terminal that progress is on, now
	width    func() (columns int)       // of the terminal that results are on, now; of a file no bound
	quiet    bool                       // only what came of it is printed
	planned  []string                   // names of the scenarios; what was never begun is told of them
	live     int                        // lines that will be overwritten stand on the terminal
	progress *progress
}

func newView(env environ, asJSON bool) *view {
	v := &view{out: env.stdout, err: env.stderr, size: func() (int, int) { return math.MaxInt, 25 }, width: func() int { return math.MaxInt }, progress: newProgress()}
	if asJSON {
		v.json = json.NewEncoder(env.stdout)
		v.json.SetEscapeHTML(false)
	}
	dumb := env.getenv("TERM") == "dumb" // it can neither go up a line nor paint
	plain := dumb || env.getenv("CI") != ""
	if f, ok := terminalOf(env.stderr); ok && !plain {
		v.terminal = true
		v.size = func() (int, int) { return sizeOf(f) }
	}
	if f, ok := terminalOf(env.stdout); ok {
		v.colour = !dumb && env.getenv("NO_COLOR") == ""
		if !plain {
			v.width = func() int { columns, _ := sizeOf(f); return columns }
		}
	}
	return v
}

// sizeOf is how large a terminal is now.
func sizeOf(f *os.File) (columns, rows int) {
	if columns, rows, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 && rows > 0 {
		return columns, rows
	}
	return 80, 25
}

func (v *view) observe(e harness.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.json != nil {
		_ = v.json.Encode(lineOf(e)) // standard output is gone: there is nobody left to tell
		return
	}
	if v.quiet && e.Kind != harness.ScenarioEnded {
		return
	}
	changed := v.progress.observe(e, time.Now())
	switch e.Kind {
	case harness.Note:
		v.line("  " + plainText(e.Text))
	case harness.ScenarioStarted:
		v.line(fmt.Sprintf("[%d/%d] %s: %s", e.N, e.All, e.Scenario, plainText(e.Text)))
	case harness.PhaseStarted:
		if !v.terminal {
			v.line(fmt.Sprintf("  %s: %s at %s of %s", e.Scenario, e.Phase, seconds(e.At), seconds(e.Of)))
		}
	case harness.ScenarioEnded:
		v.clear()
		said := e.Scenario + "  " + plainText(e.Result.Reason)
		if tried := reports.Tried(e.Result.Tries); tried != "" {
			said += " (" + plainText(tried) + ")"
		}
		v.verdict(e.Result.Verdict, "%s", said)
	}
	if changed {
		v.draw()
	}
}

// interrupted says that the run was interrupted; what is measured by now is still judged.
func (v *view) interrupted(by os.Signal) {
	v.mu.Lock()
	defer v.mu.Unlock()
	text := endingInOrder(by)
	if v.terminal {
		text = "\n" + text // the terminal has shown ^C in this line
	}
	v.line(text)
}

func (v *view) say(text string) { v.observe(harness.Event{Kind: harness.Note, Text: text}) }

// line says something for good; what changes stands below it.
func (v *view) line(text string) {
	v.clear()
	columns, _ := v.size()
	fmt.Fprintln(v.err, reflowed(text, columns))
	v.draw()
}

// draw draws how things stand over what was drawn before. No line is longer than the
// terminal is wide, or the terminal would break it and the count be wrong; nor are there
// more of them than it has.
func (v *view) draw() {
	if !v.terminal || v.quiet || v.json != nil {
		return
	}
	v.clear()
	columns, rows := v.size()
	lines := v.progress.lines(columns - 1)
	lines = lines[:min(len(lines), max(rows-1, 1))]
	for i, text := range lines {
		lines[i] = fitting(inOneLine(text), columns-1)
	}
	fmt.Fprint(v.err, strings.Join(lines, "\n"))
	v.live = len(lines)
}

func (v *view) clear() {
	if v.live == 0 {
		return
	}
	if v.live > 1 {
		control(v.err, fmt.Sprintf("\x1b[%dA", v.live-1))
	}
	control(v.err, "\r\x1b[J")
	v.live = 0
}

// close ends what changes: from here on all is said for good.
func (v *view) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.clear()
	v.terminal = false
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
	v.summary(run.Scenarios)
	if advice := reports.Advice(run); advice != "" {
		v.verdict(run.Verdict, "%s\n", plainText(advice))
	}
	for _, s := range run.Scenarios {
		v.problems(s)
	}
	if missed := v.notBegun(run); len(missed) > 0 {
		v.tell("never begun: " + strings.Join(missed, ", ") + "\n")
	}
	v.verdict(run.Verdict, "%s in %.0f s, seed %d", counted(len(run.Scenarios), "scenario"), run.DurationS, run.Seed)
	fmt.Fprintln(v.out, report)
}

// notBegun are the scenarios that were planned and of which the run says nothing.
func (v *view) notBegun(run *result.Run) (missed []string) {
	for _, name := range v.planned {
		if !slices.ContainsFunc(run.Scenarios, func(s result.Scenario) bool { return s.Name == name }) {
			missed = append(missed, name)
		}
	}
	return missed
}

// ended prints the end of a run as a JSON line, where those were asked for, and
// says whether it did.
func (v *view) ended(run *result.Run, report string) bool {
	if v.json == nil {
		return false
	}
	_ = v.json.Encode(eventLine{Kind: "run-ended", Verdict: run.Verdict, Reason: run.Reason, NotBegun: v.notBegun(run), Report: report})
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
				v.verdict(d.Verdict, "intact, %s: %s: %s", d.Expected, d.Outcome, d.Reason)
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
		v.verdict(d.Verdict, "without %s: %s: %s", where, d.Outcome, d.Reason)
	}
	fmt.Fprintln(v.out)
	v.verdict(run.Verdict, "%d of %d mutants caught for the declared reason, %s as control, in %.0f s, seed %d",
		caught, mutants, counted(len(run.Scenarios), "scenario"), run.DurationS, run.Seed)
	fmt.Fprintln(v.out, report)
}

// problems prints what keeps a scenario from passing, and how to repeat it.
func (v *view) problems(s result.Scenario) {
	if s.Verdict == result.Pass {
		return
	}
	v.verdict(s.Verdict, "%s", s.Name)
	if s.Error != "" {
		v.tell("    " + plainText(s.Error))
	}
	for i, c := range slices.Concat(s.Checks, s.Evidence) {
		told := i >= len(s.Checks) && s.Error != "" && (strings.HasSuffix(c.Reason, s.Error) || strings.HasPrefix(s.Error, c.Reason))
		if c.Verdict != result.Pass && !verdict.Silent(c) && !told {
			v.tell(fmt.Sprintf("    %s %s: %s", c.Verdict.Mark(), c.Name, plainText(c.Reason)))
		}
	}
	for _, e := range s.Ends {
		if !e.Expected {
			v.tell(fmt.Sprintf("    %s was %s", e.Program(), e))
		}
	}
	fmt.Fprintf(v.out, "    repeat: %s\n\n", s.Repeat) // in one line, to be copied
}

// plainText is text that may come from a target, fit for a terminal and for the
// log of a CI job: no control characters, and no line that begins as it likes,
// for such a job takes lines that begin with :: as commands.
func plainText(s string) string {
	return strings.ReplaceAll(visible.Text(s), "\n", "\n    | ")
}

// inOneLine is plain text without lines of its own.
func inOneLine(s string) string { return strings.ReplaceAll(visible.Text(s), "\n", " ") }

// verdict prints a verdict as a mark and a word, in colour where the terminal has it,
// and a line of what is said about it.
func (v *view) verdict(word result.Verdict, format string, args ...any) {
	lead := word.Mark() + " " + word.Label()
	text := reflowed(lead+"  "+fmt.Sprintf(format, args...), v.width())
	if rest, whole := strings.CutPrefix(text, lead); v.colour && whole {
		code := map[result.Verdict]string{result.Pass: "36", result.Fail: "31;1", result.Inconclusive: "35", result.NotExercised: "2"}[word]
		control(v.out, "\x1b["+code+"m")
		fmt.Fprint(v.out, lead)
		control(v.out, "\x1b[0m")
		text = rest
	}
	fmt.Fprintln(v.out, text)
}

// tell prints what came of something.
func (v *view) tell(text string) { fmt.Fprintln(v.out, reflowed(text, v.width())) }

// counted is how many there are of what has a regular plural.
func counted(n int, what string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(what, "y"):
		what = strings.TrimSuffix(what, "y") + "ies"
	case strings.HasSuffix(what, "s"):
		what += "es"
	default:
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
