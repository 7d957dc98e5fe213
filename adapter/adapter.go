package adapter

import (
	"context"
	"strings"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/stub"
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
}

// New is the fake on that host. Closing it closes the host.
func New(h *host.Host) *Fake { return &Fake{host: h, settings: map[string]string{}} }

// Dependency is one that open plays, at the place name, with the faults that any
// fake takes and with what any fake measures beside more of its own:
//
//	NAME.in_flight       calls that are open, over time
//	NAME.calls           requests that reached the fake
//	NAME.most_in_flight  the most of them that were open at once
//	NAME.silent_retries  requests that arrived again under a number which the
//	                     client had stamped before
//
// The fake that open returns must tell what it saw by a method Journal, as [Fake]
// and whatever embeds it do.
func Dependency(name string, open func(seed uint64) (harness.Fake, error), more ...harness.Measure) harness.Dependency {
	return harness.Dependency{
		Name: name, Faults: Support(),
		Open: func(_ context.Context, o harness.Opening) (harness.Fake, error) { return open(o.Seed) },
		Gauges: []harness.Gauge{{
			Series: probe.Series{Name: name + ".in_flight", Unit: result.UnitCount},
			Read:   func(f harness.Fake) float64 { return float64(f.(witness).Journal().Gauge("").InFlight) },
		}},
		Measures: append(requests(name, "the fake"), more...),
	}
}

// requests are what any fake measures of those that reach it, or a route of it.
func requests(place, reached string) []harness.Measure {
	return []harness.Measure{
		inTime(counted(place, "calls", "requests that reached "+reached, (*journal.Journal).Count)),
		// A call that was given up is open here until that is heard of.
		inTime(counted(place, "most_in_flight", "the most of them that were open at once", (*journal.Journal).MostInFlight)),
		counted(place, "silent_retries", "requests that arrived again under a number which the client had stamped before",
			func(j *journal.Journal, f journal.Filter) int { return len(j.SilentRetries(f)) }),
	}
}

// witness is a fake that tells what it saw.
type witness interface{ Journal() *journal.Journal }

// Set adds an environment variable by which the target finds the fake.
func (f *Fake) Set(name, value string) { f.settings[name] = value }

// Settings are the environment variables by which the target finds it.
func (f *Fake) Settings() map[string]string { return f.settings }

// Journal is what the fake saw. It can be read after Close.
func (f *Fake) Journal() *journal.Journal { return f.host.Journal() }

// Addresses are those at which the fake is called, host:port.
func (f *Fake) Addresses() []string {
	var all []string
	for _, url := range f.host.URLs() {
		all = append(all, strings.TrimPrefix(url, "http://"))
	}
	return all
}

// Values are where the fake is found, by the names that texts have for that: url,
// host, port and address.
func (f *Fake) Values() map[string]string { return stub.Values(f.host.URL(0)) }

// Traffic is how many calls are open, how many were at most, and how many there were in
// all.
func (f *Fake) Traffic() (now, most, total int64) {
	level := f.Journal().Gauge("")
	return level.InFlight, level.MostInFlight, level.Total
}

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

// JournalOf is what the fake at a place saw, or the whole of which the place is a part;
// false if there is none.
func JournalOf(state harness.State, place string) (*journal.Journal, bool) {
	fake, _ := at(state, place)
	seen, ok := fake.(witness)
	if !ok {
		return nil, false
	}
	return seen.Journal(), true
}

// inTime marks a measure as one that can be missed for want of time alone: a call
// that is given up is made once more, or not at all.
func inTime(m harness.Measure) harness.Measure { m.Timed = true; return m }

// counted is a measure over what the journal of a fake holds of a window, at a place
// that is the fake or a part of it. Its samples are the requests there in that window.
func counted(place, name, about string, count func(*journal.Journal, journal.Filter) int) harness.Measure {
	d := verdict.Descriptor{Name: place + "." + name, Unit: result.UnitCount, About: about}
	return harness.Measure{Descriptor: d, Read: func(state harness.State, w verdict.Window) verdict.Reading {
		fake, part := at(state, place)
		seen, ok := fake.(witness)
		if !ok {
			return verdict.Reading{}
		}
		f := During(seen.Journal(), state, w)
		f.Group = part
		return verdict.Reading{Value: float64(count(seen.Journal(), f)), Samples: int64(seen.Journal().Count(f))}
	}}
}
