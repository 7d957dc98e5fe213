package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/shirou/gopsutil/v3/process"
	"golang.org/x/sys/unix"
)

// orphanGrace is how long orphans have between being asked and being killed.
const orphanGrace = 3 * time.Second

// clearOrphans ends every process that still works on a data directory, and
// removes the lock file that it left, so that no process id that was given away
// meanwhile keeps the next server from starting. To be called only by whoever
// holds the slot: then whatever works there is an orphan.
func clearOrphans(ctx context.Context, data string) error {
	lockFile := filepath.Join(data, "postmaster.pid")
	if _, err := os.Stat(lockFile); errors.Is(err, os.ErrNotExist) {
		return nil // the last server ended by itself, all of it
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	signal, since := unix.SIGQUIT, time.Now()
	for first := true; ; first = false {
		pids, err := workingOn(ctx, data)
		if err != nil {
			return fmt.Errorf("look for orphans on %s: %w", data, err)
		}
		if len(pids) == 0 {
			if err := os.Remove(lockFile); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("clear orphans on %s: %w", data, err)
			}
			return nil
		}
		if signal == unix.SIGQUIT && time.Since(since) > orphanGrace {
			signal, first = unix.SIGKILL, true
		}
		if first {
			for _, pid := range pids {
				_ = unix.Kill(pid, signal) // its absence is what counts, and is looked at
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("clear orphans on %s: processes %v are still there: %w", data, pids, ctx.Err())
		case <-tick.C:
		}
	}
}

// workingOn returns the processes of a server on that data directory: the
// postmaster, by its command line, and its children, by where they stand. A
// process that ended but was not waited for has neither.
func workingOn(ctx context.Context, data string) ([]int, error) {
	all, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, p := range all {
		if int(p.Pid) == os.Getpid() {
			continue
		}
		if cwd, err := p.CwdWithContext(ctx); err == nil && cwd == data {
			pids = append(pids, int(p.Pid))
			continue
		}
		args, err := p.CmdlineSliceWithContext(ctx)
		if err != nil {
			continue // it ended meanwhile, or is none of ours
		}
		if i := slices.Index(args, "-D"); i >= 0 && i+1 < len(args) && args[i+1] == data && filepath.Base(args[0]) == "postgres" {
			pids = append(pids, int(p.Pid))
		}
	}
	return pids, nil
}
