package reports_test

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports"
	"holdfast.dev/holdfast/reports/reevaluate"
)

// drawn is an experiment as somebody may have carried it out: what was asked,
// what was measured, and what was known of its validity.
type drawn struct {
	checks   []verdict.Check
	registry *verdict.Registry
	phases   []result.Phase
	validity result.Validity
	evidence []result.Check
	failure  string
}

// conclude judges it as a run does.
func (d drawn) conclude(name string) result.Scenario {
	s := result.Scenario{Name: name, Phases: d.phases, Evidence: d.evidence, Validity: &d.validity, Error: d.failure}
	s.Checks = d.registry.Judge(d.checks, d.phases, d.validity)
	s.Verdict, s.Reason = verdict.OfScenario(s.Checks, s.Evidence, s.Error)
	return s
}

func drawExperiment(t *rapid.T) drawn {
	d := drawn{registry: new(verdict.Registry)}
	for i, name := range []string{result.WarmUp, result.Baseline, result.Inject, result.Heal} {
		if rapid.IntRange(0, 9).Draw(t, name) > 0 {
			d.phases = append(d.phases, result.Phase{Name: name, From: time.Duration(i) * time.Second, To: time.Duration(i+1) * time.Second})
		}
	}
	if rapid.Bool().Draw(t, "late") {
		d.validity.TimingInvalid = "the generator was late"
	}
	for range rapid.IntRange(0, 2).Draw(t, "disturbances") {
		from := rapid.Float64Range(-1, 9).Draw(t, "from")
		d.validity.Disturbances = append(d.validity.Disturbances, result.Disturbance{FromS: from, ToS: from + rapid.Float64Range(0, 3).Draw(t, "lasts"), Cause: "a neighbour"})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "evidence") {
		v := rapid.SampledFrom([]result.Verdict{result.Pass, result.Pass, result.Inconclusive, result.NotExercised}).Draw(t, "held")
		d.evidence = append(d.evidence, result.Check{Name: fmt.Sprint("evidence ", i), Metric: fmt.Sprint("experiment.", i), Op: "==", Unit: result.UnitCount, Samples: 1, Verdict: v, Reason: "so it was"})
	}
	if rapid.IntRange(0, 9).Draw(t, "fails") == 0 {
		d.failure = "no disk"
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "checks") {
		d.addMetric(t, i)
	}
	return d
}

// addMetric enters a metric with its measurement, and a check on it.
func (d *drawn) addMetric(t *rapid.T, i int) {
	name := fmt.Sprint("m", i)
	if i == 4 {
		name = verdict.UnexpectedEnds
	}
	unit := rapid.SampledFrom([]string{result.UnitMS, result.UnitBytes, result.UnitCount, result.UnitRatio, result.UnitPerS, result.UnitSeconds}).Draw(t, "unit")
	read := verdict.Reading{Value: drawValue(t, "value"), Samples: rapid.Int64Range(0, 200).Draw(t, "samples")}
	if rapid.IntRange(0, 9).Draw(t, "number") == 0 {
		read.Value = math.NaN()
	}
	for _, at := range []**float64{&read.Regardless, &read.Most, &read.FromSend, &read.Least} {
		if v := drawValue(t, "at best"); rapid.IntRange(0, 2).Draw(t, "known") == 0 {
			*at = &v
		}
	}
	before := verdict.Reading{Value: drawValue(t, "before"), Samples: rapid.Int64Range(0, 200).Draw(t, "samples before")}
	points := make([]verdict.Point, rapid.IntRange(0, 4).Draw(t, "points"))
	for k := range points {
		points[k] = verdict.Point{At: 3*time.Second + time.Duration(k)*200*time.Millisecond, Value: drawValue(t, "point")}
	}
	d.registry.Add(verdict.Descriptor{Name: name, Unit: unit, Timed: rapid.Bool().Draw(t, "timed"), MinSamples: rapid.SampledFrom([]int64{0, 1, 100}).Draw(t, "needs")},
		verdict.Source{Read: func(w verdict.Window) verdict.Reading {
			if w.Phase == result.Baseline {
				return before
			}
			return read
		}, Points: func(verdict.Window) []verdict.Point { return points }})
	c := verdict.Metric(name).In(rapid.SampledFrom([]string{"", result.Baseline, result.Heal}).Draw(t, "phase"))
	c.Op = rapid.SampledFrom([]verdict.Op{verdict.AtMost, verdict.AtLeast, verdict.Equals, verdict.Below, verdict.Above, verdict.Between, verdict.FallsTo}).Draw(t, "op")
	c.Exercise, c.Primary = rapid.Bool().Draw(t, "exercise"), rapid.IntRange(0, 4).Draw(t, "primary") == 0
	if c.Op == verdict.FallsTo {
		c.Phase = result.Heal
	}
	d.checks = append(d.checks, limited(t, c, unit))
}

