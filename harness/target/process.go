package target

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/undo"
)

// Kinds of undo steps that a process plans.
const (
	stepProcess = "process"
	stepCgroup  = "cgroup"
)

// cgroupPrefix begins the name of every memory cgroup of ours.
const cgroupPrefix = "holdfast-"

// AsProcess is the runtime that needs nothing but this machine.
func AsProcess() Runtime {
	return Runtime{
		Name: "process",
		New: func(s Spec) (Target, error) {
			return NewProcess(ProcessConfig{Program: s.Program, Command: s.Command, MemoryLimit: s.MemoryLimit})
		},
		Undoers: map[string]undo.Func{
			stepProcess: func(ctx context.Context, args map[string]string) error {
				return killMarked(ctx, mark{run: args["run"], step: args["step"]})
			},
			stepCgroup: func(_ context.Context, args map[string]string) error { return removeCage(args["dir"]) },
		},
	}
}

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
	// CPUs bounds its CPU time the same way, in CPUs, for example 0.5; Start fails
	// with [ErrNoCPULimit] where that cannot be. Defaults to 0, no limit.
	CPUs float64
	// PassEnv names variables of the harness's environment that pass to it beside
	// those that always do ([Passed]).
	PassEnv []string
}

// Validate reports all that is wrong with it.
func (c ProcessConfig) Validate() error {
	err := c.Program.Validate()
	if c.Command == "" {
		err = errors.Join(err, errors.New("no Command is named"))
	}
	return err
}

// NewProcess prepares a target that runs as a process of this machine, in a
// process group of its own; it starts nothing.
func NewProcess(c ProcessConfig) (*Runner, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("target process: %w", err)
	}
	c.Program = c.Program.withDefaults(filepath.Base(c.Command))
	return newRunner(c.Program, processes{c}), nil
}

// processes begins lives that are processes.
type processes struct{ ProcessConfig }

// Describe implements [Launcher].
func (p processes) Describe() string {
	text := "process " + p.Name
	if p.MemoryLimit > 0 {
		text += ", memory limit " + result.Bytes(float64(p.MemoryLimit)) + " by cgroup"
	}
	return text
}

// Release implements [Launcher]: nothing outlives a process.
func (p processes) Release(context.Context) error { return nil }

// Launch plans, starts, and hands over to a goroutine that lives until the
// process is gone and then crosses the plan out.
func (p processes) Launch(_ context.Context, i Invocation) (Life, error) {
	path, err := exec.LookPath(p.Command)
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	l := &processLife{mark: mark{run: i.Run, step: i.Step}, journal: p.Journal, limit: p.MemoryLimit, ended: make(chan struct{})}
	l.cmd = exec.Command(path, i.Args...)
	l.cmd.Dir, l.cmd.Env = p.Dir, i.Env
	l.log = i.Log()
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
