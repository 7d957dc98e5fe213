package harness

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/scrapes"
	"holdfast.dev/holdfast/harness/standing"
)

// How often the course of an experiment is looked at, shown and written.
const (
	pollEvery  = 50 * time.Millisecond
	tickEvery  = 500 * time.Millisecond
	writeEvery = 5 * time.Second
	// leadTime is between starting the clock and the first request: load, probes
	// and faults are all in place when it begins.
	leadTime = 200 * time.Millisecond
)

// undoTimeout bounds undoing one fault: a database server that was killed has its
// log to replay, perhaps on a busy machine.
const undoTimeout = 25 * time.Second

// live is an experiment that goes on: load, probes and faults on one clock.
type live struct {
	*setup
	session  *Session
	sampler  *probe.Sampler
	schedule *chaos.Schedule
	attack   Sending
	flights  *flights          // nil where nothing asks the target to end
	scrapes  *scrapes.Recorder // nil where none are kept
	events   eventLog
	runaway  runaway // of somebody else's service
	display  display
	looked   time.Duration // when it was last asked whether a check is lost
	readers
	looks      patience // at whether the work is done
	actions    doings
	invariants examinations
}

// drive starts the clock, and on it the probes, the faults and the load, lets the
// experiment take its course, and returns what was seen of it. Nil: it was not
// begun.
func (s *Session) drive(ctx context.Context, st *setup, undo *cleanups, sofar func(LoadSeen)) (*LoadSeen, error) {
	defer s.company.enter(st)()
	l := &live{setup: st, session: s}
	l.display = display{scenario: st.scenario, observe: s.cfg.Observe, sofar: sofar}
	if err := l.begin(ctx, undo); err != nil {
		return nil, err
	}
	l.examine(ctx)
	l.act(ctx)
	alone := l.follow(ctx)
	how, outcomes := l.watch(ctx)
	alone()
	whole, cause := !how.early() || how.overdue, errExperimentOver
	if !whole {
		cause = errExperimentCut
	}
	done := l.actions.over(cause)
	seen := l.end(ctx, how, outcomes)
	l.examined(ctx, seen, whole)
	seen.Vanished = l.vanished(ctx)
	err := errors.Join(how.restart, l.reconcile(ctx, seen), l.account(ctx, seen))
	seen.Findings = append(done, seen.Findings...)
	return seen, err
}

func (l *live) begin(ctx context.Context, undo *cleanups) error {
	probes, err := l.probes(ctx, l.session.say)
	if err != nil {
		return err
	}
	probes = append(probes, l.samples()...)
	scene, err := l.scene()
	if err != nil {
		return err
	}
	config, err := l.load(ctx, undo)
	if err != nil {
		return err
	}
	if err := l.preflight(ctx, config); err != nil {
		return err
	}
	l.watches = l.session.watch(ctx, l.scenario, scene)
	config.Observe, config.Arrivals, config.Answers = l.exchanges(), l.journeys(), l.answered()
	if l.books != nil && len(l.books.paths) > 0 {
		config.EachAnswer = []string{l.books.stream}
	}
	prepared, err := l.session.cfg.Sender.Prepare(ctx, config, l.scenario.Load)
	if err != nil {
		return err
	}
	undo.add("let the senders of the load go", func(context.Context) error { return prepared.Close() })
	l.start = time.Now().Add(leadTime + prepared.Lead())
	if l.sampler, err = probe.Start(context.WithoutCancel(ctx), l.start, probes...); err != nil {
		return err
	}
	l.recordScrapes(ctx, undo)
	undo.add("end the questions to the database", l.close)
	undo.add("stop the probes", func(context.Context) error { l.sampler.Stop(); return nil })
	l.schedule, err = chaos.Start(ctx, chaos.Config{Start: l.start, Places: inform(l.places, l.values), Plan: l.scenario.plan(), Notify: l.faultChanged, UndoTimeout: undoTimeout})
	if err != nil {
		return err
	}
	undo.add("undo the faults", func(context.Context) error { l.schedule.Stop(); return nil })
	l.attack, err = prepared.Start(ctx, l.start)
	return err
}

// load says where the load goes and what it knows, and opens its sessions: none of
// that is load, and all of it comes before the clock starts.
func (l *live) load(ctx context.Context, undo *cleanups) (load.Config, error) {
	to, err := l.balance(undo)
	if err != nil {
		return load.Config{}, err
	}
	config := load.Config{
		BaseURL: l.target.URL(), Balancer: to.entry, Targets: to.processes, Seed: l.session.cfg.Seed, Phases: l.scenario.Timeline.Phases(), FirstFault: l.scenario.firstFault(),
		Header: callersHeader(l.caller), Values: l.values, Tracing: l.tracing(),
	}
	config.Logins, err = load.LogIn(ctx, config, l.scenario.Load...)
	return config, err
}

