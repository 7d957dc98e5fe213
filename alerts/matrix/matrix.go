// Package matrix holds rules of alerts against faults: each fault must fire the alerts
// that are to tell of it, within their times, they must be resolved after it, nothing
// else may fire, and while nothing is wrong nothing at all.
//
// Enter at [Judge]. What comes of it is a [result.Run], so that the reports of any run
// show it: a scenario for each fault, on the rules' clock, with a check for each alert
// that was to fire, and the cells of the matrix.
package matrix

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/alerts/plan"
	"holdfast.dev/holdfast/alerts/replay"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/scrapes"
)

// Recorded is what was recorded of one scenario.
type Recorded struct {
	Scenario result.Scenario // as run.json has it
	Scrapes  *scrapes.Recording
}

// Judge plays each recording of the plan through the rules, and judges what fired. recorded
// has what there is, by scenario; what is missing is not exercised.
func Judge(ctx context.Context, p *plan.Plan, f *rulefile.File, recorded map[string]Recorded) (*result.Run, error) {
	j := &judge{plan: p, rules: f, recorded: recorded, expected: map[string]bool{}}
	run := &result.Run{Schema: result.Schema, Started: time.Now().UTC(), Complete: true, Profile: "alerts"}
	for _, fault := range p.Faults {
		s, err := j.fault(ctx, fault)
		if err != nil {
			return nil, err
		}
		run.Scenarios = append(run.Scenarios, s)
	}
	if p.Calm.Scenario != "" {
		s, err := j.calm(ctx)
		if err != nil {
			return nil, err
		}
		run.Scenarios = append(run.Scenarios, s)
	} else {
		run.Scenarios = append(run.Scenarios, j.restless())
	}
	run.Scenarios = append(run.Scenarios, j.coverage())
	run.Alerts = j.cells
	var all []result.Verdict
	for _, s := range run.Scenarios {
		all = append(all, s.Verdict)
	}
	run.Verdict = result.Worst(all...)
	for _, s := range run.Scenarios {
		if s.Verdict == run.Verdict && run.Reason == "" {
			run.Reason = s.Name + ": " + s.Reason
		}
	}
	return run, nil
}

// judge goes from fault to fault.
type judge struct {
	plan     *plan.Plan
	rules    *rulefile.File
	recorded map[string]Recorded
	cells    []result.AlertCell
	expected map[string]bool // alerts that some fault is to fire
}

// played is a recording that was played.
type played struct {
	Recorded
	*replay.Replay
}

// play plays a scenario's recording; why is what makes it worth nothing.
func (j *judge) play(ctx context.Context, name string) (p played, why string, err error) {
	var there bool
	if p.Recorded, there = j.recorded[name]; !there {
		return p, "it was not run", nil
	}
	if p.Scrapes == nil {
		return p, "its scrapes were not recorded: run it with --record-scrapes", nil
	}
	if p.Scenario.Error != "" {
		return p, p.Scenario.Error, nil
	}
	p.Replay, err = replay.Play(ctx, j.rules, p.Scrapes, replay.Config{Clock: j.plan.OnClock(), Interval: j.plan.Every()})
	if err != nil {
		return p, "", fmt.Errorf("%s: %w", name, err)
	}
	return p, "", nil
}

// scenario is the result of a fault, as far as it is known before anything is judged.
func (j *judge) scenario(name, claim string, p played) result.Scenario {
	s := result.Scenario{
		Name: name, Claim: claim, Started: p.Scenario.Started, Protections: []string{}, Without: []string{}, Phases: []result.Phase{},
		Streams: []result.Stream{}, Faults: []result.Fault{}, Checks: []result.Check{}, Evidence: []result.Check{}, Series: []result.Series{},
	}
	k := j.plan.Clock.Factor
	for _, phase := range p.Scenario.Phases {
		phase.From, phase.To = result.Seconds(phase.From.Seconds()*k), result.Seconds(phase.To.Seconds()*k)
		s.Phases = append(s.Phases, phase)
	}
	for _, f := range p.Scenario.Faults {
		f.StartS *= k
		if f.EndS != nil {
			end := *f.EndS * k
			f.EndS = &end
		}
		s.Faults = append(s.Faults, f)
	}
	if k != 1 {
		s.Compressed = append(s.Compressed, result.Compressed{
			Name: "the rules' clock", RealS: p.Scenario.DurationS * k, UsedS: p.Scenario.DurationS, FactorBy: k,
			Because: "windows are as they are written; ages and what counts are so many times as much, latencies and periods of the service's own are as they were",
		})
	}
	if p.Replay != nil {
		s.DurationS = (p.To - p.From).Seconds()
		for _, t := range p.Timelines {
			if len(t.Changes) > 0 {
				s.Series = append(s.Series, series(t, p.From, p.To))
			}
		}
	}
	return s
}

// void judges all of a scenario alike, as nothing was seen of it.
func (j *judge) void(s result.Scenario, f plan.Fault, why string) result.Scenario {
	for _, alert := range slices.Sorted(maps.Keys(f.Fires)) {
		j.expected[alert] = true
		s.Checks = append(s.Checks, j.check(alert, "fires_after", f.Fires[alert], nil, result.NotExercised, why))
		j.cell(alert, s.Name, result.AlertFires, course{}, time.Duration(f.Fires[alert]), result.NotExercised, why)
	}
	s.Verdict, s.Reason = result.NotExercised, why
	return s
}

func (j *judge) rule(alert string) (rulefile.Rule, bool) {
	for _, r := range j.rules.Alerts() {
		if r.Alert == alert {
			return r, true
		}
	}
	return rulefile.Rule{}, false
}

// check is one judgement over a time, in seconds of the rules' clock.
func (j *judge) check(alert, what string, within interface{ String() string }, value *time.Duration, v result.Verdict, reason string) result.Check {
	words := map[string]string{"fires_after": "fires", "resolved_after": "is resolved"}[what]
	limit := mustSeconds(within)
	c := result.Check{
		Name: fmt.Sprintf("%s %s within %s", alert, words, within), Metric: alert + "." + what, Op: "<=", Threshold: limit, Unit: result.UnitSeconds,
		Samples: 1, Verdict: v, Reason: reason, Primary: what == "fires_after",
	}
	if value != nil {
		seconds := value.Seconds()
		c.Value = &seconds
	}
	return c
}

// unexpected is the check that nothing fired but what was to.
func unexpected(names []string, v result.Verdict) result.Check {
	n := float64(len(names))
	c := result.Check{Name: "no alert fires that is not expected", Metric: "unexpected_alerts", Op: "<=", Unit: result.UnitCount, Samples: 1, Value: &n, Verdict: v, Primary: len(names) > 0}
	c.Reason = "nothing else fired"
	if len(names) > 0 {
		c.Reason = "also fired, and is not expected: " + strings.Join(names, ", ")
	}
	return c
}
