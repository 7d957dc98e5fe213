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
	for _, p := range promises {
		scenarios = append(scenarios, p.Scenario)
	}
	for _, g := range growths {
		for _, size := range g.Sizes {
			scenarios = append(scenarios, size.Scenario)
		}
	}
	l, closeLab, err := openLab(ctx, cfg, scenarios)
	defer closeLab()
	if err != nil {
		return nil, err
	}
	for i, p := range promises {
		if ctx.Err() != nil {
			break
		}
		l.cfg.Observe(Event{Kind: ScenarioStarted, Scenario: p.Scenario.Name, Text: p.Name + " " + result.Words(p.Where), N: i + 1, All: len(promises)})
		claim := l.measure(ctx, p, repetitions)
		l.file.update(func(run *result.Run) { run.Gains = append(run.Gains, claim) })
		l.say(claim.Name + ": " + string(claim.Verdict) + ": " + claim.Reason)
	}
	for _, g := range growths {
		l.grow(ctx, g)
	}
	return l.file.finish(context.Cause(ctx))
}

// grow measures one growth, each size once a side.
func (l *session) grow(ctx context.Context, g Growth) {
	curves := make([]result.Curve, len(g.Metrics))
	for i := range curves {
		curves[i] = result.Curve{Name: g.Names[i], X: g.X, Points: []result.CurvePoint{}}
	}
	for _, size := range g.Sizes {
		if ctx.Err() != nil {
			break
		}
		l.say(fmt.Sprintf("%s: %s %s", strings.Join(g.Names, ", "), result.Number(size.X), g.X))
		var before *result.Scenario
		if !size.AfterOnly {
			before = l.side(Promise{}, g.Before).runScenario(ctx, size.Scenario)
		}
		after := l.side(Promise{}, nil).runScenario(ctx, size.Scenario)
		for i, metric := range g.Metrics {
			p := result.CurvePoint{X: size.X}
			if before != nil {
				p.Before, _ = measured(before, metric)
			}
			p.After, curves[i].Unit = measured(after, metric)
			curves[i].Points = append(curves[i].Points, p)
		}
	}
	l.file.update(func(run *result.Run) { run.Curves = append(run.Curves, curves...) })
}

// measured is what a scenario's check found of a metric, nil if nothing.
func measured(out *result.Scenario, metric string) (value *float64, unit string) {
	for _, c := range out.Checks {
		if c.Metric == metric {
			return c.Value, c.Unit
		}
	}
	return nil, ""
}

// measure measures one promise.
func (l *session) measure(ctx context.Context, p Promise, repetitions int) result.Gain {
	c := result.Gain{Name: p.Name, Claimed: p.Claimed, Where: p.Where, Scenario: p.Scenario.Name, Metric: p.Metric, Promised: p.Gain}
	before, after := l.side(p, p.Before), l.side(p, nil)
	for i := range repetitions {
		if ctx.Err() != nil {
			break
		}
		out := before.runScenario(ctx, p.Scenario)
		take(&c, &c.BeforeAll, out, p.Metric)
		if p.MemoryLimit > 0 && i == 0 {
			c.Memory = append(c.Memory, courseOf(result.SideBefore, out))
		}
		out = after.runScenario(ctx, p.Scenario)
		take(&c, &c.AfterAll, out, p.Metric)
		if p.MemoryLimit > 0 && i == 0 {
			c.Memory = append(c.Memory, courseOf(result.SideAfter, out))
		}
		c.AfterVerdict = result.Worst(c.AfterVerdict, out.Verdict)
	}
	c.Conclude()
	return c
}

// side is the lab with a target of one side of a promise. Its results are not
// kept: of a promise its figures are.
func (l *session) side(p Promise, without []Protection) *session {
	return l.with(func(cfg *Config) {
		cfg.Without, cfg.Out = without, ""
		if p.MemoryLimit > 0 {
			cfg.Target.MemoryLimit = p.MemoryLimit
		}
	})
}

// courseOf is how the target's memory went in a run.
func courseOf(side string, out *result.Scenario) result.MemoryTrace {
	c := result.MemoryTrace{Side: side, Memory: result.Series{Name: seriesRSS, Unit: result.UnitBytes, T: []float64{}, V: []float64{}}, Ends: out.Ends}
	if i := slices.IndexFunc(out.Series, func(s result.Series) bool { return s.Name == seriesRSS }); i >= 0 {
		c.Memory = out.Series[i]
	}
	return c
}

// take adds what a run measured to one side of a claim.
func take(c *result.Gain, side *[]float64, out *result.Scenario, metric string) {
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
