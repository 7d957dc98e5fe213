package chaos

import (
	"context"
	"fmt"
	"syscall"

	"holdfast.dev/holdfast/fault"
)

// terminate carries out [fault.Terminate] (SIGTERM). It does not wait for the
// end: how long a drain takes is for the target to show.
func terminate(_ context.Context, s *Signals, id identity) (Applied, error) {
	if err := s.process.Signal(syscall.SIGTERM); err != nil {
		return nil, fmt.Errorf("terminate process %d: %w", id.pid, err)
	}
	return happened{fault.Receipt{Fired: 1, Touched: 1, Declared: "the process is asked to end", Measured: "the signal was delivered"}}, nil
}
