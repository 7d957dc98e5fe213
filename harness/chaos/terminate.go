package chaos

import (
	"context"
	"fmt"
	"syscall"
)

// Terminate asks the process to end (SIGTERM). It does not wait for that: how
// long a drain takes is for the target to show, and for checks to judge.
type Terminate struct{}

func terminateSpec() Spec {
	return Spec{
		Name: "terminate", Form: "terminate", Place: OnProcess,
		Example: Terminate{},
		Models:  "a deploy, a scale-down, a node that is drained",
		Acts:    "the process is asked to end and goes on until it does",
		Counts:  "signals delivered",
		Correct: "takes no new work, finishes what it has within its grace, loses nothing that it accepted",
		parse:   func(*words) Kind { return Terminate{} },
	}
}

// String implements [Kind].
func (Terminate) String() string { return "terminate" }

// OneShot implements [OneShot].
func (Terminate) OneShot() {}

func (Terminate) signal(_ context.Context, s *Signals, id identity) (Applied, error) {
	if err := s.process.Signal(syscall.SIGTERM); err != nil {
		return nil, fmt.Errorf("terminate process %d: %w", id.pid, err)
	}
	return struck{Receipt{Fired: 1, Touched: 1, Declared: "the process is asked to end", Measured: "the signal was delivered"}}, nil
}
