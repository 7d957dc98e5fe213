package fleet

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// Books say who held which lane of a load from when until when, and what became of what
// was due then. They add up to the plan exactly. They are used by one goroutine at a
// time. All times are on the clock of the run.
type Books struct {
	streams []load.Stream
	lanes   [][]*span // of each lane, oldest first
	end     time.Duration
}

// span is the time in which one worker held a lane.
type span struct {
	worker string
	from   time.Duration
	fence  time.Duration // from when on it has certainly sent nothing
	final  bool          // it told of all that it will ever tell
	cut    string        // why it ended before the lane did
	told   map[string]*account
}

// account is what a worker told of one stream.
type account struct{ sent, left, open int64 }

// NewBooks returns the books of a load of so many lanes, in which nobody holds one yet.
func NewBooks(streams []load.Stream, lanes int) *Books {
	b := &Books{streams: streams, lanes: make([][]*span, lanes)}
	for _, s := range streams {
		b.end = max(b.end, s.StartAt+s.Profile.Duration())
	}
	return b
}

// End is when nothing is due any more.
func (b *Books) End() time.Duration { return b.end }

// Hand gives a lane to a worker from a time on, and returns the number of its span. Who
// held it before has been lost for a reason.
func (b *Books) Hand(lane int, worker string, from time.Duration, lost string) (epoch int) {
	spans := b.lanes[lane]
	if n := len(spans); n > 0 && spans[n-1].cut == "" {
		spans[n-1].cut = lost
	}
	b.lanes[lane] = append(spans, &span{worker: worker, from: from, fence: from, told: make(map[string]*account)})
	return len(spans)
}

// Free is from when on another may send what is due in a lane: who holds it now sends
// nothing from then on, unless it is confirmed again.
func (b *Books) Free(lane int) time.Duration {
	if n := len(b.lanes[lane]); n > 0 {
		return b.lanes[lane][n-1].fence
	}
	return 0
}

// Holder is who holds a lane, and its span; false where nobody does.
func (b *Books) Holder(lane int) (worker string, epoch int, ok bool) {
	if lane < 0 || lane >= len(b.lanes) || len(b.lanes[lane]) == 0 {
		return "", 0, false
	}
	n := len(b.lanes[lane]) - 1
	return b.lanes[lane][n].worker, n, b.lanes[lane][n].cut == ""
}

// Confirm notes that the holder of a lane may send until a time. It reports false for
// one that holds it no longer.
func (b *Books) Confirm(lane, epoch int, worker string, until time.Duration) bool {
	holder, now, ok := b.Holder(lane)
	if !ok || holder != worker || now != epoch {
		return false
	}
	s := b.lanes[lane][epoch]
	s.fence = max(s.fence, until)
	return true
}

// Cut notes that the holder of a lane was lost, for a reason.
func (b *Books) Cut(lane int, why string) {
	if n := len(b.lanes[lane]); n > 0 && b.lanes[lane][n-1].cut == "" && !b.lanes[lane][n-1].final {
		b.lanes[lane][n-1].cut = why
	}
}

// Tell enters what a worker tells of a stream of a span, and refuses what it never held.
func (b *Books) Tell(lane, epoch int, worker string, d load.Delta) error {
	if !b.Knows(lane, epoch, worker) {
		return fmt.Errorf("worker %s tells of lane %d, which it did not hold", worker, lane)
	}
	if !slices.ContainsFunc(b.streams, func(s load.Stream) bool { return s.Name == d.Stream }) {
		return nil // a step, which nobody planned by itself
	}
	s := b.lanes[lane][epoch]
	a, ok := s.told[d.Stream]
	if !ok {
		a = new(account)
		s.told[d.Stream] = a
	}
	var sent int64
	for _, c := range d.Counts {
		sent += c.Sent
	}
	a.sent += sent
	a.left += d.Accounted() - sent
	a.open = d.Open
	return nil
}

// Knows reports whether a worker held a lane in that span.
func (b *Books) Knows(lane, epoch int, worker string) bool {
	return lane >= 0 && lane < len(b.lanes) && epoch >= 0 && epoch < len(b.lanes[lane]) && b.lanes[lane][epoch].worker == worker
}

// Final notes that a worker has told all of a span. Cut is why it ended early; empty: its
// lane is done.
func (b *Books) Final(lane, epoch int, cut string) {
	s := b.lanes[lane][epoch]
	s.final = true
	if s.cut == "" {
		s.cut = cut
	}
}

// Done reports whether all of a lane was told of by who held it last.
func (b *Books) Done(lane int) bool {
	n := len(b.lanes[lane])
	return n > 0 && b.lanes[lane][n-1].final && b.lanes[lane][n-1].cut == ""
}

// Spans are the books as the result has them. What was told beyond what was given is the
// error.
func (b *Books) Spans() ([]result.LaneSpan, error) {
	var all []result.LaneSpan
	var errs []error
	for lane, spans := range b.lanes {
		if len(spans) == 0 {
			spans = []*span{{cut: "nobody took it"}}
		}
		for i, s := range spans {
			from, to := s.from, b.end
			if i == 0 {
				from = 0
			}
			if i+1 < len(spans) {
				to = spans[i+1].from
			}
			one, err := b.settle(lane, s, from, to)
			all, errs = append(all, one), append(errs, err)
		}
	}
	return all, errors.Join(errs...)
}

// settle sums up a span.
func (b *Books) settle(lane int, s *span, from, to time.Duration) (result.LaneSpan, error) {
	one := result.LaneSpan{Lane: lane, Worker: s.worker, FromS: from.Seconds(), ToS: to.Seconds(), Cut: s.cut}
	share := load.Share{Lane: lane, Lanes: len(b.lanes)}
	var errs []error
	for _, stream := range b.streams {
		due := func(t time.Duration) int64 { return share.Planned(stream, t) - share.Planned(stream, from) }
		a := account{}
		if told := s.told[stream.Name]; told != nil {
			a = *told
		}
		planned, told := due(to), a.sent+a.left
		if told > planned {
			errs = append(errs, fmt.Errorf("worker %s told of %d requests of %s in lane %d and was given %d", s.worker, told, stream.Name, lane, planned))
			planned = told
		}
		unknown := int64(0)
		if !s.final {
			unknown = max(0, due(min(max(s.fence, from), to))-told)
		}
		one.Planned += planned
		one.Sent += a.sent - a.open
		one.Lost += a.open
		one.Unknown += unknown
		one.Never += planned - a.sent - unknown
		one.Hole += planned - told - unknown
	}
	return one, errors.Join(errs...)
}

// Held are the lanes that a worker holds, with their spans.
func (b *Books) Held(worker string) map[int]int {
	held := make(map[int]int)
	for lane := range b.lanes {
		if holder, epoch, ok := b.Holder(lane); ok && holder == worker && !b.lanes[lane][epoch].final {
			held[lane] = epoch
		}
	}
	return held
}
