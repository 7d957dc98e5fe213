// Package plan reads a matrix.yaml: which faults must fire which alerts, how soon, and
// what the rules are held to besides. Enter at [Read].
package plan

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/alerts/replay"
)

// Plan is a matrix.yaml. Paths are relative to its folder.
type Plan struct {
	Version int `yaml:"version"`
	// Rules is the file of rules, Alertmanager that of routes and inhibitions, Dashboard
	// a dashboard of Grafana. The latter two may be left out.
	Rules        string `yaml:"rules"`
	Alertmanager string `yaml:"alertmanager"`
	Dashboard    string `yaml:"dashboard"`
	// Runbooks is the folder below which the runbook_url of each alert is a file. Left
	// out, runbooks are not looked at.
	Runbooks string `yaml:"runbooks"`
	// Labels are those that each alert must have, with the values that it may.
	Labels map[string][]string `yaml:"labels"`
	Clock  Clock               `yaml:"clock"`
	// Interval is the time between two evaluations of groups that do not say it: the
	// server's evaluation_interval. Defaults to 1m.
	Interval model.Duration `yaml:"evaluation_interval"`
	// Calm is the scenario in which nothing is wrong.
	Calm Calm `yaml:"calm"`
	// Resolves is within which time of a fault's end each alert that it fires must be
	// resolved. A fault may say otherwise.
	Resolves model.Duration `yaml:"resolves"`
	Faults   []Fault        `yaml:"faults"`

	folder string
}

// Clock is how much faster than the recording the rules' clock is, and what does not
// follow from a metric's name.
type Clock struct {
	Factor  float64  `yaml:"factor"`
	Ages    []string `yaml:"ages"`
	Moments []string `yaml:"moments"`
	Once    []string `yaml:"once"`
}

// Calm is the scenario without a fault.
type Calm struct {
	Scenario string         `yaml:"scenario"`
	AtLeast  model.Duration `yaml:"at_least"` // on the rules' clock
}

// Fault is one scenario with a fault, and who hears of it.
type Fault struct {
	Scenario string                    `yaml:"scenario"`
	Fires    map[string]model.Duration `yaml:"fires"` // alerts, each within that time of its begin
	// Also may fire: what is wrong besides, or follows from it.
	Also     []string       `yaml:"also"`
	Resolves model.Duration `yaml:"resolves"`
}

// Read reads a plan and says all that is wrong with it.
func Read(path string) (*Plan, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &Plan{folder: filepath.Dir(path)}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(p); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := p.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func (p *Plan) validate() error {
	var errs []error
	if p.Version != 1 {
		errs = append(errs, fmt.Errorf("version: %d: this program reads 1", p.Version))
	}
	if p.Rules == "" {
		errs = append(errs, errors.New("rules: the file of rules is missing"))
	}
	if p.Clock.Factor == 0 {
		p.Clock.Factor = 1
	}
	errs = append(errs, p.OnClock().Validate())
	if len(p.Faults) == 0 {
		errs = append(errs, errors.New("faults: there is none, so that nothing would be shown"))
	}
	switch {
	case p.Calm.Scenario != "" && p.Calm.AtLeast <= 0:
		errs = append(errs, errors.New("calm: how long it must last is missing: at_least"))
	case p.Calm.Scenario == "" && p.Calm.AtLeast != 0:
		errs = append(errs, errors.New("calm: it has no scenario"))
	}
	seen := map[string]bool{p.Calm.Scenario: true}
	for i, f := range p.Faults {
		switch {
		case f.Scenario == "":
			errs = append(errs, fmt.Errorf("faults: number %d has no scenario", i+1))
		case seen[f.Scenario]:
			errs = append(errs, fmt.Errorf("faults: %s is there twice", f.Scenario))
		case len(f.Fires) == 0:
			errs = append(errs, fmt.Errorf("faults: %s fires no alert: nobody would hear of it", f.Scenario))
		}
		seen[f.Scenario] = true
		for name, within := range f.Fires {
			if within <= 0 {
				errs = append(errs, fmt.Errorf("faults: %s: fires: %s: within which time is missing", f.Scenario, name))
			}
			if slices.Contains(f.Also, name) {
				errs = append(errs, fmt.Errorf("faults: %s: %s is under fires and under also", f.Scenario, name))
			}
		}
		if f.Resolves == 0 {
			p.Faults[i].Resolves = p.Resolves
		}
		if p.Faults[i].Resolves <= 0 {
			errs = append(errs, fmt.Errorf("faults: %s: within which time its alerts are resolved is missing: resolves", f.Scenario))
		}
	}
	return errors.Join(errs...)
}

// OnClock is the clock that recordings are played on.
func (p *Plan) OnClock() replay.Clock {
	return replay.Clock{Factor: p.Clock.Factor, Ages: p.Clock.Ages, Moments: p.Clock.Moments, Once: p.Clock.Once}
}

// Path is a file that the plan names; empty for an empty name.
func (p *Plan) Path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.folder, name)
}

// Every is the time between two evaluations.
func (p *Plan) Every() time.Duration { return time.Duration(p.Interval) }

// Scenarios are all that must have been recorded.
func (p *Plan) Scenarios() []string {
	var all []string
	if p.Calm.Scenario != "" {
		all = append(all, p.Calm.Scenario)
	}
	for _, f := range p.Faults {
		all = append(all, f.Scenario)
	}
	return all
}
