package worker

import (
	"math"
	"runtime/metrics"
	"slices"
	"time"
)

// pauses is the distribution of the times for which the garbage collector stops a program.
const pauses = "/sched/pauses/total/gc:seconds"

// collector measures for how long the garbage collector has stopped this process since it
// was begun.
type collector struct{ before []uint64 } // pauses until then, by bucket

func newCollector() collector {
	if h := readPauses(); h != nil {
		return collector{slices.Clone(h.Counts)}
	}
	return collector{}
}

func readPauses() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: pauses}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return nil
	}
	return sample[0].Value.Float64Histogram()
}

// longest is the longest pause: what its bucket begins with.
func (c collector) longest() (pause time.Duration) {
	h := readPauses()
	if h == nil {
		return 0
	}
	for i, n := range h.Counts {
		if i < len(c.before) && n > c.before[i] && !math.IsInf(h.Buckets[i], 0) {
			pause = time.Duration(h.Buckets[i] * float64(time.Second))
		}
	}
	return pause
}
