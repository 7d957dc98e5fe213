package target

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/undo"
)

// Command is a program that runs to its end: a build, a migration, a question about
// the data. It has a process group of its own, and what it forks goes with it: at its
// end, at the end of its context, and with a harness that is killed.
type Command struct {
	// Args are the program (a path, or a name to look up in PATH) and its arguments.
	// No shell reads them. Required.
	Args []string
	// Dir is its working directory. Defaults to the harness's own.
	Dir string
	// Env is its whole environment, name=value: nothing of the harness's own is passed on.
	Env []string
	// Stdout and Stderr take what it writes; one value for both gets it in one order.
	// Default to nowhere.
	Stdout, Stderr io.Writer
	// Gate is what stands before its way out. Defaults to none: it is open.
	Gate Gate
	// Journal is the run's undo journal. Required.
	Journal *undo.Journal
}

// Run starts it and returns when it and all that it has forked are gone. The error
// says that it could not be started, that ctx ended it, or that something is left
// of it; with which code it ended is in the result.
func (c Command) Run(ctx context.Context) (result.End, error) {
	if err := c.validate(); err != nil {
		return result.End{}, err
	}
	path, err := findProgram(c.Args[0], c.Dir, c.Env)
	if err != nil {
		return result.End{}, fmt.Errorf("find the program: %w", err)
	}
	l := &processLife{mark: mark{run: c.Journal.Run(), step: rand.Text()}, journal: c.Journal, log: nopCloser{}, name: filepath.Base(path), gate: c.Gate, ended: make(chan struct{})}
	l.make = func() *exec.Cmd {
		cmd := exec.Command(path, c.Args[1:]...)
		cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = c.Dir, c.Stdout, c.Stderr, pipePatience
		cmd.Env = append(slices.Clone(c.Env), undo.RunVariable+"="+l.mark.run, stepVariable+"="+l.mark.step)
		return cmd
	}
	if l.step, err = c.Journal.Plan(stepProcess, map[string]string{"run": l.mark.run, "step": l.mark.step, "name": filepath.Base(path)}); err != nil {
		return result.End{}, err
	}
	if err := l.confine(); err != nil {
		return result.End{}, errors.Join(err, c.Journal.Done(l.step))
	}
	started := make(chan error)
	go l.live(started)
	if err := <-started; err != nil {
		return result.End{}, err
	}
	select {
	case <-l.ended:
		return l.Outcome()
	case <-ctx.Done():
	}
	_ = l.Signal(syscall.SIGKILL, true) // who is gone meanwhile needs none
	<-l.ended
	end, err := l.Outcome()
	return end, errors.Join(context.Cause(ctx), err)
}

func (c Command) validate() error {
	switch {
	case len(c.Args) == 0 || c.Args[0] == "":
		return errors.New("run a command: there is none")
	case c.Journal == nil:
		return errors.New("run a command: the run's undo Journal is missing")
	}
	return nil
}

// nopCloser is a log that is nobody's.
type nopCloser struct{}

func (nopCloser) Write(p []byte) (int, error) { return len(p), nil }
func (nopCloser) Close() error                { return nil }
