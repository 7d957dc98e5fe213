package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast.dev/holdfast/fakes/fault"
	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// misbehaviour is a fault of a fake in the text form of docs/faults.md. Times in
// its selector (from, to, flap) count from the moment at which it is laid on.
type misbehaviour string

// String is the text form.
func (m misbehaviour) String() string { return string(m) }

// misbehave lays a fault on a fake while the inject phase lasts.
func misbehave(id, on, text string) harness.Fault {
	return harness.Fault{ID: id, On: on, Kind: misbehaviour(text)}
}

// always lays a fault on a fake until all is done: it is the weather, not an incident.
func always(id, on, text string) harness.Fault {
	f := misbehave(id, on, text)
	f.During = harness.Throughout
	return f
}

// adapter is a fake as the harness knows it: a place for faults that remembers
// what it saw.
type adapter struct {
	host     *host.Host
	settings map[string]string
	gauges   []harness.Gauge
	measures []harness.Measure
}

func (s *adapter) Settings() map[string]string { return s.settings }
func (s *adapter) Gauges() []harness.Gauge     { return s.gauges }
func (s *adapter) Measures() []harness.Measure { return s.measures }

// Close ends every call and stops the fake.
func (s *adapter) Close() error {
	s.host.Close()
	return nil
}

// Accepts says whether the text is one of a fault.
func (s *adapter) Accepts(kind chaos.Kind) error {
	m, ok := kind.(misbehaviour)
	if !ok {
		return fmt.Errorf("a fake cannot carry out %q", kind)
	}
	_, err := fault.Parse(string(m))
	return err
}

// Apply puts the fault into force.
func (s *adapter) Apply(_ context.Context, kind chaos.Kind) (chaos.Applied, error) {
	f, err := fault.Parse(kind.String())
	if err != nil {
		return nil, err
	}
	if now := time.Since(s.host.Journal().Start()); f.When.From > 0 || f.When.To > 0 || f.When.FlapOn > 0 {
		f.When.From += now
		if f.When.To > 0 {
			f.When.To += now
		}
	}
	if err := s.host.Faults().Add(f); err != nil {
		return nil, err
	}
	return &appliedFault{host: s.host, name: f.Name()}, nil
}

// appliedFault is a fault in force.
type appliedFault struct {
	host *host.Host
	name string
}

// Undo lifts the fault and returns when nothing of it is left.
func (l *appliedFault) Undo(ctx context.Context) error {
	_, err := l.host.Lift(ctx, l.name)
	if errors.Is(err, fault.ErrUnknown) {
		return nil // lifted before
	}
	return err
}

// Receipt is what it did.
func (l *appliedFault) Receipt() chaos.Receipt {
	r, err := l.host.Faults().Receipt(l.name)
	if err != nil {
		return chaos.Receipt{Err: err}
	}
	return chaos.Receipt{Fired: r.Fired, Touched: r.Fired, Missed: r.Missed, Declared: r.Text, Measured: r.Measured()}
}

// during makes a journal's filter of a window of the scenario's clock.
func during(j *journal.Journal, o harness.State, w verdict.Window) journal.Filter {
	zero := o.Start.Sub(j.Start())
	return journal.Filter{From: max(zero+w.From, 0), To: zero + w.To}
}

// counted is a measure over what a fake's journal holds of a window. Its samples
// are the requests in that window.
func counted(j *journal.Journal, name, about string, count func(journal.Filter) int) harness.Measure {
	return harness.Measure{
		Descriptor: verdict.Descriptor{Name: name, Unit: result.UnitCount, About: about},
		Read: func(o harness.State, w verdict.Window) verdict.Reading {
			f := during(j, o, w)
			return verdict.Reading{Value: float64(count(f)), Samples: int64(j.Count(f))}
		},
	}
}

// newAdapter is a fake with what any of them measures, by the name of its place:
// NAME.in_flight over time; NAME.calls, .most_in_flight, .silent_retries.
func newAdapter(name string, h *host.Host) *adapter {
	j := h.Journal()
	return &adapter{
		host: h,
		gauges: []harness.Gauge{{
			Series: probe.Series{Name: name + ".in_flight", Unit: result.UnitCount},
			Read:   func() float64 { return float64(j.Gauge("").InFlight) },
		}},
		measures: []harness.Measure{
			counted(j, name+".calls", "requests that reached the fake", j.Count),
			counted(j, name+".most_in_flight", "the most of them that were open at once", j.MostInFlight),
			counted(j, name+".silent_retries", "requests that arrived again under a number which the client had stamped before",
				func(f journal.Filter) int { return len(j.SilentRetries(f)) }),
		},
	}
}
