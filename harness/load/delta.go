package load

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// Delta is what became of a stream, or of a step, in one generator since the delta
// before. Deltas of all generators add up, in any order, to what one generator would
// have counted: [Collector].
type Delta struct {
	Stream string `json:"stream"`
	// Open is how many requests are under way.
	Open   int64       `json:"open,omitempty"`
	Counts []PartDelta `json:"counts,omitempty"`
	// Points are intervals of the series that are over, Levels the most that was in flight
	// in intervals that are over.
	Points  []PointDelta `json:"points,omitempty"`
	Levels  []LevelDelta `json:"levels,omitempty"`
	Slowest []Exchange   `json:"slowest,omitempty"`
	// Traced are the slowest of those that were traced. Their ids follow from the load.
	Traced []Exchange `json:"traced,omitempty"`
	// Answered are the requests that got the expected answer, in ascending order, each as
	// the difference to the one before, a varint.
	Answered []byte `json:"answered,omitempty"`
	// Examples and Problem are those of [Tally].
	Examples map[string]string `json:"examples,omitempty"`
	Problem  string            `json:"problem,omitempty"`
}

// PartDelta are the counts of one phase, by its index; after the last phase comes what is
// outside of all. Part is one of the three that a phase keeps apart for the first fault.
type PartDelta struct {
	Phase     int              `json:"phase"`
	Part      string           `json:"part,omitempty"` // "", cut or ended
	Sent      int64            `json:"sent,omitempty"`
	Completed int64            `json:"completed,omitempty"`
	OK        int64            `json:"ok,omitempty"`
	Late      int64            `json:"late,omitempty"`
	Shed      int64            `json:"shed,omitempty"`
	Unsent    int64            `json:"unsent,omitempty"`
	Spanning  int64            `json:"spanning,omitempty"`
	Errors    map[string]int64 `json:"errors,omitempty"`
	UnsentWhy map[string]int64 `json:"unsent_why,omitempty"`
	Statuses  map[int]int64    `json:"statuses,omitempty"`
	// HDR histograms of microseconds, as latency.Pack writes them. LatencyOK is absent
	// where it is the same as Latency.
	Latency   []byte `json:"latency,omitempty"`
	LatencyOK []byte `json:"latency_ok,omitempty"`
	FromSend  []byte `json:"from_send,omitempty"`
	Lag       []byte `json:"lag,omitempty"`
}

// The parts of a phase.
const (
	partCut   = "cut"
	partEnded = "ended"
)

// PointDelta is one interval of the series. From is on the clock of the run.
type PointDelta struct {
	From         time.Duration `json:"from"`
	Width        time.Duration `json:"width"`
	Sent         int64         `json:"sent,omitempty"`
	Completed    int64         `json:"completed,omitempty"`
	Failed       int64         `json:"failed,omitempty"`
	ShedByTarget int64         `json:"shed_by_target,omitempty"`
	Latency      []byte        `json:"latency,omitempty"`
	// Heat counts what ended by the bucket of its latency, up to the last that is not 0.
	Heat []int64 `json:"heat,omitempty"`
}

// LevelDelta is the most that was in flight in one interval.
type LevelDelta struct {
	From  time.Duration `json:"from"`
	Width time.Duration `json:"width"`
	Most  int64         `json:"most"`
}

// Take returns what became of a load that is told in deltas ([Config.Deltas]) since the
// last call: of each stream and behind it of its steps. It is called by one goroutine at
// a time, the last time after [Attack.Wait], which tells only what was not taken.
func (a *Attack) Take() []Delta {
	var all []Delta
	for _, r := range a.streams {
		all = append(all, r.rec.take(r.stream.Name))
		for _, s := range r.steps {
			all = append(all, s.rec.take(s.name))
		}
	}
	return all
}

// Accounted is how many of the planned requests a delta tells what became of: sent,
// late, shed, or unsent for another reason.
func (d Delta) Accounted() (n int64) {
	for _, c := range d.Counts {
		n += c.Sent + c.Late + c.Shed + c.Unsent
	}
	return n
}

// taken is what a recorder has counted since it was last asked.
type taken struct {
	phased   phased
	closed   []closedInterval
	levels   []LevelDelta
	open     int64
	slowest  slowest
	traced   slowest
	answered []int64
	examples map[string]string
	problem  error
}

