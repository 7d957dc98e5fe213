package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

const (
	killPatience  = 10 * time.Second // from SIGKILL until the life must be gone
	startAttempts = 3                // at different ports
)

// life is one life of a program, from its start until all of it is gone.
type life interface {
	// pid is its main process on this machine, while it runs.
	pid() (int32, bool)
	// memoryDir is its memory cgroup's directory, while it runs, if known.
	memoryDir() (string, bool)
	// signal sends to all of its processes or to the main one.
	signal(sig syscall.Signal, all bool) error
	// done is closed once it has ended and nothing is left of it, or no more
	// can be done about what is left: then outcome's error says so.
	done() <-chan struct{}
	// outcome is how it ended, without times and Expected; only after done.
	outcome() (result.End, error)
}

// launcher begins lives: the part in which process and container differ.
type launcher interface {
	launch(ctx context.Context, address string, log *lines) (life, error)
	// release removes what outlives single lives; it is idempotent.
	release(ctx context.Context) error
	describe() string
}

// runner is the lifecycle that process and container share.
type runner struct {
	prog Program
	how  launcher
	log  *lines
	turn chan struct{} // held by the one Start or Stop that is at work

	mu      sync.Mutex // guards below
	address string
	abandon context.CancelCauseFunc // of the Start at work
	ends    []result.End
	now     *tenure // the latest life; it may have ended
}

func newRunner(prog Program, how launcher) *runner {
	return &runner{
		prog: prog, how: how, address: prog.Address,
		log:  newLines(prog.LogLines, prog.Secrets),
		turn: make(chan struct{}, 1),
	}
}

// Start implements [Target].
func (r *runner) Start(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return &StartError{Name: r.prog.Name, Err: context.Cause(ctx)}
	}
	if r.alive() != nil {
		return fmt.Errorf("start %s: %w", r.prog.Name, ErrRunning)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.mu.Lock()
	r.abandon = cancel
	r.mu.Unlock()
	var err error
	for range startAttempts {
		if err = r.startOnce(ctx); !errors.Is(err, errPortTaken) || !r.forgetPort() {
			return err
		}
	}
	return err
}

// startOnce begins one life and sees it ready, or ended again.
func (r *runner) startOnce(ctx context.Context) error {
	address, err := r.settleAddress()
	if err != nil {
		return &StartError{Name: r.prog.Name, Err: err}
	}
	began := time.Since(r.prog.Start)
	l, err := r.how.launch(ctx, address, r.log)
	if err != nil {
		return &StartError{Name: r.prog.Name, Err: err, Log: r.log.list()}
	}
	t := r.take(l, began)
	err = awaitReady(ctx, r.URL()+r.prog.ReadyPath, r.prog.ReadyTimeout, t.exited)
	if err == nil {
		return nil
	}
	if errors.Is(err, errEndedFirst) && !addressFree(address) {
		err = fmt.Errorf("%w: %w %s", err, errPortTaken, address)
	}
	if undone := r.end(ctx, t, false); undone != nil {
		err = errors.Join(err, undone)
	}
	return &StartError{Name: r.prog.Name, End: r.endOf(t), Ended: true, Log: r.log.list(), Err: err}
}

