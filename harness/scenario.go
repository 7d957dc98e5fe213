// Package harness runs scenarios: it brings up a database, the target and the
// faults, drives load on one clock through the phases of an experiment, judges
// what was measured, and takes everything down again for certain.
//
// A [Scenario] is data. Enter at [Run] for a command line and at [Test] for
// go test; [Session.Try] is what both are made of: one experiment with one
// [Variant] of the target. What an experiment saw is a [Measurement], and
// [Conclude] turns it into a result, a pure function. The package knows nothing
// of the services under test: they reach it as a data set to seed, an environment
// to set and requests to send.
//
// Reading order: scenario.go, session.go, experiment.go, setup.go, live.go,
// measurement.go, metrics.go, conclude.go.
package harness

import (
	"context"
	"maps"
	"slices"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/contract"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
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
	// Protections names those that this scenario proves.
	Protections []string
	World       World
	// Settings are environment variables of the target, over its own defaults.
	Settings map[string]string
	// SettingsIn are the same for one process of several, by its name: over its own
	// environment, under Settings.
	SettingsIn map[string]map[string]string
	// Values are what texts have by name in this scenario, over [Launch.Values]: its
	// parameters.NAME.
	Values map[string]string
	// Compressed lists the times that Settings shorten, with what they stand for.
	Compressed []result.Compressed
	Timeline   Timeline
	// Parts are the processes of the target, where it is one of several. A run enters
	// those that it starts. Defaults to none: the target is one program.
	Parts []Part
	// Instances is how many of the target there are at once, with one database and
	// one set of dependencies between them. Each request goes to one of them in turn,
	// past those that are not ready, as a load balancer sends them. The faults of the
	// second have the place target.2, its series begin with target.2, and so on.
	// Defaults to 1.
	Instances int
	Load      []load.Stream
	// Asked is where a file says what each stream, or step of one, asks, as FILE:LINE,
	// for messages. Optional.
	Asked  map[string]string
	Faults []Fault
	Checks []verdict.Check
	// Preflight is what the target is asked when it is ready, before there is load.
	// Defaults to nothing.
	Preflight []Preflight
	// Watch are further quantities of the target's /metrics to sample.
	Watch []probe.Metric
	// Relations are how many times as much one metric is as another. Defaults to none.
	Relations []Relation
	// Measures are numbers of the scenario's own, for what no probe, stream or
	// fake measures.
	Measures []Measure
	// Drained says whether the work that the load has caused is done. The drain
	// lasts until it is, or until its time is over. Defaults to the last answer.
	Drained func(context.Context, State) (bool, error)
	// DrainedWhen says the same as data. A scenario has either.
	DrainedWhen *Question
	// Companion makes who goes along with one run and remembers for Reconcile what it
	// saw. It is asked once for each time that the scenario is run. Optional.
	Companion func() Companion
	// Reconcile holds the two sides of the work against each other when all is
	// over. The entries of its ledger are the metrics ledger.accepted, .delivered,
	// .lost and so on. Optional.
	Reconcile func(context.Context, State) (Reconciliation, error)
	// Reconciled are the further metrics for which Reconcile gives a reading.
	Reconciled []verdict.Descriptor
	// Ledger holds the requests of a stream against what they brought about, as data, in
	// the place of Reconcile: the metrics ledger.accepted, .arrived, .lost, .doubled,
	// .unknown, .phantom, .strangers, .delay.p99 and so on. What its delivery promises is
	// checked where the scenario has no checks on it. Without a Drained of its own the
	// scenario is drained when all that was accepted has arrived. Optional.
	Ledger *ledger.Ledger
	// Actions are done to the target while there is load.
	Actions []Action
	// Invariants must hold of the data.
	Invariants []Invariant
	// Samples are further quantities to sample: of the database, of Redis, by a command.
	Samples []Sample
	// Watches look at this scenario in the manner of the standing checks, which hold
	// in all: at each answer, at what is settled, at the end. Optional.
	Watches []standing.Check
	// StandingOff switches standing checks off, by name, each with the reason, which
	// the report shows. Defaults to none: all of package standing hold here, too.
	StandingOff map[string]string
	// Lacks says what nobody told that the scenario needs, a line each: it is not run,
	// and not exercised. Defaults to nothing.
	Lacks []string
	// Needs says what the scenario asks of the machine: one that is too small runs it
	// slower, or says that it cannot. Defaults to nothing.
	Needs Needs
	// Headline marks the scenario that stands for its service in the main job.
	Headline bool
	// Slow scenarios are run by name only: a profile's "all" leaves them out.
	Slow bool
}

