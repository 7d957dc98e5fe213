package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"holdfast.dev/holdfast/harness/undo"
)

// sweepPause is between killing and looking whether it helped.
const sweepPause = 10 * time.Millisecond

// mark is what a life's processes are found by.
type mark struct{ run, step string }

// killMarked kills every process that carries m and returns when none is left.
func killMarked(ctx context.Context, m mark) error {
	if m.run == "" || m.step == "" {
		return errors.New("kill leftover processes: their mark is missing")
	}
	ctx, cancel := context.WithTimeout(ctx, killPatience)
	defer cancel()
	branded := m.brands()
	for {
		found, err := markedProcesses(m, branded)
		if err != nil {
			return fmt.Errorf("look for leftover processes: %w", err)
		}
		if len(found) == 0 {
			return nil
		}
		var failed error
		for _, process := range found {
			if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				failed = err
			}
			_ = process.Release()
		}
		select {
		case <-time.After(sweepPause):
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%d leftover processes are still there", len(found)), failed)
		}
	}
}

// in is whether an environment carries both of its variables.
func (m mark) in(environ [][]byte) bool {
	run, step := undo.RunVariable+"="+m.run, stepVariable+"="+m.step
	var hasRun, hasStep bool
	for _, variable := range environ {
		hasRun = hasRun || string(variable) == run
		hasStep = hasStep || string(variable) == step
	}
	return hasRun && hasStep
}

// inListing finds the ids of the processes that carry it in ps's listing:
// lines of an id, a command and its environment, set apart by spaces.
func (m mark) inListing(listing []byte) []int {
	var pids []int
	for line := range bytes.Lines(listing) {
		fields := bytes.Fields(line)
		if len(fields) == 0 || !m.in(fields[1:]) {
			continue
		}
		if pid, err := strconv.Atoi(string(fields[0])); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