// limited gives a check a limit.
func limited(t *rapid.T, c verdict.Check, unit string) verdict.Check {
	c.Limit = verdict.Quantity{Value: drawValue(t, "limit"), Unit: unit}
	switch c.Op {
	case verdict.Between:
		c.Upper = verdict.Quantity{Value: c.Limit.Value + drawValue(t, "upper"), Unit: unit}
	case verdict.FallsTo:
		c.Within = time.Duration(rapid.IntRange(1, 1000).Draw(t, "within")) * time.Millisecond
	case verdict.Equals:
	default:
		if c.Times != 0 || c.Phase == result.Heal && rapid.Bool().Draw(t, "relative") {
			c.Times, c.Limit = rapid.Float64Range(0.1, 4).Draw(t, "times"), verdict.Quantity{}
		}
	}
	return c
}

// drawValue is a small whole number as a rule, so that values meet limits.
func drawValue(t *rapid.T, label string) float64 {
	if rapid.IntRange(0, 4).Draw(t, label+" odd") == 0 {
		return rapid.Float64Range(0, 1e6).Draw(t, label)
	}
	return float64(rapid.IntRange(0, 5).Draw(t, label))
}

func drawRun(t *rapid.T) (*result.Run, []drawn) {
	run := &result.Run{Schema: result.Schema, ID: "1", Complete: rapid.IntRange(0, 9).Draw(t, "complete") > 0}
	var all []drawn
	for i := range rapid.IntRange(0, 3).Draw(t, "scenarios") {
		d := drawExperiment(t)
		all = append(all, d)
		run.Scenarios = append(run.Scenarios, d.conclude(fmt.Sprint("search/", i)))
	}
	some := rapid.SampledFrom(result.Verdicts())
	for i := range rapid.IntRange(0, 1).Draw(t, "gains") {
		run.Gains = append(run.Gains, result.Gain{Name: fmt.Sprint("gain ", i), Verdict: some.Draw(t, "gain"), Reason: "measured"})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "detections") {
		run.Detections = append(run.Detections, result.Detection{Without: fmt.Sprint("p", i), Expected: "search/0", Verdict: some.Draw(t, "detection"), Reason: "tried"})
	}
	if rapid.IntRange(0, 4).Draw(t, "interrupted") == 0 {
		run.Interrupted = "interrupt"
	}
	run.Verdict, run.Reason = verdict.OfRun(run)
	return run, all
}

// limitsOf is a file of limits with each check's own.
func limitsOf(scenario string, checks []verdict.Check) (list []reevaluate.Limit) {
	text := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, c := range checks {
		l := reevaluate.Limit{Metric: c.Metric, Scenario: scenario}
		switch c.Op {
		case verdict.FallsTo:
			l.Within = text(c.Within.Seconds())
		case verdict.Between:
			l.Limit, l.Upper = text(c.Limit.Value), text(c.Upper.Value)
		default:
			l.Limit = text(c.Limit.Value)
			if c.Times != 0 {
				l.Limit = text(c.Times) + " x baseline"
			}
		}
		list = append(list, l)
	}
	return list
}

