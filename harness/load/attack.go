package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/nearest"
)

// Config is what the streams of a run have in common.
type Config struct {
	// BaseURL is where all requests go: http or https, without credentials or
	// query, or unix:///PATH, a Unix socket. Required.
	BaseURL string
	// Targets are further processes of the service, by the names that [Stream.To] has.
	Targets map[string]*Balancer
	// Balancer spreads the requests over several addresses of the service, of which
	// BaseURL is one. Defaults to BaseURL alone.
	Balancer *Balancer
	// Start is the zero of the run's clock, from time.Now (its monotonic
	// reading is used). It may lie in the future; if it lies in the past, what
	// should have been sent meanwhile is late. Defaults to now.
	Start time.Time
	// Values are what names stand for that templates have as [Template.Given].
	Values map[string]string
	// Logins are the sessions that the streams begin with, from [LogIn] with the same
	// streams. Defaults to logging in before the first request.
	Logins *Logins
	// Lookup finds the addresses of hosts, each of which is looked up once and kept.
	// Defaults to the machine's resolver.
	Lookup Lookup
	// Seed is the origin of all draws in [Stream.Next].
	Seed uint64
	// Share is the part of each stream that is sent here. Defaults to all of it.
	Share Share
	// Fence says until when anything may be sent. What is not sent for it is not counted:
	// another may send it. Optional.
	Fence *Fence
	// Deltas says that what becomes of the load is asked for by [Attack.Take].
	Deltas bool
	// Phases are the spans by which counts are kept apart. They should not
	// overlap. What is due outside of all is counted in the whole alone.
	Phases []result.Phase
	// FirstFault is when the first fault begins. A request that was due in a phase
	// which was over by then, and that is still open, may meet a fault that its phase
	// knows nothing of. In that phase by itself it counts with the time that it had
	// taken until then, as [result.Counts.Spanning], and how it ended in no phase.
	// Zero: there is no fault.
	FirstFault time.Duration
	// Interval is the distance between the points of series. It is doubled as
	// often as needed to keep a series under 1,200 points. Defaults to
	// [DefaultInterval], or to [DefaultShortInterval] for a short load.
	Interval time.Duration
	// Observe is told of each request that has ended, from many goroutines at
	// once. The request's worker waits meanwhile. A step of a journey is one, under the
	// name STREAM.STEP. Optional.
	Observe func(Exchange)
	// Arrivals is told, in the same way, of each arrival of a stream that has ended: of
	// each request or whole journey. Optional.
	Arrivals func(Exchange)
	// Tracing has requests carry the header of a trace. Defaults to none.
	Tracing Tracing
	// Header is what every request carries beside its own, which go before. Optional.
	Header http.Header
	// Answers is told of each answer that arrived whole, as Observe is. The request
	// and the answer are valid during the call alone. With it the bodies of all
	// answers are kept until then, also of those whose stream does not look at them.
	// Optional.
	Answers func(Exchange, Request, Answer)
	// EachAnswer are streams of which each answer is told. Of others, generators elsewhere may
	// leave out those that are like one before; one in this process tells all.
	EachAnswer []string
}

func (c Config) withDefaults(streams []Stream) Config {
	if c.Start.IsZero() {
		c.Start = time.Now()
	}
	if c.Interval != 0 {
		return c
	}
	c.Interval = DefaultShortInterval
	for _, s := range streams {
		if s.StartAt+s.Profile.Duration() > 2*time.Minute {
			c.Interval = DefaultInterval
		}
	}
	return c
}

// Validate reports all that is wrong with c, joined.
func (c Config) Validate() error {
	var errs []error
	if _, err := parseBase(c.BaseURL); err != nil {
		errs = append(errs, err)
	}
	if err := c.Tracing.Validate(); err != nil {
		errs = append(errs, err)
	}
	if c.Interval < 0 {
		errs = append(errs, errors.New("interval is negative"))
	}
	errs = append(errs, c.Share.validate())
	for _, p := range c.Phases {
		if p.To < p.From {
			errs = append(errs, fmt.Errorf("phase %q ends before it starts", p.Name))
		}
	}
	return errors.Join(errs...)
}

