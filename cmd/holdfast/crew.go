package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// crew are workers that this process has started.
type crew struct{ all []*hand }

// hand is one of them.
type hand struct {
	cmd   *exec.Cmd
	hold  io.Closer // what it lives by
	said  *tail
	ended chan struct{}
}

// tokenVariable is by which a worker is told what lets it in: a command line can be read by
// others.
const tokenVariable = "HOLDFAST_NATS_TOKEN"

// stdinVariable tells a worker to end with its standard input: that of a crew ends with the
// run, also with one that was killed.
const stdinVariable = "HOLDFAST_WORKER_STDIN"

// hire starts workers of this program, which may send to these hosts.
func hire(n int, url, token string, hosts []string) (*crew, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := new(crew)
	for i := range n {
		args := []string{"worker", "--nats", url, "--name", fmt.Sprintf("worker-%d", i+1), "--runs", "1"}
		for _, host := range hosts {
			args = append(args, "--allow-host", host)
		}
		h := &hand{cmd: exec.Command(self, args...), said: new(tail), ended: make(chan struct{})}
		h.cmd.Env = append(plainEnvironment(), tokenVariable+"="+token, stdinVariable+"=1")
		h.cmd.Stderr = h.said
		h.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the run, which ends them in order
		h.hold, err = h.cmd.StdinPipe()
		if err == nil {
			err = h.cmd.Start()
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start a worker: %w", err), c.dismiss())
		}
		go func() {
			defer close(h.ended)
			_ = h.cmd.Wait() // how it ended is of no interest: the coordinator knows what it did
		}()
		c.all = append(c.all, h)
	}
	return c, nil
}

// plainEnvironment is what a worker needs of ours: no secret of a service is among it.
func plainEnvironment() []string {
	var all []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "TZ", "GOMAXPROCS", "GOMEMLIMIT", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value, set := os.LookupEnv(name); set {
			all = append(all, name+"="+value)
		}
	}
	return all
}

// dismiss tells the workers to end, and kills those that do not.
func (c *crew) dismiss() error {
	for _, h := range c.all {
		_ = h.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	}
	limit := time.NewTimer(dismissTimeout)
	defer limit.Stop()
	for _, h := range c.all {
		select {
		case <-h.ended:
			continue
		case <-limit.C:
			limit.Reset(0) // the others have had as long
		}
		_ = h.cmd.Process.Kill() // it may have ended meanwhile
		<-h.ended
	}
	return nil
}

// tail keeps the end of what a process says.
type tail struct {
	mu   sync.Mutex // guards text
	text []byte
}

const tailBytes = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailBytes):]
	return len(p), nil
}

// last is its last line.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	return lines[len(lines)-1]
}

// gone are the last words of workers that have ended already.
func (c *crew) gone() error {
	var errs []error
	for i, h := range c.all {
		select {
		case <-h.ended:
			errs = append(errs, fmt.Errorf("worker-%d has ended: %s", i+1, h.said.last()))
		default:
		}
	}
	return errors.Join(errs...)
}
