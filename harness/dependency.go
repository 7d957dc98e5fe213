package harness

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/replace"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/harness/verdict"
)

// Dependency is something outside of the target that it calls. A fake plays it
// while a scenario runs. All that can be said of it before it is opened is data,
// so that a scenario which asks too much of it is refused before anything starts.
type Dependency struct {
	// Name is the place of its faults and begins the names of its metrics, for
	// example oracle_api.
	Name string
	// Measures are read when the experiment is over, also after the fake's Close,
	// Gauges sampled while it goes on. They find the fake by Name.
	Measures []Measure
	Gauges   []Gauge
	// Unmeasured are metrics that somebody may look for, and why they are not there.
	Unmeasured map[string]string
	// Probes sample more of it, of which Series are known before. Optional.
	Probes func(Fake) []probe.Probe
	Series []probe.Series
	// Faults says what can be done to it: known before it is opened, so that a
	// fault which it cannot carry out is refused before anything starts. Defaults
	// to nothing.
	Faults fault.Support
	// Parts are further places for faults, each a part of it by its name, as a route
	// of an API is: the part charge of stripe is the place stripe.charge. They say what
	// can be done there. What plays it then is a [Divided].
	Parts map[string]fault.Support
	// Blank are those of Parts whose answer has nothing in it, and where that is declared,
	// as FILE:LINE: it is named where the target answers wrongly. Defaults to none.
	Blank map[string]string
	// Export are environment variables of the target as texts over what is known of
	// the run: {url}, {host} and so on are what the dependency says of itself (see
	// [Fake]), {secrets.app} or {parameters.size} what [Opening.Values] has.
	Export map[string]string
	// Env is what its own processes are given, as texts over what is known of the run:
	// what is a secret there is hidden. Optional.
	Env map[string]string
	// Replaces are hosts that are constants in the code of the target's processes: the
	// dependency plays them. It then speaks TLS at its address with [Opening.Certificate],
	// and is asked what came of that: see [secured]. Defaults to none.
	Replaces []replace.Host
	// Elsewhere is host:port of a service that somebody else runs, which the dependency
	// leads to: it must be named in [Launch.AllowHosts]. Defaults to none.
	Elsewhere string
	// KeepsData says that it keeps what it stores in [Opening.Data], so that it can
	// be closed, its folder copied, and opened again on each copy.
	KeepsData bool
	// Key stands for all that decides how it keeps its data, for example the image and
	// its version: a setup that another Key has done is not used again. Defaults to
	// Name.
	Key string
	// Receives are the places at which a ledger may find what arrived: its name, or that
	// of one of its routes behind it, for example stripe.charge. Its fake is then a
	// [Receiver]. Defaults to none.
	Receives []string
	// Calls are the places whose webhooks a ledger may take for what was accepted: routes
	// that call the target back, for example stripe.charge. Its fake is then a [Caller].
	// Defaults to none.
	Calls []string
	// Open starts it. It is asked once for each time that the scenario is run.
	Open func(ctx context.Context, o Opening) (Fake, error)
}

// Opening is what a dependency is told of the run that it is opened for. Who plays
// it in this process needs no more than the seed.
type Opening struct {
	// Seed is where all of its draws come from.
	Seed uint64
	// Faults are what the scenario lays there: where there is none, nothing need stand
	// between it and the target.
	Faults []fault.Kind
	// First says that it is opened for the setup that is done once: what it leaves in
	// Data when it is closed is what each scenario begins with.
	First bool
	// Counted says that a step of the setup is to be seen writing to it: what its
	// clients send must be counted, fault or not.
	Counted bool
	// Start is the zero from which the times of what it starts count.
	Start time.Time
	// Journal is the run's undo journal: what it starts stands there before.
	Journal *undo.Journal
	// Data is a folder that it alone has while it is open; empty, or a copy of what
	// it left there when it was closed. It has none unless it keeps data.
	Data string
	// Certificate is for the hosts that it replaces; nil: it replaces none.
	Certificate *tls.Certificate
	// Values are what is known by name: of the run, and of the dependencies that
	// were opened before it, as NAME.url.
	Values map[string]string
	// AllowLoad lets what belongs to somebody else get any load: see [Launch.AllowLoad].
	AllowLoad bool
	// Say is told what a person should know, a line at a time.
	Say func(line string)
}

