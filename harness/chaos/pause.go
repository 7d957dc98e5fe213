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

// pause carries out [fault.Pause]: it stops the processes (SIGSTOP) until the
// undoing lets them go on (SIGCONT).
func pause(ctx context.Context, s *Signals, f fault.Fault, main identity) (Applied, error) {
	first := main
	if f.Kind.(fault.Pause).Whom == fault.Child {
		var err error
		if first, err = s.child(main); err != nil {
			return nil, err
		}
	}
	p := &paused{signals: s, main: main}
	if err := p.stop(ctx, first); err != nil {
		return p, err
	}
	if first == main {
		// What has left the group that the signal went to is stopped by itself.
		for _, stray := range s.others(main) {
			if t, err := stray.threads(); err != nil || t.stopped() || t.gone() {
				continue
			}
			if err := p.stop(ctx, stray); err != nil {
				return p, err
			}
		}
	}
	p.since = time.Now()
	return p, nil
}

// paused is a [fault.Pause] in force.
type paused struct {
	signals *Signals
	main    identity
	ids     []identity  // that were stopped, the one that it is about first
	steps   []undo.Step // of each of them, in the same order; none without a journal

	mu     sync.Mutex // guards all below
	since  time.Time  // when all were seen to be stopped; zero if never
	until  time.Time  // when they were seen to run again
	undone bool
	early  bool // the first ran or was gone before the end
}

// stop stops one more process and waits until that is seen.
func (p *paused) stop(ctx context.Context, id identity) error {
	p.ids = append(p.ids, id)
	if j := p.signals.journal; j != nil {
		step, err := j.Plan(pauseStep, id.args(j.Run()))
		if err != nil {
			p.ids = p.ids[:len(p.ids)-1]
			return fmt.Errorf("pause process %d: %w", id.pid, err)
		}
		p.steps = append(p.steps, step)
	}
	if err := p.signals.send(id, p.main, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("pause process %d: %w", id.pid, err)
	}
	err := await(ctx, "the process to stop", func() (bool, error) {
		t, err := id.threads()
		return t.stopped() || id != p.ids[0] && err == nil && t.gone(), err
	})
	if err != nil {
		return fmt.Errorf("pause process %d: %w", id.pid, err)
	}
	return nil
}

// Undo implements [Applied]. A process that is gone is not stopped either.
func (p *paused) Undo(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.undone {
		return nil
	}
	if len(p.ids) > 0 && !p.since.IsZero() {
		if t, err := p.ids[0].threads(); err == nil && !t.stopped() {
			p.early = true
		}
	}
	var errs []error
	for i, id := range p.ids {
		err := id.resume(ctx, func() error { return p.proceed(id) })
		if err != nil {
			errs = append(errs, fmt.Errorf("undo the pause of process %d: %w", id.pid, err))
		} else if p.signals.journal != nil {
			errs = append(errs, p.signals.journal.Done(p.steps[i]))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	p.until, p.undone = time.Now(), true
	return nil
}

// proceed lets a process go on the way it was stopped, which may reach more
// than this process: workers, a container. A target that has started another
// life by now is not asked.
func (p *paused) proceed(id identity) error {
	if pid, ok := p.signals.process.PID(); id != p.main || !ok || pid != id.pid {
		return id.proceed()
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
	r.Fired, r.Touched = 1, int64(len(p.ids))
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
// sessions need none, they end with the process that held them, and limits go
// with the group of the process that has them.
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
