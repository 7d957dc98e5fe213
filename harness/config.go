package harness

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
)

// Config is all that the experiments of one session share.
type Config struct {
	// ID names the run, its files and what it starts. Defaults to [NewID].
	ID string
	// Seed is what every random draw of the run comes from.
	Seed uint64
	// Profile is recorded in the result.
	Profile string
	// Repeat is what to type to repeat the run; with names of scenarios, spaces
	// between them, those alone. Defaults to nothing.
	Repeat func(scenario string) string
	// Versions are recorded in the result, for example holdfast: its own.
	Versions map[string]string
	// Database says where Postgres comes from, for scenarios that have data.
	Database database.Options
	// Target says how the service under test is started.
	Target Launch
	// Without lists the protections that [Run] takes away.
	Without []Protection
	// Protections are those that are known: of what a scenario proves the result tells
	// which settings take it away, and what they were. Defaults to none.
	Protections []Protection
	// StandingOff switches standing checks off for all scenarios, by name, each
	// with the reason. Defaults to none.
	StandingOff map[string]string
	// ProvenChecks are the checks that were seen to fail in a proof.
	ProvenChecks result.ProvenChecks
	// Ceiling is what the load generator can send on this machine, from an earlier
	// load.Calibrate. Defaults to being measured at the start, for a second.
	Ceiling load.Ceiling
	// Sender sends the load. Defaults to this process.
	Sender Sender
	// SideBySide is how many scenarios may go on at the same time, each with a target,
	// fakes and a database of its own. Defaults to 1: one after another.
	SideBySide int
	// SideBySideIdle is how many they may become while the processors are idle for a good
	// part of their time. Defaults to SideBySide.
	SideBySideIdle int
	// Retries is how often a scenario that was inconclusive is tried once more by
	// [Run]; each try is kept in the result. Defaults to 0.
	Retries int
	// Pace is that of scenarios with [Needs], as in a result that is to be repeated:
	// 0.5 is half the rate for twice the time. Defaults to what the machine stands.
	Pace float64
	// PaceFlag is the flag by which what Repeat returns takes a Pace. Defaults to
	// none: it is in the result alone.
	PaceFlag string
	// FailFast ends a scenario early once a check of it is lost, whatever may still come:
	// what was not measured by then is not there. Defaults to no.
	FailFast bool
	// Coverage says which of what is known of the service its scenarios touch, with what
	// has become of them so far. It stands in the result and decides nothing. Defaults
	// to nothing being known.
	Coverage func(sofar []result.Scenario) *result.Coverage
	// Trace is the share of the requests, 0 to 1, that carry the header traceparent of
	// W3C's Trace Context, under ids that the seed, the scenario, the stream and the
	// request's number draw. Defaults to none.
	Trace float64
	// Out is the directory in which run.json grows. Defaults to none: the
	// result is returned only.
	Out string
	// RecordScrapes is the time between two readings of the metrics pages of the programs
	// that load goes to, which are kept whole below Out, in the format of package scrapes.
	// Defaults to none being kept.
	RecordScrapes time.Duration
	// UndoDir is where undo journals live. Defaults to undo.DefaultDir.
	UndoDir string
	// Observe is told of what happens, one thing at a time. Defaults to nobody.
	Observe func(Event)
	// Exchanges is told of each request that has ended, from many goroutines at
	// once, with the scenario and the zero of its clock. Optional.
	Exchanges func(scenario string, start time.Time, x load.Exchange)
	// Journeys is told, in the same way, of each whole journey that has ended. Optional.
	Journeys func(scenario string, start time.Time, x load.Exchange)
}

// Launch is how the service under test is started.
type Launch struct {
	// Kind is the name of one of Runtimes. Defaults to process.
	Kind LaunchKind
	// Runtimes are the ways to run it that the program knows; what a killed run
	// left of any of them is swept. Defaults to target.AsProcess alone; the package
	// target/docker has another.
	Runtimes []target.Runtime
	// Processes are those of a target of several, in the place of Program. Their names
	// are the places of faults and begin the names of what is measured: web, web.rss.
	Processes []target.Process
	// Program is the binary and its arguments. It takes LISTEN_ADDR and, where the
	// scenario has data, DATABASE_URL from its environment, and answers GET
	// /readyz with 200.
	Program string
	Args    []string
	// URL is a service that somebody else runs, in the place of Program: nothing of it
	// is started, stopped or measured, and a fault of its processes cannot be laid.
	URL string
	// ReadyPath answers 2xx once the target can serve. Defaults to /readyz of a program;
	// of a service that somebody else runs it is not asked.
	ReadyPath string
	// Entry is the process to which load goes where a stream names none. Defaults to
	// the first.
	Entry string
	// Values are what texts of the processes' commands and environments have by name
	// beside addresses: secrets.NAME and parameters.NAME. What begins with secrets. is
	// hidden in every output, where it is long enough to be one.
	Values map[string]string
	// PassEnv names what of the harness's own environment the processes are given
	// beside PATH HOME USER LANG LC_* TZ TMPDIR. Defaults to nothing.
	PassEnv []string
	// Closed says that the target reaches its dependencies and nobody else: a call of
	// another host is refused where the machine can, and ends the run with its name.
	// AllowHosts are further hosts, by name or address, which it may reach. Defaults to
	// an open way out, which the standing check nowhere looks at.
	Closed     bool
	AllowHosts []string
	// AllowLoad lets a service that somebody else runs get any load: without it GET and
	// HEAD alone, at [PoliteRate]. Defaults to no.
	AllowLoad bool
	// MemoryLimit in bytes; 0 is none.
	MemoryLimit uint64
	// ReadyTimeout bounds its start. Defaults to target.DefaultReadyTimeout.
	ReadyTimeout time.Duration
	// CheckSettings says what is wrong with an environment that a scenario gives
	// the program: a variable that it does not know, a value that it refuses.
	// Defaults to nothing being wrong.
	CheckSettings func(env map[string]string) error
}

// LaunchKind is where the target runs.
type LaunchKind string

// The kinds of launch.
const (
	AsProcess   LaunchKind = "process"
	AsContainer LaunchKind = "container"
)

// runtime is the one that Kind names.
func (l Launch) runtime() (target.Runtime, error) {
	for _, r := range l.Runtimes {
		if r.Name == string(l.Kind) {
			return r, nil
		}
	}
	return target.Runtime{}, fmt.Errorf("the target is to run as a %s, and no such runtime was chosen for this program", l.Kind)
}

// NewID returns a name for a run: its start and four random digits, for
// example 20260102-150405-9f3a. It sorts by time.
func NewID(now time.Time) string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails, by its contract
	return now.UTC().Format("20060102-150405-") + hex.EncodeToString(b[:])
}

func (c Config) withDefaults() Config {
	if c.ID == "" {
		c.ID = NewID(time.Now())
	}
	if c.Repeat == nil {
		c.Repeat = func(string) string { return "" }
	}
	if c.Target.Kind == "" {
		c.Target.Kind = AsProcess
	}
	if len(c.Target.Runtimes) == 0 {
		c.Target.Runtimes = []target.Runtime{target.AsProcess()}
	}
	if c.Observe == nil {
		c.Observe = func(Event) {}
	}
	if c.Sender == nil {
		c.Sender = thisProcess{}
	}
	c.SideBySide = max(c.SideBySide, 1)
	c.SideBySideIdle = max(c.SideBySideIdle, c.SideBySide)
	return c
}
