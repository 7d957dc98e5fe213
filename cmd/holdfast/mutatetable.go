//go:build !slim

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/mutants"
)

// mutantsBlock names the table of mutants in a document.
const mutantsBlock = "mutants"

// tally is what became of some mutants.
type tally struct {
	name                                                   string
	all, killed, otherwise, survived, unclear, equivalents int
}

// enter counts a mutant; is is what was said of it by hand.
func (t *tally) enter(d result.Detection, is string) {
	t.all++
	switch d.Outcome {
	case result.OutcomeCaught:
		t.killed++
	case result.OutcomeOtherReason:
		t.otherwise++
	case result.OutcomeMissed:
		if is == mutants.Equivalent {
			t.equivalents++
		} else {
			t.survived++
		}
	default:
		t.unclear++
	}
}

func (t *tally) score() mutants.Score {
	return mutants.Score{Killed: t.killed, Of: t.all - t.equivalents}
}

// mutantsTable is what became of the mutants, as Markdown, with all that was not
// killed for a reason that fits by name.
func mutantsTable(run *result.Run, tried map[string]mutants.Mutant, c mutants.Collection) []byte {
	drawn, invented, all := tally{name: "drawn"}, tally{name: "invented"}, tally{name: "in all"}
	var open bytes.Buffer
	for _, d := range run.Detections {
		m, ok := tried[d.Without]
		if !ok {
			continue // a control
		}
		j := c.Of(m.Name)
		of := &drawn
		if m.Operator == "" {
			of = &invented
		}
		of.enter(d, j.Is)
		all.enter(d, j.Is)
		if d.Outcome != result.OutcomeCaught {
			fmt.Fprintf(&open, "| %s | %s | `%s` | %s |\n", cell(m.Name), becameOf(d), cell(oneLine(m.Diff())), cell(judged(j)))
		}
	}
	var b bytes.Buffer
	b.WriteString("| mutants | tried | killed | for another reason | survived | not exercised | equivalent | score | 95 % interval |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, t := range []tally{drawn, invented, all} {
		low, high := t.score().Interval()
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %.1f %% | %.1f to %.1f %% |\n",
			t.name, t.all, t.killed, t.otherwise, t.survived, t.unclear, t.equivalents, 100*t.score().Share(), 100*low, 100*high)
	}
	if open.Len() > 0 {
		b.WriteString("\n| not killed for a reason that fits | what became of it | what it changes | judged by hand |\n|---|---|---|---|\n")
		b.Write(open.Bytes())
	}
	e := run.Environment
	fmt.Fprintf(&b, "\n%s on %s, %d processors, %s, profile %s, %.0f minutes: `%s`\n",
		run.Started.Format("2006-01-02"), e.OS, e.CPUs, e.Go, run.Profile, run.DurationS/60, run.Command)
	return b.Bytes()
}

// becameOf tells in words what became of a mutant that was not killed for a reason
// that fits.
func becameOf(d result.Detection) string {
	switch d.Outcome {
	case result.OutcomeMissed:
		return "survived"
	case result.OutcomeOtherReason:
		return "killed for another reason: " + cell(d.Expected+", "+d.Check)
	default:
		return cell(string(d.Outcome) + ": " + d.Reason)
	}
}

func judged(j mutants.Judgement) string {
	if j.Is == "" {
		return "not yet"
	}
	return j.Is + ": " + cmp.Or(j.Why, "no reason given")
}

// cell is text that stays in its cell of a Markdown table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "`", "'").Replace(text)
}
