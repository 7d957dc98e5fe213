package task

import (
	"cmp"
	"slices"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/scenarios/contract"
)

// record is what all sides say of one task.
type record struct {
	mailing string
	n       int64
	kind    contract.Kind
	due     time.Duration // when the request was, on the scenario's clock
	wants   []wanted      // the mails that it asks for
	twins   int           // how many tasks ask for the very same, this one included

	accepted bool          // its request was taken on, as the generator saw it
	id       string        // which the answer gave
	heard    time.Duration // when the answer had arrived

	contract.Status // what the target says of it when all is over
	told            bool

	calls  []call        // by which the API was asked for its mails, by arrival
	served int           // how many of them it took on
	at     time.Duration // when the last of them, on the scenario's clock
}

// stored reports whether the target has the task: it was taken on, or mail was
// asked for that nobody else wants.
func (r record) stored() bool { return r.accepted || len(r.calls) > 0 }

// lastBy is which of its calls was the last that had come by a moment; -1: none had.
func (r record) lastBy(at time.Duration) int {
	last := -1
	for i, c := range r.calls {
		if c.start <= at {
			last = i
		}
	}
	return last
}

// unserved are the mails that can be sent and were not taken on.
func (r record) unserved() int { return r.sendable() - r.served }

// sendable is how many of its mails have somebody to go to.
func (r record) sendable() int {
	n := 0
	for _, w := range r.wants {
		if w.deliverable() {
			n++
		}
	}
	return n
}

// complete reports whether all of its mails were taken on.
func (r record) complete() bool { return r.served == len(r.wants) }

// chunks is how many calls its mails take, each of so many at most.
func (r record) chunks(most int) int { return (len(r.wants) + most - 1) / most }

// failed says whether it was given up.
func (r record) failed() bool { return r.State == contract.Failed }

// latest is the highest number of an attempt among the calls that had come by then.
func (r record) latest(by time.Duration) int {
	n := 0
	for _, c := range r.calls {
		if c.start <= by {
			n = max(n, c.seen.Attempt)
		}
	}
	return n
}

// call is one request at the e-mail API: what it asked for and what became of it.
type call struct {
	asked emailapi.Call
	seen  journal.Entry
	start time.Duration // on the scenario's clock
	over  time.Duration // 0: it is still open
}

// joined holds what the API kept of each call against its journal, whose zero is
// that long before the scenario's.
func joined(calls []emailapi.Call, j *journal.Journal, zero time.Duration) []call {
	entries := map[int]journal.Entry{}
	for e := range j.Entries(journal.Filter{}) {
		entries[e.N] = e
	}
	var all []call
	for _, c := range calls {
		e, ok := entries[c.Entry]
		if !ok {
			continue
		}
		one := call{asked: c, seen: e, start: e.Start - zero}
		if end, over := e.End(); over {
			one.over = end - zero
		}
		all = append(all, one)
	}
	return all
}

// directory finds tasks by the mails that they ask for.
type directory struct {
	records []record
	wanting map[wanted][]int    // which records want a mail, once for each time
	known   map[string][]wanted // what an address may get
}

func newDirectory(records []record) *directory {
	d := &directory{records: records, wanting: map[wanted][]int{}, known: map[string][]wanted{}}
	for i, r := range records {
		for _, w := range r.wants {
			if d.wanting[w] == nil {
				d.known[w.to] = append(d.known[w.to], w)
			}
			d.wanting[w] = append(d.wanting[w], i)
		}
	}
	for i, r := range records {
		d.records[i].twins = d.alike(r)
	}
	return d
}

// alike is how many tasks ask for the first mail of a task.
func (d *directory) alike(r record) int {
	if len(r.wants) == 0 {
		return 1
	}
	seen := slices.Clone(d.wanting[r.wants[0]])
	slices.Sort(seen)
	return len(slices.Compact(seen))
}

// find is what a mail was wanted as, false if nobody wants it so.
func (d *directory) find(m emailapi.Mail) (wanted, bool) {
	if len(m.To) != 1 {
		return wanted{}, false
	}
	for _, w := range d.known[m.To[0]] {
		if w.is(m) {
			return w, true
		}
	}
	return wanted{}, false
}

// nearest is a task that wants mail for the recipient of m, -1 if none does. Of equal
// tasks it is one that was taken on, if any was.
func (d *directory) nearest(m emailapi.Mail) int {
	if w, ok := d.find(m); ok {
		return slices.MinFunc(d.wanting[w], func(a, b int) int { return cmp.Compare(order(d.records[a]), order(d.records[b])) })
	}
	for _, to := range m.To {
		for _, w := range d.known[to] {
			return d.wanting[w][0]
		}
	}
	return -1
}

// attribute gives each task its calls.
func (d *directory) attribute(calls []call) {
	for _, c := range calls {
		for _, m := range c.asked.Mails {
			if i := d.nearest(m); i >= 0 {
				d.records[i].calls = append(d.records[i].calls, c)
				break
			}
		}
	}
}

// deliver gives each task the mails that were taken on for it, first come first
// served among those that want the same, and returns how many were too many: more
// for a recipient than the tasks ask for.
func (d *directory) deliver(all []journal.Acceptance, calls map[int]call, zero time.Duration) (tooMany []journal.Acceptance) {
	left := map[wanted][]int{}
	room := map[string]int{}
	for w, records := range d.wanting {
		some := slices.Clone(records)
		// Of equal tasks those count first that were taken on.
		slices.SortStableFunc(some, func(a, b int) int {
			return cmp.Compare(order(d.records[a]), order(d.records[b]))
		})
		left[w] = some
		room[w.to] += len(records)
	}
	for _, a := range all {
		if room[a.Recipient]--; room[a.Recipient] < 0 {
			tooMany = append(tooMany, a)
		}
		for _, m := range calls[a.Entry].asked.Mails {
			if len(m.To) != 1 || m.To[0] != a.Recipient {
				continue
			}
			w, ok := d.find(m)
			if !ok || len(left[w]) == 0 {
				continue
			}
			r := &d.records[left[w][0]]
			left[w] = left[w][1:]
			r.served++
			r.at = max(r.at, a.At-zero)
			break
		}
	}
	return tooMany
}

func order(r record) int {
	if r.accepted {
		return 0
	}
	return 1
}
