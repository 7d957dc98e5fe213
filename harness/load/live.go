package load

import (
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Snapshot is how far a stream has come.
type Snapshot struct {
	Stream  string
	At      time.Duration // on the clock of the run
	Planned int64         // due by now
	Sent    int64
	OK      int64
	Failed  int64
	// ShedByTarget counts the orderly refusals which the stream accepts.
	ShedByTarget int64
	Late         int64
	Shed         int64
	InFlight     int64
	// P99MS is the latency's 99th percentile in the latest interval whose
	// requests have all ended, in milliseconds. Nil before there is one.
	P99MS *float64
}

func (r *recorder) snapshot() Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Snapshot{
		Sent: r.total.sent, OK: r.total.ok, Late: r.total.late, Shed: r.total.shed,
		ShedByTarget: r.total.errors[ClassShedByTarget],
		Failed:       Failed(result.Counts{Errors: r.total.errors}),
		InFlight:     r.open,
	}
	if r.series.latest.samples > 0 {
		p99 := r.series.latest.p99
		s.P99MS = &p99
	}
	return s
}