// Fake plays a dependency. Faults are applied to it as to any other place. What
// it saw is the truth about what the target did to the outside. One that has a
// method Values() map[string]string tells by it where its clients find it, by the
// names that texts have for that: url, host, port, address.
type Fake interface {
	chaos.Place
	// Settings are the environment variables by which the target finds it.
	Settings() map[string]string
	// Close ends every call and stops it.
	Close() error
}

// Divided is a fake of a dependency that has [Dependency.Parts].
type Divided interface {
	Fake
	// Part is the place for faults that its part of that name is.
	Part(name string) chaos.Place
}

// Receiver is a fake that tells what arrived at it, for a scenario's ledger.
type Receiver interface {
	// Received are the calls that it accepted at a place, one of [Dependency.Receives]:
	// for each its key, that of the business request, and when, counted from zero.
	Received(at string, zero time.Time) []ledger.Arrival
}

// Caller is a fake that calls the target back. Times count from zero.
type Caller interface {
	// Webhooks are what it sent, and what came of it, by place.
	Webhooks(zero time.Time) []result.Webhooks
	// Called are its callbacks at a place, one of [Dependency.Calls], a key each, and
	// whether all that is to be sent was.
	Called(at string, zero time.Time) (asked []ledger.Asked, over bool)
}

// reachable is a fake that says where it is, for the standing checks. Where one does
// not, nobody can tell whose sockets lead elsewhere.
type reachable interface {
	// Addresses are those at which it is called, host:port.
	Addresses() []string
}

// busy is a fake that says how busy it is.
type busy interface {
	// Traffic is how many calls are open, how many were at most, and how many there were
	// in all.
	Traffic() (now, most, total int64)
}

// described is a fake that holds the requests which come against a description of the API.
type described interface {
	// Described says whether there is one, Judged what it says.
	Described() bool
	Judged(zero time.Time) standing.Judged
}

// Gauge is a quantity of a fake over time. Read must not block.
type Gauge struct {
	Series probe.Series
	Read   func(Fake) float64
}

// Measure is a number of a scenario's or a fake's own, read when the load is over.
type Measure struct {
	verdict.Descriptor
	Read func(State, verdict.Window) verdict.Reading
}

// Reconciliation is what came of holding both sides of the work against each
// other: what was asked for, and what was done.
type Reconciliation struct {
	Ledger result.Ledger
	// Readings are those of [Scenario.Reconciled], by name, for any window.
	Readings map[string]func(verdict.Window) verdict.Reading
	// Findings are what was looked at one by one and must all be as it should be,
	// with the first that were not. They are judged like standing checks.
	Findings []standing.Finding
}

// Companion goes along with one run of a scenario and remembers what Reconcile
// needs to know of it, beyond what became of the load.
type Companion interface {
	// Answered is told of each answer to the load that arrived whole, from many
	// goroutines at once. What it is given is valid during the call alone.
	Answered(load.Exchange, load.Request, load.Answer)
	// Follow looks on beside the load, from its beginning until ctx ends: when the
	// work behind the answers is done. It may ask the target by itself.
	Follow(ctx context.Context, s State)
}

// State is what a scenario's own functions may look at: as much of the
// experiment as there is when they are called.
type State struct {
	// Start is the zero of the scenario's clock; zero before the load.
	Start time.Time
	// Data is the scenario's database, past any proxy with faults, as the role of the
	// harness; in Prepare as the target's, which owns what is made there. Nil where it has
	// none.
	Data *pgxpool.Pool
	// Target is the base URL of the target; empty before it is started. Targets are
	// those of all of its instances, of which it is the first.
	Target  string
	Targets []string
	// Fakes play the dependencies, by their names.
	Fakes map[string]Fake
	// Values are what is known by name: secrets and parameters of the run, where its
	// dependencies are (stripe.url), and what the setup has captured.
	Values map[string]string
	// Seed is the origin of all that the run has drawn, so that a stream's requests
	// can be had again: see [load.Requests].
	Seed uint64
	// Companion is what [Scenario.Companion] made for this run; nil where it is none.
	Companion Companion
	// Tell hands an answer that a companion or a reconciliation has asked for by itself
	// to the standing checks, as if the load had got it; nil where they do not ask.
	Tell func(load.Exchange, load.Request, load.Answer)
	// Streams are what became of the load; nil until it is over.
	Streams []load.Tally
}

// Stream returns what became of the stream of that name, false if there is none.
func (s State) Stream(name string) (load.Tally, bool) {
	for _, o := range s.Streams {
		if o.Stream.Name == name {
			return o, true
		}
	}
	return load.Tally{}, false
}
