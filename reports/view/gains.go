package view

import (
	"fmt"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// Gain is one promise of gain, measured.
type Gain struct {
	Name, Claimed, Before, After string
	Gain, Interval, Promised     string
	Verdict                      Badge
	Reason                       string // what the other columns don't say
	Overlay                      *Overlay
}

// Overlay draws after over before, both from 0 on one scale.
type Overlay struct{ Before, After, Text string }

func overlayOf(g result.Gain) *Overlay {
	if g.Before == nil || g.After == nil || !(*g.Before >= 0) || !(*g.After >= 0) || max(*g.Before, *g.After) == 0 {
		return nil
	}
	top := max(*g.Before, *g.After)
	width := func(v float64) string { return strconv.FormatFloat(100*v/top, 'f', 1, 64) + "%" }
	o := &Overlay{Before: width(*g.Before), After: width(*g.After)}
	if *g.Before > 0 {
		o.Text = strings.Replace(fmt.Sprintf("%+.0f%s%%", 100*(*g.After-*g.Before) / *g.Before, nbsp), "-", "−", 1)
	}
	return o
}

// gains lists the promises.
func gains(list []result.Gain) []Gain {
	var rows []Gain
	for _, g := range list {
		r := Gain{
			Name: gainName(g), Claimed: g.Claimed, Before: optional(g.Before, g.Unit), After: optional(g.After, g.Unit),
			Gain: notMeasured, Verdict: badgeOf(g.Verdict), Reason: join("; ", g.Reason, g.Evidence), Overlay: overlayOf(g),
		}
		if g.Share != nil {
			r.Gain, r.Interval, r.Promised = g.GainText(), g.IntervalText(), g.PromisedText()
			r.Reason = join("; ", g.Problem, g.Evidence)
		}
		rows = append(rows, r)
	}
	return rows
}

// gainName is a promise with the size at which it was measured.
func gainName(g result.Gain) string {
	if len(g.Where) == 0 {
		return g.Name
	}
	return g.Name + " (" + result.Words(g.Where) + ")"
}