// World is what a scenario starts from.
type World struct {
	// Data is seeded once and cloned for each scenario. Without a Build there is
	// no database at all: none is started, and the target is told of none.
	Data database.DataSet
	// Facts are what the report says of it, for example projects: 10000.
	Facts map[string]string
	// Contract is what the target promises of its answers. Defaults to nothing but
	// what holds of any.
	Contract contract.Contract
	// OnlyRead are the tables that the target only reads: they must be at the end
	// what they were. Defaults to none.
	OnlyRead []string
	// News is what is written into the data while the target runs: its next answer
	// must know it. Defaults to nothing.
	News []standing.News
	// Postgres is what the data asks of its server. Defaults to any.
	Postgres database.Wants
	// DatabaseName is how texts call the database: {db.dsn} where it is db. Defaults
	// to database.
	DatabaseName string
	// DatabaseEnv are the variables that tell the target of the database, as texts
	// over {dsn}, {host}, {port}, {database}, {user} and {password}, which lead
	// through the proxy where a fault is laid to it. Defaults to DATABASE_URL={dsn}.
	DatabaseEnv map[string]string
	// Dependencies are what the target calls outside of itself.
	Dependencies []Dependency
	// Once are the steps that are done once, when all dependencies are up, with the
	// environment of the target's entry: what they leave in the database, and in
	// dependencies that keep data, is what each scenario gets a copy of. Where nothing
	// keeps it, they are done for each scenario.
	Once []SetupStep
	// Each are the steps that are done for each scenario on its own copy, in their
	// order: those that wait until the target is ready after the others.
	Each []SetupStep
	// Prepare adds to the scenario's own copy of the data what it alone needs,
	// for example oracles at the addresses of its fakes. Optional.
	Prepare func(context.Context, State) error
	// Precondition says what the data lacks for the scenario to mean anything, for
	// example enough oracles. A world that lacks it is not exercised. Optional.
	Precondition func(context.Context, State) error
}

// Protection is one safeguard of the target, as what takes it away: an environment,
// or another command. Named service.what, for example search.sql-limit.
type Protection struct {
	Name  string
	About string
	// Runbook is what whoever is woken reads next: an address, or a file. Optional.
	Runbook string
	// Off is the environment that takes the protection away, of every process.
	Off map[string]string
	// Default is what holds of the variables in Off where nothing sets them. Optional.
	Default map[string]string
	// OffIn is the same for one process alone, by its name, over Off.
	OffIn map[string]map[string]string
	// OffCommand is what a process is started as without it, by its name.
	OffCommand map[string][]string
}

// isEmpty reports whether nothing takes the protection away.
func (p Protection) isEmpty() bool {
	for _, env := range p.OffIn {
		if len(env) > 0 {
			return false
		}
	}
	return len(p.Off) == 0 && len(p.OffCommand) == 0
}

// With is the world with one more fact.
func (w World) With(name, value string) World {
	facts := maps.Clone(w.Facts)
	if facts == nil {
		facts = map[string]string{}
	}
	facts[name] = value
	w.Facts = facts
	return w
}

// hasData reports whether the world has a database.
func (w World) hasData() bool { return w.Data.Build != nil }

// has reports whether a fault is applied to that place.
func (s Scenario) has(place string) bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.On == place })
}

// crashes reports whether the scenario kills its database server.
func (s Scenario) crashes() bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Kind == fault.Crash{} })
}

// measures are the scenario's own and those of its dependencies.
func (s Scenario) measures() []Measure {
	all := slices.Clone(s.Measures)
	for _, d := range s.World.Dependencies {
		all = append(all, d.Measures...)
	}
	return all
}
