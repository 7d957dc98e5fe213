package chaos

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"holdfast.dev/holdfast/fault"
)

// kill carries out [fault.Kill] (SIGKILL).
func kill(ctx context.Context, s *Signals, f fault.Fault, main identity) (Applied, error) {
	id, declared := main, "the process is killed"
	if f.Kind.(fault.Kill).Whom == fault.Child {
		var err error
		if id, err = s.child(main); err != nil {
			return nil, err
		}
		declared = "one of its children is killed"
	}
	begun := time.Now()
	if err := s.send(id, main, syscall.SIGKILL); err != nil {
		return nil, fmt.Errorf("kill process %d: %w", id.pid, err)
	}
	if err := await(ctx, "the process to be gone", func() (bool, error) {
		t, err := id.threads()
		return err == nil && t.gone(), err
	}); err != nil {
		return nil, fmt.Errorf("kill process %d: %w", id.pid, err)
	}
	return happened{fault.Receipt{
		Fired: 1, Touched: 1, Declared: declared,
		Measured: fmt.Sprintf("gone after %.1f ms", float64(time.Since(begun).Microseconds())/1000),
	}}, nil
}