// closedInterval is an interval with its histogram, before it became a point.
type closedInterval struct {
	from, width time.Duration
	point       point
	latency     *hdr.Histogram
}

// take returns what was counted since the last call. It holds the load up for no
// longer than it takes to exchange the books for empty ones.
func (r *recorder) take(name string) Delta {
	fresh := newPhased(r.phased.phases, r.phased.onset)
	t := r.exchange(fresh)
	d := Delta{
		Stream: name, Open: t.open, Levels: t.levels, Slowest: t.slowest, Traced: t.traced, Examples: t.examples, Answered: encodeAscending(t.answered),
	}
	if t.problem != nil {
		d.Problem = t.problem.Error()
	}
	for _, part := range []struct {
		name string
		of   []counted
	}{{"", t.phased.each}, {partCut, t.phased.cut}, {partEnded, t.phased.ended}} {
		for i := range part.of {
			if c := part.of[i].delta(); !c.empty() {
				c.Phase, c.Part = i, part.name
				d.Counts = append(d.Counts, c)
			}
		}
	}
	for _, c := range t.closed {
		d.Points = append(d.Points, PointDelta{
			From: c.from, Width: c.width, Sent: c.point.sent, Completed: c.point.completed, Failed: c.point.failed,
			ShedByTarget: c.point.shedByTarget, Latency: latency.Pack(c.latency), Heat: heatOf(c.point.heat),
		})
	}
	return d
}

// heatOf are counts up to the last that is not 0.
func heatOf(counts result.HeatCounts) []int64 {
	n := len(counts)
	for n > 0 && counts[n-1] == 0 {
		n--
	}
	return slices.Clone(counts[:n])
}

// exchange hands out the books and begins new ones.
func (r *recorder) exchange(fresh phased) taken {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := taken{
		phased: r.phased, closed: r.series.closed, levels: r.inFlight.over(), open: r.open, slowest: r.slowest, traced: r.traced,
		answered: r.fresh, problem: r.problem,
	}
	// The phases themselves are read without the lock: only the books are exchanged.
	r.phased.each, r.phased.cut, r.phased.ended = fresh.each, fresh.cut, fresh.ended
	r.slowest, r.traced, r.fresh, r.problem, r.series.closed = nil, nil, nil, nil, nil
	for class, text := range r.examples {
		if text != "" {
			if t.examples == nil {
				t.examples = maps.Clone(r.examples)
				maps.DeleteFunc(t.examples, func(_, text string) bool { return text == "" })
			}
			r.examples[class] = "" // it was told
		}
	}
	return t
}

// encodeAscending writes numbers, which it sorts.
func encodeAscending(all []int64) []byte {
	slices.Sort(all)
	var b []byte
	before := int64(0)
	for _, n := range all {
		b = binary.AppendUvarint(b, uint64(n-before))
		before = n
	}
	return b
}

// decodeAscending is the inverse of encodeAscending. No number is as large as most.
func decodeAscending(b []byte, most int64) ([]int64, error) {
	var all []int64
	before := int64(0)
	for len(b) > 0 {
		gap, n := binary.Uvarint(b)
		if n <= 0 || gap >= uint64(most-before) {
			return nil, errors.New("the numbers of the answered requests are no ascending varints")
		}
		before += int64(gap)
		all, b = append(all, before), b[n:]
	}
	return all, nil
}

func (c *counted) delta() PartDelta {
	d := PartDelta{
		Sent: c.sent, Completed: c.completed, OK: c.ok, Late: c.late, Shed: c.shed, Unsent: c.unsent, Spanning: c.spanning,
		Errors: c.errors, UnsentWhy: c.unsentWhy, Statuses: c.statuses,
		Latency: latency.Pack(c.latency), FromSend: latency.Pack(c.fromSend), Lag: latency.Pack(c.lag),
	}
	if c.latencyOK != nil && c.latencyOK.TotalCount() != c.latency.TotalCount() {
		d.LatencyOK = latency.Pack(c.latencyOK)
	}
	return d
}

// empty reports whether nothing was counted. Counts may be negative: a request that was
// counted as sent before and could not be.
func (d PartDelta) empty() bool {
	return d.Sent|d.Completed|d.OK|d.Late|d.Shed|d.Unsent|d.Spanning == 0 && len(d.Errors)+len(d.UnsentWhy)+len(d.Statuses) == 0 &&
		len(d.Latency)+len(d.FromSend)+len(d.Lag) == 0
}
