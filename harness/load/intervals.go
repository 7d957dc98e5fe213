package load

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// maxPoints bounds a series. A run that needs more points gets intervals of
// twice the width, as often as it takes.
const maxPoints = 1200

// point is what became of the requests that were due in one interval.
type point struct {
	sent, completed, failed, shedByTarget int64
	samples                               int64 // behind the quantiles
	p50, p90, p99, max                    float64
	heat                                  result.HeatCounts // by latency
}

// add joins two neighbours, or two parts of one interval. Of quantiles, which
// do not add up, the higher one stays.
func (p *point) add(q point) {
	p.sent += q.sent
	p.completed += q.completed
	p.failed += q.failed
	p.shedByTarget += q.shedByTarget
	p.samples += q.samples
	p.p50 = max(p.p50, q.p50)
	p.p90 = max(p.p90, q.p90)
	p.p99 = max(p.p99, q.p99)
	p.max = max(p.max, q.max)
	for i, n := range q.heat {
		p.heat[i] += n
	}
}

// interval is a point in the making: requests due in it are still open, or may
// yet become due.
type interval struct {
	point
	pending int64 // handed on and not finished
	latency *hdr.Histogram
}

// intervals counts by the time at which requests were due, in intervals of
// equal width from the start of the stream on. An interval's histogram lives
// until the last of its requests has ended and is then used for another.
type intervals struct {
	startAt time.Duration
	length  time.Duration
	width   time.Duration
	first   time.Duration // the width at the beginning
	points  []point
	open    map[int]*interval
	current int // the interval of the newest request
	spare   []*interval
	latest  point // the newest interval that was closed with samples in it
	// keep says that intervals are handed out with their histograms when they are closed.
	keep   bool
	closed []closedInterval
	slack  int // how many intervals wait although nothing in them is pending
}

func newIntervals(startAt, length, width time.Duration) *intervals {
	return &intervals{startAt: startAt, length: length, width: width, first: width, open: make(map[int]*interval)}
}

func (t *intervals) index(due time.Duration) int {
	// A rest of less than half an interval is part of the one before it: its
	// rate would rest on too little.
	last := max(0, int((t.length+t.width/2)/t.width)-1)
	return min(int((due-t.startAt)/t.width), last)
}

// span is the part of the run that interval i covers.
func (t *intervals) span(i int) (from, to time.Duration) {
	from = t.startAt + time.Duration(i)*t.width
	to = from + t.width
	if end := t.startAt + t.length; i == t.index(end) {
		to = end
	}
	return from, to
}

// at returns the interval in which a request is due that is not finished.
func (t *intervals) at(due time.Duration) *interval {
	i := t.index(due)
	for i >= maxPoints {
		t.widen()
		i = t.index(due)
	}
	in, ok := t.open[i]
	if !ok {
		in = t.fresh()
		t.open[i] = in
	}
	if i > t.current {
		t.current = i
		for j, in := range t.open {
			t.closeIfDone(j, in)
		}
	}
	return in
}

func (t *intervals) fresh() *interval {
	if n := len(t.spare); n > 0 {
		in := t.spare[n-1]
		t.spare = t.spare[:n-1]
		return in
	}
	return &interval{latency: latency.New(latency.Coarse)}
}

// expect notes a request that will be sent or dropped.
func (t *intervals) expect(due time.Duration) { t.at(due).pending++ }

// touch notes that time has come to due, though nothing is sent then.
func (t *intervals) touch(due time.Duration) { t.at(due) }

func (t *intervals) drop(due time.Duration) {
	in := t.at(due)
	in.pending--
	t.closeIfDone(t.index(due), in)
}

func (t *intervals) send(due time.Duration) { t.at(due).sent++ }

// takeBack undoes send, and ends the wait for what was to be sent.
func (t *intervals) takeBack(due time.Duration) {
	t.at(due).sent--
	t.drop(due)
}

func (t *intervals) finish(x *Exchange) {
	in := t.at(x.Due)
	if x.Status != 0 {
		in.completed++
	}
	switch x.Class {
	case "":
	case ClassShedByTarget:
		in.shedByTarget++
	default:
		in.failed++
	}
	latency.Record(&in.latency, x.End-x.Due, latency.Coarse)
	in.heat[result.HeatBucket(x.End-x.Due)]++
	in.pending--
	t.closeIfDone(t.index(x.Due), in)
}

// closeIfDone makes a point of an interval in which nothing can happen any more.
func (t *intervals) closeIfDone(i int, in *interval) {
	if in.pending == 0 && i < t.current-t.slack {
		t.close(i, in)
	}
}

func (t *intervals) close(i int, in *interval) {
	for len(t.points) <= i {
		t.points = append(t.points, point{})
	}
	if in.samples = in.latency.TotalCount(); in.samples > 0 {
		in.p50 = latency.Millis(in.latency.ValueAtPercentile(50))
		in.p90 = latency.Millis(in.latency.ValueAtPercentile(90))
		in.p99 = latency.Millis(in.latency.ValueAtPercentile(99))
		in.max = latency.Millis(in.latency.Max())
		t.latest = in.point
	}
	t.points[i].add(in.point)
	delete(t.open, i)
	if t.keep {
		from, _ := t.span(i)
		t.closed = append(t.closed, closedInterval{from, t.width, in.point, in.latency})
		return
	}
	in.latency.Reset()
	in.point = point{}
	t.spare = append(t.spare, in)
}

// holds reports whether an interval of another's series fits into this one.
func (t *intervals) holds(from, width time.Duration) bool {
	return from >= t.startAt && from <= t.startAt+t.length && width >= t.first && width <= max(t.first, t.length)
}

// give adds an interval that another closed, which is no narrower.
func (t *intervals) give(c closedInterval) {
	for t.width < c.width {
		t.widen()
	}
	in := t.at(c.from)
	in.point.add(c.point)
	if c.latency != nil {
		in.latency.Merge(c.latency)
	}
	t.closeIfDone(t.index(c.from), in)
}

// closeAll is called when the stream has ended.
func (t *intervals) closeAll() {
	for i, in := range t.open {
		t.close(i, in)
	}
}

// widen makes every interval twice as wide, joining each with its neighbour.
func (t *intervals) widen() {
	t.width *= 2
	for i, p := range t.points {
		if i%2 == 0 {
			t.points[i/2] = p
		} else {
			t.points[i/2].add(p)
		}
	}
	t.points = t.points[:(len(t.points)+1)/2]
	was := t.open
	t.open = make(map[int]*interval, len(was))
	for i, in := range was {
		twin, ok := t.open[i/2]
		if !ok {
			t.open[i/2] = in
			continue
		}
		twin.point.add(in.point)
		twin.pending += in.pending
		twin.latency.Merge(in.latency)
		in.point, in.pending = point{}, 0
		in.latency.Reset()
		t.spare = append(t.spare, in)
	}
	t.current /= 2
}
