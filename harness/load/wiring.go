package load

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/load/internal/http1"
)

// wiring is what the senders of one load share.
type wiring struct {
	config    Config
	life      context.Context
	transport *http.Transport
	http2     *http.Transport // of streams that ask over HTTP/2
	scratch   *sync.Pool
	balancers map[string]*Balancer // by Stream.To
	direct    map[*Balancer][]*http1.Client
	now       func() time.Duration
	stop      <-chan struct{}
}

// wiring connects a valid load to its targets. now and stop are the caller's to set.
func (c Config) wiring(life context.Context, streams []Stream) (*wiring, error) {
	w := &wiring{config: c, life: life, scratch: &sync.Pool{New: newScratch}, balancers: make(map[string]*Balancer)}
	for name, b := range c.Targets {
		w.balancers[name] = b
	}
	w.balancers[""] = c.Balancer
	if c.Balancer == nil {
		b, err := NewBalancer(c.BaseURL)
		if err != nil {
			return nil, err
		}
		w.balancers[""] = b
	}
	pins := newPins(c.Lookup)
	if c.Logins != nil {
		pins = c.Logins.pins
	}
	w.transport, w.http2 = newTransport(life, pins, false, streams), newTransport(life, pins, true, streams)
	w.direct = make(map[*Balancer][]*http1.Client)
	for _, b := range w.balancers {
		w.direct[b] = newDirect(life, pins, b)
	}
	return w, nil
}

// close closes all connections. None is in use any more, or life is over.
func (w *wiring) close() {
	w.transport.CloseIdleConnections()
	w.http2.CloseIdleConnections()
	for _, clients := range w.direct {
		for _, c := range clients {
			if c != nil {
				c.Close()
			}
		}
	}
}

// caller sends what a stream asks for, or one of its steps.
func (w *wiring) caller(s Stream, name string) caller {
	c := caller{
		name: name, via: w.balancers[s.To], expect: s.Expect, refused: s.Refused, maxBody: s.MaxBody,
		noBodies: s.ignoresBody() && w.config.Answers == nil, now: w.now, deadlines: newDeadlines(w.life, s.Timeout),
		transport: w.transport, direct: w.direct[w.balancers[s.To]], common: w.config.Header, answers: w.config.Answers,
	}
	if s.HTTP2 {
		c.transport, c.direct, c.http2 = w.http2, nil, true
	}
	return c
}

// running is a stream with its defaults, ready to be sent.
func (w *wiring) running(s Stream) *running {
	part := w.config.Share.deal(s)
	s.Profile, s.MaxInFlight = part, w.config.Share.room(s.MaxInFlight)
	rec := newRecorder(s, w.config.Phases, w.config.FirstFault, w.config.Interval)
	rec.tellInDeltas(w.config.Deltas)
	rec.observe = both(w.config.Observe, w.config.Arrivals)
	p := newPacer(s, part, w.now, w.stop, rec)
	p.fence = w.config.Fence
	t := s.templates()
	one := sender{
		caller: w.caller(s, s.Name), next: t.next(s), values: valuesOf(w.config.Values), sessions: w.config.Logins.of(s.Name),
		maxLag: s.MaxLag, seed: streamSeed(w.config.Seed, s.Name), pacer: p, rec: rec, stop: w.stop, fence: w.config.Fence, scratch: w.scratch,
	}
	one.tracer = w.config.Tracing.of(s.Name)
	if len(s.Steps) == 0 {
		return &running{stream: s, pacer: p, rec: rec, turn: one.turn, first: one.first}
	}
	rec.observe = w.config.Arrivals
	j := &journeys{sender: one, life: w.life, steps: w.steppers(s, s.Name, s.Steps, t.steps, t.fits)}
	for _, step := range j.steps {
		step.rec = newRecorder(s, w.config.Phases, w.config.FirstFault, w.config.Interval)
		step.rec.tellInDeltas(w.config.Deltas)
		step.rec.observe = w.config.Observe
		step.tracer = one.tracer
	}
	return &running{stream: s, pacer: p, rec: rec, steps: j.steps, turn: j.turn, first: j.first}
}

// both calls two functions, of which each may be nil.
func both(a, b func(Exchange)) func(Exchange) {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(x Exchange) { a(x); b(x) }
}

// steppers are steps of a stream, ready to be taken, under names that begin with
// prefix.
func (w *wiring) steppers(s Stream, prefix string, steps []Step, templates []*compiled, fits map[string]fitting) []*stepper {
	var all []*stepper
	for i, step := range steps {
		asked := s.ofStep(step)
		asked.Expect.IgnoresBody = asked.Expect.IgnoresBody && len(step.Capture) == 0
		if s.Sessions != nil && i == len(steps)-1 && len(s.Sessions.Capture) > 0 {
			asked.Expect.IgnoresBody = false
		}
		all = append(all, &stepper{caller: w.caller(asked, prefix+"."+step.Name), step: step, template: templates[i], fits: fits})
	}
	return all
}

// ofStep is the stream with what one of its steps says otherwise.
func (s Stream) ofStep(step Step) Stream {
	s.Expect, s.Refused = step.Expect, step.Refused
	if step.Timeout > 0 {
		s.Timeout = step.Timeout
	}
	return s.withDefaults()
}

// templates are those of a stream, understood.
type templates struct {
	one           *compiled // nil: the stream has none of its own
	steps, logins []*compiled
	fits          map[string]fitting // what given values must be that the templates use
	captured      map[string]bool    // names that are captured
}

// templates reads those of a valid stream.
func (s Stream) templates() templates {
	t := templates{fits: make(map[string]fitting), captured: make(map[string]bool)}
	names := s.captures()
	for _, name := range names {
		t.captured[name] = true
	}
	read := func(template Template) *compiled {
		c, _ := template.with(s.Vars).compile(names...)
		for name, f := range c.spots {
			t.fits[name] = fitting{t.fits[name].number || f.number, t.fits[name].header || f.header}
		}
		return c
	}
	if s.Template != nil {
		t.one = read(*s.Template)
	}
	for _, step := range s.Steps {
		t.steps = append(t.steps, read(step.Template))
	}
	if s.Sessions != nil {
		for _, step := range s.Sessions.Steps {
			t.logins = append(t.logins, read(step.Template))
		}
	}
	return t
}

// next is the function by which a stream says what it asks; nil for journeys.
func (t templates) next(s Stream) func(int64, *rand.Rand, given) Request {
	switch {
	case t.one != nil:
		return t.one.request
	case s.Next != nil:
		return func(n int64, r *rand.Rand, _ given) Request { return s.Next(n, r) }
	}
	return nil
}
