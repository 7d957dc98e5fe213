package manifest

import (
	"fmt"
	"strings"
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
		return c.perPhase(path+".rate", f.Rate, t)
	}
	text := f.Rate.Text
	shape, err := load.ParseShape(text)
	if err != nil {
		profile, asProfile := load.ParseProfile(text)
		if asProfile == nil {
			return profile, true
		}
		if strings.Contains(text, " for ") || strings.Contains(text, " over ") || strings.Contains(text, " each") {
			err = asProfile
		}
		c.report.Say(path+".rate", "%v", err)
		return nil, false
	}
	return c.over(path, shape, t, time.Duration(f.StartAt)), true
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
func (c *compiler) perPhase(path string, r Rate, t harness.Timeline) (load.Profile, bool) {
	base, ok := "0/s", true
	var text string
	for _, phase := range []struct{ key, name, rate string }{
		{"baseline", "", r.Baseline}, {"warm_up", result.WarmUp, r.WarmUp}, {"inject", result.Inject, r.Inject}, {"heal", result.Heal, r.Heal},
	} {
		if phase.rate == "" {
			continue
		}
		if !c.rate(path+"."+phase.key, phase.rate) {
			ok = false
		}
		if phase.name == "" {
			base = phase.rate
		} else {
			text += fmt.Sprintf(", %s in %s", phase.rate, phase.name)
		}
	}
	if !ok {
		return nil, false
	}
	shape, err := load.ParseShape(base + text)
	if err != nil {
		c.report.Say(path, "%v", err)
		return nil, false
	}
	return shape.Over(t.Phases()), true
}

// rate reports a text that is no rate.
func (c *compiler) rate(path, text string) bool {
	if _, err := load.ParseProfile(text + " for 1s"); err != nil {
		c.report.Say(path, "%s is no rate such as 40/s, 90/min or 20/h", quote(text))
		return false
	}
	return true
}

// stages compiles rates that change evenly from one to the next.
func (c *compiler) stages(path string, f Stream) (load.Profile, bool) {
	from := f.Rate.Text
	if from == "" {
		from = "0/s"
	}
	ok := c.rate(path+".rate", from)
	if f.Rate.Text == "" && f.Rate != (Rate{}) {
		c.report.Say(path+".rate", "beside stages it is one rate, that of the beginning")
		return nil, false
	}
	var parts []string
	for i, stage := range f.Stages {
		at := fmt.Sprintf("%s.stages[%d]", path, i)
		if !c.rate(at+".target", stage.Target) {
			ok = false
			continue
		}
		if stage.Duration == 0 {
			c.report.Say(at+".duration", "a stage of no duration changes nothing; make it 1ms")
			ok = false
			continue
		}
		parts = append(parts, fmt.Sprintf("%s to %s over %s", from, stage.Target, stage.Duration))
		from = stage.Target
	}
	if !ok {
		return nil, false
	}
	profile, err := load.ParseProfile(strings.Join(parts, ", then "))
	if err != nil {
		c.report.Say(path+".stages", "%v", err)
		return nil, false
	}
	return profile, true
}
