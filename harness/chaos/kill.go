package chaos

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// Kill ends the process at once, with no chance to clean up (SIGKILL).
type Kill struct{}

func killSpec() Spec {
	return Spec{
		Name: "kill", Form: "kill", Place: OnProcess,
		Example: Kill{},
		Models:  "the kernel's OOM killer, a node that dies, a panic",
		Acts:    "the process is gone; nothing starts it again but the harness",
		Counts:  "processes seen to be gone",
		Correct: "accepted work is durable: after the restart nothing is lost and nothing happens twice",
		parse:   func(*words) Kind { return Kill{} },
	}
}

// String implements [Kind].
func (Kill) String() string { return "kill" }

// OneShot implements [OneShot].
func (Kill) OneShot() {}

func (k Kill) signal(ctx context.Context, s *Signals, id identity) (Applied, error) {
	begun := time.Now()
	if err := s.process.Signal(syscall.SIGKILL); err != nil {
		return nil, fmt.Errorf("kill process %d: %w", id.pid, err)
	}
	if err := await(ctx, "the process to be gone", func() (bool, error) {
		t, err := id.threads()
		return err == nil && t.gone(), err
	}); err != nil {
		return nil, fmt.Errorf("kill process %d: %w", id.pid, err)
	}
	return struck{Receipt{
		Fired: 1, Touched: 1,
		Declared: "the process is killed",
		Measured: fmt.Sprintf("gone after %.1f ms", float64(time.Since(begun).Microseconds())/1000),
	}}, nil
}
