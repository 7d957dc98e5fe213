package chaos

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/undo"
)

// childRole names, in the environment, what this test binary is started as.
const childRole = "HOLDFAST_CHAOS_TEST_CHILD"

// child is the process on which signals are tried: it says "ready", then waits
// for SIGTERM or the end of its input. One that is a parent has two children of its
// own; one that is hungry is a target.
func child(role string) int {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	switch role {
	case "parent":
		for range 2 {
			startGrandchild()
		}
	case "burn", "grow":
		hungry(role)
		return 1
	}
	fmt.Println("ready")
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	}()
	select {
	case <-term:
		return 3
	case <-over:
		return 4
	}
}

// startGrandchild starts a process that waits until it is told to end, or its parent
// is gone.
func startGrandchild() {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"=wait")
	cmd.SysProcAttr = diesWithUs(&syscall.SysProcAttr{Setpgid: true}, syscall.SIGKILL)
	in, err := cmd.StdinPipe()
	if err != nil {
		panic(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		panic(err)
	}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	_, _ = bufio.NewReader(out).ReadString('\n')
	go func() {
		_ = cmd.Wait() // so that it is no zombie
		runtime.KeepAlive(in)
	}()
}

// process is a started child. It implements [Process].
type process struct {
	cmd    *exec.Cmd
	id     identity
	exited chan struct{}
	mu     sync.Mutex
	gone   bool
}

func startChild(t *testing.T) *process { return startAs(t, "wait") }

// startAs starts a child with a role.
func startAs(t *testing.T, role string) *process {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the state of a process is read from Linux's /proc")
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role)
	cmd.SysProcAttr = diesWithUs(&syscall.SysProcAttr{Setpgid: true}, syscall.SIGKILL)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &process{cmd: cmd, exited: make(chan struct{})}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	p.id, err = identify(int32(cmd.Process.Pid))
	require.NoError(t, err)
	go func() {
		defer close(p.exited)
		_ = cmd.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.gone = true
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = p.Signal(syscall.SIGKILL)
		<-p.exited
	})
	return p
}

func (p *process) PID() (int32, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int32(p.cmd.Process.Pid), !p.gone
}

func (p *process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

func openJournal(t *testing.T) (j *undo.Journal, dir string) {
	t.Helper()
	dir = t.TempDir()
	j, err := undo.Open(dir, "run-1")
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j, dir
}
