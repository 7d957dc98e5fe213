package journal

import (
	"cmp"
	"slices"
	"time"
)

// Name is a request apart from its attempts.
type Name struct{ Group, Key string }

// Attempts returns how often each request reached the fake: what the server
// counted, silent retries of the client's HTTP library included.
func (j *Journal) Attempts(f Filter) map[Name]int {
	out := map[Name]int{}
	for e := range j.Entries(f) {
		out[Name{e.Group, e.Key}]++
	}
	return out
}

// Gap is the time between two attempts at one request.
type Gap struct {
	Name
	// Attempt is the number of the later one among the hits of its key, from 2.
	Attempt int
	// FromStart is from arrival to arrival.
	FromStart time.Duration
	// FromEnd is from the end of the earlier one to the arrival of the later
	// one: the pause that a client made. Negative if they overlap.
	FromEnd time.Duration
}

// Gaps returns the times between the attempts at each request, by arrival.
func (j *Journal) Gaps(f Filter) []Gap {
	type last struct {
		hits  int
		entry Entry
	}
	seen := map[Name]last{}
	var out []Gap
	for e := range j.Entries(f) {
		name := Name{e.Group, e.Key}
		before, again := seen[name]
		if again {
			gap := Gap{Name: name, Attempt: before.hits + 1, FromStart: e.Start - before.entry.Start}
			end, over := before.entry.End()
			if over {
				gap.FromEnd = e.Start - end
			}
			out = append(out, gap)
		}
		seen[name] = last{hits: before.hits + 1, entry: e}
	}
	return out
}

// SilentRetries returns the requests that arrived again under an attempt number
// that the client had stamped before: its HTTP library tried again on its own.
func (j *Journal) SilentRetries(f Filter) []Entry {
	type attempt struct {
		Name
		n int
	}
	seen := map[attempt]bool{}
	var out []Entry
	for e := range j.Entries(f) {
		if !e.Stamped {
			continue
		}
		a := attempt{Name{e.Group, e.Key}, e.Attempt}
		if seen[a] {
			out = append(out, e)
		}
		seen[a] = true
	}
	return out
}

// OpenAt returns how many of the requests that f picks were open at a moment.
func (j *Journal) OpenAt(at time.Duration, f Filter) int {
	n := 0
	for e := range j.Entries(f) {
		if end, over := e.End(); e.Start <= at && (!over || end > at) {
			n++
		}
	}
	return n
}

// MostInFlight returns the most requests open at once among those that f picks.
func (j *Journal) MostInFlight(f Filter) int {
	type change struct {
		at time.Duration
		by int
	}
	var changes []change
	for e := range j.Entries(f) {
		changes = append(changes, change{e.Start, +1})
		if end, over := e.End(); over {
			changes = append(changes, change{end, -1})
		}
	}
	// At the same microsecond one ends before another begins.
	slices.SortFunc(changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.by, b.by))
	})
	most, now := 0, 0
	for _, c := range changes {
		now += c.by
		most = max(most, now)
	}
	return most
}

// Outcomes returns how many of the entries ended in which way.
func (j *Journal) Outcomes(f Filter) map[Ending]int {
	out := map[Ending]int{}
	for e := range j.Entries(f) {
		out[e.Outcome]++
	}
	return out
}

// Statuses returns how many of the entries were answered with which status;
// 0 stands for no answer.
func (j *Journal) Statuses(f Filter) map[int]int {
	out := map[int]int{}
	for e := range j.Entries(f) {
		out[e.Status]++
	}
	return out
}

// PerConnection returns how many requests each connection carried.
func (j *Journal) PerConnection(f Filter) map[uint32]int {
	out := map[uint32]int{}
	for e := range j.Entries(f) {
		out[e.Conn]++
	}
	return out
}

// OpenLongerThan returns how many of the requests that f picks were open for
// longer than limit, or are by now. With a client's timeout and a second more as
// the limit, these are the calls that it gave up without letting go of them.
func (j *Journal) OpenLongerThan(limit time.Duration, f Filter) int {
	now := j.since()
	n := 0
	for e := range j.Entries(f) {
		took := e.Took
		if e.Outcome == Open {
			took = now - e.Start
		}
		if took > limit {
			n++
		}
	}
	return n
}
