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
	path, err := c.path()
	if err != nil {
		return result.End{}, err
	}
	l := &processLife{mark: mark{run: c.Journal.Run(), step: rand.Text()}, journal: c.Journal, log: nopCloser{}, ended: make(chan struct{})}
	l.cmd = exec.Command(path, c.Args[1:]...)
	l.cmd.Dir, l.cmd.Stdout, l.cmd.Stderr, l.cmd.WaitDelay = c.Dir, c.Stdout, c.Stderr, pipePatience
	l.cmd.Env = append(slices.Clone(c.Env), undo.RunVariable+"="+l.mark.run, stepVariable+"="+l.mark.step)
	if l.step, err = c.Journal.Plan(stepProcess, map[string]string{"run": l.mark.run, "step": l.mark.step, "name": filepath.Base(path)}); err != nil {
		return result.End{}, err
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

// path finds the program as a shell in Dir would: one with a slash below Dir.
func (c Command) path() (string, error) {
	name := c.Args[0]
	if filepath.Base(name) != name && !filepath.IsAbs(name) && c.Dir != "" {
		name = filepath.Join(c.Dir, name)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("find the program: %w", err)
	}
	return filepath.Abs(path)
}

// nopCloser is a log that is nobody's.
type nopCloser struct{}

func (nopCloser) Write(p []byte) (int, error) { return len(p), nil }
func (nopCloser) Close() error                { return nil }
