package view

import (
	"math"
	"strconv"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
)

// Memory is how the target's memory went over time in a promise's two sides, in
// one chart, with the moment of a kill.
type Memory struct {
	Gain   string
	Charts chart.Drawing
}

func memories(gains []result.Gain) []Memory {
	var all []Memory
	for _, g := range gains {
		group := chart.Group{ID: "c" + strconv.Itoa(len(all)+1), Name: "memory of " + gainName(g)}
		panel := chart.Panel{Title: "Memory", Unit: result.UnitBytes, Height: tall}
		for _, trace := range g.Memory[:min(len(g.Memory), chart.MaxLines)] {
			addTrace(&group, &panel, trace)
		}
		if len(panel.Lines) == 0 {
			continue
		}
		group.Panels = []chart.Panel{panel}
		all = append(all, Memory{Gain: gainName(g), Charts: group.Draw()})
	}
	return all
}

// addTrace adds one side to the chart.
func addTrace(group *chart.Group, panel *chart.Panel, trace result.MemoryTrace) {
	series := thin(trace.Memory, fewestPoints*4)
	for _, at := range series.T {
		if at < longestTime {
			group.Span.To = max(group.Span.To, at)
		}
	}
	style := chart.Main
	if trace.Side == result.SideBefore {
		style = chart.Ink
	}
	panel.Lines = append(panel.Lines, chart.Line{Name: trace.Side, Unit: result.UnitBytes, Style: style, T: series.T, V: series.V, Note: series.Reduced})
	for _, m := range marks(result.Scenario{Ends: trace.Ends}) {
		m.Name = trace.Side + ": " + m.Name
		group.Marks = append(group.Marks, m)
		group.Span.To = max(group.Span.To, finiteOr(m.At, 0))
	}
	if limit := trace.Memory.Limit; limit != nil && len(panel.Limits) == 0 {
		panel.Limits = []chart.Limit{{Name: "memory limit", Value: *limit, Span: chart.Span{From: 0, To: math.Inf(1)}}}
	}
}

// finiteOr is v, or another number where v is no time.
func finiteOr(v, other float64) float64 {
	if v >= 0 && v < longestTime {
		return v
	}
	return other
}
