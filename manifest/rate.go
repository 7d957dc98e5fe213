package manifest

import (
	"cmp"
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// profile compiles when the requests of a stream are due.
func (c *compiler) profile(path string, f Stream, t harness.Timeline) (load.Profile, bool) {
	switch {
	case len(f.Stages) > 0:
		return c.stages(path, f)
	case f.Rate == Rate{}:
		c.report.Say(path, "it has no rate: how many a second, for example rate: 40/s")
		return nil, false
	case f.Rate.Text == "":
		return c.perPhase(path+".rate", f, t)
	}
	if shape, err := load.ParseShape(f.Rate.Text); err == nil {
		return c.over(path, shape, t, time.Duration(f.StartAt)), true
	}
	profile, err := load.Lay(f.Rate.Text, t.Phases())
	c.invalid(path+".rate", err)
	return profile, err == nil
}

// over lays a shape over the phases, from when a stream begins.
func (c *compiler) over(path string, shape load.Shape, t harness.Timeline, start time.Duration) load.Profile {
	var phases []result.Phase
	for _, p := range t.Phases() {
		if p.To <= start {
			continue
		}
		p.From = max(p.From, start)
		phases = append(phases, p)
	}
	if len(phases) == 0 && start > 0 {
		c.report.Say(path+".start_at", "the load is over by then")
	}
	return shape.Over(phases)
}

// perPhase compiles a rate for each phase: those that are not named have that of the
// baseline.
func (c *compiler) perPhase(path string, f Stream, t harness.Timeline) (load.Profile, bool) {
	rates := map[string]string{}
	ok := true
	for _, phase := range []struct{ key, rate string }{
		{"warm_up", f.Rate.WarmUp}, {"baseline", f.Rate.Baseline}, {"inject", f.Rate.Inject}, {"heal", f.Rate.Heal},
	} {
		if phase.rate == "" {
			continue
		}
		if _, fine := c.rate(path+"."+phase.key, phase.rate); !fine {
			ok = false
		}
		rates[phase.key] = phase.rate
	}
	if !ok {
		return nil, false
	}
	shape, err := load.ByPhase(rates)
	if err != nil {
		c.report.Say(path, "%v", err)
		return nil, false
	}
	return c.over(path, shape, t, time.Duration(f.StartAt)), true
}

// rate reads a rate in requests per second, and reports a text that is none.
func (c *compiler) rate(path, text string) (float64, bool) {
	rate, err := load.ParseRate(text)
	c.invalid(path, err)
	return rate, err == nil
}

// stages compiles rates that change evenly from one to the next.
func (c *compiler) stages(path string, f Stream) (load.Profile, bool) {
	if f.Rate.Text == "" && f.Rate != (Rate{}) {
		c.report.Say(path+".rate", "beside stages it is one rate, that of the beginning")
		return nil, false
	}
	from, ok := c.rate(path+".rate", cmp.Or(f.Rate.Text, "0/s"))
	var all []load.Stage
	for i, stage := range f.Stages {
		target, fine := c.rate(fmt.Sprintf("%s.stages[%d].target", path, i), stage.Target)
		ok = ok && fine
		all = append(all, load.Stage{Duration: time.Duration(stage.Duration), Target: target})
	}
	return load.Stages(from, all...), ok
}
