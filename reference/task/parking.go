package task

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// parkSnooze is how long a task waits at least that was fetched while its queue
// was being parked. River keeps countdowns up to 5 s exact.
const parkSnooze = 500 * time.Millisecond

// parkTick is how often a parked queue is looked at.
const parkTick = 200 * time.Millisecond

// errParked tells that a task must not call the API now.
var errParked = errors.New("the mail queue is parked: its API key was refused")

// valve stops and starts the queues, for all processes at once.
type valve interface {
	pause(ctx context.Context) error
	resume(ctx context.Context) error
}

// parking stops the queues while the API key is refused. A parking that is not
// on lets every task through.
type parking struct {
	on     bool
	probe  time.Duration
	key    func() (string, error)
	valve  valve
	logger *slog.Logger

	mu         sync.Mutex // guards the rest
	parked     bool
	refusedKey string    // because of which; empty if there was none
	probing    bool      // one task may try the refused key
	probed     bool      // and has set out to
	nextProbe  time.Time // when the next may
	paused     bool      // the queues are paused in the database
}

// admit lets a task call the API, or returns errParked. A task that was let
// through settles what came of it.
func (p *parking) admit(key string) (settle func(error), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.parked || p.refusedKey != key {
		return func(error) {}, nil
	}
	if !p.probing || p.probed {
		return nil, errParked
	}
	p.probed = true
	return p.settleProbe, nil
}

// settleProbe opens the queues if the key was accepted: if the mail was sent, or
// refused for another reason. An outage of the API leaves it to the next probe, a
// task that did not come as far as a call to the next task.
func (p *parking) settleProbe(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	answer, answered := errors.AsType[*answerError](err)
	_, called := errors.AsType[*callError](err)
	switch {
	case err == nil, answered && accepted(answer):
		p.open("the key is accepted again")
	case answered, called:
		p.probing, p.probed, p.nextProbe = false, false, time.Now().Add(p.probe)
	default:
		p.probed = false
	}
}

// accepted reports whether an answer shows that the key was looked at and found
// good.
func accepted(a *answerError) bool {
	return !classifyAnswer(a).KeyRefused && a.status < 500 && a.status != 429
}

// open ends the parking. Its caller holds the lock.
func (p *parking) open(why string) {
	p.logger.Warn("mail queues resume", "why", why)
	p.parked, p.refusedKey, p.probing, p.probed = false, "", false, false
}

// refused parks the queues, and reports whether the task is to wait with them.
func (p *parking) refused(key string) bool {
	if !p.on {
		return false
	}
	current, err := p.key()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil && current != key {
		return true // it was replaced meanwhile: the task comes again with the new one
	}
	if !p.parked || p.refusedKey != key {
		p.logger.Error("mail queues are parked: the API key is refused", "probe", p.probe.String())
		p.parked, p.refusedKey, p.nextProbe = true, key, time.Now().Add(p.probe)
		p.probing, p.probed = false, false
	}
	return true
}

// tend keeps the queues in the database as they should be, and lets a task probe
// when it is time. It returns when ctx ends.
func (p *parking) tend(ctx context.Context) {
	tick := time.NewTicker(parkTick)
	defer tick.Stop()
	for {
		p.step(ctx, time.Now())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// step does what is due. The database is called without the lock.
func (p *parking) step(ctx context.Context, now time.Time) {
	key, keyErr := p.key()
	p.mu.Lock()
	if p.parked {
		switch {
		case keyErr == nil && key != p.refusedKey:
			p.open("there is another key")
		case !p.probing && !now.Before(p.nextProbe):
			p.probing, p.probed = true, false
		}
	}
	pause, paused := p.parked && !p.probing, p.paused
	p.mu.Unlock()
	if pause == paused {
		return
	}
	act := p.valve.resume
	if pause {
		act = p.valve.pause
	}
	if err := act(ctx); err != nil {
		p.logger.Warn("mail queues not paused or resumed; trying again", "error", err)
		return
	}
	p.mu.Lock()
	p.paused = pause
	p.mu.Unlock()
}
