package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"holdfast.dev/holdfast/harness/undo"

	"golang.org/x/sys/unix"
)

// child is a process that dies with us.
type child struct {
	cmd    *exec.Cmd
	exited chan struct{}
	err    error // how it ended; to be read once exited is closed
}

// startChild starts the command. Linux ties a child's death to that of the
// thread that started it, not of the process, so that thread is kept for it
// until it ended; the goroutine that waits for the child owns it.
func startChild(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
		}
		close(c.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// combinedOutput runs a short command as a child that dies with us.
func combinedOutput(cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	c, err := startChild(cmd)
	if err != nil {
		return nil, err
	}
	<-c.exited
	return out.Bytes(), c.err
}

// startServer starts postgres in the foreground, its output in the slot's log.
func startServer(b Binaries, s *slot, run string, args []string) (*child, error) {
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(b.program("postgres"), args...)
	cmd.Dir = "/"
	cmd.Env = environment(run)
	cmd.Stdout, cmd.Stderr = log, log
	// SIGQUIT is what ends a postmaster and all of its children at once.
	cmd.SysProcAttr = childAttributes(s.who, unix.SIGQUIT)
	c, err := startChild(cmd)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", b, err)
	}
	return c, nil
}

// environment holds nothing of ours that could change what Postgres does, and
// the run's id so that a person can tell whose process it is.
func environment(run string) []string {
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C"}
	for _, name := range []string{"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	if run != "" {
		env = append(env, undo.RunVariable+"="+run)
	}
	return env
}

// stop ends a server: cleanly, then uncleanly, then for certain. The context
// shortens only the patience for a clean end.
func (c *child) stop(ctx context.Context) error {
	canceled := ctx.Done()
	for _, attempt := range []struct {
		signal   unix.Signal
		patience time.Duration
	}{
		{unix.SIGINT, stopPatience},
		{unix.SIGQUIT, killPatience},
		{unix.SIGKILL, killPatience},
	} {
		if err := c.cmd.Process.Signal(attempt.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("send it %v: %w", attempt.signal, err)
		}
		timer := time.NewTimer(attempt.patience)
		select {
		case <-c.exited:
			timer.Stop()
			return nil
		case <-canceled:
			canceled = nil
		case <-timer.C:
		}
		timer.Stop()
	}
	<-c.exited // nothing survives SIGKILL but a call stuck in the kernel
	return nil
}
