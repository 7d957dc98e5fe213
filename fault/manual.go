package fault

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

const manualHead = `# Faults

What may go wrong at a dependency, at the target or on the way between them, how to ask for it, what it stands for, and what
a correct client does. This page is made from the catalogue in ` + "`fault`" + ` and from what each sort of place says that it
carries out; each row is calibrated by a test that meets the fault as a real client does.

A fault has one text form, in a scenario (` + "`harness.NewFault(id, place, text)`" + `), on the command line of a fake
(` + "`--fault '…'`" + `), over its control API (` + "`POST /faults`" + `, one per line) or in Go (` + "`fault.Parse`, or the values themselves" + `).
The same words mean the same at every place:

    delay 200ms jitter 50ms
    delay lognormal median=80ms sigma=0.8 max=5s
    status 503 retry-after=30 p=0.1 key=oracle-3 from=10s to=30s ramp=5s
    2*status 503 -> ok
    black-hole down lose upon COMMIT
    lock-table projects,owners
    sqlstate 40001 on=commit

An option is written ` + "`gap=2ms`" + ` or as two words, ` + "`gap 2ms`" + `. A size takes decimal and binary units (` + "`512`, `64kB`, `16KiB`" + `), a rate
may end in ` + "`/s`" + `. No time is longer than a day. ` + "`up`" + ` is from the client to the server, ` + "`down`" + ` back. A text with a word that is not
understood, and a fault that its place cannot carry out, are refused before anything starts; so are names that another tool
has for the same (` + "`latency`" + ` is called ` + "`delay`" + ` here), with the name to use.

The same word at two places is the same trouble, each as its place can do it:

- ` + "`delay`" + ` takes every distribution everywhere. A fake delays an answer, a proxy each chunk, in order.
- ` + "`bandwidth 16KiB` and `bandwidth 16KiB/s`" + ` are the same. At a fake each answer has a line of its own, at a proxy all connections share one.
- ` + "`refuse`" + ` leaves open connections alone, ` + "`refuse cut`" + ` resets them.
- ` + "`reset` and `reset before`" + ` are the same: before anything is answered. A fake resets the requests that are picked, a proxy its connections.

## Which requests, and when

All that is given must hold. Without any of it, a fault acts on everything, for as long as it is on. A place that knows no
requests has no selectors, and refuses them; a proxy knows the statements of Postgres, for ` + "`sqlstate`" + ` alone.

| selector | picks |
|---|---|
| ` + "`p=0.1`" + ` | that share of requests, drawn for each |
| ` + "`nth=3`, `every=5`" + ` | the third attempt; every fifth |
| ` + "`per=all`" + ` | makes nth, every and sequences count over all requests, in the order of their arrival. Without it they count the attempts at the same request, which no order can change |
| ` + "`2*503 -> reset -> ok`" + ` | a sequence: the first two attempts, the third, then for ever. A status alone is short for ` + "`status 503`" + ` |
| ` + "`key=oracle-3,oracle-1*`" + ` | those names: an oracle or ` + "`project/7`" + `; a recipient or an API key. A star stands for any ending |
| ` + "`pick=3`" + ` | so many of the keys, chosen by the seed: k that fail together among n |
| ` + "`from=10s to=30s`" + ` | that time, counted from the start of the run; in a scenario, from when the fault is applied |
| ` + "`ramp=5s`" + ` | lets the probability rise for so long after from, and fall before to: a brown-out |
| ` + "`flap=3s/2s`" + ` | on for 3 s, off for 2 s, and so on |
| ` + "`at-once=4`" + ` | at most so many in hand at once; further ones pass |
| ` + "`id=slow-3`" + ` | no selector, but the name of the fault in receipts, in the journal and to lift it by. Without it, the text form is the name; in a scenario, it is the scenario's |

Every draw comes from the seed, the fault's name, the request's key and how often that key has arrived: the same seed
makes the same faults for the same requests, in whatever order they arrive. nth and every go by X-Attempt, where the client
says it.

Several faults may act on one request: waits add up, changes are applied in order, and the first that sends the answer
in a way of its own is the one that does. A slow answer is one whose work was done at once and whose client was kept
waiting. Lifting a fault lets go of what it holds: a hang that is lifted was a long delay. What has no end of its own (a
hang) ends with its window, too; what has one (a delay, a drip) goes on to its own end.

Each fault keeps a receipt: how often it acted and missed, on how much, its measured shape beside the declared one, and
that nothing of it is left. A fake tells besides how many requests it looked at, was to act on and holds.
`

// WriteManual writes docs/faults.md: all kinds of faults, and at which of the
// places each can be carried out.
func WriteManual(w io.Writer, places ...Support) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, manualHead)
	fmt.Fprint(out, "\n## Where\n\n| place | what it is | selectors | kinds |\n|---|---|---|---|\n")
	for _, p := range places {
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", p.Place, cell(p.About), codes(p.selectors()), codes(p.names()))
	}
	fmt.Fprint(out, "\n## Kinds\n")
	for _, row := range Catalogue() {
		writeRow(out, row, places)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the manual of faults: %w", err)
	}
	return nil
}

func writeRow(out io.Writer, row Row, places []Support) {
	fmt.Fprintf(out, "\n### %s\n\n`%s`\n\n", row.Name, row.Form)
	fmt.Fprint(out, "| example | what happens | stands for | a correct client |\n|---|---|---|---|\n")
	for _, v := range row.Variants {
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", v.Example, cell(v.Does), cell(v.Models), cell(v.Client))
	}
	fmt.Fprint(out, "\n| at | acts on | `fired` counts | undoing is read back |\n|---|---|---|---|\n")
	for _, p := range places {
		i := slices.IndexFunc(p.Kinds, func(c Carried) bool { return c.Kind == row.Name })
		if i < 0 {
			continue
		}
		c := p.Kinds[i]
		undoing := c.Undoing
		if undoing == "" {
			undoing = "happens once"
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", p.Place, cell(c.Acts), cell(c.Counts), cell(undoing))
	}
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func codes(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return "`" + strings.Join(words, "`, `") + "`"
}
