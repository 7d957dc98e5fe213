package view

import (
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Tile is one square of the evidence strip: a thing that makes the verdict worth
// something.
type Tile struct {
	Class       string // ok, bad, none
	Mark        string
	Name, Value string
	Note        string
	Word        string // of [Run.Words]
}

const mostBadEvidence = 6

// tiles says on one line whether the experiment was valid.
func tiles(run *result.Run) []Tile {
	total := totals(run)
	list := []Tile{delivered(total)}
	fired, undone, planned, undoable := int64(0), int64(0), int64(0), int64(0)
	for _, s := range run.Scenarios {
		for _, f := range s.Faults {
			planned++
			if f.Fired > 0 {
				fired++
			}
			if f.Undone != nil || f.EndS == nil { // a kill is over when it has happened: there is nothing to undo
				undoable++
			}
			if f.Undone != nil && *f.Undone {
				undone++
			}
		}
	}
	nothing := "none planned"
	list = append(list, outOf("Faults fired", fired, planned, nothing))
	if planned > 0 {
		nothing = "none to undo"
	}
	list = append(list, outOf("Faults undone", undone, undoable, nothing))
	list = append(list, journal(run))
	exercised, checks, held, evidence := int64(0), int64(0), int64(0), int64(0)
	healthy, watched := int64(0), int64(0)
	var broken []Tile
	for _, s := range run.Scenarios {
		for _, c := range s.Checks {
			if verdict.Silent(c) {
				continue // nobody asked for it, and it decides nothing
			}
			checks++
			if c.Verdict == result.Pass || c.Verdict == result.Fail {
				exercised++
			}
		}
		for _, c := range s.Evidence {
			evidence++
			if ofGenerator(c) {
				watched++
				if c.Verdict == result.Pass {
					healthy++
				}
			}
			if c.Verdict == result.Pass {
				held++
			} else if len(broken) < mostBadEvidence {
				broken = append(broken, Tile{Class: "bad", Mark: result.Fail.Mark(), Name: s.Name, Value: verdict.Subject(c), Note: evidenceNote(c)})
			}
		}
	}
	list = append(list, outOf("Generator healthy", healthy, watched, "not looked at"))
	list = append(list, outOf("Checks exercised", exercised, checks, "none"), outOf("Evidence held", held, evidence, "none recorded"))
	return append(list, broken...)
}

// ofGenerator reports whether a piece of evidence is about the load generator
// itself: that it was on time and had headroom.
func ofGenerator(c result.Check) bool {
	return strings.HasSuffix(c.Metric, ".send_lag.p99") || strings.HasPrefix(c.Metric, "generator.")
}

// journalName is the tile that says whether the result was written to its end.
const journalName = "Journal"

// journal says whether the result was written to its end.
func journal(run *result.Run) Tile {
	if run.Complete {
		return Tile{Class: "ok", Mark: result.Pass.Mark(), Name: journalName, Value: "complete"}
	}
	return Tile{Class: "bad", Mark: result.Fail.Mark(), Name: journalName, Value: "partial"}
}

func evidenceNote(c result.Check) string {
	if c.Reason != "" {
		return c.Reason
	}
	return measured(c) + ", must be " + verdict.LimitText(c)
}

// outOf is good when all of something that there is happened; nothing at all is
// neither good nor bad.
func outOf(name string, n, all int64, none string) Tile {
	switch {
	case all == 0:
		return Tile{Class: "none", Mark: result.NotExercised.Mark(), Name: name, Value: none}
	case n == all:
		return Tile{Class: "ok", Mark: result.Pass.Mark(), Name: name, Value: count(n) + " of " + count(all)}
	default:
		return Tile{Class: "bad", Mark: result.Fail.Mark(), Name: name, Value: count(n) + " of " + count(all)}
	}
}

// delivered is how much of the planned load was sent, in all scenarios together.
// What is enough is asked of each stream by its scenario's evidence.
func delivered(c result.Counts) Tile {
	t := Tile{Class: "ok", Mark: result.Pass.Mark(), Name: "Load delivered", Value: ratio(c.Sent, c.Planned)}
	switch {
	case c.Planned == 0:
		return Tile{Class: "none", Mark: result.NotExercised.Mark(), Name: t.Name, Value: "none planned"}
	case float64(c.Sent) < verdict.MinDelivered*float64(c.Planned):
		t.Class, t.Mark = "bad", result.Fail.Mark()
	}
	if missing := c.Planned - c.Sent; missing > 0 {
		t.Note = count(missing) + " not sent"
	}
	return t
}
