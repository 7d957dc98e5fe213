package load

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/message"
)

// Step is one request of a journey, or of a login. What it captures is known to the
// steps after it.
type Step struct {
	// Name is one word: lower-case letters, digits, - and _. What becomes of the step
	// is told under STREAM.NAME.
	Name string
	// Think is how long to wait before the step is due. Defaults to nothing.
	Think time.Duration
	// Template is what is asked. Beside its own names it knows the stream's variables
	// and what was captured before.
	Template Template
	// Expect and Refused are those of [Stream]. An answer that is not the expected one
	// ends the journey.
	Expect, Refused Expectation
	// Capture takes parts of the expected answer, by the names by which templates know
	// them. Where one is not there, or cannot stand where it is used, the answer is
	// counted as check_capture.
	Capture map[string]message.Path
	// Timeout defaults to the stream's.
	Timeout time.Duration
}

// Sessions are logins that are made once, before the load. The requests and journeys
// of a stream take them in turn: they know what was captured, and begin with the
// cookies that the login ended with.
type Sessions struct {
	Count int
	// Steps log one session in. The stream's variables are known, drawn for the number
	// of the session, from 0.
	Steps []Step
	// Capture takes parts of the answer to the last step.
	Capture map[string]message.Path
}

// classCapture is counted where what should be captured of an expected answer is not
// there.
const classCapture = classCheck + "capture"

