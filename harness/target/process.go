package target

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/undo"
)

// Kinds of undo steps that this package plans.
const (
	stepProcess   = "process"
	stepCgroup    = "cgroup"
	stepContainer = "container"
	stepImage     = "image"
)

// stepVariable is the environment variable that marks the processes of one
// life, beside [undo.RunVariable], which marks all of the run.
const stepVariable = "HOLDFAST_STEP"

// mark is what a life's processes, or its container, are found by.
type mark struct{ run, step string }

func newMark(j *undo.Journal) mark { return mark{run: j.Run(), step: rand.Text()} }

// ProcessConfig is a program to run as a process of this machine.
type ProcessConfig struct {
	Program
	// Command is its executable: a path, or a name to look up in PATH. Required.
	Command string
	// Dir is its working directory. Defaults to the harness's own.
	Dir string
	// MemoryLimit, in bytes, puts it into a memory cgroup of its own, in which
	// the kernel kills it when it needs more. That takes Linux and the right to
	// make cgroups (in practice root); Start fails with [ErrNoMemoryLimit]
	// elsewhere. Defaults to 0, no limit.
	MemoryLimit uint64
}

// Validate reports all that is wrong with it.
func (c ProcessConfig) Validate() error {
	err := c.Program.Validate()
	if c.Command == "" {
		err = errors.Join(err, errors.New("no Command is named"))
	}
	return err
}

// Process is a [Target] that runs as a process of this machine, in a process
// group of its own.
type Process struct{ *runner }

// NewProcess prepares a process; it starts nothing.
func NewProcess(c ProcessConfig) (*Process, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("target process: %w", err)
	}
	c.Program = c.Program.withDefaults(filepath.Base(c.Command))
	return &Process{newRunner(c.Program, processes{c})}, nil
}

// processes begins lives that are processes.
type processes struct{ ProcessConfig }

func (p processes) describe() string {
	text := "process " + p.Name
	if p.MemoryLimit > 0 {
		text += ", memory limit " + result.Bytes(float64(p.MemoryLimit)) + " by cgroup"
	}
	return text
}

func (p processes) release(context.Context) error { return nil }

// launch plans, starts, and hands over to a goroutine that lives until the
// process is gone and then crosses the plan out.
func (p processes) launch(_ context.Context, address string, log *lines) (life, error) {
	path, err := exec.LookPath(p.Command)
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	l := &processLife{mark: newMark(p.Journal), journal: p.Journal, limit: p.MemoryLimit, ended: make(chan struct{})}
	args, env := p.at(address, l.mark)
	l.cmd = exec.Command(path, args...)
	l.cmd.Dir, l.cmd.Env = p.Dir, env
	l.log = log.writer()
	l.cmd.Stdout, l.cmd.Stderr = l.log, l.log
	l.cmd.WaitDelay = pipePatience
	if l.step, err = p.Journal.Plan(stepProcess, map[string]string{"run": l.mark.run, "step": l.mark.step, "name": p.Name}); err != nil {
		return nil, err
	}
	if p.MemoryLimit > 0 {
		if err := l.confine(); err != nil {
			return nil, errors.Join(err, p.Journal.Done(l.step))
		}
	}
	started := make(chan error)
	go l.live(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return l, nil
}
