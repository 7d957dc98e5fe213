package view

import (
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Proof is what a detection matrix is shown as: drawn, and told cell by cell.
type Proof struct {
	Counts   string
	Matrices []Matrix
	TooLarge bool        // to be drawn
	Cells    []Detection // as they were tried
	Open     []Detection // cells that are not as they should be, worst first
	Settled  []Detection // those that are
}

// Detection is what became of one scenario when one protection was taken away.
type Detection struct {
	Intact             bool   // nothing was taken away
	TakenAway          string // empty: nothing
	Without            string // the same in words
	Expected, CaughtBy string
	Check              string
	Kind               result.Outcome
	Outcome, Reason    string
	Said               string // the two together
	Verdict            Badge
}

func newProof(detections []result.Detection) *Proof {
	if len(detections) == 0 {
		return nil
	}
	p := &Proof{Counts: proofCounts(detections), Matrices: newMatrices(detections)}
	p.TooLarge = len(p.Matrices) == 0
	for _, d := range detections {
		p.Cells = append(p.Cells, newDetection(d))
	}
	for _, d := range slices.SortedStableFunc(slices.Values(p.Cells), worseDetection) {
		if d.Verdict.Is == result.Pass {
			p.Settled = append(p.Settled, d)
		} else {
			p.Open = append(p.Open, d)
		}
	}
	return p
}

func worseDetection(a, b Detection) int { return verdict.Compare(a.Verdict.Is, b.Verdict.Is) }

func newDetection(d result.Detection) Detection {
	v := Detection{
		Intact: d.Without == "", TakenAway: d.Without, Without: d.Without, Expected: d.Expected, CaughtBy: strings.Join(d.CaughtBy, ", "),
		Check: d.Check, Kind: d.Outcome, Outcome: outcomeText(d), Reason: d.Reason, Verdict: badgeOf(d.Verdict),
	}
	v.Said = join(": ", v.Outcome, v.Reason)
	if v.Intact {
		v.Without = "nothing (the intact target)"
	}
	return v
}

// proofCounts says what a proof came to: how many of the cells that must be
// caught were, and how many controls passed.
func proofCounts(detections []result.Detection) string {
	var caught, claimed, intact, controls int64
	for _, d := range detections {
		switch {
		case d.Without == "":
			controls++
			if d.Verdict == result.Pass {
				intact++
			}
		case !unclaimed(d):
			claimed++
			if d.Verdict == result.Pass {
				caught++
			}
		}
	}
	return fmt.Sprintf("Caught for the declared reason: %s of %s where a scenario claims what was taken away. Passed on the intact target: %s of %s.",
		count(caught), Plural(int(claimed), "cell", "cells"), count(intact), Plural(int(controls), "control", "controls"))
}
