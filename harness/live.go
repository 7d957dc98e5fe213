package harness

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/witness"
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
	attack   *load.Attack
	flights  *flights // nil where nothing asks the target to end
	events   eventLog
	runaway  runaway // of somebody else's service
	display  display
	readers
	looks      patience // at whether the work is done
	actions    doings
	invariants examinations
}

// drive starts the clock, and on it the probes, the faults and the load, lets the
// experiment take its course, and returns what was seen of it. Nil: it was not
// begun.
func (s *Session) drive(ctx context.Context, st *setup, undo *cleanups, sofar func(LoadSeen)) (*LoadSeen, error) {
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
	l.watches = l.session.watch(ctx, l.scenario, scene)
	l.start = time.Now().Add(leadTime)
	if l.sampler, err = probe.Start(context.WithoutCancel(ctx), l.start, probes...); err != nil {
		return err
	}
	undo.add("end the questions to the database", l.close)
	undo.add("stop the probes", func(context.Context) error { l.sampler.Stop(); return nil })
	l.schedule, err = chaos.Start(ctx, chaos.Config{Start: l.start, Places: l.places, Plan: l.scenario.plan(), Notify: l.faultChanged, UndoTimeout: undoTimeout})
	if err != nil {
		return err
	}
	undo.add("undo the faults", func(context.Context) error { l.schedule.Stop(); return nil })
	config.Start, config.Observe, config.Answers = l.start, l.exchanges(), l.answered()
	l.attack, err = load.Start(ctx, config, l.scenario.Load...)
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
		Header: callersHeader(l.caller), Values: l.values,
	}
	config.Logins, err = load.LogIn(ctx, config, l.scenario.Load...)
	return config, err
}

// exchanges is who is told of each request.
func (l *live) exchanges() func(load.Exchange) {
	tell := l.session.cfg.Exchanges
	if l.scenario.stops() {
		l.flights = new(flights)
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

// ending is how an experiment came to its end, where it did not run to it.
type ending struct {
	interrupted error       // it was cut short from outside
	died        *result.End // the target ended and no fault had ended it
	restart     error       // a target that a fault had ended did not start again
	overdue     bool        // the drain took longer than it may
}

func (e ending) early() bool {
	return e.interrupted != nil || e.died != nil || e.restart != nil || e.overdue
}

// watch lets the experiment take its course until the last answer has arrived
// or its time is over. It looks after the target: one that a fault ended is
// started again, as a service manager would; one that ended by itself ends the
// load, for there is nothing left to measure.
func (l *live) watch(ctx context.Context) (how ending, outcomes []load.Tally) {
	loaded := l.waitForLoad()
	ticker, poll := time.NewTicker(tickEvery), time.NewTicker(pollEvery)
	defer ticker.Stop()
	defer poll.Stop()
	over := time.NewTimer(time.Until(l.start.Add(l.scenario.Timeline.end())))
	defer over.Stop()
	cancelled, exits := ctx.Done(), watchExits(l.instances)
	defer exits.stop()
	for loaded != nil || !how.early() && !l.finished(ctx, outcomes) {
		select {
		case outcomes = <-loaded:
			loaded = nil
		case <-poll.C:
		case <-ticker.C:
			l.display.show(l.moment())
			l.spare(&how)
		case <-over.C:
			if more := l.forbearance(); more > 0 {
				over.Reset(more)
				continue
			}
			how.overdue = true
			l.attack.Abort()
		case <-cancelled:
			how.interrupted, cancelled = context.Cause(ctx), nil
			l.attack.Abort()
		case i := <-exits.ended:
			if l.targetEnded(ctx, i, &how) {
				exits.await(i)
			}
		}
	}
	return how, outcomes
}

// forbearance is for how long the drain goes on although its time is over: what was
// disturbed from outside had less of it.
func (l *live) forbearance() time.Duration {
	disturbed := witness.Disturbances(l.sampler.Snapshot())
	now := l.now()
	more := l.scenario.Timeline.endAfter(disturbed) - now
	if more > 0 {
		l.events.add(now, fmt.Sprintf("the drain goes on for %s more, for the run was disturbed", result.Format(more.Seconds(), result.UnitSeconds)))
	}
	return more
}

// moment is how things stand now.
func (l *live) moment() moment {
	at := l.now()
	m := moment{at: at, streams: l.attack.Live()}
	for _, f := range l.schedule.Active() {
		m.faults = append(m.faults, f.Planned.Kind.String()+" on "+f.Planned.On)
	}
	if seen, _ := l.sampler.Snapshot().Window(seriesRSS, at-time.Second, at); seen.N > 0 {
		m.rss = seen.Last
	}
	return m
}

// waitForLoad returns a channel that gives what became of the load when the last
// answer is there.
func (l *live) waitForLoad() <-chan []load.Tally {
	loaded := make(chan []load.Tally, 1)
	go func() { loaded <- l.attack.Wait() }()
	return loaded
}

// finished reports, once the load is over, whether the experiment is: the phases
// took their time, and what the load has caused is done.
func (l *live) finished(ctx context.Context, outcomes []load.Tally) bool {
	if l.now() < l.scenario.Timeline.Total() {
		return false
	}
	if !l.actions.done() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, drainedTimeout)
	defer cancel()
	state := l.state()
	state.Streams = outcomes
	drained, err := l.settled(ctx, state)
	return drained && err == nil // an error is asked about again until the drain's time is over
}

// drainedTimeout bounds one look at whether the work is done.
const drainedTimeout = 2 * time.Second

// targetEnded starts an instance of the target again if a fault ended it, and gives
// up if not. It reports whether there is another end to wait for.
func (l *live) targetEnded(ctx context.Context, i int, how *ending) bool {
	t := l.instances[i]
	name := t.nameOf()
	ends := t.Ends()
	last := ends[len(ends)-1]
	l.events.add(l.now(), name+" was "+last.String())
	if last.Expected && ctx.Err() == nil {
		err := t.Start(ctx)
		if err == nil {
			l.events.add(l.now(), name+" was started again and is ready")
			return true
		}
		how.restart = fmt.Errorf("start %s again: %w", name, err)
	}
	if !last.Expected {
		last = t.signed(last)
		how.died = &last
	}
	l.attack.Abort()
	return false
}

// end stops what goes on beside the load, in order: faults first, so that their
// undoing is still seen by the probes, and what is settled by the standing checks.
func (l *live) end(ctx context.Context, how ending, outcomes []load.Tally) *LoadSeen {
	seen := &LoadSeen{Streams: outcomes, Died: how.died, Faults: l.schedule.Stop()}
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
	seen.Events = l.events.all()
	return seen
}

// reconcile draws up the scenario's ledger, while the database still stands.
func (l *live) reconcile(ctx context.Context, seen *LoadSeen) error {
	if l.scenario.Reconcile == nil {
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
