package coordinator

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// loading is a load that is prepared or goes on. Its fields are guarded by the
// coordinator's mutex, but for those that do not change.
type loading struct {
	c         *Coordinator
	name      string
	config    load.Config
	streams   []load.Stream
	schedule  string   // the digest of what is planned
	workers   []string // who was given it, by id
	lanes     int
	collector *load.Collector
	balancers map[string]*load.Balancer

	books     *fleet.Books
	begun     bool
	at        time.Duration            // when the load begins, on the clock
	confirmed map[int]time.Duration    // until when each lane may be sent, on the clock
	given     map[int]time.Duration    // when each lane was given to its holder, on the clock
	next      map[[2]int]int           // the number of what is told next, by lane and span
	lostAt    map[string]time.Duration // workers that were lost, on the clock of the run
	stopped   bool
	aborted   bool
	endBy     time.Duration // when an abort is waited for no longer, on the clock

	lag     sync.Mutex                // guards sendLag alone
	sendLag map[string]*hdr.Histogram // by worker

	held  chan struct{} // closed when all lanes are held for the first time
	over  chan struct{} // closed when nothing more is told
	ended bool
	end   sync.Once
	tally []load.Tally
	fleet *result.Fleet
}

// aheadOf is how long before what it sends first a lane is given to another worker, so that
// it is not late with it.
const aheadOf = 30 * time.Millisecond

// now is the time on the clock of the run; 0 before it has begun.
func (l *loading) now() time.Duration {
	if !l.begun {
		return 0
	}
	return l.c.opts.Clock() - l.at
}

// give gives a lane to a worker that was handed it by the broker.
func (l *loading) give(b fleet.Begin, m *member) fleet.Leave {
	if b.Lane < 0 || b.Lane >= l.lanes || l.stopped || l.ended || l.books.Done(b.Lane) {
		return fleet.Leave{Never: true}
	}
	before, _, held := l.books.Holder(b.Lane)
	from := time.Duration(0)
	if before != "" {
		if l.c.opts.Policy != fleet.TakeOver && l.begun {
			return fleet.Leave{Never: true}
		}
		if held {
			l.books.Cut(b.Lane, "the broker had no word of it for "+l.c.opts.Term.String()+" and handed its lane to another")
			l.blame(before, l.now())
		}
		if l.begun {
			if from = max(l.now()+aheadOf, l.books.Free(b.Lane)); from >= l.books.End() {
				return fleet.Leave{Never: true} // nothing is left to send
			}
		}
	}
	epoch := l.books.Hand(b.Lane, b.Worker, from, "it was lost")
	now := l.c.opts.Clock()
	l.given[b.Lane] = now
	l.confirm(fleet.Held{Lane: b.Lane, Epoch: epoch}, b.Worker, now)
	if before != "" && l.begun {
		l.c.opts.Say(fmt.Sprintf("worker %s goes on with lane %d from %s on", m.Name, b.Lane, result.Format(from.Seconds(), result.UnitSeconds)))
	}
	l.lookHeld()
	return fleet.Leave{Granted: true, Epoch: epoch, From: from, Started: l.begun, At: l.at}
}

// lookHeld notes that all lanes are held.
func (l *loading) lookHeld() {
	for lane := range l.lanes {
		if _, _, held := l.books.Holder(lane); !held {
			return
		}
	}
	select {
	case <-l.held:
	default:
		close(l.held)
	}
}

// confirm lets a worker send a lane for another term. It reports false where the lane is
// not its own any more. Before the load has begun nobody knows what time of the run that
// is: [loading.Start] enters it.
func (l *loading) confirm(h fleet.Held, worker string, now time.Duration) bool {
	until := now + l.c.opts.Term
	if holder, epoch, ok := l.books.Holder(h.Lane); !ok || holder != worker || epoch != h.Epoch {
		return false
	}
	if l.begun {
		l.books.Confirm(h.Lane, h.Epoch, worker, until-l.at)
	}
	l.confirmed[h.Lane] = until
	return true
}

