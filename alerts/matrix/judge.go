package matrix

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"holdfast.dev/holdfast/alerts/plan"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/result"
)

// mustSeconds is a duration of the plan in seconds.
func mustSeconds(d interface{ String() string }) float64 {
	if m, ok := d.(model.Duration); ok {
		return time.Duration(m).Seconds()
	}
	return 0
}

// fault judges one fault: who was to hear of it, and who else did.
func (j *judge) fault(ctx context.Context, f plan.Fault) (result.Scenario, error) {
	p, why, err := j.play(ctx, f.Scenario)
	if err != nil {
		return result.Scenario{}, err
	}
	claim := fmt.Sprintf("Of %s, %s tell.", strings.TrimPrefix(f.Scenario, "alerts/"), strings.Join(slices.Sorted(maps.Keys(f.Fires)), ", "))
	if p.Scenario.Claim != "" {
		claim = p.Scenario.Claim
	}
	s := j.scenario(f.Scenario, claim, p)
	if why != "" {
		return j.void(s, f, why), nil
	}
	w, acted := windowOf(p.Scenario, j.plan.Clock.Factor, p.To)
	if !acted || p.Scenario.Verdict == result.NotExercised {
		return j.void(s, f, "the fault did not act: "+orElse(p.Scenario.Reason, "it has no receipt")), nil
	}
	doubt := j.doubt(p)
	heard := false
	for _, alert := range slices.Sorted(maps.Keys(f.Fires)) {
		j.expected[alert] = true
		c := courseOf(p.Of(alert), w, p.To)
		fires, resolves := j.fires(alert, f, c, p.Errors[alert], doubt), j.resolves(alert, f, c, p.To-w.to, doubt)
		if w.endless && resolves.Verdict == result.Pass {
			resolves.Verdict, resolves.Reason = result.Inconclusive, alert+" was resolved, but the fault was never undone"
		}
		s.Checks = append(s.Checks, fires, resolves)
		heard = heard || fires.Verdict == result.Pass
		v, reason := result.Worst(fires.Verdict, resolves.Verdict), fires.Reason
		if fires.Verdict == result.Pass && resolves.Verdict != result.Pass {
			reason = resolves.Reason
		}
		j.cell(alert, f.Scenario, result.AlertFires, c, time.Duration(f.Fires[alert]), v, reason)
	}
	s.Checks = append(s.Checks, j.others(f.Scenario, f, p, w, doubt))
	s.Evidence = append(s.Evidence, evidence(p))
	j.conclude(&s)
	if !heard && s.Verdict == result.Fail {
		s.Reason = "nobody would hear of it: " + s.Reason
	}
	return s, nil
}

// doubt is why what was missed proves nothing; empty: it does.
func (j *judge) doubt(p played) string {
	switch {
	case p.Scrapes.Torn != "":
		return "the recording is not whole: " + p.Scrapes.Torn
	case p.Scenario.Verdict == result.Inconclusive:
		return "the experiment was not valid: " + p.Scenario.Reason
	}
	for _, f := range p.Scenario.Faults {
		if f.EndS == nil && f.Fired > 0 {
			return fmt.Sprintf("the fault %s was never undone", f.ID)
		}
	}
	return ""
}

func doubted(v result.Verdict, reason, doubt string) (result.Verdict, string) {
	if v == result.Fail && doubt != "" {
		return result.Inconclusive, reason + "; " + doubt
	}
	return v, reason
}

