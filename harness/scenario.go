// Package harness runs scenarios: it brings up a database, the target and the
// faults, drives load on one clock through the phases of an experiment, judges
// what was measured, and takes everything down again for certain.
//
// A [Scenario] is data. Enter at [Run] for a command line and at [Test] for
// go test. The package knows nothing of the services under test: they reach it
// as a data set to seed, an environment to set and requests to send.
package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Scenario is one experiment: a world, a target configuration, load, faults on
// a timeline, and what must hold. It can be listed, filtered and documented
// without being run.
type Scenario struct {
	// Name is service/what, for example search/popular-term.
	Name string
	// Claim says in one sentence what a pass shows.
	Claim string
	// Protections names the protections that this scenario proves.
	Protections []string
	World       World
	// Settings are environment variables of the target, over its own defaults.
	Settings map[string]string
	// Compressed lists the times that Settings shorten, with what they stand for.
	Compressed []result.Compressed
	Timeline   Timeline
	Load       []load.Stream
	Faults     []Fault
	Checks     []verdict.Check
	// Watch are further quantities of the target's /metrics to sample.
	Watch []probe.Metric
	// Measures are numbers of the scenario's own, for what no probe, stream or
	// fake measures.
	Measures []Measure
	// Drained says whether the work that the load has caused is done. The drain
	// lasts until it is, or until its time is over. Defaults to the last answer.
	Drained func(context.Context, State) (bool, error)
	// Reconcile holds the two sides of the work against each other when all is
	// over. The entries of its ledger are the metrics ledger.accepted, .delivered,
	// .lost and so on. Optional.
	Reconcile func(context.Context, State) (Reconciliation, error)
	// Reconciled are the further metrics for which Reconcile gives a reading.
	Reconciled []verdict.Descriptor
	// Headline marks the scenario that stands for its service in the main job.
	Headline bool
	// Slow scenarios are run by name only: a profile's "all" leaves them out.
	Slow bool
}

// World is the data that a scenario starts from.
type World struct {
	// Data is seeded once and cloned for each scenario.
	Data database.DataSet
	// Facts are what the report says of it, for example projects: 10000.
	Facts map[string]string
	// Dependencies are the APIs that the target calls.
	Dependencies []Dependency
	// Prepare adds to the scenario's own copy of the data what it alone needs,
	// for example oracles at the addresses of its fakes. Optional.
	Prepare func(context.Context, State) error
	// Precondition says what the data lacks for the scenario to mean anything, for
	// example enough oracles. A world that lacks it is not exercised. Optional.
	Precondition func(context.Context, State) error
}

// Protection is one safeguard of the target, as the environment that takes it
// away. Named service.what, for example search.sql-limit.
type Protection struct {
	Name  string
	About string
	// Off is the environment that takes the protection away.
	Off map[string]string
}

// Timeline is how long each phase of a scenario lasts. A phase of no length
// does not take place. Drain is the most that the last answers are waited for.
type Timeline struct {
	WarmUp, Baseline, Inject, Heal time.Duration
	// Drain defaults to 30 s.
	Drain time.Duration
}

// DefaultDrain is the most that a scenario waits for the last answers.
const DefaultDrain = 30 * time.Second

// Phases returns the planned phases of the load, in order, from 0.
func (t Timeline) Phases() []result.Phase {
	var phases []result.Phase
	at := time.Duration(0)
	for _, p := range []struct {
		name   string
		length time.Duration
	}{{result.WarmUp, t.WarmUp}, {result.Baseline, t.Baseline}, {result.Inject, t.Inject}, {result.Heal, t.Heal}} {
		if p.length > 0 {
			phases = append(phases, result.Phase{Name: p.name, From: at, To: at + p.length})
			at += p.length
		}
	}
	return phases
}

func (t Timeline) drain() time.Duration { return cmp.Or(t.Drain, DefaultDrain) }

// Total is how long the load lasts: all phases but the drain.
func (t Timeline) Total() time.Duration { return t.WarmUp + t.Baseline + t.Inject + t.Heal }

// Start returns when a phase of the load begins.
func (t Timeline) Start(phase string) time.Duration {
	switch phase {
	case result.Baseline:
		return t.WarmUp
	case result.Inject:
		return t.WarmUp + t.Baseline
	case result.Heal:
		return t.WarmUp + t.Baseline + t.Inject
	default:
		return 0
	}
}

// Length returns how long a phase of the load lasts.
func (t Timeline) Length(phase string) time.Duration {
	switch phase {
	case result.WarmUp:
		return t.WarmUp
	case result.Baseline:
		return t.Baseline
	case result.Inject:
		return t.Inject
	case result.Heal:
		return t.Heal
	default:
		return 0
	}
}

// Validate reports everything that is wrong with the scenario as data. Checks
// on metrics are validated when it is known what is measured.
func (s Scenario) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("scenario %s: "+format, append([]any{s.Name}, args...)...))
	}
	if service, what, ok := strings.Cut(s.Name, "/"); !ok || service == "" || what == "" {
		wrong("its name is not service/what")
	}
	if s.Claim == "" {
		wrong("it does not say what it proves")
	}
	if len(s.Checks) == 0 {
		wrong("it checks nothing")
	}
	if len(s.Load) == 0 {
		wrong("it has no load")
	}
	if s.Timeline.Total() <= 0 {
		wrong("its timeline is empty")
	}
	seen := map[string]bool{}
	for _, stream := range s.Load {
		if stream.Name == "" || seen[stream.Name] {
			wrong("stream name %q is empty or used twice", stream.Name)
		}
		seen[stream.Name] = true
		if end := stream.StartAt + stream.Profile.Duration(); end > s.Timeline.Total() {
			wrong("stream %s ends at %s, after the load's end at %s", stream.Name, end, s.Timeline.Total())
		}
	}
	errs = append(errs, s.validateOutside(), s.validateFaults())
	for _, c := range s.Checks {
		for _, g := range c.Protections {
			if !slices.Contains(s.Protections, g) {
				wrong("check %q guards %s, which the scenario does not claim", c, g)
			}
		}
	}
	return errors.Join(errs...)
}
