package load

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// Collector puts together what several generators tell of one load ([Delta]): the
// buckets of histograms and counts, never a percentile. Its tallies are those that one
// generator would have had. It may be used by several goroutines.
type Collector struct {
	config  Config
	start   atomic.Pointer[time.Time] // nil: it is not known yet
	streams []*collected
	books   map[string]*recorder // by the name of a stream or a step
}

// collected is one stream of a collector.
type collected struct {
	stream Stream
	rec    *recorder
	steps  []collectedStep
}

type collectedStep struct {
	name string
	rec  *recorder
}

// slack is how many intervals of the series wait for generators that have not told of
// them yet. What comes later than that adds to the counts of its point, whose quantiles
// are then the higher ones.
const slack = 16

// NewCollector returns a collector of the streams that a load with this configuration
// sends. Nothing was told to it yet.
func NewCollector(config Config, streams ...Stream) (*Collector, error) {
	if err := validate(config, streams); err != nil {
		return nil, err
	}
	start := config.Start
	config = config.withDefaults(streams)
	config.Start = start
	c := &Collector{config: config, books: make(map[string]*recorder)}
	if !config.Start.IsZero() {
		c.Begin(config.Start)
	}
	for _, s := range streams {
		s = s.withDefaults()
		one := &collected{stream: s, rec: c.book(s, s.Name)}
		for _, step := range s.Steps {
			name := s.Name + "." + step.Name
			one.steps = append(one.steps, collectedStep{name, c.book(s, name)})
		}
		c.streams = append(c.streams, one)
	}
	return c, nil
}

func (c *Collector) book(s Stream, name string) *recorder {
	rec := newRecorder(s, c.config.Phases, c.config.FirstFault, c.config.Interval)
	rec.series.slack = slack
	rec.lanes, rec.tracer = make(map[int]*gauge), c.config.Tracing.of(s.Name)
	c.books[name] = rec
	return rec
}

// Add adds what one generator tells of a lane. Each delta is added once. One that
// contradicts the load is refused, and adds nothing.
func (c *Collector) Add(lane int, d Delta) error {
	rec, ok := c.books[d.Stream]
	if !ok {
		return fmt.Errorf("add what lane %d sent: there is no stream %q", lane, d.Stream)
	}
	given, err := d.read(rec)
	if err != nil {
		return fmt.Errorf("add what lane %d sent of %s: %w", lane, d.Stream, err)
	}
	rec.give(lane, given)
	return nil
}

// Missing counts what nobody told of as unsent, phase by phase, for one reason. It is
// called when nothing more is told. What was told beyond the plan is the error.
func (c *Collector) Missing(why string) error {
	var errs []error
	for _, one := range c.streams {
		s := one.stream
		errs = append(errs, one.rec.missing(s, why))
	}
	return errors.Join(errs...)
}

// Begin says when the load begins, where the configuration did not.
func (c *Collector) Begin(start time.Time) { c.start.Store(&start) }

// Live is [Attack.Live].
func (c *Collector) Live() []Snapshot {
	at := time.Duration(0)
	if start := c.start.Load(); start != nil {
		at = time.Since(*start)
	}
	all := make([]Snapshot, len(c.streams))
	for i, one := range c.streams {
		all[i] = one.rec.snapshot()
		all[i].Stream, all[i].At = one.stream.Name, at
		all[i].Planned = DueBefore(one.stream.Profile, at-one.stream.StartAt)
	}
	return all
}

// SoFar is [Attack.SoFar]: what was told until now.
func (c *Collector) SoFar() []Tally {
	return c.each(func(s Stream, rec *recorder) Tally { return rec.soFar(s) },
		func(s Stream, name string, rec *recorder) Tally { return rec.stepSoFar(s, name) })
}

// Tallies is [Attack.Wait] when all was told. The share of the processors is that of the
// generator that had the highest; nil where nobody knows.
func (c *Collector) Tallies(cpu *float64) []Tally {
	for _, rec := range c.books {
		rec.closeBooks()
	}
	return c.each(func(s Stream, rec *recorder) Tally { return rec.tally(s, cpu) },
		func(s Stream, name string, rec *recorder) Tally { return rec.tallyOfStep(s, name, cpu) })
}

func (c *Collector) each(stream func(Stream, *recorder) Tally, step func(Stream, string, *recorder) Tally) []Tally {
	var all []Tally
	for _, one := range c.streams {
		one.rec.together()
		all = append(all, stream(one.stream, one.rec))
		for _, s := range one.steps {
			s.rec.together()
			all = append(all, step(one.stream, s.name, s.rec))
		}
	}
	return all
}

