package view

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
)

// A line is drawn for each bound of a check on the series, over the phase that the
// check speaks of, and for nothing else.
func TestWhichBoundsAreDrawn(t *testing.T) {
	s := result.Scenario{Phases: []result.Phase{{Name: result.Inject, From: 10 * time.Second, To: 20 * time.Second}}}
	series := result.Series{Name: "queue.pending", Unit: result.UnitCount}
	for _, row := range []struct {
		name  string
		check result.Check
		want  []string
	}{
		{"at most", result.Check{Metric: "queue.pending", Op: "<=", Threshold: 5}, []string{"pending ≤ 5 0-30"}},
		{"its peak, in a phase", result.Check{Metric: "queue.pending.max", Op: "<=", Threshold: 5, Phase: result.Inject}, []string{"inject: pending ≤ 5 10-20"}},
		{"a phase that did not take place", result.Check{Metric: "queue.pending.max", Op: "<=", Threshold: 5, Phase: result.Heal}, []string{"pending ≤ 5 0-30"}},
		{"between", result.Check{Metric: "queue.pending", Op: "between", Threshold: 1, Upper: ptr(9.0)}, []string{"pending ≥ 1 0-30", "pending ≤ 9 0-30"}},
		{"less than", result.Check{Metric: "queue.pending", Op: "<", Threshold: 5}, []string{"pending < 5 0-30"}},
		{"exactly", result.Check{Metric: "queue.pending.last", Op: "==", Threshold: 0}, []string{"pending = 0 0-30"}},
		{"how long it takes is no height", result.Check{Metric: "queue.pending", Op: "falls_to", Threshold: 5}, nil},
		{"another unit", result.Check{Metric: "queue.pending", Op: "<=", Threshold: 5, Unit: result.UnitMS}, nil},
		{"another series", result.Check{Metric: "queue.pending_mails", Op: "<=", Threshold: 5}, nil},
		{"a longer name is no statistic", result.Check{Metric: "queue.pending.mails", Op: "<=", Threshold: 5}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.check.Unit == "" {
				row.check.Unit = result.UnitCount
			}
			s.Checks = []result.Check{row.check}
			var got []string
			for _, l := range limits(s, series, "pending", chart.Span{From: 0, To: 30}) {
				got = append(got, fmt.Sprintf("%s %v %v-%v", l.Name, l.Value, l.Span.From, l.Span.To))
			}
			require.Equal(t, row.want, got)
		})
	}
}

func TestTheGapIsBetweenWhatWasPlannedAndDone(t *testing.T) {
	lines := func(names ...string) (all []chart.Line) {
		for _, n := range names {
			all = append(all, chart.Line{Name: n})
		}
		return all
	}
	for _, row := range []struct {
		name  string
		panel chart.Panel
		want  *[2]int // above, below
	}{
		{"completed", chart.Panel{Unit: result.UnitPerS, Lines: lines("sent", "planned", "completed")}, &[2]int{1, 2}},
		{"answered well", chart.Panel{Unit: result.UnitPerS, Lines: lines("ok", "planned")}, &[2]int{1, 0}},
		{"nothing planned", chart.Panel{Unit: result.UnitPerS, Lines: lines("sent", "ok")}, nil},
		{"nothing done", chart.Panel{Unit: result.UnitPerS, Lines: lines("planned")}, nil},
		{"not rates", chart.Panel{Unit: result.UnitCount, Lines: lines("planned", "ok")}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := shortfall(row.panel)
			require.Equal(t, row.want == nil, got == nil)
			if got != nil {
				require.Equal(t, *row.want, [2]int{got.Above, got.Below})
			}
		})
	}
}

// The higher a percentile, the further from the low ones it looks.
func TestPercentilesLookAsTheyRank(t *testing.T) {
	for word, want := range map[string]chart.Style{
		"p50": chart.Low, "median": chart.Low, "mean": chart.LowDashed, "p90": chart.Middle, "p95": chart.Middle, "p99": chart.High,
		"p99.9": chart.HighDashed, "p99_9": chart.HighDashed, "p999": chart.HighDashed, "max": chart.HighDashed, "anything": "",
	} {
		require.Equal(t, want, percentileStyle(word), word)
	}
	for name, want := range map[string][2]string{
		"web.latency.p99.9": {"web.latency", "p99.9"}, "web.latency.p99.99": {"web.latency", "p99.99"}, "web.latency.p99": {"web.latency", "p99"},
		"odd": {"", "odd"}, "p99.9": {"p99", "9"}, "a.b": {"a", "b"},
	} {
		of, last := splitName(name)
		require.Equal(t, want, [2]string{of, last}, name)
	}
}
