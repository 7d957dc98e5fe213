package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
)

// claimRow is one promise in the table of claims.
type claimRow struct {
	Name, Claimed, Before, After string
	Gain, Interval, Promised     string
	Verdict                      badge
	Reason                       string // what the other columns don't say
	Overlay                      *overlay
}

// overlay draws after over before, both from 0 on one scale.
type overlay struct{ Before, After, Text string }

func overlayOf(c result.Gain) *overlay {
	if c.Before == nil || c.After == nil || !(*c.Before >= 0) || !(*c.After >= 0) || max(*c.Before, *c.After) == 0 {
		return nil
	}
	top := max(*c.Before, *c.After)
	width := func(v float64) string { return strconv.FormatFloat(100*v/top, 'f', 1, 64) + "%" }
	o := &overlay{Before: width(*c.Before), After: width(*c.After)}
	if *c.Before > 0 {
		o.Text = strings.Replace(fmt.Sprintf("%+.0f%s%%", 100*(*c.After-*c.Before) / *c.Before, nbsp), "-", "−", 1)
	}
	return o
}

func claimRows(claims []result.Gain) []claimRow {
	var rows []claimRow
	for _, c := range claims {
		r := claimRow{
			Name: claimName(c), Claimed: c.Claimed, Before: optional(c.Before, c.Unit), After: optional(c.After, c.Unit),
			Gain: notMeasured, Verdict: badgeOf(c.Verdict), Reason: claimReason(c), Overlay: overlayOf(c),
		}
		if c.Share != nil {
			r.Gain, r.Interval, r.Promised = c.GainText(), c.IntervalText(), c.PromisedText()
			r.Reason = join("; ", c.Problem, c.Evidence)
		}
		rows = append(rows, r)
	}
	return rows
}

// claimName is a claim with the size at which it was measured.
func claimName(c result.Gain) string {
	if len(c.Where) == 0 {
		return c.Name
	}
	return c.Name + " (" + result.Words(c.Where) + ")"
}

// claimReason is what came of a claim, with what else was seen.
func claimReason(c result.Gain) string { return join("; ", c.Reason, c.Evidence) }

// memoryCourse is a claim's memory over time, before and after in one chart, with
// the moment of a kill.
type memoryCourse struct {
	Claim  string
	Charts chart.Drawing
}

func memoryCourses(claims []result.Gain) []memoryCourse {
	var all []memoryCourse
	for _, c := range claims {
		group := chart.Group{ID: "c" + strconv.Itoa(len(all)+1), Name: "memory of " + claimName(c)}
		panel := chart.Panel{Title: "Memory", Unit: result.UnitBytes, Height: tall}
		for _, course := range c.Memory[:min(len(c.Memory), chart.MaxLines)] {
			series := thin(course.Memory, fewestPoints*4)
			for _, at := range series.T {
				if at < longestTime {
					group.Span.To = max(group.Span.To, at)
				}
			}
			style := chart.Main
			if course.Side == result.SideBefore {
				style = chart.Ink
			}
			panel.Lines = append(panel.Lines, chart.Line{Name: course.Side, Unit: result.UnitBytes, Style: style, T: series.T, V: series.V, Note: series.Reduced})
			for _, m := range marks(result.Scenario{Ends: course.Ends}) {
				m.Name = course.Side + ": " + m.Name
				group.Marks = append(group.Marks, m)
				group.Span.To = max(group.Span.To, finiteOr(m.At, 0))
			}
			if limit := course.Memory.Limit; limit != nil && len(panel.Limits) == 0 {
				panel.Limits = []chart.Limit{{Name: "memory limit", Value: *limit, Span: chart.Span{From: 0, To: math.Inf(1)}}}
			}
		}
		if len(panel.Lines) == 0 {
			continue
		}
		group.Panels = []chart.Panel{panel}
		all = append(all, memoryCourse{Claim: claimName(c), Charts: group.Draw()})
	}
	return all
}

// finiteOr is v, or another number where v is no time.
func finiteOr(v, other float64) float64 {
	if v >= 0 && v < longestTime {
		return v
	}
	return other
}
