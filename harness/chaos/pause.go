package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/undo"
)

// pauseStep is the kind of a pause in the undo journal.
const pauseStep = "pause"

// pause carries out [fault.Pause]: it stops the process (SIGSTOP) until the
// undoing lets it go on (SIGCONT).
func pause(ctx context.Context, s *Signals, id identity) (Applied, error) {
	p := &paused{signals: s, id: id}
	if s.journal != nil {
		step, err := s.journal.Plan(pauseStep, id.args(s.journal.Run()))
		if err != nil {
			return nil, fmt.Errorf("pause process %d: %w", id.pid, err)
		}
		p.step = step
	}
	if err := s.process.Signal(syscall.SIGSTOP); err != nil {
		return p, fmt.Errorf("pause process %d: %w", id.pid, err)
	}
	if err := await(ctx, "the process to stop", func() (bool, error) {
		t, err := id.threads()
		return t.stopped(), err
	}); err != nil {
		return p, fmt.Errorf("pause process %d: %w", id.pid, err)
	}
	p.since = time.Now()
	return p, nil
}

// paused is a [fault.Pause] in force.
type paused struct {
	signals *Signals
	id      identity
	step    undo.Step

	mu     sync.Mutex // guards all below
	since  time.Time  // when it was seen to be stopped; zero if never
	until  time.Time  // when it was seen to run again
	undone bool
	early  bool // it ran or was gone before the end
}

// Undo implements [Applied]. A process that is gone is not stopped either.
func (p *paused) Undo(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.undone {
		return nil
	}
	if t, err := p.id.threads(); err == nil && !t.stopped() && !p.since.IsZero() {
		p.early = true
	}
	if err := p.id.resume(ctx, p.proceed); err != nil {
		return fmt.Errorf("undo the pause of process %d: %w", p.id.pid, err)
	}
	p.until = time.Now()
	p.undone = true
	if p.signals.journal == nil {
		return nil
	}
	return p.signals.journal.Done(p.step)
}

// proceed lets the process go on the way it was stopped, which may reach more
// than this process: workers, a container. A target that has started another
// life by now is not asked.
func (p *paused) proceed() error {
	if pid, ok := p.signals.process.PID(); !ok || pid != p.id.pid {
		return p.id.proceed()
	}
	return p.signals.process.Signal(syscall.SIGCONT)
}

// Receipt implements [Applied].
func (p *paused) Receipt() fault.Receipt {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := fault.Receipt{Declared: "the process stands still"}
	if p.since.IsZero() {
		return r
	}
	r.Fired, r.Touched = 1, 1
	until := p.until
	if until.IsZero() {
		until = time.Now()
	}
	r.Measured = fmt.Sprintf("stopped for %.3f s", until.Sub(p.since).Seconds())
	if p.early {
		r.Err = errors.New("the process ran again, or was gone, before the end of the pause")
	}
	return r
}

// resume lets the process go on and returns when no thread of it is stopped, or
// it is gone. It always sends the signal, since a stop may still be on its way;
// but never to another process that has the id by now.
func (id identity) resume(ctx context.Context, proceed func() error) error {
	sent := false
	return await(ctx, "the process to go on", func() (bool, error) {
		t, err := id.threads()
		if err != nil {
			return false, err
		}
		if t.gone() || (sent && t.runs()) {
			return true, nil
		}
		sent = true
		return false, proceed()
	})
}

// proceed sends SIGCONT to the process, and to its group where it leads one,
// since a target with workers is stopped as a group.
func (id identity) proceed() error {
	if group, err := syscall.Getpgid(int(id.pid)); err == nil && group == int(id.pid) {
		if err := syscall.Kill(-group, syscall.SIGCONT); err != nil {
			return fmt.Errorf("continue group %d: %w", group, err)
		}
	}
	if err := syscall.Kill(int(id.pid), syscall.SIGCONT); err != nil {
		return fmt.Errorf("continue process %d: %w", id.pid, err)
	}
	return nil
}

// Undoers gives the ways to undo what the journals of dead runs say about
// faults of this package: a process left stopped goes on. Connections and
// sessions need none, they end with the process that held them.
func Undoers() map[string]undo.Func {
	return map[string]undo.Func{
		pauseStep: func(ctx context.Context, args map[string]string) error {
			id, err := identityOf(args)
			if err != nil {
				return err
			}
			return id.resume(ctx, id.proceed)
		},
	}
}