// letGo notes lanes that a worker holds by the books and does not speak of any more.
func (l *loading) letGo(b fleet.Beat, now time.Duration) {
	for lane, epoch := range l.books.Held(b.Worker) {
		if slices.Contains(b.Lanes, fleet.Held{Lane: lane, Epoch: epoch}) {
			l.given[lane] = now
			continue
		}
		if now-l.given[lane] > 2*l.c.opts.Term {
			l.books.Cut(lane, "its worker let go of it")
			l.blame(b.Worker, l.now())
			l.look()
		}
	}
}

// lost notes that a worker is not heard of any more, and says what that means.
func (l *loading) lost(m *member) string {
	held := slices.Sorted(maps.Keys(l.books.Held(m.ID)))
	if len(held) == 0 {
		return ""
	}
	for _, lane := range held {
		l.books.Cut(lane, "its worker was not heard of for "+l.c.opts.Term.String())
	}
	l.blame(m.ID, m.heard-l.at)
	says := "lane " + strings.Trim(fmt.Sprint(held), "[]")
	switch l.c.opts.Policy {
	case fleet.Shrink:
		return says + " stays unsent"
	case fleet.Fail:
		l.stopped = true
		return "the load ends"
	}
	return says + " waits for another worker"
}

// blame notes that a worker did not send what it should, since a time on the clock of the
// run.
func (l *loading) blame(worker string, at time.Duration) {
	if _, known := l.lostAt[worker]; !known && l.begun {
		l.lostAt[worker] = max(at, 0)
	}
}

// out are the addresses of each balancer that are not ready.
func (l *loading) out() map[string][]int {
	all := make(map[string][]int)
	for name, b := range l.balancers {
		if out := b.Out(); len(out) > 0 {
			all[name] = out
		}
	}
	return all
}

// look ends the load when nothing more is told of it.
func (l *loading) look() {
	if l.ended || !l.begun || l.c.broken == "" && !l.told() {
		return
	}
	l.ended = true
	close(l.over)
}

// told reports whether nothing more is to be told: each lane is done, or given up.
func (l *loading) told() bool {
	now := l.c.opts.Clock()
	if l.aborted && now > l.endBy {
		return true
	}
	deserted := l.c.deserted(now)
	for lane := range l.lanes {
		_, _, held := l.books.Holder(lane)
		switch {
		case l.books.Done(lane):
		case held:
			return false
		case l.c.opts.Policy != fleet.TakeOver || l.stopped || deserted:
		case now-l.at < l.books.End()+l.c.opts.Term:
			return false // another may yet take it, or who held it come back
		}
	}
	return true
}

// errOutOfOrder is that something which a worker told has not arrived.
var errOutOfOrder = errors.New("something that it told before has not arrived")

// awaits reports whether something that a worker tells is new, and refuses what does not fit.
func (l *loading) awaits(t fleet.Told) (isNew bool, err error) {
	if !l.books.Knows(t.Lane, t.Epoch, t.Worker) {
		return false, fmt.Errorf("lane %d was not its own", t.Lane)
	}
	switch want := l.next[[2]int{t.Lane, t.Epoch}]; {
	case t.Seq < want:
		return false, nil // the broker has handed it out twice
	case t.Seq > want:
		return false, errOutOfOrder
	}
	return true, nil
}

// note enters into the books what a worker told.
func (l *loading) note(t fleet.Told) error {
	for _, d := range t.Deltas {
		if err := l.books.Tell(t.Lane, t.Epoch, t.Worker, d); err != nil {
			return err
		}
	}
	l.next[[2]int{t.Lane, t.Epoch}]++
	if t.Final {
		l.books.Final(t.Lane, t.Epoch, t.Cut)
		if t.Cut != "" {
			l.blame(t.Worker, l.now())
		}
	}
	return nil
}

// count adds up what a worker told: what became of its requests, and how late it was.
func (l *loading) count(t fleet.Told) error {
	for _, d := range t.Deltas {
		if err := l.collector.Add(t.Lane, d); err != nil {
			return err
		}
		for _, c := range d.Counts {
			h, err := latency.Unpack(c.Lag)
			if err != nil {
				return err
			}
			l.lag.Lock()
			sum := l.sendLag[t.Worker]
			latency.Merge(&sum, h)
			l.sendLag[t.Worker] = sum
			l.lag.Unlock()
		}
	}
	return nil
}