// fires judges whether an alert told of the fault in time.
func (j *judge) fires(alert string, f plan.Fault, c course, broken, doubt string) result.Check {
	within := f.Fires[alert]
	v, reason := result.Fail, ""
	_, there := j.rule(alert)
	switch {
	case !there:
		reason = fmt.Sprintf("there is no rule %s", alert)
		return j.check(alert, "fires_after", within, nil, v, reason)
	case broken != "":
		reason = fmt.Sprintf("%s cannot be evaluated: %s", alert, broken)
	case c.before:
		reason = fmt.Sprintf("%s fired already before the fault", alert)
	case c.fired == nil:
		reason = fmt.Sprintf("%s did not fire", alert)
	case *c.fired > time.Duration(within):
		reason = fmt.Sprintf("%s fired after %s, later than %s", alert, model.Duration(c.fired.Round(time.Second)), within)
	default:
		v, reason = result.Pass, fmt.Sprintf("%s fired after %s", alert, model.Duration(c.fired.Round(time.Second)))
	}
	v, reason = doubted(v, reason, doubt)
	return j.check(alert, "fires_after", within, c.fired, v, reason)
}

// resolves judges whether it was resolved after the fault. left is how long is known of
// what came after.
func (j *judge) resolves(alert string, f plan.Fault, c course, left time.Duration, doubt string) result.Check {
	v, reason := result.Fail, ""
	switch {
	case c.fired == nil && !c.before:
		v, reason = result.NotExercised, alert+" did not fire, so it was not resolved"
	case c.resolved == nil && left < time.Duration(f.Resolves):
		v, reason = result.Inconclusive, fmt.Sprintf("%s was still firing when the recording ended, %s after the fault, and has %s: record for longer", alert, model.Duration(left.Round(time.Second)), f.Resolves)
	case c.resolved == nil:
		reason = fmt.Sprintf("%s was still firing %s after the fault", alert, model.Duration(left.Round(time.Second)))
	case *c.resolved > time.Duration(f.Resolves):
		reason = fmt.Sprintf("%s was resolved %s after the fault, later than %s", alert, model.Duration(c.resolved.Round(time.Second)), f.Resolves)
	default:
		v, reason = result.Pass, fmt.Sprintf("%s was resolved %s after the fault", alert, model.Duration(c.resolved.Round(time.Second)))
	}
	v, reason = doubted(v, reason, doubt)
	return j.check(alert, "resolved_after", f.Resolves, c.resolved, v, reason)
}

// others judges all alerts that were not to tell of it, and those that fired and were
// resolved before there was anything to tell.
func (j *judge) others(name string, f plan.Fault, p played, w window, doubt string) result.Check {
	var names []string
	verdict := result.Pass
	for _, alert := range j.rules.Names() {
		_, expected := f.Fires[alert]
		c := courseOf(p.Of(alert), w, p.To)
		fired := c.fired != nil || c.before
		switch {
		case c.early:
			v, reason := doubted(result.Fail, "it fired before the fault, when nothing was wrong", doubt)
			verdict = result.Worst(verdict, v)
			names = append(names, alert+" (before the fault)")
			if !expected {
				j.cell(alert, name, result.AlertSilent, c, 0, v, reason)
			}
		case expected:
		case slices.Contains(f.Also, alert):
			j.cell(alert, name, result.AlertMay, c, 0, result.Pass, "it may fire as well")
		case fired:
			v, reason := doubted(result.Fail, "it fired, and is not expected", doubt)
			verdict = result.Worst(verdict, v)
			names = append(names, alert)
			j.cell(alert, name, result.AlertSilent, c, 0, v, reason)
		default:
			j.cell(alert, name, result.AlertSilent, c, 0, result.Pass, "silent")
		}
	}
	return unexpected(names, verdict)
}

