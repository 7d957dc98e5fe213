package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// identity is one life of a process: its id may come again, the rest does not.
type identity struct {
	pid     int32
	started string // clock ticks since the machine's start
	boot    string // the machine's start
}

func (id identity) args(run string) map[string]string {
	return map[string]string{"pid": strconv.Itoa(int(id.pid)), "started": id.started, "boot": id.boot, "run": run}
}

// compare is negative where this life began before another.
func (id identity) compare(other identity) int {
	mine, _ := strconv.ParseInt(id.started, 10, 64) // the kernel's own numbers
	theirs, _ := strconv.ParseInt(other.started, 10, 64)
	return cmp.Or(cmp.Compare(mine, theirs), cmp.Compare(id.pid, other.pid))
}

func identityOf(args map[string]string) (identity, error) {
	pid, err := strconv.ParseInt(args["pid"], 10, 32)
	if err != nil || pid <= 1 || args["started"] == "" || args["boot"] == "" {
		return identity{}, fmt.Errorf("undo a pause: incomplete record %v", args)
	}
	return identity{pid: int32(pid), started: args["started"], boot: args["boot"]}, nil
}

// await asks every millisecond until seen is true, and gives the last error, or
// the context's, when that ends first.
func await(ctx context.Context, what string, seen func() (bool, error)) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := seen()
		if ok {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for %s: %w", what, ctx.Err()), err)
		}
	}
}