var stepName = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$`)

// takenNames are words that metrics of a stream itself begin with.
var takenNames = []string{"latency", "latency_ok", "latency_from_send", "rate", "errors", "status", "in_flight"}

// validateSteps reports all that is wrong with steps that follow each other, given
// names that are known before, and returns those that are known after them.
func validateSteps(steps []Step, vars map[string]Var, given []string) ([]string, error) {
	var errs []error
	var names []string
	for _, s := range steps {
		note := func(err error) {
			if err != nil {
				errs = append(errs, fmt.Errorf("step %s: %w", s.Name, err))
			}
		}
		switch {
		case !stepName.MatchString(s.Name):
			errs = append(errs, fmt.Errorf("step %q: its name must be one word of lower-case letters and digits, with - and _ between them", s.Name))
		case slices.Contains(takenNames, s.Name):
			note(errors.New("its name is the beginning of other metrics, choose another"))
		case slices.Contains(names, s.Name):
			note(errors.New("there are two of that name"))
		}
		names = append(names, s.Name)
		if s.Think < 0 || s.Timeout < 0 {
			note(errors.New("its Think or Timeout is negative"))
		}
		_, err := s.Template.with(vars).compile(given...)
		note(err)
		note(validateExpectations(s.Expect, s.Refused))
		note(sharedNames(s.Template, vars))
		note(captured(s.Capture, vars))
		given = slices.Concat(given, slices.Sorted(maps.Keys(s.Capture)))
	}
	return given, errors.Join(errs...)
}

// captured reports names of what is captured that are those of variables.
func captured(all map[string]message.Path, vars map[string]Var) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, taken := vars[name]; taken {
			errs = append(errs, fmt.Errorf("capture %s: there is a variable of that name", name))
		}
		if all[name] == (message.Path{}) {
			errs = append(errs, fmt.Errorf("capture %s: it does not say which part of the answer", name))
		}
	}
	return errors.Join(errs...)
}

// sharedNames reports variables that both a template and its stream have.
func sharedNames(t Template, vars map[string]Var) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(t.Vars)) {
		if _, twice := vars[name]; twice {
			errs = append(errs, fmt.Errorf("variable %s: the stream has one of that name", name))
		}
	}
	return errors.Join(errs...)
}

// validateExpectations reports what is wrong with what expectations were made of.
func validateExpectations(expect, refused Expectation) error {
	var errs []error
	if expect.wrong != nil {
		errs = append(errs, fmt.Errorf("expected answer: %w", expect.wrong))
	}
	if refused.wrong != nil {
		errs = append(errs, fmt.Errorf("refused: %w", refused.wrong))
	}
	if refusesAll(expect.Matches, refused.Matches) {
		errs = append(errs, errors.New("refused: each expected answer would count as a refusal, which is asked about first"))
	}
	return errors.Join(errs...)
}

// refusesAll reports whether whatever is expected is a refusal too: one that nothing
// but a status tells.
func refusesAll(expect, refused *message.Matcher) bool {
	if refused == nil || len(refused.Status) == 0 || len(refused.Headers)+len(refused.JSON)+len(refused.Form)+size(refused.Body) > 0 {
		return false
	}
	if expect == nil || len(expect.Status) == 0 {
		return false
	}
	return !slices.ContainsFunc(expect.Status, func(code int) bool { return !slices.Contains(refused.Status, code) })
}

// with is the template with further variables.
func (t Template) with(vars map[string]Var) Template {
	if len(vars) == 0 {
		return t
	}
	all := maps.Clone(vars)
	maps.Copy(all, t.Vars)
	t.Vars = all
	return t
}

// captures are the names of all that the stream captures, each once.
func (s Stream) captures() []string {
	all := make(map[string]bool)
	add := func(parts map[string]message.Path) {
		for name := range parts {
			all[name] = true
		}
	}
	for _, step := range s.Steps {
		add(step.Capture)
	}
	if s.Sessions != nil {
		add(s.Sessions.Capture)
		for _, step := range s.Sessions.Steps {
			add(step.Capture)
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// names are those under which something is told of the stream: its own, and those of
// its steps.
func (s Stream) names() []string {
	all := []string{s.Name}
	for _, step := range s.Steps {
		all = append(all, s.Name+"."+step.Name)
	}
	return all
}

// Parts are the streams under whose names the metrics of s stand: s itself and, of a
// journey, each step. A part of a journey is not to be sent by itself.
func (s Stream) Parts() []Stream {
	all := []Stream{s}
	for _, step := range s.Steps {
		part := Stream{Name: s.Name + "." + step.Name, Expect: step.Expect, Refused: step.Refused}
		if len(step.Capture) > 0 {
			part.Expect.Checks = append(slices.Clone(part.Expect.Checks), classCapture)
		}
		all = append(all, part)
		all[0].Expect.Refuses = all[0].Expect.Refuses || MayRefuse(part)
		all[0].Expect.Checks = append(slices.Clone(all[0].Expect.Checks), part.Expect.Checks...)
	}
	checks := slices.Sorted(slices.Values(all[0].Expect.Checks))
	if len(s.Steps) > 0 {
		all[0].Expect.Checks = slices.Compact(checks)
	}
	return all
}

// validateSessions reports what is wrong with the logins of a stream, and returns the
// names that are known after them.
func (s Stream) validateSessions() ([]string, error) {
	if s.Sessions == nil {
		return nil, nil
	}
	var errs []error
	if s.Sessions.Count <= 0 || s.Sessions.Count > maxSessions {
		errs = append(errs, fmt.Errorf("there are between 1 and %d sessions, not %d", maxSessions, s.Sessions.Count))
	}
	if len(s.Sessions.Steps) == 0 {
		errs = append(errs, errors.New("they have no step"))
	}
	known, err := validateSteps(s.Sessions.Steps, s.Vars, nil)
	errs = append(errs, err, captured(s.Sessions.Capture, s.Vars))
	known = append(known, slices.Sorted(maps.Keys(s.Sessions.Capture))...)
	if err := errors.Join(errs...); err != nil {
		return known, fmt.Errorf("sessions: %w", err)
	}
	return known, nil
}

// maxSessions bounds the logins of one stream.
const maxSessions = 10_000

// validateVars reports what is wrong with the variables of a stream.
func validateVars(vars map[string]Var) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if _, err := vars[name].compile(); err != nil {
			errs = append(errs, fmt.Errorf("variable %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// validateRequests reports what is wrong with what the stream asks: of Next, Template
// and Steps it has one.
func (s Stream) validateRequests() error {
	if err := validateVars(s.Vars); err != nil {
		return err // each template would say it again
	}
	known, err := s.validateSessions()
	errs := []error{err}
	var has []string
	for _, one := range []struct {
		name string
		is   bool
	}{{"Next", s.Next != nil}, {"a Template", s.Template != nil}, {"Steps", len(s.Steps) > 0}} {
		if one.is {
			has = append(has, one.name)
		}
	}
	switch {
	case len(has) == 0:
		errs = append(errs, errors.New("it has no Next, no Template and no Steps"))
	case len(has) > 1:
		errs = append(errs, fmt.Errorf("it has both %s", strings.Join(has, " and ")))
	case s.Template != nil:
		if _, err := s.Template.with(s.Vars).compile(known...); err != nil {
			errs = append(errs, fmt.Errorf("template: %w", err))
		}
		errs = append(errs, sharedNames(*s.Template, s.Vars))
	case len(s.Steps) > 0:
		_, err := validateSteps(s.Steps, s.Vars, known)
		errs = append(errs, err)
		if s.Expect.Judge != nil || s.Refused.Judge != nil {
			errs = append(errs, errors.New("its steps say what is expected of each answer, the stream itself does not"))
		}
	}
	return errors.Join(append(errs, validateExpectations(s.Expect, s.Refused))...)
}
