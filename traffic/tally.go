package traffic

import (
	"math"
	"slices"
	"time"
)

// tally is what was counted of one route.
type tally struct {
	count    int
	statuses map[int]int
	windows  windows
	took     durations
	example  Request
	well     bool // the example was answered with 2xx
}

// line is one request as it stands in an input.
type line struct {
	at      time.Time // zero: unknown
	status  int       // 0: unknown
	took    time.Duration
	timed   bool // took is known
	request Request
}

func (t *tally) see(l line, shift uint) {
	t.count++
	if l.status != 0 {
		if t.statuses == nil {
			t.statuses = map[int]int{}
		}
		t.statuses[l.status]++
	}
	if !l.at.IsZero() {
		t.windows.add(l.at.Unix(), shift)
	}
	if l.timed {
		t.took.add(l.took)
	}
	well := l.status/100 == 2
	if t.count == 1 || well && !t.well {
		t.example, t.well = l.request.clone(), well
	}
}

func (t *tally) add(other *tally) {
	if t.count == 0 || other.well && !t.well {
		t.example, t.well = other.example, other.well
	}
	t.count += other.count
	for status, n := range other.statuses {
		if t.statuses == nil {
			t.statuses = map[int]int{}
		}
		t.statuses[status] += n
	}
	t.windows.merge(other.windows)
	for bucket, n := range other.took {
		t.took.at(bucket, n)
	}
}

// windows counts requests by the time in which they came: 2^shift seconds each. All
// of a summary become wider together, as the time that is read becomes longer.
type windows struct {
	shift  uint
	counts map[int64]int
}

// mostWindows bounds what one route remembers of its times, and narrowest is a window
// in the beginning: 8 s, since one second alone says nothing of a rate.
const (
	mostWindows = 2048
	narrowest   = 3
)

func (w *windows) add(second int64, shift uint) {
	w.widen(shift)
	if w.counts == nil {
		w.counts = map[int64]int{}
	}
	w.counts[second>>w.shift]++
}

func (w *windows) widen(shift uint) {
	if w.counts == nil {
		w.shift = max(w.shift, shift)
		return
	}
	if w.shift >= shift {
		return
	}
	wider := map[int64]int{}
	for window, n := range w.counts {
		wider[window>>(shift-w.shift)] += n
	}
	w.shift, w.counts = shift, wider
}

func (w *windows) merge(other windows) {
	if other.counts == nil {
		return
	}
	w.widen(other.shift)
	if w.counts == nil {
		w.counts = map[int64]int{}
	}
	for window, n := range other.counts {
		w.counts[window>>(w.shift-other.shift)] += n
	}
}

func (w windows) most() int {
	most := 0
	for _, n := range w.counts {
		most = max(most, n)
	}
	return most
}

// durations counts times in buckets that are a twentieth wide.
type durations map[int]int

const wide = 1.05

func (d *durations) add(took time.Duration) {
	if took < 0 {
		return
	}
	d.at(int(math.Ceil(math.Log(float64(max(took, time.Microsecond))/float64(time.Microsecond))/math.Log(wide))), 1)
}

func (d *durations) at(bucket, n int) {
	if *d == nil {
		*d = durations{}
	}
	(*d)[bucket] += n
}

// latency are the percentiles, nil of nothing.
func (d durations) latency() *Latency {
	if len(d) == 0 {
		return nil
	}
	buckets, all := make([]int, 0, len(d)), 0
	for bucket, n := range d {
		buckets = append(buckets, bucket)
		all += n
	}
	slices.Sort(buckets)
	quantile := func(q float64) time.Duration {
		seen := 0
		for _, bucket := range buckets {
			if seen += d[bucket]; float64(seen) >= q*float64(all) {
				return time.Duration(math.Pow(wide, float64(bucket)) * float64(time.Microsecond)).Round(10 * time.Microsecond)
			}
		}
		return 0
	}
	return &Latency{P50: quantile(0.5), P95: quantile(0.95), P99: quantile(0.99), Count: all}
}
