package view

import (
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
)

const (
	// mostColumns of all heats are drawn on one page, and of each fewestColumns at least.
	mostColumns, fewestColumns = 3600, 24
)

// columnsPerHeat shares the page's columns among its heats.
func columnsPerHeat(run *result.Run) int {
	heats := 1
	for _, s := range run.Scenarios {
		for _, stream := range s.Streams {
			if stream.Heat != nil {
				heats++
			}
		}
	}
	return max(mostColumns/heats, fewestColumns)
}

// heat is the panel of a stream's latencies over time, to stand beside that of its
// percentiles, with their limits. There is none of a heat that cannot be read.
func (g group) heat(h result.Heat, columns int) []*group {
	counts, err := h.Counts()
	if err != nil || len(counts) == 0 {
		return nil
	}
	per := (len(counts) + columns - 1) / columns
	return []*group{{place: g.place, panel: chart.Panel{
		Title: g.title + ", all requests", Unit: result.UnitMS, Height: tall, Limits: g.panel.Limits,
		Heat: &chart.Heat{Start: h.StartS, Width: float64(per) * h.WidthS, Columns: together(counts, per)},
	}}}
}

// together makes one column of each so many.
func together(columns []result.HeatCounts, per int) []result.HeatCounts {
	out := make([]result.HeatCounts, (len(columns)+per-1)/per)
	for i, column := range columns {
		for b, n := range column {
			out[i/per][b] += n
		}
	}
	return out
}
