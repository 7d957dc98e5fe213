package load

import (
	"sync/atomic"
	"time"
)

// minSleep is the shortest wait. Above 4,000 requests per second the pacer
// therefore wakes once for several requests, which saves a core's time and
// makes each at most this much late.
const minSleep = 250 * time.Microsecond

// pacer walks the plan of one stream and hands each request on when it is due.
//
// handOn and finish run on one goroutine at a time; done may be called from any.
type pacer struct {
	plan    dealt
	startAt time.Duration
	maxLag  time.Duration
	max     int64 // of claims
	now     func() time.Duration
	stop    <-chan struct{}
	rec     *recorder
	fence   *Fence // nil: there is none

	claims  atomic.Int64 // requests handed on and not done
	next    int64        // of the plan's own count
	crowded bool         // the last request was shed: precision is of no use now
	timer   *time.Timer
	nudge   *nudge
}

func newPacer(s Stream, plan dealt, now func() time.Duration, stop <-chan struct{}, rec *recorder) *pacer {
	return &pacer{
		plan: plan, startAt: s.StartAt, maxLag: s.MaxLag, max: int64(s.MaxInFlight),
		now: now, stop: stop, rec: rec,
		timer: time.NewTimer(time.Hour), nudge: newNudge(),
	}
}

// due returns when request n of the whole schedule is due on the clock of the run.
func (p *pacer) due(n int64) (time.Duration, bool) {
	due, ok := p.plan.Profile.Due(n)
	return p.startAt + due, ok
}

// handOn waits until the next request is due that can be sent, and returns its
// number. Those that cannot be are counted and passed over. It returns false at
// the end of the plan, when the run is stopped, and when the fence has shut.
func (p *pacer) handOn() (int64, bool) {
	for {
		n := p.plan.number(p.next)
		due, ok := p.due(n)
		if !ok {
			return 0, false
		}
		now, ok := p.waitUntil(due)
		if !ok || !p.fence.Open() {
			return 0, false
		}
		p.next++
		switch {
		case now-due > p.maxLag:
			p.rec.late(due)
		case p.claims.Load() >= p.max:
			p.rec.shed(due)
			p.crowded = true
		default:
			p.crowded = false
			p.claims.Add(1)
			p.rec.handOn(due)
			return n, true
		}
	}
}

// waitUntil waits for due and returns the time, or false when the run is stopped.
func (p *pacer) waitUntil(due time.Duration) (now time.Duration, ok bool) {
	for {
		select {
		case <-p.stop:
			return 0, false
		default:
		}
		now = p.now()
		if now >= due {
			return now, true
		}
		wait := max(due-now, minSleep)
		p.timer.Reset(wait)
		if !p.crowded {
			p.nudge.in(wait)
		}
		select {
		case <-p.timer.C:
		case <-p.stop:
			return 0, false
		}
	}
}

// done gives back the room that a request took which was handed on.
func (p *pacer) done() { p.claims.Add(-1) }

// finish counts the requests that were never reached, unless they are others' now.
// Nothing is handed on any more.
func (p *pacer) finish() {
	if p.fence.Open() {
		p.rec.unreached(p.plan, p.startAt, p.next)
	}
	p.timer.Stop()
	p.nudge.close()
}
