package adapter

import (
	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Fake is a fake as the harness knows it: a place for faults that remembers what
// it saw. It is a [harness.Fake].
type Fake struct {
	host     *host.Host
	settings map[string]string
	gauges   []harness.Gauge
	measures []harness.Measure
}

// New is the fake on that host, with what any fake measures, by the name of its
// place. Closing it closes the host.
func New(name string, h *host.Host) *Fake {
	j := h.Journal()
	return &Fake{
		host:     h,
		settings: map[string]string{},
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

// Set adds an environment variable by which the target finds the fake.
func (f *Fake) Set(name, value string) { f.settings[name] = value }

// AddMeasures adds what this fake measures beside what any does.
func (f *Fake) AddMeasures(more ...harness.Measure) { f.measures = append(f.measures, more...) }

// Settings are the environment variables by which the target finds it.
func (f *Fake) Settings() map[string]string { return f.settings }

// Gauges are sampled while the experiment goes on.
func (f *Fake) Gauges() []harness.Gauge { return f.gauges }

// Measures are read when it is over.
func (f *Fake) Measures() []harness.Measure { return f.measures }

// Journal is what the fake saw. It can be read after Close.
func (f *Fake) Journal() *journal.Journal { return f.host.Journal() }

// Close ends every call and stops the fake.
func (f *Fake) Close() error {
	f.host.Close()
	return nil
}

// During is what a journal holds of a window of the scenario's clock.
func During(j *journal.Journal, state harness.State, w verdict.Window) journal.Filter {
	zero := state.Start.Sub(j.Start())
	return journal.Filter{From: max(zero+w.From, 0), To: zero + w.To}
}

// Measure is a number that a scenario reads from the journal of the fake at a
// place. Where there is no such fake, nothing is measured.
func Measure(place string, d verdict.Descriptor, read func(*journal.Journal, harness.State, verdict.Window) verdict.Reading) harness.Measure {
	return harness.Measure{Descriptor: d, Read: func(state harness.State, w verdict.Window) verdict.Reading {
		j, ok := JournalOf(state, place)
		if !ok {
			return verdict.Reading{}
		}
		return read(j, state, w)
	}}
}

// JournalOf is what the fake at a place saw, false if there is none.
func JournalOf(state harness.State, place string) (*journal.Journal, bool) {
	fake, ok := state.Fakes[place].(interface{ Journal() *journal.Journal })
	if !ok {
		return nil, false
	}
	return fake.Journal(), true
}

// counted is a measure over what a fake's journal holds of a window. Its samples
// are the requests in that window.
func counted(j *journal.Journal, name, about string, count func(journal.Filter) int) harness.Measure {
	return harness.Measure{
		Descriptor: verdict.Descriptor{Name: name, Unit: result.UnitCount, About: about},
		Read: func(state harness.State, w verdict.Window) verdict.Reading {
			f := During(j, state, w)
			return verdict.Reading{Value: float64(count(f)), Samples: int64(j.Count(f))}
		},
	}
}
