package journal

import (
	"iter"
	"slices"
	"time"
)

// Entry is one request as it is told afterwards.
type Entry struct {
	N        int // in order of arrival, from 0
	Group    string
	Key      string
	Attempt  int
	Stamped  bool          // the client numbered the attempt itself
	Start    time.Duration // since the journal's start
	Took     time.Duration // until it was over; 0 while it is open; 71 minutes at most
	Outcome  Ending
	Status   int      // what was answered; 0 if nothing was
	Faults   []string // which fired, in the order of the set
	Conn     uint32
	Reused   bool // the connection had carried a request before
	Accepted bool // work was taken on
	Odd      bool // not asked as the API's documentation says
}

// End is when it was over; false while it is open.
func (e Entry) End() (time.Duration, bool) {
	return e.Start + e.Took, e.Outcome != Open
}

// Filter picks entries. The zero value picks all.
type Filter struct {
	Group string // only this group
	Key   string // only this key
	// From and To bound the arrival; To is exclusive, 0 means no end.
	From, To time.Duration
	// Where, if set, decides beyond that.
	Where func(Entry) bool
}

func (f Filter) picks(e Entry) bool {
	return (f.Group == "" || f.Group == e.Group) &&
		(f.Key == "" || f.Key == e.Key) &&
		e.Start >= f.From && (f.To == 0 || e.Start < f.To) &&
		(f.Where == nil || f.Where(e))
}

// Entries goes through what f picks, by arrival. It may be used while requests
// come in: it sees those that arrived before it began.
func (j *Journal) Entries(f Filter) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		j.mu.Lock()
		total, epoch := j.records.n, j.epoch
		j.mu.Unlock()
		for from := 0; from < total; from += slabSize {
			for _, e := range j.copyEntries(epoch, from, min(from+slabSize, total)) {
				if f.picks(e) && !yield(e) {
					return
				}
			}
		}
	}
}

// copyEntries expands the records [from, to), holding the lock for these alone.
func (j *Journal) copyEntries(epoch uint32, from, to int) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	if epoch != j.epoch {
		return nil
	}
	out := make([]Entry, 0, to-from)
	for i := from; i < to; i++ {
		rec := j.records.at(i)
		n := j.keys.names.at(int(rec.key))
		out = append(out, Entry{
			N: i, Group: j.groups[n.group].name, Key: string(j.keys.bytes(n)),
			Attempt: int(rec.attempt), Stamped: rec.flags&flagStamped != 0,
			Start: rec.startAt(), Took: time.Duration(rec.took) * time.Microsecond,
			Outcome: rec.outcome(), Status: int(rec.status), Faults: j.faultSets[rec.faults],
			Conn: rec.conn, Reused: rec.flags&flagReused != 0, Accepted: rec.flags&flagAccepted != 0, Odd: rec.flags&flagOdd != 0,
		})
	}
	return out
}

// Count returns how many entries f picks.
func (j *Journal) Count(f Filter) int {
	n := 0
	for range j.Entries(f) {
		n++
	}
	return n
}

// Level is what is known of a group at any moment, without a search.
type Level struct {
	Total        int64 // requests so far
	InFlight     int64 // requests open now
	MostInFlight int64 // the most that were open at once
}

// Gauge returns the counters of a group, or of all requests if group is "".
func (j *Journal) Gauge(group string) Level {
	j.mu.Lock()
	defer j.mu.Unlock()
	g := j.all
	if group != "" {
		n, ok := j.groupOf[group]
		if !ok {
			return Level{}
		}
		g = j.groups[n]
	}
	return Level{Total: g.total, InFlight: g.open, MostInFlight: g.mostOpen}
}

// Groups returns the names of the groups that sent anything, sorted.
func (j *Journal) Groups() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]string, 0, len(j.groups))
	for _, g := range j.groups {
		out = append(out, g.name)
	}
	slices.Sort(out)
	return out
}
