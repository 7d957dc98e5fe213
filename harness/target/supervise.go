package target

import (
	"context"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

const (
	firstPause = 100 * time.Millisecond // before the first restart
	mostPause  = time.Second            // between two
	// forgiven is how long a life has to last for the next pause to be the first again.
	forgiven = 10 * time.Second
)

// watch is the wish that an instance runs, from a Start until it is down for good.
type watch struct {
	cancel context.CancelFunc // no more restarts
	down   chan struct{}      // closed when a life has ended that none follows
}

// active is whether it runs or is about to be started again.
func (w *watch) active() bool {
	if w == nil {
		return false
	}
	select {
	case <-w.down:
		return false
	default:
		return true
	}
}

// supervise starts the instance again as its policy says, until it is down. It
// ends at the latest when Stop has cancelled ctx and ended the life.
func (i *Instance) supervise(ctx context.Context, w *watch) {
	defer close(w.down)
	defer w.cancel()
	pause := firstPause
	for {
		t := i.runner.current()
		<-t.exited
		end := i.runner.endOf(t)
		if i.runner.wasStopped(t) || !i.process.Restart.heals(end) {
			return
		}
		if *end.EndS-end.StartS >= forgiven.Seconds() {
			pause = firstPause
		}
		i.runner.setRestarted(t, true)
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
		pause = min(2*pause, mostPause)
		if err := i.runner.relaunch(ctx); err != nil {
			i.runner.setRestarted(t, ctx.Err() != nil)
			return
		}
		i.mu.Lock()
		i.restarts++
		i.mu.Unlock()
	}
}

// heals is whether a life that ended so is followed by another.
func (r Restart) heals(end result.End) bool {
	switch r {
	case RestartAlways:
		return true
	case RestartOnFailure:
		return end.Signal != "" || end.OOMKilled || end.ExitCode == nil || *end.ExitCode != 0
	default:
		return false
	}
}
