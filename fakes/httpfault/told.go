package httpfault

import (
	"context"
	"time"

	"holdfast.dev/holdfast/fault"
)

// told is a kind that whoever asked for the plan carries out: see [Config.Support].
type told struct{ kind fault.Kind }

// Act is one fault that acts on what was planned, for who carries it out.
type Act struct{ act *act }

// Acts are the faults that are to act, in the order of the set, of one that has a
// [Config.Support].
func (p *Plan) Acts() []Act {
	if p == nil {
		return nil
	}
	var all []Act
	for i := range p.acts {
		if _, ok := p.acts[i].behaviour.(told); ok {
			all = append(all, Act{&p.acts[i]})
		}
	}
	return all
}

// Kind is what is to happen.
func (a Act) Kind() fault.Kind { return a.act.behaviour.(told).kind }

// Fired notes that it has happened. What has not by [Plan.Done] was missed.
func (a Act) Fired() { a.act.fired = true }

// Hold lets d pass, or until is closed, or the fault is lifted. It returns [ErrGone]
// when ctx ends. A nil until is never closed.
func (a Act) Hold(ctx context.Context, d time.Duration, until <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	begin := time.Now()
	select {
	case <-ctx.Done():
		return ErrGone
	case <-a.act.armed.lifted.Done():
		return nil
	case <-until:
	case <-timer.C:
	}
	a.act.armed.waited(time.Since(begin))
	return nil
}
