package target

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/undo"
)

// Kinds of undo steps that a process plans.
const (
	stepProcess = "process"
	stepGroup   = "process group"
	stepCgroup  = "cgroup"
)

// limits bound all processes of a life; 0 is none.
type limits struct {
	memory uint64  // bytes
	cpus   float64 // CPUs
}

// cgroupPrefix begins the name of every cgroup of ours.
const cgroupPrefix = "holdfast-"

// AsProcess is the runtime that needs nothing but this machine.
func AsProcess() Runtime {
	return Runtime{
		Name: "process",
		New: func(s Spec) (Target, error) {
			return NewProcess(ProcessConfig{Program: s.Program, Command: s.Command, MemoryLimit: s.MemoryLimit, PassEnv: s.PassEnv})
		},
		Undoers: map[string]undo.Func{
			stepProcess: func(ctx context.Context, args map[string]string) error {
				return killMarked(ctx, mark{run: args["run"], step: args["step"]})
			},
			stepGroup: killGroupOf,
			stepCgroup: func(_ context.Context, args map[string]string) error {
				if args["dir"] == "" && args["cpu"] == "" {
					return errors.New("remove cgroup: none is named")
				}
				for _, name := range []string{"cpu", "dir"} {
					if args[name] == "" {
						continue
					}
					if err := removeCage(args[name]); err != nil {
						return err
					}
				}
				return nil
			},
		},
	}
}

// ProcessConfig is a program to run as a process of this machine.
type ProcessConfig struct {
	Program
	// Command is its executable: a path, from Dir if it is not absolute, or a name to
	// look up in its PATH. Required.
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
	r := newRunner(c.Program, processes{c})
	r.compose = func(address string) (args []string, env map[string]string, err error) {
		args, own, err := c.compose(address)
		env = Passed(os.Environ(), c.PassEnv)
		maps.Copy(env, own)
		return args, env, err
	}
	return r, nil
}

// findProgram finds a program as a shell in dir with that environment would: by its
// path, or in PATH.
func findProgram(command, dir string, env []string) (string, error) {
	absolute := func(path string) (string, error) {
		if filepath.IsAbs(path) {
			return path, nil
		}
		return filepath.Abs(filepath.Join(dir, path))
	}
	if !strings.ContainsRune(command, filepath.Separator) {
		for _, in := range filepath.SplitList(variable(env, "PATH")) {
			if path, err := absolute(filepath.Join(in, command)); err == nil {
				if found, err := exec.LookPath(path); err == nil {
					return found, nil
				}
			}
		}
		return "", fmt.Errorf("%w: %s is in no folder of its PATH", exec.ErrNotFound, command)
	}
	path, err := absolute(command)
	if err != nil {
		return "", err
	}
	return exec.LookPath(path)
}

// variable is the value of one of an environment's variables.
func variable(env []string, name string) string {
	for _, line := range env {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return value
		}
	}
	return ""
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
	path, err := findProgram(p.Command, p.Dir, i.Env)
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	l := &processLife{
		mark: mark{run: i.Run, step: i.Step}, journal: p.Journal, limits: limits{p.MemoryLimit, p.CPUs}, name: p.Name, gate: p.Gate,
		log: i.Log(), ended: make(chan struct{}),
	}
	l.make = func() *exec.Cmd {
		cmd := exec.Command(path, i.Args...)
		cmd.Dir, cmd.Env = p.Dir, i.Env
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = l.log, l.log, pipePatience
		return cmd
	}
	if l.step, err = p.Journal.Plan(stepProcess, map[string]string{"run": l.mark.run, "step": l.mark.step, "name": p.Name}); err != nil {
		return nil, err
	}
	if err := l.confine(); err != nil {
		return nil, errors.Join(err, p.Journal.Done(l.step))
	}
	started := make(chan error)
	go l.live(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return l, nil
}