// read checks a delta against the books that it is for, and reads its histograms.
func (d Delta) read(rec *recorder) (taken, error) {
	t := taken{
		phased: newPhased(rec.phased.phases, rec.phased.onset), open: d.Open, levels: d.Levels, examples: d.Examples,
	}
	ids := make(map[int64]traceID)
	for _, x := range d.Traced {
		x.trace = rec.tracer.id(x.N)
		ids[x.N] = x.trace
		t.traced = append(t.traced, x)
	}
	t.slowest = slices.Clone(d.Slowest)
	for i := range t.slowest {
		t.slowest[i].trace = ids[t.slowest[i].N]
	}
	if d.Problem != "" {
		t.problem = errors.New(d.Problem)
	}
	for _, part := range d.Counts {
		to := map[string][]counted{"": t.phased.each, partCut: t.phased.cut, partEnded: t.phased.ended}[part.Part]
		if part.Phase < 0 || part.Phase >= len(to) {
			return t, fmt.Errorf("there is no phase %d, %q", part.Phase, part.Part)
		}
		c, err := part.read()
		if err != nil {
			return t, err
		}
		to[part.Phase].merge(&c)
	}
	for _, p := range d.Points {
		h, err := latency.Unpack(p.Latency)
		if err != nil {
			return t, err
		}
		if !rec.series.holds(p.From, p.Width) {
			return t, fmt.Errorf("there is no interval of %s at %s", p.Width, p.From)
		}
		if len(p.Heat) > result.HeatBuckets || slices.ContainsFunc(p.Heat, func(n int64) bool { return n < 0 }) {
			return t, fmt.Errorf("the interval at %s has no such latencies", p.From)
		}
		to := point{sent: p.Sent, completed: p.Completed, failed: p.Failed, shedByTarget: p.ShedByTarget}
		copy(to.heat[:], p.Heat)
		t.closed = append(t.closed, closedInterval{p.From, p.Width, to, h})
	}
	levels := gauge{startAt: rec.series.startAt, width: rec.series.first}
	for _, l := range d.Levels {
		if !levels.holds(l.From, l.Width, rec.series.length) {
			return t, fmt.Errorf("there is no interval of %s at %s", l.Width, l.From)
		}
	}
	var err error
	t.answered, err = decodeAscending(d.Answered, maxPlanned)
	return t, err
}

// read is the inverse of [counted.delta].
func (d PartDelta) read() (counted, error) {
	c := counted{
		sent: d.Sent, completed: d.Completed, ok: d.OK, late: d.Late, shed: d.Shed, unsent: d.Unsent, spanning: d.Spanning,
		errors: d.Errors, unsentWhy: d.UnsentWhy, statuses: d.Statuses,
	}
	var errs [4]error
	c.latency, errs[0] = latency.Unpack(d.Latency)
	c.latencyOK, errs[1] = latency.Unpack(d.LatencyOK)
	c.fromSend, errs[2] = latency.Unpack(d.FromSend)
	c.lag, errs[3] = latency.Unpack(d.Lag)
	if len(d.LatencyOK) == 0 && d.OK > 0 && c.latency != nil && c.latency.TotalCount() == d.OK {
		c.latencyOK = c.latency
	}
	return c, errors.Join(errs[:]...)
}

// give adds to the books what another recorder took out of its own.
func (r *recorder) give(lane int, t taken) {
	whole := t.phased.whole()
	whole.latency, whole.latencyOK, whole.fromSend, whole.lag = nil, nil, nil, nil
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.phased.each {
		r.phased.each[i].merge(&t.phased.each[i])
		r.phased.cut[i].merge(&t.phased.cut[i])
		r.phased.ended[i].merge(&t.phased.ended[i])
	}
	r.total.merge(&whole)
	r.open += t.open - r.openOf[lane]
	if r.openOf == nil {
		r.openOf = make(map[int]int64)
	}
	r.openOf[lane] = t.open
	for _, c := range t.closed {
		r.series.give(c)
	}
	g, ok := r.lanes[lane]
	if !ok {
		g = &gauge{startAt: r.series.startAt, width: r.series.first}
		r.lanes[lane] = g
	}
	for _, l := range t.levels {
		g.give(l)
	}
	for i := range t.slowest {
		r.slowest.consider(&t.slowest[i])
	}
	for i := range t.traced {
		r.traced.consider(&t.traced[i])
	}
	for _, n := range t.answered {
		r.answered.add(n)
	}
	for class, text := range t.examples {
		if _, has := r.examples[class]; !has && len(r.examples) < mostExamples {
			if r.examples == nil {
				r.examples = make(map[string]string)
			}
			r.examples[class] = text
		}
	}
	r.problem = firstOf(r.problem, t.problem)
}

// missing counts as unsent what the plan has and the books have not.
func (r *recorder) missing(s Stream, why string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	planned := make([]int64, len(r.phased.phases)+1)
	rest := Planned(s.Profile)
	for i, p := range r.phased.phases {
		planned[i] = DueBefore(s.Profile, p.To-s.StartAt) - DueBefore(s.Profile, p.From-s.StartAt)
		rest -= planned[i]
	}
	planned[len(planned)-1] = rest
	var errs []error
	for i, n := range planned {
		c := &r.phased.each[i]
		n -= c.sent + c.late + c.shed + c.unsent
		switch {
		case n < 0:
			errs = append(errs, fmt.Errorf("of %s %d requests more than planned were told of in %s", s.Name, -n, phaseName(r.phased.phases, i)))
		case n > 0:
			c.unsent += n
			r.total.unsent += n
			addTo(&c.unsentWhy, map[string]int64{why: n})
		}
	}
	return errors.Join(errs...)
}

func phaseName(phases []result.Phase, i int) string {
	if i < len(phases) {
		return phases[i].Name
	}
	return "no phase"
}

// together puts what the lanes had in flight at once into one gauge. It is the most that
// there can have been: no two lanes need have had their most at the same moment.
func (r *recorder) together() {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := gauge{startAt: r.series.startAt, width: r.series.first}
	for _, g := range r.lanes {
		sum.width = max(sum.width, g.width)
	}
	for _, g := range r.lanes {
		g = &gauge{startAt: g.startAt, width: g.width, points: slices.Clone(g.points)}
		for g.width < sum.width {
			g.widen()
		}
		sum.points = slices.Grow(sum.points, max(0, len(g.points)-len(sum.points)))
		for i, v := range g.points {
			if i == len(sum.points) {
				sum.points = append(sum.points, 0)
			}
			sum.points[i] += v
		}
	}
	r.inFlight, r.maxOpen = sum, 0
	if len(sum.points) > 0 {
		r.maxOpen = slices.Max(sum.points)
	}
}
