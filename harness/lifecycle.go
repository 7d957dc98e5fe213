package harness

import (
	"context"
	"fmt"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// tickEvery is how often the course of an experiment is shown and written.
const (
	tickEvery  = 500 * time.Millisecond
	writeEvery = 5 * time.Second
	// leadTime is between starting the clock and the first request: load, probes
	// and faults are all in place when it begins.
	leadTime = 200 * time.Millisecond
)

// begin starts the clock, and on it the probes, the faults and the load.
func (st *experiment) begin(ctx context.Context) error {
	probes, err := st.probes(ctx)
	if err != nil {
		return err
	}
	st.start = time.Now().Add(leadTime)
	if st.sampler, err = probe.Start(context.WithoutCancel(ctx), st.start, probes...); err != nil {
		return err
	}
	st.later("stop the probes", func(context.Context) error { st.stopProbes(); return nil })

	st.timeline, err = chaos.Start(ctx, chaos.Config{Start: st.start, Places: st.places, Plan: st.s.plan(), Notify: st.faultChanged})
	if err != nil {
		return err
	}
	st.later("undo the faults", func(context.Context) error { st.stopFaults(); return nil })

	st.attack, err = load.Start(ctx, load.Config{
		BaseURL: st.target.URL(), Start: st.start, Seed: st.lab.cfg.Seed, Phases: st.s.Timeline.Phases(),
	}, st.s.Load...)
	return err
}

// faultChanged records that a fault that happens at one moment has happened.
func (st *experiment) faultChanged(e chaos.Change) {
	if fault.IsOneShot(e.Planned.Kind) && e.What == chaos.Injected {
		st.addEvent(e.At, e.Planned.Kind.String()+" on "+e.Planned.On)
	}
}

func (st *experiment) addEvent(at time.Duration, what string) {
	st.eventsMu.Lock()
	defer st.eventsMu.Unlock()
	st.events = append(st.events, result.Annotation{AtS: at.Seconds(), What: what})
}

// watch lets the experiment take its course until the last answer has arrived
// or its time is over. It looks after the target: one that a fault ended is
// started again, as a service manager would; one that ended by itself ends the
// load, for there is nothing left to measure.
func (st *experiment) watch(ctx context.Context) {
	loaded := st.waitForLoad()
	ticker, poll := time.NewTicker(tickEvery), time.NewTicker(pollEvery)
	defer ticker.Stop()
	defer poll.Stop()
	over := time.NewTimer(time.Until(st.start.Add(st.s.Timeline.Total() + st.s.Timeline.drain())))
	defer over.Stop()
	cancelled, exited := ctx.Done(), st.target.Exited()
	for loaded != nil || !st.finished(ctx) {
		select {
		case <-loaded:
			loaded = nil
		case <-poll.C:
		case <-ticker.C:
			st.show()
		case <-over.C:
			st.overdue = true
			st.attack.Abort()
		case <-cancelled:
			st.interrupted, cancelled = context.Cause(ctx), nil
			st.attack.Abort()
		case <-exited:
			exited = st.targetEnded(ctx)
		}
	}
}

// pollEvery is how often it is asked whether all is done.
const pollEvery = 50 * time.Millisecond

// waitForLoad returns a channel that is closed when the last answer is there.
func (st *experiment) waitForLoad() <-chan struct{} {
	loaded := make(chan struct{})
	go func() {
		st.outcomes = st.attack.Wait()
		close(loaded)
	}()
	return loaded
}

// finished reports, once the load is over, whether the experiment is: the phases
// took their time, and what the load has caused is done.
func (st *experiment) finished(ctx context.Context) bool {
	if st.interrupted != nil || st.died != nil || st.restart != nil || st.overdue {
		return true
	}
	if time.Since(st.start) < st.s.Timeline.Total() {
		return false
	}
	if st.s.Drained == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	settled, err := st.s.Drained(ctx, st.observed())
	return settled && err == nil // an error is asked about again until the drain's time is over
}

// settleTimeout bounds one look at whether the work is done.
const settleTimeout = 2 * time.Second

// targetEnded starts the target again if a fault ended it, and gives up if not.
// It returns what to wait for next.
func (st *experiment) targetEnded(ctx context.Context) <-chan struct{} {
	ends := st.target.Ends()
	last := ends[len(ends)-1]
	st.addEvent(time.Since(st.start), "the target was "+last.String())
	if last.Expected && ctx.Err() == nil {
		err := st.target.Start(ctx)
		if err == nil {
			st.addEvent(time.Since(st.start), "the target was started again and is ready")
			return st.target.Exited()
		}
		st.restart = fmt.Errorf("start the target again: %w", err)
	}
	if !last.Expected {
		st.died = &last
	}
	st.attack.Abort()
	return nil
}

// show tells the observer how things stand, and writes it down now and then.
func (st *experiment) show() {
	at := time.Since(st.start)
	e := Event{Kind: Tick, Scenario: st.s.Name, At: max(at, 0), Of: st.s.Timeline.Total(), Phase: st.phaseAt(at), Streams: st.attack.Live()}
	for _, f := range st.timeline.Active() {
		e.Faults = append(e.Faults, f.Planned.Kind.String()+" on "+f.Planned.On)
	}
	if seen, _ := st.sampler.Snapshot().Window(seriesRSS, at-time.Second, at); seen.N > 0 {
		e.RSS = seen.Last
	}
	changed := e.Phase != st.shown
	if changed {
		st.shown = e.Phase
		st.lab.cfg.Observe(Event{Kind: PhaseStarted, Scenario: st.s.Name, Phase: e.Phase, At: e.At, Of: e.Of})
	}
	st.lab.cfg.Observe(e)
	if changed || time.Since(st.written) >= writeEvery {
		st.written = time.Now()
		st.writeSoFar(at)
	}
}

// writeSoFar puts what is known into run.json while the load goes on.
func (st *experiment) writeSoFar(at time.Duration) {
	st.lab.file.update(func(*result.Run) {
		st.out.DurationS = time.Since(st.out.Started).Seconds()
		st.out.Phases = st.phasesUntil(at)
		st.out.Streams = nil
		for _, s := range st.attack.Live() {
			st.out.Streams = append(st.out.Streams, result.Stream{Name: s.Stream, Phases: []result.StreamPhase{}, Counts: result.Counts{
				Planned: s.Planned, Sent: s.Sent, OK: s.OK, Late: s.Late, Shed: s.Shed,
			}})
		}
	})
}

func (st *experiment) phaseAt(at time.Duration) string {
	for _, p := range st.s.Timeline.Phases() {
		if at < p.To {
			return p.Name
		}
	}
	return result.Drain
}

// phasesUntil are the phases as they took place until that moment: the load's,
// cut where it was cut, and the drain behind it.
func (st *experiment) phasesUntil(at time.Duration) []result.Phase {
	var phases []result.Phase
	for _, p := range st.s.Timeline.Phases() {
		if p.From >= at {
			return phases
		}
		p.To = min(p.To, at)
		phases = append(phases, p)
	}
	total := st.s.Timeline.Total()
	if at > total {
		phases = append(phases, result.Phase{Name: result.Drain, From: total, To: at})
	}
	return phases
}

// end stops what goes on beside the load, in order: faults first, so that their
// undoing is still seen by the probes.
func (st *experiment) end() {
	st.stopFaults()
	st.over = time.Since(st.start)
	st.stopProbes()
}

func (st *experiment) stopFaults() {
	if st.timeline != nil {
		st.out.Faults = st.timeline.Stop()
		st.timeline = nil
	}
}

func (st *experiment) stopProbes() {
	if st.sampler != nil {
		st.record = st.sampler.Stop()
		st.sampler = nil
	}
}
