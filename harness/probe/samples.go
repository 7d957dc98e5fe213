package probe

import (
	"iter"
	"math"
	"slices"
	"time"
)

const (
	slabSize = 512
	// maxSamples bounds the memory of one probe: more than half a day at 50 ms,
	// 8 MB per series. What comes after is counted and not kept.
	maxSamples = 1 << 20
)

// samples is a growing table: a column of times, in order, and a column of
// values for each series. Rows that are there never change.
type samples struct {
	slabs []*slab
	rows  int
}

type slab struct {
	at     [slabSize]time.Duration
	values [][slabSize]float64
}

// kept is what became of one row.
type kept int

const (
	keptValues kept = iota // at least one value
	keptGap                // nothing was measured
	keptNot                // no room
)

// add appends a row. A value that is no finite number is a gap.
func (s *samples) add(at time.Duration, values []float64) kept {
	if s.rows >= maxSamples {
		return keptNot
	}
	if s.rows == len(s.slabs)*slabSize {
		s.slabs = append(s.slabs, &slab{values: make([][slabSize]float64, len(values))})
	}
	last, row := s.slabs[len(s.slabs)-1], s.rows%slabSize
	last.at[row] = at
	what := keptGap
	for column, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			v = math.NaN()
		} else {
			what = keptValues
		}
		last.values[column][row] = v
	}
	s.rows++
	return what
}

// view returns the rows of now; s may grow on meanwhile.
func (s *samples) view() samples {
	return samples{slabs: slices.Clone(s.slabs), rows: s.rows}
}

// points yields the values of one column with from <= at < to, without gaps.
func (s samples) points(column int, from, to time.Duration) iter.Seq2[time.Duration, float64] {
	return func(yield func(time.Duration, float64) bool) {
		for i, slab := range s.slabs {
			n := min(slabSize, s.rows-i*slabSize)
			if n == 0 || slab.at[n-1] < from {
				continue
			}
			for row := range n {
				at, v := slab.at[row], slab.values[column][row]
				if at >= to {
					return
				}
				if at < from || math.IsNaN(v) {
					continue
				}
				if !yield(at, v) {
					return
				}
			}
		}
	}
}