// calm judges the scenario in which nothing is wrong.
func (j *judge) calm(ctx context.Context) (result.Scenario, error) {
	name := j.plan.Calm.Scenario
	p, why, err := j.play(ctx, name)
	if err != nil {
		return result.Scenario{}, err
	}
	s := j.scenario(name, "While nothing is wrong, nobody is called.", p)
	if why != "" {
		s.Verdict, s.Reason = result.NotExercised, why
		return s, nil
	}
	doubt := uneasy(p, j.plan.Clock.Factor)
	check := j.others(name, plan.Fault{}, p, window{from: p.From - 1, to: p.To}, doubt)
	s.Checks = append(s.Checks, check)
	hours, least := p.To-p.From, time.Duration(j.plan.Calm.AtLeast)
	long := j.check("calm", "lasts", j.plan.Calm.AtLeast, &hours, result.Pass, fmt.Sprintf("it lasted for %s", model.Duration(hours.Round(time.Second))))
	long.Name, long.Op, long.Primary = fmt.Sprintf("calm lasts for %s at least", j.plan.Calm.AtLeast), ">=", false
	if hours < least {
		long.Verdict, long.Reason = result.Inconclusive, fmt.Sprintf("it lasted for %s, shorter than %s", model.Duration(hours.Round(time.Second)), j.plan.Calm.AtLeast)
	}
	s.Checks = append(s.Checks, long)
	pages := evidence(p)
	if doubt != "" {
		pages.Verdict, pages.Reason = result.Inconclusive, doubt
	} else if p.Scenario.Verdict == result.Inconclusive {
		pages.Reason += ", whole and without a gap, though the experiment itself was inconclusive: " + p.Scenario.Reason
	}
	s.Evidence = append(s.Evidence, pages)
	j.conclude(&s)
	return s, nil
}

// restless stands for calm where the plan has none.
func (j *judge) restless() result.Scenario {
	s := j.scenario("alerts/calm", "While nothing is wrong, nobody is called.", played{})
	s.Started = time.Now().UTC()
	s.Verdict, s.Reason = result.NotExercised, "the plan names no scenario in which nothing is wrong: calm"
	return s
}

// coverage judges whether each alert has been seen to fire.
func (j *judge) coverage() result.Scenario {
	s := j.scenario("alerts/all-seen", "Each alert has been seen to fire.", played{})
	s.Started = time.Now().UTC()
	for _, alert := range j.rules.Names() {
		c := result.Check{Name: alert + " was seen to fire", Metric: alert + ".faults", Op: ">=", Threshold: 1, Unit: result.UnitCount, Samples: 1}
		n := 0.0
		for _, cell := range j.cells {
			if cell.Alert == alert && cell.Expected == result.AlertFires && cell.FiredS != nil {
				n++
			}
		}
		c.Value = &n
		switch {
		case n > 0:
			c.Verdict, c.Reason = result.Pass, fmt.Sprintf("%.0f faults fire it", n)
		case j.expected[alert]:
			c.Verdict, c.Reason = result.NotExercised, "the faults that are to fire it did not"
		default:
			c.Verdict, c.Reason = result.NotExercised, "no fault is to fire it: nobody knows whether it works"
		}
		s.Checks = append(s.Checks, c)
	}
	j.conclude(&s)
	return s
}

// conclude finds a scenario's verdict: its worst check's, that of the evidence included.
func (j *judge) conclude(s *result.Scenario) {
	checks := slices.Concat(s.Checks, s.Evidence)
	var all []result.Verdict
	for _, c := range checks {
		all = append(all, c.Verdict)
	}
	s.Verdict = result.Worst(all...)
	var said []string
	for _, c := range checks {
		if c.Verdict == s.Verdict && (s.Verdict != result.Pass || c.Primary) {
			said = append(said, c.Reason)
		}
	}
	s.Reason = strings.Join(said, "; ")
	if s.Reason == "" {
		s.Reason = "as it should be"
	}
}

func (j *judge) cell(alert, scenario string, expected result.AlertExpectation, c course, within time.Duration, v result.Verdict, reason string) {
	r, ok := j.rule(alert)
	if !ok {
		r = rulefile.Rule{}
	}
	cell := result.AlertCell{Alert: alert, Severity: r.Labels["severity"], Scenario: scenario, Expected: expected, Verdict: v, Reason: reason}
	seconds := func(d *time.Duration) *float64 {
		if d == nil {
			return nil
		}
		s := d.Seconds()
		return &s
	}
	cell.FiredS, cell.ResolvedS = seconds(c.fired), seconds(c.resolved)
	if within > 0 {
		cell.WithinS = seconds(&within)
	}
	j.cells = append(j.cells, cell)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
