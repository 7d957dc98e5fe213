package load

import (
	"fmt"
	"strconv"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
)

// Tally is what became of a stream.
type Tally struct {
	result.Stream
	// Series are, each prefixed with the stream's name: latency.p50, .p90, .p99
	// and .max in milliseconds, rate.planned, .sent, .completed, .failed
	// and .shed_by_target per second, all by the time at which
	// requests were due; and in_flight, the most at once, by the actual time. A
	// point stands in the middle of its interval.
	Series []result.Series
	// Health tells whether the generator was equal to its task.
	Health Health
	// Problem is why a request could not be built, if that happened. Such
	// requests are counted as unsent.
	Problem error

	tallies  []counted // one a phase, in the order of Stream.Phases
	answered numbers
}

// Health is what the generator can say of itself. A load of which much was not
// delivered shows nothing about the target.
type Health struct {
	// Delivered is sent / planned, 0..1.
	Delivered float64
	// SendLagP99 is the 99th percentile of actual minus planned send; 0 when
	// nothing was sent.
	SendLagP99 time.Duration
	// CPUShare is the share of the machine's processors that this whole process
	// used meanwhile, 0..1, including whatever else ran in it. Nil where it
	// cannot be measured.
	CPUShare *float64
}

// closeBooks is called when the last request has ended.
func (r *recorder) closeBooks() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.series.closeAll()
}

// outcome puts the result together; the stream has ended.
func (r *running) tally(phases []result.Phase, cpu *float64) Tally {
	rec := r.rec
	rec.mu.Lock()
	defer rec.mu.Unlock()
	var whole counted
	for i := range rec.tallies {
		whole.merge(&rec.tallies[i])
	}
	o := Tally{
		Stream: result.Stream{
			Name:              r.stream.Name,
			Shape:             r.stream.Profile.String(),
			Counts:            whole.counts(Planned(r.stream.Profile)),
			MaxInFlight:       rec.maxOpen,
			Histogram:         encode(whole.latency),
			HistogramFromSend: encode(whole.fromSend),
			Slowest:           rec.slowest.requests(),
		},
		Series:   r.series(),
		Problem:  rec.problem,
		Health:   Health{CPUShare: cpu},
		tallies:  rec.tallies[:len(phases)],
		answered: rec.answered,
	}
	for i, p := range phases {
		planned := DueBefore(r.stream.Profile, rec.ends[i]-r.stream.StartAt) -
			DueBefore(r.stream.Profile, rec.starts[i]-r.stream.StartAt)
		o.Phases = append(o.Phases, result.StreamPhase{Phase: p.Name, Counts: rec.tallies[i].counts(planned)})
	}
	o.Health.Delivered = float64(o.Sent) / float64(o.Planned)
	if whole.lag != nil {
		o.Health.SendLagP99 = time.Duration(whole.lag.ValueAtPercentile(99)) * time.Microsecond
	}
	return o
}

// counts is t as the result has it. Planned comes from the profile and not from
// what was counted, so that the two can be held against each other.
func (t *counted) counts(planned int64) result.Counts {
	c := result.Counts{
		Planned: planned, Sent: t.sent, Completed: t.completed, OK: t.ok,
		Late: t.late, Shed: t.shed, Unsent: t.unsent,
		Errors:          t.errors,
		Latency:         quantiles(t.latency),
		LatencyOK:       quantiles(t.latencyOK),
		LatencyFromSend: quantiles(t.fromSend),
	}
	for status, n := range t.statuses {
		if c.Statuses == nil {
			c.Statuses = make(map[string]int64)
		}
		c.Statuses[strconv.Itoa(status)] = n
	}
	if t.lag != nil {
		p99 := millis(t.lag.ValueAtPercentile(99))
		c.SendLagP99MS = &p99
	}
	return c
}

func quantiles(h *hdr.Histogram) *result.Quantiles {
	if h == nil {
		return nil
	}
	v := h.ValueAtPercentilesSlice([]float64{50, 90, 99, 99.9})
	return &result.Quantiles{
		N: h.TotalCount(), P50: millis(v[0]), P90: millis(v[1]), P99: millis(v[2]), P999: millis(v[3]),
		Max: millis(h.Max()), Mean: h.Mean() / 1000,
	}
}

// encode writes a histogram as V2, compressed, base64; nothing for none.
func encode(h *hdr.Histogram) string {
	if h == nil {
		return ""
	}
	// Encoding fails for an unknown version alone. The bytes are base64 already.
	data, err := h.Encode(hdr.V2CompressedEncodingCookieBase)
	if err != nil {
		return ""
	}
	return string(data)
}

// series draws the stream over time.
func (r *running) series() []result.Series {
	t := r.rec.series
	rate := func(name string, count func(i int) int64) result.Series {
		s := result.Series{Name: r.stream.Name + ".rate." + name, Unit: result.UnitPerS}
		for i := range t.points {
			from, to := t.span(i)
			s.T = append(s.T, (from+to).Seconds()/2)
			s.V = append(s.V, float64(count(i))/(to-from).Seconds())
		}
		return s
	}
	latency := func(name string, value func(p point) float64) result.Series {
		s := result.Series{Name: r.stream.Name + ".latency." + name, Unit: result.UnitMS}
		if t.width != t.first {
			s.Reduced = "max per " + length(t.width)
		}
		for i, p := range t.points {
			if p.samples > 0 {
				from, to := t.span(i)
				s.T = append(s.T, (from+to).Seconds()/2)
				s.V = append(s.V, value(p))
			}
		}
		return s
	}
	plan, startAt := r.stream.Profile, r.stream.StartAt
	all := []result.Series{
		latency("p50", func(p point) float64 { return p.p50 }),
		latency("p90", func(p point) float64 { return p.p90 }),
		latency("p99", func(p point) float64 { return p.p99 }),
		latency("max", func(p point) float64 { return p.max }),
		rate("planned", func(i int) int64 {
			from, to := t.span(i)
			return DueBefore(plan, to-startAt) - DueBefore(plan, from-startAt)
		}),
		rate("sent", func(i int) int64 { return t.points[i].sent }),
		rate("completed", func(i int) int64 { return t.points[i].completed }),
		rate("failed", func(i int) int64 { return t.points[i].failed }),
		r.rec.inFlight.series(r.stream.Name + ".in_flight"),
	}
	return append(all, rate("shed_by_target", func(i int) int64 { return t.points[i].shedByTarget }))
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

func (g *gauge) series(name string) result.Series {
	s := result.Series{Name: name, Unit: result.UnitCount, Reduced: fmt.Sprintf("max per %s", length(g.width))}
	for i, v := range g.points {
		s.T = append(s.T, (g.startAt + time.Duration(i)*g.width + g.width/2).Seconds())
		s.V = append(s.V, float64(v))
	}
	return s
}
