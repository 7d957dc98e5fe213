// Package reevaluate holds an old run against other limits, from the data that its
// file has, without running again. Enter at [Read], then [Limits.Apply].
//
// It fails closed, as the run itself did: what was not exercised or not valid
// stays so, a missed limit on time proves nothing when the machine was full, and
// a limit that nothing in the file was measured for is an error.
package reevaluate

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Limits is the file's content.
type Limits struct {
	Limits []Limit `yaml:"limits"`
}

// Limit is one limit: which checks it is for, and what must hold. A check that
// the run did not have is made of it when the file has its metric.
type Limit struct {
	// Metric is as the report names it, for example search.latency.p99.
	Metric string `yaml:"metric"`
	// Scenario is a name or a glob (search/*). Empty: all.
	Scenario string `yaml:"scenario"`
	// Phase narrows the limit to checks of one phase. Empty: any.
	Phase string `yaml:"phase"`
	// Op is one of <=, >=, ==, <, >, between. Empty: the check's own.
	Op string `yaml:"op"`
	// Limit is a number in the metric's own unit, or with a unit: 300ms, 100MB,
	// 64MiB, 99%, 200/s.
	Limit string `yaml:"limit"`
	// Upper is the other end of "between".
	Upper string `yaml:"upper"`
	// Within is the time allowed to what must fall to a limit, for example 2s.
	Within string `yaml:"within"`
	// Why the limit is what it is.
	Why string `yaml:"why"`
}

// Read reads a file of limits, YAML or JSON, and says all that is wrong with it.
func Read(r io.Reader) (Limits, error) {
	dec := yaml.NewDecoder(r)
	dec.KnownFields(true)
	var l Limits
	if err := dec.Decode(&l); err != nil && !errors.Is(err, io.EOF) {
		return l, fmt.Errorf("read limits: %w", err)
	}
	var errs []error
	if len(l.Limits) == 0 {
		errs = append(errs, errors.New("no limits in it"))
	}
	for i, limit := range l.Limits {
		if err := limit.validate(); err != nil {
			errs = append(errs, fmt.Errorf("limit %d (%s): %w", i+1, limit.Metric, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return l, fmt.Errorf("read limits: %w", err)
	}
	return l, nil
}

func (l Limit) validate() error {
	switch {
	case l.Metric == "":
		return errors.New("no metric")
	case l.Limit == "" && l.Within == "":
		return errors.New("neither a limit nor a time (within)")
	case l.Op != "" && !slices.Contains([]string{"<=", ">=", "==", "<", ">", "between"}, l.Op):
		return fmt.Errorf("op %q: one of <=, >=, ==, <, >, between", l.Op)
	case l.Op == "between" && l.Upper == "", l.Upper != "" && l.Op != "" && l.Op != "between":
		return errors.New("between needs a limit and an upper one, and nothing else has two")
	}
	if _, err := path.Match(l.Scenario, ""); err != nil {
		return fmt.Errorf("scenario %q: %w", l.Scenario, err)
	}
	return nil
}

func (l Limit) covers(s result.Scenario) bool {
	ok, err := path.Match(l.Scenario, s.Name)
	return l.Scenario == "" || err == nil && ok
}

// Apply returns a copy of run, judged by the limits, which are called by in it.
// run stays as it is.
func (l Limits) Apply(run *result.Run, by string) (*result.Run, error) {
	out := *run
	out.Scenarios = slices.Clone(run.Scenarios)
	out.Reevaluated = &result.Reevaluation{By: by, Changes: []result.Change{}}
	var errs []error
	for i := range out.Scenarios {
		out.Scenarios[i].Checks = slices.Clone(out.Scenarios[i].Checks)
	}
	for _, limit := range l.Limits {
		found := false
		for i := range out.Scenarios {
			s := &out.Scenarios[i]
			if !limit.covers(*s) {
				continue
			}
			changes, err := limit.apply(s)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s in %s: %w", limit.Metric, s.Name, err))
			}
			found = found || len(changes) > 0 || err != nil
			out.Reevaluated.Changes = append(out.Reevaluated.Changes, changes...)
		}
		if !found {
			errs = append(errs, fmt.Errorf("%s: nothing in this run is judged or measured under that name%s", limit.Metric, limit.where()))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	decide(&out)
	return &out, nil
}

func (l Limit) where() string {
	var parts []string
	for _, p := range []struct{ word, value string }{{"in scenario", l.Scenario}, {"in phase", l.Phase}} {
		if p.value != "" {
			parts = append(parts, p.word+" "+p.value)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// apply judges a scenario's checks on the metric again, or makes one.
func (l Limit) apply(s *result.Scenario) ([]result.Change, error) {
	var changes []result.Change
	var errs []error
	for i, c := range s.Checks {
		if c.Metric != l.Metric || l.Phase != "" && l.Phase != c.Phase {
			continue
		}
		again, err := l.judge(c, *s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.Checks[i] = again
		changes = append(changes, result.Change{Scenario: s.Name, Check: verdict.Subject(c), OldLimit: verdict.LimitText(c), NewLimit: verdict.LimitText(again), Was: c.Verdict, Is: again.Verdict})
	}
	if len(changes) > 0 || len(errs) > 0 {
		return changes, errors.Join(errs...)
	}
	c, ok, err := l.measured(*s)
	if !ok || err != nil {
		return nil, err
	}
	s.Checks = append(s.Checks, c)
	return []result.Change{{Scenario: s.Name, Check: verdict.Subject(c), NewLimit: verdict.LimitText(c), Is: c.Verdict}}, nil
}

// decide puts the verdicts together again, as the run did: with what a proof or
// gains came to, which other limits on scenarios don't change. A scenario that was
// never judged stays without a verdict.
func decide(run *result.Run) {
	for i := range run.Scenarios {
		s := &run.Scenarios[i]
		if s.Verdict != "" {
			s.Verdict, s.Reason = verdict.OfScenario(s.Checks, s.Evidence, s.Error)
		}
	}
	run.Verdict, run.Reason = verdict.OfRun(run)
}
