package fault

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

const manualHead = `# Faults of the fakes

What may go wrong with an answer of the fake oracle and e-mail APIs, how to ask for it, what it stands for, and what a
correct client does. This page is made from the catalogue in ` + "`fakes/fault`" + `; each row is calibrated by a test that
measures it from a real client over TCP.

A fault is asked for in a short text form, on the command line (` + "`--fault '…'`" + `), over a fake's control API
(` + "`POST /faults`" + `, one per line) or in Go (` + "`fault.Parse`, or the values themselves" + `):

    delay lognormal median=80ms sigma=0.8 max=5s
    status 503 retry-after=30 p=0.1 key=oracle-3 from=10s to=30s ramp=5s
    2*status 503 -> ok

## Which requests, and when

All that is given must hold. Without any of it, a fault acts on every request.

| selector | picks |
|---|---|
| ` + "`p=0.1`" + ` | that share of requests, drawn for each |
| ` + "`nth=3`, `every=5`" + ` | the third attempt; every fifth |
| ` + "`per=all`" + ` | makes nth, every and sequences count over all requests, in the order of their arrival. Without it they count the attempts at the same request, which no order can change |
| ` + "`2*503 -> reset -> ok`" + ` | a sequence: the first two attempts, the third, then for ever. A status alone is short for ` + "`status 503`" + ` |
| ` + "`key=oracle-3,oracle-1*`" + ` | those names: an oracle or ` + "`project/7`" + `; a recipient or an API key. A star stands for any ending |
| ` + "`pick=3`" + ` | so many of the keys, chosen by the seed: k that fail together among n |
| ` + "`from=10s to=30s`" + ` | that time, counted from the start of the run |
| ` + "`ramp=5s`" + ` | lets the probability rise for so long after from, and fall before to: a brown-out |
| ` + "`flap=3s/2s`" + ` | on for 3 s, off for 2 s, and so on |
| ` + "`at-once=4`" + ` | at most so many in hand at once; further ones pass |
| ` + "`id=slow-3`" + ` | no selector, but a name to lift the fault by. Without it, the text form is the name |

Every draw comes from the seed, the fault's name, the request's key and how often that key has arrived: the same seed
makes the same faults for the same requests, in whatever order they arrive. nth and every go by X-Attempt, where the client
says it.

Several faults may act on one request: waits add up, changes are applied in order, and the first that sends the answer
in a way of its own is the one that does. A slow answer is one whose work was done at once and whose client was kept
waiting. Lifting a fault lets go of what it holds: a hang that is lifted was a long delay. What has no end of its own (a
hang) ends with its window, too; what has one (a delay, a drip) goes on to its own end.

Each fault keeps a receipt: how many requests it looked at, was to act on, did act on and missed, how many it holds, and
how long its waits took in fact.

## Kinds
`

// WriteManual writes docs/faults.md: all kinds of faults, as people read them.
func WriteManual(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, manualHead)
	for _, row := range Catalogue() {
		fmt.Fprintf(out, "\n### %s\n\n`%s`\n\n", row.Name, strings.TrimSpace(row.Name+" "+row.Options))
		fmt.Fprint(out, "| example | what happens | stands for | a correct client |\n|---|---|---|---|\n")
		for _, v := range row.Variants {
			fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", v.Example, v.Does, v.Models, v.Client)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the manual of faults: %w", err)
	}
	return nil
}
