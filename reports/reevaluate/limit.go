package reevaluate

import (
	"bytes"
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
	// 64MiB, 99%, 200/s. Of a check that the run held against its baseline also
	// 1.5 x baseline.
	Limit string `yaml:"limit"`
	// Upper is the other end of "between".
	Upper string `yaml:"upper"`
	// Within is the time allowed to what must fall to a limit, for example 2s.
	Within string `yaml:"within"`
	// Why the limit is what it is.
	Why string `yaml:"why"`
}

// maxFile bounds what is read of a file of limits, in bytes.
const maxFile = 1 << 20

// Read reads a file of limits, YAML or JSON, and says all that is wrong with it.
func Read(r io.Reader) (Limits, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return Limits{}, fmt.Errorf("read limits: %w", err)
	}
	if len(text) > maxFile { // what is cut off may be the limit that fails
		return Limits{}, fmt.Errorf("read limits: the file is longer than %d bytes", maxFile)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	var l Limits
	if err := dec.Decode(&l); err != nil && !errors.Is(err, io.EOF) {
		return l, fmt.Errorf("read limits: %w", err)
	}
	var errs []error
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		errs = append(errs, errors.New("there is a second document behind the first (---): a file of limits is one document"))
	}
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

// where says what the limit is narrowed to.
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

// limits puts the new limit in the place of the check's own.
func (l Limit) limits(c result.Check) (result.Check, error) {
	if l.Op != "" {
		c.Op = l.Op
	}
	if times, ok := verdict.ParseTimes(l.Limit); ok {
		if l.Upper != "" || c.Baseline == nil && c.Times == 0 {
			return c, errors.New("the run did not hold this check against its baseline, so no limit can be relative to it")
		}
		c.Times, c.Upper = times, nil
		return l.named(c), nil
	}
	v, err := quantity(l.Limit, c.Unit)
	if err != nil {
		return c, err
	}
	c.Threshold, c.Upper, c.Times, c.Baseline, c.BaselineSamples = v, nil, 0, nil, 0
	between := c.Op == string(verdict.Between)
	switch {
	case between && l.Upper == "":
		return c, errors.New("between needs an upper limit")
	case between:
		upper, err := quantity(l.Upper, c.Unit)
		if err != nil {
			return c, err
		}
		if upper < v {
			return c, fmt.Errorf("the upper limit %s is under the lower one %s", l.Upper, l.Limit)
		}
		c.Upper = &upper
	case l.Upper != "":
		return c, errors.New("only between has an upper limit")
	}
	return l.named(c), nil
}

// named gives a check with a new limit its name, and says where the limit is from.
func (l Limit) named(c result.Check) result.Check {
	if l.Why != "" {
		c.Why = l.Why
	}
	if c.Metric != "" {
		c.Name = verdict.Name(c)
	}
	return c
}
