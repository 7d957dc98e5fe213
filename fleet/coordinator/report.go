package coordinator

import (
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// Fleet tells, after Wait, how the workers did.
func (l *loading) Fleet() *result.Fleet {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	return l.fleet
}

// report is how the workers did, with who held which lane. c.mu is held.
func (l *loading) report(spans []result.LaneSpan) *result.Fleet {
	c := l.c
	f := &result.Fleet{
		Schedule: l.schedule, Policy: string(c.opts.Policy), TermS: c.opts.Term.Seconds(), Broken: c.broken, Spans: spans, Workers: []result.Worker{},
	}
	for i, s := range f.Spans {
		if m := c.members[s.Worker]; m != nil {
			f.Spans[i].Worker = m.Name
		}
	}
	for _, id := range l.workers {
		m := c.members[id]
		w := result.Worker{
			Name: m.Name, Host: m.Host, Processors: m.Processors, CPUShare: m.vitals.CPUShare, Problem: m.vitals.Problem,
			ClockAheadMS: new(millis(-m.clock.Ahead)), ClockDoubtMS: new(millis(m.clock.Doubt)), ClockDriftMS: new(millis(m.vitals.Drift)),
			GCPauseMaxMS: new(millis(m.vitals.GCPauseMax)),
		}
		l.lag.Lock()
		if lag := l.sendLag[id]; lag != nil {
			w.SendLagP99MS = new(latency.Percentile(lag, 99))
		}
		l.lag.Unlock()
		if at, lost := l.lostAt[id]; lost {
			w.LostAtS = new(at.Seconds())
		}
		f.Workers = append(f.Workers, w)
	}
	slices.SortFunc(f.Workers, func(a, b result.Worker) int { return strings.Compare(a.Name, b.Name) })
	return f
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
