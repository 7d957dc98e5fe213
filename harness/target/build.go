package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"holdfast.dev/holdfast/harness/undo"
)

// DefaultBuildTimeout bounds one build.
const DefaultBuildTimeout = 15 * time.Minute

// BuildConfig is what the builds of a service are told.
type BuildConfig struct {
	// PassEnv and Environ are those of [SystemConfig]. A build gets nothing else: the
	// environment of a process is for running it.
	PassEnv, Environ []string
	// Line is told of each line that a build writes. Optional.
	Line func(process, line string)
	// LogLines is how many of its last lines are kept. Defaults to DefaultLogLines.
	LogLines int
	// Secrets are cut out of what is kept.
	Secrets []string
	// Timeout bounds one build. Defaults to DefaultBuildTimeout.
	Timeout time.Duration
	// Journal is the run's undo journal. Required.
	Journal *undo.Journal
}

// Built is a build that was run.
type Built struct {
	// Processes are those whose build it is.
	Processes []string
	Command   []string
	Dir       string // of the machine; empty: the harness's own
	Took      time.Duration
	Log       []string // its last lines

	declared string // where the file has it; empty: no file does
}

// Build runs the Build of each process, one after the other, equal ones once. It
// is for once per run, before anything starts. Where one fails, the error is a
// [*StartError] with its last lines, and no other is run.
func Build(ctx context.Context, all []Process, c BuildConfig) ([]Built, error) {
	if err := ValidateProcesses(all); err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	if c.Journal == nil {
		return nil, errors.New("build: the run's undo Journal is missing")
	}
	if c.Environ == nil {
		c.Environ = os.Environ()
	}
	builds := distinct(all)
	for n := range builds {
		if err := c.run(ctx, &builds[n]); err != nil {
			return builds[:n], err
		}
	}
	return builds, nil
}

// distinct are the builds of the processes, equal ones once.
func distinct(all []Process) []Built {
	var builds []Built
	for _, p := range all {
		if len(p.Build) == 0 {
			continue
		}
		dir := p.Dir
		if p.Image != "" { // that folder is in the container
			dir = ""
		}
		n := slices.IndexFunc(builds, func(b Built) bool { return slices.Equal(b.Command, p.Build) && b.Dir == dir })
		if n < 0 {
			n = len(builds)
			builds = append(builds, Built{Command: p.Build, Dir: dir, declared: p.Declared.Build})
		}
		builds[n].Processes = append(builds[n].Processes, p.Name)
	}
	return builds
}

// run runs one of them and waits for its end.
func (c BuildConfig) run(ctx context.Context, b *Built) error {
	timeout := cmp.Or(c.Timeout, DefaultBuildTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not done within %v", timeout))
	defer cancel()
	var tell func(string)
	if c.Line != nil {
		tell = func(line string) { c.Line(b.Processes[0], line) }
	}
	log := newLines(cmp.Or(c.LogLines, DefaultLogLines), c.Secrets, tell)
	prog := Program{Name: "the build of " + strings.Join(b.Processes, " and "), Journal: c.Journal}
	how := processes{ProcessConfig{Program: prog, Command: b.Command[0], Dir: b.Dir}}
	began := time.Now()
	failed := func(err error) error {
		look := ""
		if b.declared != "" {
			look = b.declared + " is that build"
		}
		return &StartError{Name: prog.Name, Look: look, Err: fmt.Errorf("%s: %w", strings.Join(b.Command, " "), err), Log: log.list()}
	}
	life, err := how.Launch(ctx, prog.invocation(b.Command[1:], Passed(c.Environ, c.PassEnv), func() io.WriteCloser { return log.writer(nil) }))
	if err != nil {
		return failed(err)
	}
	var stopped error
	select {
	case <-life.Done():
	case <-ctx.Done():
		stopped = context.Cause(ctx)
		_ = life.Signal(syscall.SIGKILL, true) // who is gone meanwhile needs none
		<-life.Done()                          // comes: nothing outlives that signal for long, and the clearing is bounded
	}
	end, left := life.Outcome()
	b.Took, b.Log = time.Since(began), log.list()
	switch {
	case stopped != nil:
		return failed(errors.Join(stopped, left))
	case left != nil:
		return failed(left)
	case end.ExitCode == nil || *end.ExitCode != 0:
		return failed(errors.New("it " + howItEnded(end)))
	}
	return nil
}
