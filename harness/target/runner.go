package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"syscall"
	"time"

	"holdfast.dev/holdfast/harness/internal/port"
	"holdfast.dev/holdfast/harness/result"
)

const (
	killPatience  = 10 * time.Second       // from SIGKILL until the life must be gone
	lastLook      = 500 * time.Millisecond // beyond the grace, for us to see an end
	startAttempts = 3                      // at different ports
)

// Runner is a [Target] whose lives a [Launcher] begins: the lifecycle that all
// runtimes share.
type Runner struct {
	prog Program
	how  Launcher
	log  *lines
	turn chan struct{} // held by the one Start or Stop that is at work
	// compose is what a life at that address is told.
	compose func(address string) (args []string, env map[string]string, err error)
	ready   Ready
	at      func(port string) (address string) // nil: there is one port

	mu      sync.Mutex // guards below
	address string
	claim   *port.Claim             // of that address; nil where somebody chose it, and while stopped
	abandon context.CancelCauseFunc // of the Start at work
	ends    []result.End
	now     *tenure // the latest life; it may have ended
}

// New prepares to run a program; it starts nothing.
func New(prog Program, how Launcher) (*Runner, error) {
	if err := prog.Validate(); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return newRunner(prog.withDefaults("the target"), how), nil
}

func newRunner(prog Program, how Launcher) *Runner {
	return &Runner{
		prog: prog, how: how, address: prog.Address,
		log:     newLines(prog.LogLines, prog.Secrets, prog.Line),
		turn:    make(chan struct{}, 1),
		compose: prog.compose,
		ready:   Ready{HTTP: prog.ReadyPath, Timeout: prog.ReadyTimeout},
	}
}

// Start implements [Target].
func (r *Runner) Start(ctx context.Context) error {
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
	first := r.current() == nil
	var err error
	for range startAttempts {
		if err = r.startOnce(ctx); !errors.Is(err, errPortTaken) || !first || !r.forgetPort() {
			return err
		}
	}
	return err
}

// startOnce begins one life and sees it ready, or ended again.
func (r *Runner) startOnce(ctx context.Context) error {
	address, err := r.settleAddress()
	if err != nil {
		return &StartError{Name: r.prog.Name, Err: err}
	}
	if !port.Free(address) { // else a stranger's answer would be taken for its own
		return &StartError{Name: r.prog.Name, Err: fmt.Errorf("%w %s", errPortTaken, address)}
	}
	t, seen, err := r.begin(ctx, address)
	if err != nil {
		return &StartError{Name: r.prog.Name, Err: err, Log: r.log.list()}
	}
	err = awaitReady(ctx, r.asking(address, seen), r.ready.Timeout, t.exited)
	if err == nil {
		return nil
	}
	switch asked := r.askedAt(address); {
	case errors.Is(err, errEndedFirst):
		if !port.Free(address) {
			err = fmt.Errorf("%w: %w %s", err, errPortTaken, address)
		}
	case asked != "":
		if where := r.elsewhere(asked); where != "" {
			err = fmt.Errorf("%w, and %w%s", err, errElsewhere, where)
		}
	}
	if undone := r.end(ctx, t, false); undone != nil {
		err = errors.Join(err, undone)
	}
	end := r.endOf(t)
	if errors.Is(err, errEndedFirst) && end.ExitCode != nil && *end.ExitCode == 0 {
		err = fmt.Errorf("%w: a program that goes into the background must be told to stay in the foreground", err)
	}
	return &StartError{Name: r.prog.Name, End: end, Ended: true, Log: r.log.list(), Err: err}
}

// begin begins one life. seen fires when it has written the line by which it is
// known to be ready, if there is one.
func (r *Runner) begin(ctx context.Context, address string) (t *tenure, seen *sighting, err error) {
	began := time.Since(r.prog.Start)
	args, env, err := r.compose(address)
	if err != nil {
		return nil, nil, err
	}
	seen = newSighting(r.ready.Log)
	i := r.prog.invocation(args, env, func() io.WriteCloser { return r.log.writer(seen.look) })
	l, err := r.how.Launch(ctx, i)
	if err != nil {
		return nil, nil, err
	}
	return r.take(l, began, stepVariable+"="+i.Step), seen, nil
}

// relaunch begins another life, as a service manager does: it does not wait until
// that is ready, and ends none that is not.
func (r *Runner) relaunch(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	address, err := r.settleAddress()
	if err != nil {
		return err
	}
	_, _, err = r.begin(ctx, address)
	return err
}

