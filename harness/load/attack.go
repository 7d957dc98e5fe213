package load

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"holdfast.dev/holdfast/harness/result"
)

// Attack is a load that is being sent.
type Attack struct {
	config  Config
	streams []*running
	halt    context.CancelFunc // hands on nothing more
	abandon context.CancelFunc // gives up what is in flight
	work    sync.WaitGroup
	tidy    func()
	cpu     cpuMeter

	once     sync.Once
	outcomes []Outcome
}

// running is one stream of an attack.
type running struct {
	stream Stream
	pacer  *pacer
	rec    *recorder
}

// Start begins to send the streams. The caller must call [Attack.Wait].
//
// When ctx ends, nothing more is sent; what is in flight is waited for, each
// request for its timeout at most. [Attack.Abort] shortens that.
func Start(ctx context.Context, config Config, streams ...Stream) (*Attack, error) {
	if err := validate(config, streams); err != nil {
		return nil, fmt.Errorf("start the load: %w", err)
	}
	config = config.withDefaults(streams)
	base, err := parseBase(config.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("start the load: %w", err)
	}
	a := &Attack{config: config, cpu: startCPU()}
	pacing, halt := context.WithCancel(ctx)
	life, abandon := context.WithCancel(context.WithoutCancel(ctx))
	a.halt, a.abandon = halt, abandon
	transport := newTransport(life, streams)
	a.tidy = transport.CloseIdleConnections
	pool := &sync.Pool{New: newScratch}

	senders := make([]*sender, len(streams))
	for i, s := range streams {
		s = s.withDefaults()
		rec := newRecorder(s, config.Phases, config.Interval)
		p := newPacer(s, a.clock, pacing.Done(), rec)
		senders[i] = &sender{
			stream: s, base: base, seed: streamSeed(config.Seed, s.Name), pacer: p, rec: rec,
			now: a.clock, stop: pacing.Done(), deadlines: newDeadlines(life, s.Timeout), transport: transport, scratch: pool,
			template: newTemplate(base),
		}
		a.streams = append(a.streams, &running{stream: s, pacer: p, rec: rec})
	}
	if err := tryFirst(senders, pool); err != nil {
		halt()
		abandon()
		return nil, fmt.Errorf("start the load: %w", err)
	}
	for i, r := range a.streams {
		a.work.Go(func() { r.run(senders[i]) })
	}
	return a, nil
}

func validate(config Config, streams []Stream) error {
	errs := []error{config.Validate()}
	if len(streams) == 0 {
		errs = append(errs, errors.New("there is no stream"))
	}
	seen := make(map[string]bool)
	for _, s := range streams {
		errs = append(errs, s.Validate())
		if seen[s.Name] {
			errs = append(errs, fmt.Errorf("two streams are named %q", s.Name))
		}
		seen[s.Name] = true
	}
	return errors.Join(errs...)
}

// tryFirst builds the first request of each stream, so that a mistake in Next
// is found before the run and not in its result.
func tryFirst(senders []*sender, pool *sync.Pool) error {
	sc := pool.Get().(*scratch)
	defer pool.Put(sc)
	for _, s := range senders {
		ask, err := s.ask(0, sc)
		if err != nil {
			return err
		}
		if _, _, err := s.build(context.Background(), 0, ask); err != nil {
			return fmt.Errorf("stream %s: request 0: %w", s.stream.Name, err)
		}
	}
	return nil
}

// run sends one stream, from its first request to the end of its last.
func (r *running) run(s *sender) {
	attacker := vegeta.NewAttacker(vegeta.Workers(1)) // more are added whenever none is free
	turn := func(t *vegeta.Target) error {
		s.turn()
		t.Method = noMethod
		return nil
	}
	for range attacker.Attack(turn, vegetaPacer{r.pacer}, 0, "") {
		// The books are kept by the sender.
	}
	r.pacer.finish()
	r.rec.closeBooks()
}

// noMethod is no HTTP method. Vegeta asks for a target and would then send a
// request of its own; with this method it makes none. By then the request of
// the plan has been sent, in the same worker, and answered.
const noMethod = " "

// vegetaPacer is the pacer as vegeta knows it.
type vegetaPacer struct{ *pacer }

// Pace waits itself, on the clock of the run, and never has vegeta wait.
func (p vegetaPacer) Pace(time.Duration, uint64) (time.Duration, bool) { return 0, !p.handOn() }

// Rate is asked for by vegeta's reports alone.
func (p vegetaPacer) Rate(time.Duration) float64 { return 0 }

// clock is the time of the run: since its start.
func (a *Attack) clock() time.Duration { return time.Since(a.config.Start) }

// maxDials bounds how many connections are being opened at once. A request for
// which there is no connection takes the next that is free or new; so after a
// hiccup the generator gets on with the connections that it has, where opening
// one for each request that waits (five times the work of a request) would keep
// it behind.
const maxDials = 32

// newTransport is the network as all streams share it: no proxy, no HTTP/2, no
// redirects, and as many connections as there are requests in flight.
func newTransport(life context.Context, streams []Stream) *http.Transport {
	idle := 0
	for _, s := range streams {
		idle += s.withDefaults().MaxInFlight
	}
	dialer := &net.Dialer{KeepAlive: -1}
	slots := make(chan struct{}, maxDials)
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			// net/http may go on dialing for a request that has ended.
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(life, cancel)()
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			return dialer.DialContext(ctx, network, address)
		},
		Protocols:           http1(),
		MaxIdleConns:        idle,
		MaxIdleConnsPerHost: idle,
		DisableCompression:  true,
	}
}

func http1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

func newTemplate(base *url.URL) *http.Request {
	return &http.Request{
		Method: http.MethodGet, URL: base, Host: base.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
}

// streamSeed derives a stream's seed from that of the run.
func streamSeed(seed uint64, name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return mix(seed ^ h.Sum64())
}

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
// order of the streams. No goroutine of the load is left then. It may be called
// more than once.
func (a *Attack) Wait() []Outcome {
	a.once.Do(func() {
		a.work.Wait()
		cpu := a.cpu.share()
		a.Abort()
		a.tidy()
		for _, r := range a.streams {
			a.outcomes = append(a.outcomes, r.outcome(a.config.Phases, cpu))
		}
	})
	return a.outcomes
}

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
