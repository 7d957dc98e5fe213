package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"holdfast.dev/holdfast/harness/target/internal/kin"
)

// planGroup writes down the process group of a life that has no cgroup: in it those
// are found that have written over their environment, and the mark in it, as many a
// worker does to show its title in ps.
func (l *processLife) planGroup() error {
	main, alive := kin.See(int32(l.cmd.Process.Pid))
	if l.cage != nil || !alive {
		return nil
	}
	var err error
	l.groupStep, err = l.journal.Plan(stepGroup, map[string]string{
		"run": l.mark.run, "step": l.mark.step, "boot": kin.Boot(),
		"group": strconv.Itoa(int(main.PID)), "start": strconv.FormatUint(main.Start, 10),
	})
	return err
}

// killGroupOf kills what is left of a group that planGroup wrote down.
func killGroupOf(ctx context.Context, args map[string]string) error {
	m := mark{args["run"], args["step"]}
	if m.run == "" || m.step == "" {
		return errors.New("kill a leftover process group: its mark is missing")
	}
	group, noGroup := strconv.ParseInt(args["group"], 10, 32)
	start, noStart := strconv.ParseUint(args["start"], 10, 64)
	if noGroup != nil || noStart != nil || args["boot"] != kin.Boot() {
		return nil // of another run of the machine
	}
	ctx, cancel := context.WithTimeout(ctx, killPatience)
	defer cancel()
	for {
		found := kin.OfGroup(int32(group), start, m.in)
		if len(found) == 0 {
			return nil
		}
		var failed error
		for _, p := range found {
			if err := kin.Send(p, syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
				failed = err
			}
		}
		select {
		case <-time.After(sweepPause):
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%d processes of group %d are still there", len(found), group), failed)
		}
	}
}
