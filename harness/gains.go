package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// Promise is a gain that was promised: the same load on the same seed, against a
// target without some protections and with all of them.
type Promise struct {
	Name    string // what is promised, for example "search: memory"
	Claimed string // in the source's own words
	// Where is at which size, for example projects: 10000.
	Where    map[string]string
	Scenario Scenario
	// Before are the protections that were not there.
	Before []Protection
	// Metric is what is compared, one that the scenario checks; less is better.
	Metric string
	// Gain is the share that was promised to go away: 0.9 is −90 %.
	Gain float64
	// MemoryLimit is the target's, in bytes; 0 is that of the configuration.
	MemoryLimit uint64
}

// Growth is how metrics grow with the size of something, before and after.
type Growth struct {
	Names  []string // of the curves, one for each metric
	X      string   // what grows, for example projects
	Before []Protection
	// Metrics are those that the scenarios check.
	Metrics []string
	Sizes   []Size
}

// Size is one point of a [Growth].
type Size struct {
	X        float64
	Scenario Scenario
	// AfterOnly leaves out the side without protections, where it would take the
	// machine down.
	AfterOnly bool
}

// Gains measures each promise, before and after in turn, so often. The claims of
// the result are what came of them; their scenarios are not kept. A promise holds when even the smallest gain that the
// measurements allow is as large as promised, does not when not even the largest
// is, and is inconclusive between the two. Then it measures how things grow.
func Gains(ctx context.Context, cfg Config, promises []Promise, growths []Growth, repetitions int) (*result.Run, error) {
	var scenarios []Scenario
	variants := []Variant{{}}
	for _, p := range promises {
		scenarios = append(scenarios, p.Scenario)
		variants = append(variants, Variant{Without: p.Before})
	}
	for _, g := range growths {
		variants = append(variants, Variant{Without: g.Before})
		for _, size := range g.Sizes {
			scenarios = append(scenarios, size.Scenario)
		}
	}
	session, err := openFor(ctx, cfg, scenarios, variants)
	if err != nil {
		return nil, err
	}
	defer session.closeAndSay(ctx)
	file, err := session.newFile(Variant{}, session.cfg.Out, session.cfg.Repeat(""))
	if err != nil {
		return nil, err
	}
	for i, p := range promises {
		if ctx.Err() != nil {
			break
		}
		session.cfg.Observe(Event{Kind: ScenarioStarted, Scenario: p.Scenario.Name, Text: p.Name + " " + result.Words(p.Where), N: i + 1, All: len(promises)})
		gain := session.gain(ctx, p, repetitions)
		file.update(func(run *result.Run) { run.Gains = append(run.Gains, gain) })
		session.say(gain.Name + ": " + string(gain.Verdict) + ": " + gain.Reason)
	}
	for _, g := range growths {
		curves := session.grow(ctx, g)
		file.update(func(run *result.Run) { run.Curves = append(run.Curves, curves...) })
	}
	return file.finish(context.Cause(ctx))
}

// grow measures one growth, each size once a side.
func (s *Session) grow(ctx context.Context, g Growth) []result.Curve {
	curves := make([]result.Curve, len(g.Metrics))
	for i := range curves {
		curves[i] = result.Curve{Name: g.Names[i], X: g.X, Points: []result.CurvePoint{}}
	}
	for _, size := range g.Sizes {
		if ctx.Err() != nil {
			break
		}
		s.say(fmt.Sprintf("%s: %s %s", strings.Join(g.Names, ", "), result.Number(size.X), g.X))
		var before result.Scenario
		if !size.AfterOnly {
			before = s.Try(ctx, Variant{Without: g.Before}, size.Scenario)
		}
		after := s.Try(ctx, Variant{}, size.Scenario)
		for i, metric := range g.Metrics {
			p := result.CurvePoint{X: size.X}
			p.Before, _ = measured(before, metric)
			p.After, curves[i].Unit = measured(after, metric)
			curves[i].Points = append(curves[i].Points, p)
		}
	}
	return curves
}

// measured is what a scenario's check found of a metric, nil if nothing.
func measured(out result.Scenario, metric string) (value *float64, unit string) {
	for _, c := range out.Checks {
		if c.Metric == metric {
			return c.Value, c.Unit
		}
	}
	return nil, ""
}

// gain measures one promise.
func (s *Session) gain(ctx context.Context, p Promise, repetitions int) result.Gain {
	g := result.Gain{Name: p.Name, Claimed: p.Claimed, Where: p.Where, Scenario: p.Scenario.Name, Metric: p.Metric, Promised: p.Gain}
	sides := []struct {
		name    string
		variant Variant
		values  *[]float64
	}{
		{result.SideBefore, Variant{Without: p.Before, MemoryLimit: p.MemoryLimit}, &g.BeforeAll},
		{result.SideAfter, Variant{MemoryLimit: p.MemoryLimit}, &g.AfterAll},
	}
	var after []result.Verdict
	var excuses []string // of each after whose metric was measured, empty where there is none
	for i := range repetitions {
		if ctx.Err() != nil {
			break
		}
		for _, side := range sides {
			out := s.Try(ctx, side.variant, p.Scenario)
			take(&g, side.values, out, p.Metric)
			if p.MemoryLimit > 0 && i == 0 {
				g.Memory = append(g.Memory, memoryOf(side.name, out))
			}
			if side.name == result.SideAfter {
				after = append(after, out.Verdict)
				if value, _ := measured(out, p.Metric); value != nil {
					excuses = append(excuses, excused(out, p.Metric))
				}
			}
		}
	}
	if len(after) > 0 {
		g.AfterVerdict = result.Worst(after...)
	}
	g.Conclude()
	excuse(&g, excuses)
	return g
}

// excuse makes a gain that failed inconclusive where each run on its "after" side is
// excused: that it failed says that the best of them missed it, too.
func excuse(g *result.Gain, excuses []string) {
	if g.Verdict == result.Fail && !slices.Contains(excuses, "") {
		g.Verdict, g.Reason = result.Inconclusive, g.Reason+"; after: "+excuses[0]
	}
}

// excused is why what a scenario's check found of a metric can't be held against the target,
// empty where it can.
func excused(out result.Scenario, metric string) string {
	for _, c := range out.Checks {
		if c.Metric == metric && c.Verdict == result.Inconclusive {
			return c.Reason
		}
	}
	return ""
}

// memoryOf is how the target's memory went in a run.
func memoryOf(side string, out result.Scenario) result.MemoryTrace {
	c := result.MemoryTrace{Side: side, Memory: result.Series{Name: seriesRSS, Unit: result.UnitBytes, T: []float64{}, V: []float64{}}, Ends: out.Ends}
	if i := slices.IndexFunc(out.Series, func(s result.Series) bool { return s.Name == seriesRSS }); i >= 0 {
		c.Memory = out.Series[i]
	}
	return c
}

// take adds what a run measured to one side of a claim.
func take(c *result.Gain, side *[]float64, out result.Scenario, metric string) {
	value, unit := measured(out, metric)
	if value == nil {
		c.Problem = fmt.Sprintf("%s was not measured in one run: %s", metric, out.Reason)
		return
	}
	c.Unit = unit
	*side = append(*side, *value)
	for _, end := range out.Ends {
		if end.OOMKilled {
			c.Evidence = end.String() + ", as " + end.OOMEvidence + " shows"
		}
	}
}
