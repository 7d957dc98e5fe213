package harness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/witness"
)

// ending is how an experiment came to its end, where it did not run to it.
type ending struct {
	interrupted error       // it was cut short from outside
	lost        *Lost       // a check is lost, and the experiment ends with that
	died        *result.End // the target ended and no fault had ended it
	restart     error       // a target that a fault had ended did not start again
	overdue     bool        // the drain took longer than it may
}

func (e ending) early() bool {
	return e.interrupted != nil || e.lost != nil || e.died != nil || e.restart != nil || e.overdue
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
			l.endIfLost(&how)
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
		m.faults = append(m.faults, faultName(f.Planned))
	}
	if seen, _ := l.sampler.Snapshot().Window(seriesRSS, at-time.Second, at); seen.N > 0 {
		m.rss = seen.Last
	}
	return m
}

// faultName is how whoever watches knows a fault.
func faultName(p chaos.Planned) string { return p.Kind.String() + " on " + p.On }

// faultNames are those of all faults that there will be.
func (s Scenario) faultNames() (all []string) {
	for _, p := range s.plan() {
		if p.Kind != nil { // else it is refused before it begins
			all = append(all, faultName(p))
		}
	}
	return all
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
	l.events.add(l.now(), name+" "+last.How())
	if last.Expected && ctx.Err() == nil {
		err := l.startAgain(ctx, t, name)
		if err == nil {
			return true
		}
		how.restart = fmt.Errorf("start %s again: %w", name, err)
	}
	if !last.Expected {
		if how.interrupted = interruptedSoon(ctx); how.interrupted == nil {
			last = t.signed(last)
			how.died = &last
		}
	}
	l.attack.Abort()
	return false
}

// startAgain starts an instance until it is ready. The next fault may end it before: where
// the harness was held up, both are due at once.
func (l *live) startAgain(ctx context.Context, t *instance, name string) error {
	t.coming.Store(true)
	defer t.coming.Store(false)
	for {
		err := t.Start(ctx)
		if err == nil {
			l.events.add(l.now(), name+" was started again and is ready")
			return nil
		}
		failed, ok := errors.AsType[*target.StartError](err)
		if !ok || !failed.EndedByUs() || ctx.Err() != nil {
			return err
		}
		l.events.add(l.now(), name+" "+failed.End.How()+" before it was ready")
	}
}

// interruptedSoon is why the run is stopped, if it is within a moment: a service manager
// that stops all of a group tells target and harness at the same time.
func interruptedSoon(ctx context.Context) error {
	const moment = 200 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, moment)
	defer cancel()
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}