// validate reports all that is wrong with a load, joined.
func validate(config Config, streams []Stream) error {
	errs := []error{config.Validate()}
	if len(streams) == 0 {
		errs = append(errs, errors.New("there is no stream"))
	}
	seen := make(map[string]bool)
	for _, s := range streams {
		errs = append(errs, s.Validate())
		for _, name := range s.names() {
			if seen[name] {
				errs = append(errs, fmt.Errorf("two streams are named %q", name))
			}
			seen[name] = true
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, s := range streams {
		if _, known := config.Targets[s.To]; s.To != "" && !known {
			names := slices.Sorted(maps.Keys(config.Targets))
			errs = append(errs, fmt.Errorf("stream %q goes to %q, which is no process of the target%s", s.Name, s.To, nearest.Hint(s.To, names)))
		}
		if err := s.templates().check(config.Values); err != nil {
			errs = append(errs, fmt.Errorf("stream %q: %w", s.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Attack is a load that is being sent.
type Attack struct {
	config  Config
	streams []*running
	halt    context.CancelFunc // hands on nothing more
	abandon context.CancelFunc // gives up what is in flight
	work    sync.WaitGroup
	tidy    func()
	cpu     cpuMeter

	once    sync.Once
	tallies []Tally
}

// running is one stream of an attack.
type running struct {
	stream Stream
	pacer  *pacer
	rec    *recorder
	steps  []*stepper
	turn   func(n int64)           // sends a request, or makes a journey
	first  func(sc *scratch) error // builds the first and sends nothing
}

// Start begins to send the streams. The caller must call [Attack.Wait].
//
// When ctx ends, nothing more is sent; what is in flight is waited for, each
// request for its timeout at most. [Attack.Abort] shortens that.
func Start(ctx context.Context, config Config, streams ...Stream) (*Attack, error) {
	a, err := start(ctx, config, streams)
	if err != nil {
		return nil, fmt.Errorf("start the load: %w", err)
	}
	return a, nil
}

func start(ctx context.Context, config Config, streams []Stream) (*Attack, error) {
	if err := validate(config, streams); err != nil {
		return nil, err
	}
	if config.Logins == nil {
		var err error
		if config.Logins, err = LogIn(ctx, config, streams...); err != nil {
			return nil, err
		}
	}
	config = config.withDefaults(streams)
	pacing, halt := context.WithCancel(ctx)
	life, abandon := context.WithCancel(context.WithoutCancel(ctx))
	a := &Attack{config: config, cpu: startCPU(), halt: halt, abandon: abandon}
	w, err := config.wiring(life, streams)
	if err != nil {
		a.Abort()
		return nil, err
	}
	w.now, w.stop, a.tidy = a.clock, pacing.Done(), w.close
	for _, s := range streams {
		a.streams = append(a.streams, w.running(s.withDefaults()))
	}
	if err := a.tryFirst(w.scratch); err != nil {
		a.Abort()
		return nil, err
	}
	for _, r := range a.streams {
		a.work.Go(r.run)
	}
	return a, nil
}

// tryFirst builds the first request of each stream, so that a mistake in Next
// is found before the run and not in its result.
func (a *Attack) tryFirst(pool *sync.Pool) error {
	sc := pool.Get().(*scratch)
	defer pool.Put(sc)
	for _, r := range a.streams {
		if err := r.first(sc); err != nil {
			return err
		}
	}
	return nil
}

// run sends one stream, from its first request to the end of its last.
func (r *running) run() {
	pool := newWorkers(r.stream.MaxInFlight, r.turn)
	for {
		n, ok := r.pacer.handOn()
		if !ok {
			break
		}
		pool.give(n)
	}
	pool.wait()
	r.pacer.finish()
	r.rec.closeBooks()
	for _, s := range r.steps {
		s.rec.closeBooks()
	}
}

// clock is the time of the run: since its start.
func (a *Attack) clock() time.Duration { return time.Since(a.config.Start) }

// Stop sends nothing more. What is in flight is waited for by [Attack.Wait]. It
// may be called more than once.
func (a *Attack) Stop() { a.halt() }

// Abort stops, and gives up what is in flight: it is counted as canceled. It
// may be called more than once.
func (a *Attack) Abort() {
	a.halt()
	a.abandon()
}

// Wait waits until every request has ended and returns what happened, in the
// order of the streams, each followed by its steps. No goroutine of the load is left then. It may be called
// more than once.
func (a *Attack) Wait() []Tally {
	a.once.Do(func() {
		a.work.Wait()
		cpu := a.cpu.share()
		a.Abort()
		a.tidy()
		for _, r := range a.streams {
			a.tallies = append(a.tallies, r.rec.tally(r.stream, cpu))
			for _, s := range r.steps {
				a.tallies = append(a.tallies, s.rec.tallyOfStep(r.stream, s.name, cpu))
			}
		}
	})
	return a.tallies
}

// CPUShare is the share of the machine's processors that this whole process has used since
// the start, 0..1; nil where it cannot be measured.
func (a *Attack) CPUShare() *float64 { return a.cpu.share() }

// SoFar is what became of the load until now, as [Attack.Wait] returns it in the end:
// what is under way is counted as sent, and no distribution is written as text, in
// [result.Histograms]. It is for a look every few seconds.
func (a *Attack) SoFar() []Tally {
	var all []Tally
	for _, r := range a.streams {
		all = append(all, r.rec.soFar(r.stream))
		for _, s := range r.steps {
			all = append(all, s.rec.stepSoFar(r.stream, s.name))
		}
	}
	return all
}

// Live returns how far each stream has come. It is cheap enough to be called
// several times a second.
func (a *Attack) Live() []Snapshot {
	all := make([]Snapshot, len(a.streams))
	for i, r := range a.streams {
		at := a.clock()
		all[i] = r.rec.snapshot()
		all[i].Stream, all[i].At = r.stream.Name, at
		all[i].Planned = DueBefore(r.stream.Profile, at-r.stream.StartAt)
	}
	return all
}
