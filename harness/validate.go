package harness

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// InvalidError says that something is wrong as data: nothing was started.
type InvalidError struct {
	Subject  string  // what is wrong, for example "scenario search/popular-term"
	Problems []error // each of them, in one line
}

// Error lists every problem, a line each.
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("%s: %v", e.Subject, p)
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems.
func (e *InvalidError) Unwrap() []error { return e.Problems }

// problems collects what is wrong.
type problems []error

func (p *problems) say(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }

// note takes an error apart that was joined of several.
func (p *problems) note(err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			p.note(e)
		}
	} else if err != nil {
		*p = append(*p, err)
	}
}

// Validate reports everything that can be known to be wrong before anything is
// started, as an [*InvalidError]. It touches nothing and takes milliseconds.
func (s Scenario) Validate() error {
	var p problems
	s.validateNames(&p)
	if len(s.Lacks) > 0 {
		return p.of(s) // nothing of it is run
	}
	s.validateParts(&p)
	s.validateLoad(&p)
	s.validatePreflight(&p)
	s.validateDependencies(&p)
	s.validateSetup(&p)
	s.validateFaults(&p)
	s.validateDrained(&p)
	s.validateLedger(&p)
	s.validateActions(&p)
	s.validateInvariants(&p)
	s.validateSamples(&p)
	s.validateRelations(&p)
	s.validateChecks(&p)
	p.note(validateOff(s.StandingOff))
	if _, err := s.World.Contract.Compile(); err != nil {
		p.note(fmt.Errorf("the contract: %w", err))
	}
	return p.of(s)
}

// of are the problems of a scenario as an error; nil where there are none.
func (p problems) of(s Scenario) error {
	if len(p) == 0 {
		return nil
	}
	return &InvalidError{Subject: "scenario " + shown(s.Name), Problems: p}
}

