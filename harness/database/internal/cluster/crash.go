package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Kill ends every process of the server at once, with no chance to clean up, and
// returns when none is left, with their number. What was not flushed by then is
// lost, as in a crash; [Cluster.Restart] brings the rest back. A server that is
// down already has none.
func (c *Cluster) Kill(ctx context.Context) (processes int, err error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	killed := map[int]bool{}
	for {
		pids, err := workingOn(ctx, c.slot.data())
		if err != nil {
			return len(killed), fmt.Errorf("kill %s: %w", c.config.Binaries, err)
		}
		if len(pids) == 0 {
			break
		}
		// The one that would start others goes first.
		if i := slices.Index(pids, c.PID()); i > 0 {
			pids[0], pids[i] = pids[i], pids[0]
		}
		for _, pid := range pids {
			_ = unix.Kill(pid, unix.SIGKILL) // its absence is what counts, and is looked at
			killed[pid] = true
		}
		select {
		case <-ctx.Done():
			return len(killed), fmt.Errorf("kill %s: processes %v are still there: %w", c.config.Binaries, pids, ctx.Err())
		case <-tick.C:
		}
	}
	select {
	case <-c.process.exited:
		return len(killed), nil
	case <-ctx.Done():
		return len(killed), fmt.Errorf("kill %s: wait for its end: %w", c.config.Binaries, ctx.Err())
	}
}

// Restart starts a server that was killed again, at the same address, and returns
// once it has recovered and answers.
func (c *Cluster) Restart(ctx context.Context) error {
	select {
	case <-c.process.exited:
	default:
		return c.awaitReady(ctx) // it was not killed, or is starting already
	}
	if err := clearOrphans(ctx, c.slot.data()); err != nil {
		return err
	}
	return c.launchAt(ctx, c.number)
}