// take makes a life the current one and watches over its end.
func (r *Runner) take(l Life, began time.Duration, mark string) *tenure {
	t := &tenure{Life: l, mark: mark, exited: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.index = len(r.ends)
	r.ends = append(r.ends, result.End{StartS: began.Seconds()})
	r.now = t
	go func() { // ends with the life, which Stop ends for certain
		<-l.Done()
		r.record(t)
		close(t.exited)
	}()
	return t
}

// end makes sure that t has ended. gently asks it first.
func (r *Runner) end(ctx context.Context, t *tenure, gently bool) error {
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
		_ = t.Signal(syscall.SIGTERM, false) // who is gone meanwhile needs none
		_ = t.Signal(syscall.SIGCONT, true)  // a paused one could not heed it
		select {
		case <-t.exited:
			return r.leftOf(t)
		case <-grace.C:
			if r.overdue(t) {
				break
			}
			return r.leftOf(t)
		case <-ctx.Done():
		}
	}
	killed := t.Signal(syscall.SIGKILL, true)
	patience := time.NewTimer(killPatience)
	defer patience.Stop()
	select {
	case <-t.exited:
		return r.leftOf(t)
	case <-patience.C:
		return errors.Join(fmt.Errorf("stop %s: still there %v after SIGKILL", r.prog.Name, killPatience), killed)
	}
}

// overdue notes that t is there still when its grace is over, and reports whether it is: it
// may have ended while we were the ones who stood still, and nobody has seen it yet.
func (r *Runner) overdue(t *tenure) bool {
	look := time.NewTimer(lastLook)
	defer look.Stop()
	select {
	case <-t.exited:
		return false
	case <-look.C:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.overdue = true
	return true
}

// Stop implements [Target].
func (r *Runner) Stop(ctx context.Context) (result.End, error) {
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
	if left := r.how.Release(release); left != nil {
		err = errors.Join(err, left)
	}
	r.giveBack()
	if err != nil {
		err = fmt.Errorf("stop %s: %w", r.prog.Name, err)
	}
	if t == nil {
		return result.End{}, err
	}
	return r.endOf(t), err
}

// URL implements [Target].
func (r *Runner) URL() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.address == "" {
		return ""
	}
	return "http://" + r.address
}

// PID implements [Target].
func (r *Runner) PID() (int32, bool) {
	if t := r.alive(); t != nil {
		return t.PID()
	}
	return 0, false
}

// MemoryDir is the directory of the memory cgroup that it alone runs in, for
// probes; false while it does not run, or has none of its own.
func (r *Runner) MemoryDir() (string, bool) {
	if t := r.alive(); t != nil {
		return t.MemoryDir()
	}
	return "", false
}

// Mark is the environment variable, NAME=VALUE, that all processes of its current
// life inherit, for probes; empty while it does not run.
func (r *Runner) Mark() string {
	if t := r.alive(); t != nil {
		return t.mark
	}
	return ""
}

// Exited implements [Target].
func (r *Runner) Exited() <-chan struct{} {
	if t := r.current(); t != nil {
		return t.exited
	}
	return nil
}

// Ends implements [Target].
func (r *Runner) Ends() []result.End {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ends)
}

// Log implements [Target].
func (r *Runner) Log() []string { return r.log.list() }

// Describe implements [Target].
func (r *Runner) Describe() string { return r.how.Describe() }

func (r *Runner) current() *tenure {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// alive is the current life, nil if it has ended.
func (r *Runner) alive() *tenure {
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

func (r *Runner) endOf(t *tenure) result.End {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ends[t.index]
}

func (r *Runner) leftOf(t *tenure) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return t.err
}

func (r *Runner) settleAddress() (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.prog.Address != "" || r.claim != nil {
		return r.address, nil
	}
	var err error
	if r.address == "" {
		r.claim, err = port.ClaimFree()
	} else if r.claim, err = port.ClaimAt(r.address); err != nil { // it was stopped meanwhile
		return "", fmt.Errorf("%w: %w", errPortTaken, err)
	}
	if err != nil {
		return "", err
	}
	r.address = r.claim.Address()
	return r.address, nil
}

// giveBack lets others have its port while it is stopped.
func (r *Runner) giveBack() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.claim != nil {
		r.claim.Release()
		r.claim = nil
	}
}

// forgetPort lets the next attempt of a first start pick another port, and strikes the
// failed one from the record, unless somebody chose the port: no client can know it, for
// it never was ready.
func (r *Runner) forgetPort() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.prog.Address != "" {
		return false
	}
	if r.claim != nil {
		r.claim.Release()
	}
	r.address, r.claim, r.ends, r.now = "", nil, nil, nil
	return true
}