// take makes a life the current one and watches over its end.
func (r *runner) take(l life, began time.Duration) *tenure {
	t := &tenure{life: l, exited: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.index = len(r.ends)
	r.ends = append(r.ends, result.End{StartS: began.Seconds()})
	r.now = t
	go func() { // ends with the life, which Stop ends for certain
		<-l.done()
		r.record(t)
		close(t.exited)
	}()
	return t
}

// end makes sure that t has ended. gently asks it first.
func (r *runner) end(ctx context.Context, t *tenure, gently bool) error {
	select {
	case <-t.exited:
		return r.leftOf(t)
	default:
	}
	r.mu.Lock()
	t.stopping = true
	r.mu.Unlock()
	if gently {
		grace := time.NewTimer(r.prog.Grace)
		defer grace.Stop()
		_ = t.signal(syscall.SIGTERM, false) // who is gone meanwhile needs none
		_ = t.signal(syscall.SIGCONT, true)  // a paused one could not heed it
		select {
		case <-t.exited:
			return r.leftOf(t)
		case <-grace.C:
		case <-ctx.Done():
		}
	}
	killed := t.signal(syscall.SIGKILL, true)
	patience := time.NewTimer(killPatience)
	defer patience.Stop()
	select {
	case <-t.exited:
		return r.leftOf(t)
	case <-patience.C:
		return errors.Join(fmt.Errorf("stop %s: still there %v after SIGKILL", r.prog.Name, killPatience), killed)
	}
}

// Stop implements [Target].
func (r *runner) Stop(ctx context.Context) (result.End, error) {
	r.mu.Lock()
	if r.abandon != nil {
		r.abandon(errors.New("it was told to stop"))
	}
	r.mu.Unlock()
	r.turn <- struct{}{} // a Start that was abandoned gives it back soon
	defer func() { <-r.turn }()
	t := r.current()
	var err error
	if t != nil {
		err = r.end(ctx, t, true)
	}
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), killPatience)
	defer cancel()
	if left := r.how.release(release); left != nil {
		err = errors.Join(err, left)
	}
	if err != nil {
		err = fmt.Errorf("stop %s: %w", r.prog.Name, err)
	}
	if t == nil {
		return result.End{}, err
	}
	return r.endOf(t), err
}

// Signal implements [Target].
func (r *runner) Signal(sig os.Signal) error {
	number, ok := sig.(syscall.Signal)
	if !ok {
		return fmt.Errorf("signal %s: %v is no signal of this system", r.prog.Name, sig)
	}
	t := r.alive()
	if t == nil {
		return fmt.Errorf("signal %s: %w", r.prog.Name, ErrNotRunning)
	}
	all := number == syscall.SIGKILL || number == syscall.SIGSTOP || number == syscall.SIGCONT
	if terminates(number) { // noted first: the end may be recorded before signal returns
		r.mu.Lock()
		t.asked, t.askedAt = number, time.Now()
		r.mu.Unlock()
	}
	if err := t.signal(number, all); err != nil {
		return fmt.Errorf("signal %s: %w", r.prog.Name, err)
	}
	return nil
}

func terminates(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGABRT:
		return true
	}
	return false
}

// URL implements [Target].
func (r *runner) URL() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.address == "" {
		return ""
	}
	return "http://" + r.address
}

// PID implements [Target].
func (r *runner) PID() (int32, bool) {
	if t := r.alive(); t != nil {
		return t.pid()
	}
	return 0, false
}

// MemoryDir is the directory of the memory cgroup that it alone runs in, for
// probes; false while it does not run, or has none of its own.
func (r *runner) MemoryDir() (string, bool) {
	if t := r.alive(); t != nil {
		return t.memoryDir()
	}
	return "", false
}

// Exited implements [Target].
func (r *runner) Exited() <-chan struct{} {
	if t := r.current(); t != nil {
		return t.exited
	}
	return nil
}

// Ends implements [Target].
func (r *runner) Ends() []result.End {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ends)
}

// Log implements [Target].
func (r *runner) Log() []string { return r.log.list() }

// Describe implements [Target].
func (r *runner) Describe() string { return r.how.describe() }

func (r *runner) current() *tenure {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// alive is the current life, nil if it has ended.
func (r *runner) alive() *tenure {
	t := r.current()
	if t == nil {
		return nil
	}
	select {
	case <-t.exited:
		return nil
	default:
		return t
	}
}

func (r *runner) endOf(t *tenure) result.End {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ends[t.index]
}

func (r *runner) leftOf(t *tenure) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return t.err
}

func (r *runner) settleAddress() (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.address == "" {
		address, err := freeAddress()
		if err != nil {
			return "", err
		}
		r.address = address
	}
	return r.address, nil
}

// forgetPort lets the next attempt pick another port, and strikes the failed
// one from the record, as long as no client can know the port: nobody chose
// it and it never was ready.
func (r *runner) forgetPort() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.prog.Address != "" || len(r.ends) != 1 {
		return false
	}
	r.address, r.ends, r.now = "", nil, nil
	return true
}
