// Package standing is what holds in every scenario, for any target, without being
// written: each check is one file and one value of [All]. A team gets them for its
// own service for nothing, and switches one off by its name alone, with a reason
// that the report shows.
//
// A scenario's own checks ask whether a protection holds. These ask what is so
// general that nobody would write it down: that answers fit the contract, that no
// secret is told, that nothing is left behind, that what is only read stays as it is.
// So they catch what no scenario thought of.
//
// A check looks at an experiment in the order of its life: [Check.Begin] when the target
// is ready, [Watch.Answered] while there is load, [Watch.Drained] when all work is
// done, [Watch.Ended] when everything is down. What it found is a [Finding], a plain
// value; the harness turns it into a verdict.
package standing

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/harness/contract"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// Check is one thing that holds in every scenario.
type Check struct {
	// Name is short: it is what the check is switched off by.
	Name string
	// About says in one sentence what holds.
	About string
	// Begin starts to look. It is called once an experiment, when the target is
	// ready and before the load; ctx lasts until it returns. The error is why it
	// cannot look here, which is no failure of anybody's.
	Begin func(ctx context.Context, s Scene) (Watch, error)
}

// Watch is a check that looks at one experiment. All but Ended are optional.
type Watch struct {
	// Answered is told of each answer that differs from those before, from many
	// goroutines at once, while the load goes on. What it is given is valid during
	// the call alone.
	Answered func(Answer)
	// Counted is told as Answered is, and returns what it and each answer like it adds
	// one to.
	Counted func(Answer) []*atomic.Int64
	// Exchanged is told of every request that has ended, answered or not, in the
	// same way.
	Exchanged func(load.Exchange)
	// Drained looks when the load is over and the work behind it is done, with
	// faults undone and the target and its database still there. It should take
	// no more than a second; ctx ends it after [DrainedTimeout].
	Drained func(ctx context.Context, s Settled)
	// Ended says what was found. It is called once, when everything is down, also
	// after an experiment that was cut short.
	Ended func(e Ended) Finding
}

// DrainedTimeout bounds one look at what is settled.
const DrainedTimeout = 5 * time.Second

// Scene is what a check may look at, and what it is told of the world.
type Scene struct {
	Phases []result.Phase // as planned
	Target string         // the target's base URL
	// Data is the scenario's database, past any proxy; nil: there is none.
	Data *pgxpool.Pool
	// Contract is what the target promises of its answers; never nil.
	Contract *contract.Compiled
	// OnlyRead are the tables that the target only reads.
	OnlyRead []string
	// News is what is written while the target runs and must be known at once.
	News []News
	// Secrets are what the target was told and must not tell.
	Secrets []Secret
	// Parts are the programs of which the target consists, the first that which the
	// load goes to. Outside is whom it has to do with.
	Parts   []Part
	Outside []Outside
	// Allowed reports whether an address is one of somebody whom a person has named
	// beside those. Optional.
	Allowed func(netip.AddrPort) bool
}

// Part is one program of the target with all that it has started.
type Part struct {
	// Name is how it is called; empty where the target is one program.
	Name string
	// Listens are the addresses, host:port, where it was told to listen.
	Listens []string
	// Tree are its processes, Sockets where theirs lead.
	Tree    *probe.Tree
	Sockets *probe.Sockets
}

// name is how a sentence calls it.
func (p Part) name() string {
	if p.Name == "" {
		return "the target"
	}
	return p.Name
}

// Secret is something that was given to the target and to nobody else.
type Secret struct {
	What string // for people, for example "the password of the database"
	Text string
	// Loggable says that it may stand in the target's own log: an address, a name.
	Loggable bool
}

// Database is the name of the target's own database among [Scene.Outside].
const Database = "the database"

// Outside is one that the target has to do with: its database, or an API that it calls.
type Outside struct {
	Name string
	// Addresses are those that the target was given, host:port. None: it is not
	// reached over the network, or not known where.
	Addresses []string
	// Calls is how many calls are open there, how many were at most, and how many
	// there were in all. Nil: it is not known.
	Calls func() (now, most, total int64)
	// Judged is what its description says of the requests that came, with times from a
	// zero. Nil: it has none.
	Judged func(zero time.Time) Judged
}

// Answer is one answer to the load. The body is whole.
type Answer struct {
	load.Exchange
	Request load.Request
	load.Answer
}

// Curl is what to type to ask the same again.
func (a Answer) Curl(base string) string { return Curl(base, a.Request) }

// Settled is what is known when the load is over and its work done. The probes
// go on.
type Settled struct {
	Streams  []load.Tally        // what became of the load
	Over     time.Duration       // when that was
	Lives    int                 // how often the target was started until then
	Snapshot func() probe.Record // what the probes have sampled until it is called
}

// Ended is what is known when everything is down.
type Ended struct {
	Start    time.Time    // the zero of the scenario's clock
	Log      []string     // the target's last lines
	LogLines int64        // how many it wrote
	Spilled  []string     // which secrets stood in them, as [Secret.What] says
	Ends     []result.End // of each of its lives, in the order in which they began
	Answers  int64        // how many answers there were, equal ones included
	Complete bool         // the experiment was not cut short
}

// Finding is what one check found in one experiment.
type Finding struct {
	Check, About string
	// Looked is at how many things it looked; 0: at nothing, and Unseen says why.
	Looked int64
	Unseen string
	// Broken is how many of them were not as they should be, Examples the first few.
	Broken   int64
	Examples []Example
	// Stuck is how many of the broken no disturbance explains, whatever the machine did.
	Stuck int64
	// ByClock is how many of the broken are decided by a time of day, as when a task is
	// due: where all are, a wall clock that was moved excuses them, and nothing else.
	ByClock int64
	// Note is what is worth to know where all was as it should be. Optional.
	Note string
	// From and To are when what it looked at had to be as it should be, on the
	// scenario's clock, where that depends on time: a machine that was disturbed then
	// excuses it. Default to no time.
	From, To time.Duration
	// Streams are those whose failed requests the examples explain, for a check that
	// judges the same answers as a stream's expectation does. Optional.
	Streams []string
}

// Text says what was found, what is worth to know where nothing was, or why nothing was looked at.
func (f Finding) Text() string {
	if f.Looked == 0 {
		return cmp.Or(f.Unseen, "there was nothing to look at")
	}
	if f.Broken == 0 {
		return f.Note
	}
	words := make([]string, len(f.Examples))
	for i, e := range f.Examples {
		words[i] = e.String()
	}
	return strings.Join(words, "; ")
}

// Example is one thing that was not as it should be.
type Example struct {
	At     time.Duration // on the scenario's clock; negative: at no one moment
	What   string        // one sentence, without secrets
	Repeat string        // what to type to see it again; empty: nothing to type
}

// String is the example in a sentence.
func (e Example) String() string {
	s := e.What
	if e.At >= 0 {
		s += fmt.Sprintf(" (at %.1f s)", e.At.Seconds())
	}
	if e.Repeat != "" {
		s += ": " + e.Repeat
	}
	return s
}

// MostExamples bounds the examples that a finding keeps.
const MostExamples = 3

// Add enters one thing that was looked at and was not as it should be.
func (f *Finding) Add(e Example) {
	f.Broken++
	if len(f.Examples) < MostExamples {
		f.Examples = append(f.Examples, e)
	}
}

// All are the standing checks, in the order in which they look.
func All() []Check {
	return []Check{answers(), requests(), told(), itself(), nowhere(), unharmed(), fresh(), left(), rest(), stops()}
}

// Names are their names.
func Names() []string {
	var names []string
	for _, c := range All() {
		names = append(names, c.Name)
	}
	return names
}