// hides is whether a text has characters that nobody sees, and that may move what
// stands beside them.
func hides(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// shown is a name as a message may have it.
func shown(name string) string {
	if hides(name) {
		return strconv.Quote(name)
	}
	return name
}

// names are those that people have given to parts of the scenario, but for those of
// streams and processes, which have a form of their own.
func (s Scenario) names() []string {
	all := []string{s.Name}
	for _, d := range s.World.Dependencies {
		all = append(all, d.Name)
		all = append(all, slices.Sorted(maps.Keys(d.Parts))...)
	}
	for _, f := range s.Faults {
		all = append(all, f.ID)
	}
	for _, a := range s.Actions {
		all = append(all, a.Name)
	}
	for _, i := range s.Invariants {
		all = append(all, i.Name)
	}
	for _, g := range s.Samples {
		all = append(all, g.Series.Name)
	}
	for _, phase := range s.Timeline.all() {
		all = append(all, phase.Name)
	}
	return all
}

func (s Scenario) validateNames(p *problems) {
	for _, name := range s.names() {
		if hides(name) {
			p.say("the name %q has characters that nobody sees: take them out", name)
		}
	}
	if service, what, ok := strings.Cut(s.Name, "/"); !ok || service == "" || what == "" {
		p.say("its name is not service/what")
	}
	if s.Claim == "" {
		p.say("it does not say what it claims")
	}
	if s.Instances < 0 || s.Instances > maxInstances {
		p.say("there are between 1 and %d instances of the target, not %d", maxInstances, s.Instances)
	}
	if s.Timeline.Total() <= 0 && len(s.Lacks) == 0 {
		p.say("its timeline is empty")
	}
	for _, phase := range s.Timeline.all() {
		if phase.Length() < 0 {
			p.say("the phase %s lasts %s", phase.Name, phase.Length())
		}
	}
}

func (s Scenario) validateLoad(p *problems) {
	if len(s.Load) == 0 {
		p.say("it has no load")
	}
	seen := map[string]bool{}
	if !s.Needs.none() {
		_, err := s.AtPace(paces[len(paces)-1])
		p.note(err)
	}
	for _, stream := range s.Load {
		p.note(stream.Validate())
		if seen[stream.Name] {
			p.say("two streams are named %q", stream.Name)
		}
		seen[stream.Name] = true
		if stream.Profile == nil {
			continue // said by the stream itself
		}
		if end := stream.StartAt + stream.Profile.Duration(); end > s.Timeline.Total() {
			p.say("stream %s ends at %s, after the load's end at %s", stream.Name, end, s.Timeline.Total())
		}
	}
}

func (s Scenario) validateDependencies(p *problems) {
	taken := map[string]bool{OnDatabase: true, OnPostgres: true}
	for n := range maxInstances {
		taken[OnInstance(n+1)] = true
	}
	for _, name := range s.programs() {
		taken[name] = true
	}
	for _, d := range s.World.Dependencies {
		switch {
		case d.Name == "":
			p.say("a dependency has no name")
		case taken[d.Name]:
			p.say("the name of dependency %q is taken", d.Name)
		case d.Open == nil:
			p.say("nobody plays the dependency %q", d.Name)
		}
		taken[d.Name] = true
		for _, part := range slices.Sorted(maps.Keys(d.Parts)) {
			if taken[d.part(part)] {
				p.say("the name of %q, a part of a dependency, is taken", d.part(part))
			}
			taken[d.part(part)] = true
		}
	}
	s.World.replacedOnce(p)
}

// validateFaults reports texts that are no faults, faults that their place cannot
// carry out or does not know, and those that never take place.
func (s Scenario) validateFaults(p *problems) {
	var plan []chaos.Planned
	supports := s.supports()
	for _, f := range s.Faults {
		from, to := f.window(s.Timeline)
		s.validateInstances(p, f)
		switch {
		case f.unreadable != nil:
			p.say("fault %q: %w", f.ID, f.unreadable)
		case !s.World.hasData() && (f.On == OnDatabase || f.On == OnPostgres):
			p.say("fault %q: the scenario has no database", f.ID)
		case to <= from:
			p.say("fault %q: the phase %q does not take place, or is over by then", f.ID, cmp.Or(f.During, result.Inject))
		default:
			s.validateLed(p, f)
			planned := f.planned(s.Timeline)
			if _, known := supports[f.On]; !known {
				planned.On = f.On // what is not known is said as it was written
			}
			plan = append(plan, planned)
		}
	}
	p.note(chaos.Validate(supports, plan))
	s.validateTogether(p)
}

func (s Scenario) validateChecks(p *problems) {
	if len(s.Checks)+len(s.Implied()) == 0 {
		p.say("it checks nothing")
	}
	for _, c := range s.Checks {
		for _, g := range c.Protections {
			if !slices.Contains(s.Protections, g) {
				p.say("check %q guards %s, which the scenario does not claim", c.Text(), g)
			}
		}
		if !slices.Contains(phaseNames(), c.Phase) {
			p.say("check %q: there is no phase %q%s", c.Text(), c.Phase, hint(c.Phase, phaseNames()[1:]))
		}
		if phase := cmp.Or(c.Phase, result.Drain); phase != result.Drain && s.Timeline.Total() > 0 && s.Timeline.Length(phase) <= 0 {
			p.say("check %q: the phase %s does not take place", c.Text(), phase)
		}
		if c.Times != 0 && s.Timeline.Length(result.Baseline) <= 0 {
			p.say("check %q: the scenario has no baseline to hold it against", c.Text())
		}
	}
	known := registry(s, Measurement{})
	p.note(known.Validate(s.Checks))
	for _, c := range s.Checks {
		if c.Abort && slices.Contains(known.Names(), c.Metric) && !canBeLost(c, known, s.Timeline) {
			p.say("check %q cannot abort the scenario, for nothing loses it before the end: abort on an upper limit of what only grows, such as failed requests, or in a phase that others follow", c.Text())
		}
	}
}

// validateAll reports what is wrong with scenarios, and with them together, for
// these variants of the target.
func (c Config) validateAll(scenarios []Scenario, variants []Variant) error {
	var errs []error
	if err := errors.Join(validateOff(c.StandingOff), load.Tracing{Share: c.Trace}.Validate()); err != nil {
		errs = append(errs, &InvalidError{Subject: "the run", Problems: []error{err}})
	}
	errs = append(errs, c.Target.validate(), c.validateHosts(scenarios))
	for _, v := range variants {
		errs = append(errs, v.validate())
		for _, p := range v.Without {
			errs = append(errs, c.Target.validateOff(p))
		}
	}
	seen := map[string]bool{}
	for _, s := range scenarios {
		s = c.Target.For(s)
		if !seen[s.Name] {
			errs = append(errs, s.Validate(), c.validateElsewhere(s), c.validateSender(s)) // the same scenario at several sizes is said once
		}
		seen[s.Name] = true
		for _, v := range variants {
			if err := c.knows(s, v); err != nil {
				errs = append(errs, &InvalidError{Subject: "scenario " + s.Name, Problems: []error{err}})
				break // one variant is enough to say it
			}
		}
	}
	return errors.Join(errs...)
}

// validateSender asks whether the load can be sent by who is to send it.
func (c Config) validateSender(s Scenario) error {
	if c.Sender == nil {
		return nil
	}
	if err := c.Sender.Check(s.Load); err != nil {
		return &InvalidError{Subject: "scenario " + s.Name, Problems: []error{err}}
	}
	return nil
}

// knows asks whether the target knows the settings that it will be given.
func (c Config) knows(s Scenario, v Variant) error {
	if c.Target.CheckSettings == nil {
		return nil
	}
	return c.Target.CheckSettings(v.settings(s))
}
