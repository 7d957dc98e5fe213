package harness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Dependency is an API outside of the target. A fake plays it while a scenario runs.
type Dependency struct {
	// Name is the place of its faults and begins the names of its metrics, for
	// example oracle_api.
	Name string
	// Faults says what can be done to it: known before it is opened, so that a
	// fault which it cannot carry out is refused before anything starts.
	Faults fault.Support
	// Open starts a fake whose draws all come from seed. It is asked once for
	// each time that the scenario is run.
	Open func(seed uint64) (Fake, error)
}

// Fake plays an outside API. Faults are laid on it as on any other place. What
// it saw is the truth about what the target did to the outside.
type Fake interface {
	chaos.Place
	// Settings are the environment variables by which the target finds it.
	Settings() map[string]string
	// Gauges are sampled while the experiment goes on.
	Gauges() []Gauge
	// Measures are read when it is over, also after Close.
	Measures() []Measure
	// Close ends every call and stops it.
	Close() error
}

// Gauge is a quantity over time. Read must not block.
type Gauge struct {
	Series probe.Series
	Read   func() float64
}

// gaugeEvery is the time between two samples of a gauge.
const gaugeEvery = 50 * time.Millisecond

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
}

// State is what a scenario's own functions may look at.
type State struct {
	// Start is the zero of the scenario's clock; zero before the load.
	Start time.Time
	// DSN leads to the scenario's database, past any proxy with faults.
	DSN string
	// Target is the base URL of the target; empty before it is started.
	Target string
	// Fakes are the outside APIs by name.
	Fakes map[string]Fake
	// Streams are what became of the load; nil until it is over.
	Streams []load.Tally
}

// Stream returns what became of the stream of that name, false if there is none.
func (o State) Stream(name string) (load.Tally, bool) {
	for _, s := range o.Streams {
		if s.Stream.Name == name {
			return s, true
		}
	}
	return load.Tally{}, false
}

func (st *experiment) observed() State {
	o := State{Start: st.start, Fakes: st.fakes, Streams: st.outcomes}
	if st.db != nil {
		o.DSN = st.db.DSN()
	}
	if st.target != nil {
		o.Target = st.target.URL()
	}
	return o
}

// openFakes starts the outside APIs. They are the first to be there, for they
// know what they can measure.
func (st *experiment) openFakes() error {
	for _, o := range st.s.World.Dependencies {
		fake, err := o.Open(st.lab.cfg.Seed)
		if err != nil {
			return fmt.Errorf("start the fake %s: %w", o.Name, err)
		}
		st.fakes[o.Name], st.places[o.Name] = fake, fake
		st.later("stop the fake "+o.Name, func(context.Context) error { return fake.Close() })
	}
	return nil
}

// enterOutside enters in the book what the fakes, the scenario's own functions
// and its further metrics of the target measure.
func (st *experiment) enterOutside() {
	for _, m := range st.s.Watch {
		st.enterSeries(m.Series)
	}
	measures := st.s.Measures
	for _, o := range st.s.World.Dependencies {
		fake := st.fakes[o.Name]
		measures = append(measures[:len(measures):len(measures)], fake.Measures()...)
		for _, g := range fake.Gauges() {
			st.enterSeries(g.Series)
		}
	}
	for _, m := range measures {
		st.book.Add(m.Descriptor, verdict.Source{Read: func(w verdict.Window) verdict.Reading {
			if st.outcomes == nil { // there was no load
				return verdict.Reading{}
			}
			return m.Read(st.observed(), w)
		}})
	}
	if st.s.Reconcile != nil {
		st.enterLedger()
		st.enterReconciled()
	}
}

// enterLedger enters the entries of the ledger as ledger.NAME.
func (st *experiment) enterLedger() {
	for _, e := range []struct {
		name string
		of   func(*result.Ledger) int64
	}{
		{"accepted", func(l *result.Ledger) int64 { return l.Accepted }},
		{"delivered", func(l *result.Ledger) int64 { return l.Delivered }},
		{"failed_permanent", func(l *result.Ledger) int64 { return l.FailedPermanent }},
		{"failed_exhausted", func(l *result.Ledger) int64 { return l.FailedExhausted }},
		{"lost", func(l *result.Ledger) int64 { return l.Lost }},
		{"duplicated", func(l *result.Ledger) int64 { return l.Duplicated }},
	} {
		st.book.Add(verdict.Descriptor{Name: "ledger." + e.name, Unit: result.UnitCount},
			verdict.Source{Read: func(verdict.Window) verdict.Reading {
				if st.ledger == nil || st.ledger.Accepted == 0 {
					return verdict.Reading{}
				}
				return verdict.Reading{Value: float64(e.of(st.ledger)), Samples: st.ledger.Accepted}
			}})
	}
}

// enterReconciled enters the further metrics of the reconciliation.
func (st *experiment) enterReconciled() {
	for _, d := range st.s.Reconciled {
		st.book.Add(d, verdict.Source{Read: func(w verdict.Window) verdict.Reading {
			if read := st.reconciled[d.Name]; read != nil {
				return read(w)
			}
			return verdict.Reading{}
		}})
	}
}

// gauges are the probes of the fakes.
func (st *experiment) gauges() []probe.Probe {
	var all []probe.Probe
	for _, o := range st.s.World.Dependencies {
		for _, g := range st.fakes[o.Name].Gauges() {
			all = append(all, probe.Gauge(g.Series, gaugeEvery, g.Read))
		}
	}
	return all
}

// account draws up the scenario's ledger, while the database still stands.
func (st *experiment) account(ctx context.Context) error {
	if st.s.Reconcile == nil || st.outcomes == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), accountTimeout)
	defer cancel()
	both, err := st.s.Reconcile(ctx, st.observed())
	if err != nil {
		return fmt.Errorf("draw up the ledger: %w", err)
	}
	st.ledger, st.out.Ledger, st.reconciled = &both.Ledger, &both.Ledger, both.Readings
	return nil
}

// accountTimeout bounds reading the database and the journals for the ledger.
const accountTimeout = 30 * time.Second

// validateOutside reports what is wrong with the outside APIs as data.
func (s Scenario) validateOutside() error {
	var errs []error
	seen := map[string]bool{OnDatabase: true, OnPostgres: true, OnTarget: true}
	for _, o := range s.World.Dependencies {
		if o.Name == "" || o.Open == nil || seen[o.Name] {
			errs = append(errs, fmt.Errorf("scenario %s: outside API %q has no name, one that is taken, or nobody to play it", s.Name, o.Name))
		}
		seen[o.Name] = true
	}
	return errors.Join(errs...)
}
