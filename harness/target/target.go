// Package target runs the system under test: as a process ([NewProcess]), as several
// that depend on each other ([NewSystem]), as a container with a memory limit (the
// package docker), in any other way that a [Launcher] knows ([New]), or not at all,
// where someone else runs it and only its URL is known ([NewURL]).
//
// All of these are a [Target]. Those that are started share one lifecycle:
//
//   - Start picks a free loopback port (once; a restart keeps it, so that clients
//     need not learn a new one), starts the program, and returns when it says
//     that it is ready, or with a [StartError] that holds how it ended and its
//     last log lines.
//   - Stop asks with SIGTERM, waits for the grace, then kills. It is idempotent,
//     legal before Start, and when it returns nil nothing of that life is left.
//     Start may then be called again.
//   - A program that ends by itself is seen at once through Exited and recorded
//     in Ends, whether or not anybody calls Stop.
//
// Whatever is started is first written to the run's undo journal; the Undoers of
// a [Runtime] are the other half, for the sweep after a harness that was killed. A process also
// dies with its harness (Linux: PDEATHSIG).
//
// The package judges nothing and measures nothing over time: it tells how each
// life ended, with the kernel's or the engine's evidence. For series of memory
// and CPU, give PID and MemoryDir to probes.
package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// Target is one system under test. Its methods may be called from several
// goroutines; Start and Stop wait for each other, and Stop cuts a Start short.
type Target interface {
	// Start starts it and returns when it is ready to serve. It fails with
	// [ErrRunning] while it is running, else with a [*StartError].
	Start(ctx context.Context) error
	// Stop ends the current life for certain and returns how it ended. ctx
	// shortens the grace, never the certainty. A life that had ended before is
	// returned as it was. The error says what could not be undone.
	Stop(ctx context.Context) (result.End, error)
	// URL is where it answers, without a trailing slash, for example
	// "http://127.0.0.1:20113". Empty before the first Start.
	URL() string
	// PID is the process id on this machine, as long as it runs here.
	PID() (int32, bool)
	// Signal sends a signal. SIGKILL, SIGSTOP and SIGCONT reach all of its
	// processes, others the main one, as a service manager would send them. An
	// end that follows a terminating signal counts as expected. It fails with
	// [ErrNotRunning] when there is nobody to send it to.
	Signal(sig os.Signal) error
	// Exited is closed when the current life has ended and its end is in Ends.
	// It is nil, which never fires, before the first Start and for a URL.
	Exited() <-chan struct{}
	// Ends tells how each life ended, in order; one that still runs is there
	// without EndS. Seconds count from the run's start.
	Ends() []result.End
	// Log returns the last lines that it wrote, all lives together, oldest
	// first, cut to a bounded length and without the configured secrets.
	Log() []string
	// Describe says in one line what is run and how, without secrets.
	Describe() string
}

// What Start, Stop and Signal may fail with.
var (
	ErrRunning    = errors.New("the target is already running")
	ErrNotRunning = errors.New("the target is not running")
	// ErrNotOurs is for a service that someone else runs.
	ErrNotOurs = errors.New("the target is run by someone else: holdfast neither stops nor signals it")
	// ErrNoMemoryLimit means that this machine lets us limit no process's memory.
	ErrNoMemoryLimit = errors.New("cannot limit the memory of a process here")
	// ErrNoCPULimit is the same for its CPU time.
	ErrNoCPULimit = errors.New("cannot limit the CPU time of a process here")
	// errPortTaken asks for a start at another port.
	errPortTaken = errors.New("its port was taken by someone else")
)

// StartError is why a target did not become ready.
type StartError struct {
	Name string // of the target
	// End is how it ended, when Ended; otherwise it never came to run.
	End   result.End
	Ended bool
	Log   []string // its last lines, secrets removed
	Err   error    // the cause
	// Look is what to look at to mend it; empty where nobody knows.
	Look string
}

// shownLines is how many log lines an error shows; Log holds all.
const shownLines = 20

// Error says why, how it ended, and what it wrote last.
func (e *StartError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "start %s: %v", e.Name, e.Err)
	if e.Ended {
		fmt.Fprintf(&b, " (it %s)", howItEnded(e.End))
	}
	if e.Look != "" {
		b.WriteString("; " + e.Look)
	}
	lines := e.Log[max(0, len(e.Log)-shownLines):]
	if e.Ended && !errors.Is(e.Err, errEndedFirst) { // it was asked, and may have written so
		lines = telling(e.Log, shownLines)
	}
	switch {
	case len(lines) > 0:
		b.WriteString("; its last lines:\n    " + strings.Join(lines, "\n    "))
	case e.Ended:
		b.WriteString("; it wrote nothing")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }

// EndedByUs reports whether the harness itself ended it, by a signal, before it was ready:
// then it is not the target that could not be started.
func (e *StartError) EndedByUs() bool {
	return e.Ended && e.End.Expected && errors.Is(e.Err, errEndedFirst)
}

func howItEnded(e result.End) string {
	switch {
	case e.OOMKilled:
		return "was killed by the kernel for memory"
	case e.Expected && e.Signal != "":
		return "was stopped with signal " + e.Signal
	case e.Signal != "":
		return "died of signal " + e.Signal
	case e.ExitCode != nil:
		return fmt.Sprintf("exited with code %d", *e.ExitCode)
	default:
		return "ended, unknown how"
	}
}
