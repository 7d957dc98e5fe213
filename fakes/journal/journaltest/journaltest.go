// Package journaltest writes a journal by hand, for tests of what is read from
// one: its clock stands still but for the test that moves it.
package journaltest

import (
	"time"

	"holdfast.dev/holdfast/fakes/journal"
)

// Journal is a journal on a clock that a test moves.
type Journal struct {
	*journal.Journal
	now time.Time
}

// New is an empty journal. The start and the clock of c are its own.
func New(c journal.Config) *Journal {
	j := &Journal{now: time.Unix(1_800_000_000, 0)}
	c.Start, c.Now = j.now, func() time.Time { return j.now }
	j.Journal = journal.New(c)
	return j
}

// At moves the clock to an offset from the journal's start.
func (j *Journal) At(d time.Duration) *Journal {
	j.now = j.Start().Add(d)
	return j
}

// Hit is a whole request: it arrives at an offset and ends after a while.
func (j *Journal) Hit(at time.Duration, a journal.Arrival, took time.Duration, ending journal.Ending, status int, faults ...string) journal.Ticket {
	t := j.At(at).Begin(a)
	j.At(at+took).End(t, ending, status, j.FaultSet(faults))
	return t
}