// reread is the run as its file has it.
func reread(t *rapid.T, run *result.Run) *result.Run {
	var file bytes.Buffer
	require.NoError(t, result.Write(&file, run))
	read, err := result.Read(&file)
	require.NoError(t, err)
	return read
}

// The run, each report of its file and a re-evaluation by its own limits say the
// same of the same data.
func TestOneJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run, experiments := drawRun(t)
		file := reread(t, run)
		v, why := verdict.ShownRun(file)
		require.Equal(t, []any{run.Verdict, run.Reason}, []any{v, why}, "a file says what the run said")
		reportsSay(t, file, run.Verdict)

		var limits reevaluate.Limits
		for i, d := range experiments {
			limits.Limits = append(limits.Limits, limitsOf(run.Scenarios[i].Name, d.checks)...)
		}
		again, err := limits.Apply(file, "the same")
		require.NoError(t, err)
		require.Equal(t, []any{run.Verdict, run.Reason}, []any{again.Verdict, again.Reason})
		for i, s := range again.Scenarios {
			require.Equal(t, []any{run.Scenarios[i].Verdict, run.Scenarios[i].Reason}, []any{s.Verdict, s.Reason})
			for k, c := range s.Checks {
				require.Equal(t, run.Scenarios[i].Checks[k], c)
			}
		}
		for _, change := range again.Reevaluated.Changes {
			require.Equal(t, []any{change.Was, change.OldLimit}, []any{change.Is, change.NewLimit})
		}
	})
}

// A re-evaluation by other limits says what the run would have said by them.
func TestOtherLimitsAreThoseOfAnotherRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawExperiment(t)
		run := &result.Run{Schema: result.Schema, Complete: true, Scenarios: []result.Scenario{d.conclude("search/x")}}
		run.Verdict, run.Reason = verdict.OfRun(run)
		other := d
		other.checks = nil
		for _, c := range d.checks {
			next := c
			if c.Times != 0 {
				next.Times = rapid.Float64Range(0.1, 4).Draw(t, "other times")
			} else if next = limited(t, c, c.Limit.Unit); next.Times != 0 {
				next = c // which needs a baseline in the file
			}
			if c.Op == verdict.FallsTo {
				next.Limit = c.Limit // another level needs the series in the file
			}
			other.checks = append(other.checks, next)
		}
		want := other.conclude("search/x")
		again, err := (reevaluate.Limits{Limits: limitsOf("search/x", other.checks)}).Apply(reread(t, run), "others")
		require.NoError(t, err)
		for k, c := range again.Scenarios[0].Checks {
			require.Equal(t, want.Checks[k].Verdict, c.Verdict, "%s: %s, not %s", c.Name, c.Reason, want.Checks[k].Reason)
		}
		require.Equal(t, want.Verdict, again.Scenarios[0].Verdict)
	})
}

// reportsSay holds each report of a run to its verdict, and the page to one
// decisive check a scenario.
func reportsSay(t *rapid.T, run *result.Run, v result.Verdict) {
	var html, markdown, junit, annotations bytes.Buffer
	require.NoError(t, reports.HTML(&html, run))
	require.NoError(t, reports.Markdown(&markdown, run))
	require.NoError(t, reports.JUnit(&junit, run))
	require.NoError(t, reports.Annotations(&annotations, run))
	require.Contains(t, html.String(), "<title>"+v.Label()+" – Holdfast run 1</title>")
	require.True(t, strings.HasPrefix(markdown.String(), "## "+v.Mark()+" "+v.Label()+" "), markdown.String())
	require.Equal(t, v != "", strings.Contains(junit.String(), `<property name="verdict" value="`+string(v)+`">`))
	require.Equal(t, v == result.Pass, annotations.Len() == 0, annotations.String())
	decisive := 0
	for _, s := range run.Scenarios {
		if verdict.Decisive(s.Checks, s.Evidence) != nil {
			decisive++
		}
	}
	require.Equal(t, decisive, strings.Count(html.String(), `<small class="chip">decisive</small>`))
}
