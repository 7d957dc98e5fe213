package probe

import (
	"context"
	"math"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// DefaultMemoryEvery is fine enough that a peak of 100 ms cannot slip between
// two samples. A sample of one process costs microseconds.
const DefaultMemoryEvery = 50 * time.Millisecond

// PID tells the process to look at, false while there is none. It may change,
// as it does when a target is restarted.
type PID func() (pid int32, running bool)

// Memory measures the resident memory of a target's processes: target.rss, their
// sum, and target.rss_peak, the most that it was. Pages that processes share count
// once for each, so the sum may say too much, never too little; shares (PSS) would
// cost a walk through the target's page tables, under the lock that its own
// allocations need. The kernel's account without any such doubt is [Cgroup]'s.
//
// The peak is the highest sum that was seen and no less than the kernel's own
// high-water mark of any one process (VmHWM, Linux alone), which misses nothing
// between samples; for a single process it is that mark. It starts anew with each
// life. The kernel counts RSS in batches, so it may be some 64 pages per thread
// behind.
func Memory(t *Tree) Probe {
	return &memory{tree: t, of: map[int32]*held{}, series: []Series{
		{Name: "target.rss", Unit: result.UnitBytes},
		{Name: "target.rss_peak", Unit: result.UnitBytes},
	}}
}

type memory struct {
	tree   *Tree
	series []Series
	of     map[int32]*held
	root   int32
	peak   float64 // of this life
	turn   int     // the member to read next, of those that are not all read each time
}

// held is what one process was last seen to hold.
type held struct {
	memoryReader
	rss, peak float64
}

// readsPerSample bounds the cost of a sample: of more processes, those beside the
// main one are read in turn, and the others are as they were.
const readsPerSample = 16

func (m *memory) Name() string         { return "target memory" }
func (m *memory) Series() []Series     { return m.series }
func (m *memory) Every() time.Duration { return DefaultMemoryEvery }
func (m *memory) Close() error {
	m.keep(nil)
	return nil
}

func (m *memory) Sample(ctx context.Context) ([]float64, error) {
	pids := m.tree.holders()
	m.keep(pids)
	if len(pids) == 0 {
		return []float64{math.NaN(), math.NaN()}, nil
	}
	if m.root != pids[0] {
		m.root, m.peak = pids[0], 0
	}
	for i := range min(readsPerSample, len(pids)) {
		pid := pids[i]
		if rest := pids[1:]; i > 0 && len(pids) > readsPerSample {
			m.turn++
			pid = rest[m.turn%len(rest)]
		}
		if err := m.read(ctx, pid); err != nil {
			return nil, err
		}
	}
	if h := m.of[m.root]; h == nil || math.IsNaN(h.rss) {
		return []float64{math.NaN(), math.NaN()}, nil // it is dead, and its id not free yet
	}
	sum, marked := 0.0, false
	for _, h := range m.of {
		if !math.IsNaN(h.rss) {
			sum += h.rss
		}
		if !math.IsNaN(h.peak) {
			m.peak, marked = max(m.peak, h.peak), true
		}
	}
	if !marked { // this system tells of no peak
		return []float64{sum, math.NaN()}, nil
	}
	m.peak = max(m.peak, sum)
	return []float64{sum, m.peak}, nil
}

func (m *memory) read(ctx context.Context, pid int32) error {
	h := m.of[pid]
	if h == nil {
		h = &held{}
		m.of[pid] = h
	}
	var err error
	h.rss, h.peak, err = h.memoryReader.read(ctx, pid)
	return err
}

// keep forgets all processes but these.
func (m *memory) keep(pids []int32) {
	there := make(map[int32]bool, len(pids))
	for _, pid := range pids {
		there[pid] = true
	}
	for pid, h := range m.of {
		if !there[pid] {
			h.close()
			delete(m.of, pid)
		}
	}
}