// tracing says which requests are traced. The streams of two scenarios may have one
// name, and what they trace must not be one.
func (l *live) tracing() load.Tracing {
	h := fnv.New64a()
	_, _ = h.Write([]byte(l.scenario.Name))
	return load.Tracing{Share: l.session.cfg.Trace, Seed: l.session.cfg.Seed ^ h.Sum64()}
}

// exchanges is who is told of each request, nil where nobody is.
func (l *live) exchanges() func(load.Exchange) {
	tell := l.session.cfg.Exchanges
	if l.scenario.stops() {
		l.flights = new(flights)
	}
	if tell == nil && l.flights == nil && l.books == nil && !l.watches.askForExchanges() {
		return nil
	}
	return func(x load.Exchange) {
		l.watches.exchanged(x)
		if l.books != nil {
			l.books.exchanged(x)
		}
		if l.flights != nil {
			l.flights.note(x)
		}
		if tell != nil {
			tell(l.scenario.Name, l.start, x)
		}
	}
}

// journeys is who is told of each whole journey, nil where nobody is.
func (l *live) journeys() func(load.Exchange) {
	tell := l.session.cfg.Journeys
	if tell == nil {
		return nil
	}
	of := map[string]bool{}
	for _, s := range l.scenario.Load {
		of[s.Name] = len(s.Steps) > 0
	}
	return func(x load.Exchange) {
		if of[x.Stream] { // of the other streams an arrival is a request
			tell(l.scenario.Name, l.start, x)
		}
	}
}

// answered is who is told of each answer, nil where nobody is.
func (l *live) answered() func(load.Exchange, load.Request, load.Answer) {
	var all []func(load.Exchange, load.Request, load.Answer)
	if l.company != nil {
		all = append(all, l.company.Answered)
	}
	if l.books != nil && len(l.books.paths) > 0 {
		all = append(all, l.books.Answered)
	}
	if checks := l.watches.answered(); checks != nil {
		all = append(all, checks)
	}
	if len(all) == 0 {
		return nil
	}
	return func(x load.Exchange, r load.Request, a load.Answer) {
		for _, tell := range all {
			tell(x, r, a)
		}
	}
}

// follow has the scenario's companion look on until the function that it returns
// is called, which waits for its end.
func (l *live) follow(ctx context.Context) (alone func()) {
	if l.company == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() { l.company.Follow(ctx, l.state()) })
	return func() {
		cancel()
		following.Wait()
	}
}

// now is the time on the scenario's clock.
func (l *live) now() time.Duration { return time.Since(l.start) }

// faultChanged records that a fault that happens at one moment has happened.
func (l *live) faultChanged(c chaos.Change) {
	if fault.IsOneShot(c.Planned.Kind) && c.What == chaos.Injected {
		l.events.add(c.At, c.Planned.Kind.String()+" on "+c.Planned.On)
	}
}

// end stops what goes on beside the load, in order: faults first, so that their
// undoing is still seen by the probes, and what is settled by the standing checks.
func (l *live) end(ctx context.Context, how ending, outcomes []load.Tally) *LoadSeen {
	seen := &LoadSeen{Streams: outcomes, Fleet: fleetOf(l.attack), Died: how.died, Lost: how.lost, Faults: l.schedule.Stop()}
	if how.interrupted != nil {
		seen.Interrupted = how.interrupted.Error()
	}
	seen.Over = l.now()
	if !how.early() {
		l.watches.drained(ctx, standing.Settled{Streams: outcomes, Over: seen.Over, Lives: l.begunLives(), Snapshot: l.sampler.Snapshot})
	}
	seen.Phases = l.scenario.Timeline.until(seen.Over)
	l.readCuts(seen)
	seen.Record = l.sampler.Stop()
	l.eventsOf(seen.Fleet)
	l.keepScrapes()
	seen.Events = l.events.all()
	return seen
}

// vanished says that the target's database is not there any more; empty where it is,
// or does not answer.
func (l *live) vanished(ctx context.Context) string {
	if l.data == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reconcileTimeout)
	defer cancel()
	if err := l.data.Intact(ctx); errors.Is(err, database.ErrVanished) {
		return err.Error()
	}
	return ""
}

// reconcile draws up the scenario's ledger, while the database still stands. Of one that
// was cut short there is none: its work was not waited for.
func (l *live) reconcile(ctx context.Context, seen *LoadSeen) error {
	if l.scenario.Reconcile == nil || !seen.whole() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reconcileTimeout)
	defer cancel()
	state := l.state()
	state.Streams = seen.Streams
	both, err := l.scenario.Reconcile(ctx, state)
	if err != nil {
		return fmt.Errorf("draw up the ledger: %w", err)
	}
	seen.Findings = both.Findings
	if !reflect.ValueOf(both.Ledger).IsZero() { // a scenario may look and count nothing
		seen.Ledger = &both.Ledger
	}
	for _, d := range l.scenario.Reconciled {
		if read := both.Readings[d.Name]; read != nil {
			seen.read(d.Name, read)
		}
	}
	return nil
}

// reconcileTimeout bounds reading the database and the journals for the ledger.
const reconcileTimeout = 30 * time.Second
