package harness

import (
	"context"
	"fmt"
	"sync"
)

// breach is the first harm that was about to be done to somebody else: it ends the
// run. A call of somebody whom nobody named is one, for what was not stubbed is the real
// one.
type breach struct {
	mu      sync.Mutex // guards below
	first   error
	of      map[*setup]error // the first of each experiment
	within  string           // the scenario before which it was, in the setup that is done once
	running map[*running]bool
}

// running is an experiment that a breach ends.
type running struct{ end context.CancelCauseFunc }

// note keeps the first one of an experiment, and ends that with end, and all others.
func (b *breach) note(by *setup, err error, end context.CancelCauseFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if by.within != nil {
		by = by.within
	}
	if b.of[by] == nil {
		if b.of == nil {
			b.of = map[*setup]error{}
		}
		b.of[by] = err
	}
	if b.first == nil {
		b.first = err
	}
	end(err)
	for r := range b.running {
		r.end(b.over())
	}
}

// noteRunaway keeps that the load of an experiment was more than somebody else stands,
// which is not its target's doing: nothing more is begun.
func (b *breach) noteRunaway() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.first == nil {
		b.first = errRunaway
	}
}

// over is why an experiment ends that has no part in it.
func (b *breach) over() error { return fmt.Errorf("the run ended: %w", b.first) }

// ends has end called where there is a breach, until forget is called.
func (b *breach) ends(end context.CancelCauseFunc) (forget func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := &running{end}
	if b.running == nil {
		b.running = map[*running]bool{}
	}
	if b.running[r] = true; b.first != nil {
		end(b.over())
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.running, r)
	}
}

// before says in whose setup it was that is done once; before the first scenario that
// needed it, which it is held against.
func (b *breach) before(scenario string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.within = scenario
}

// contactBefore is what the setup that is done once did before a scenario and may not.
func (b *breach) contactBefore(scenario string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.first == nil || b.within != scenario {
		return ""
	}
	return b.first.Error()
}

// seen is the first one, nil if there was none.
func (b *breach) seen() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.first
}

// contact is what the target of an experiment did, or offered, that it may not; empty:
// nothing.
func (b *breach) contact(by *setup) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.of[by]; err != nil {
		return err.Error()
	}
	return ""
}

// notRun says why an experiment does not take place after a breach; empty: it does.
func (s *Session) notRun() string {
	if err := s.breach.seen(); err != nil {
		return fmt.Sprintf("not run: %v", err)
	}
	return ""
}
