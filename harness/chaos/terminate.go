package chaos

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"holdfast.dev/holdfast/fault"
)

// terminate carries out [fault.Terminate] (SIGTERM). It does not wait for the
// end: how long a drain takes is for the target to show.
func terminate(_ context.Context, s *Signals, f fault.Fault, main identity) (Applied, error) {
	whom, declared := []identity{main}, "the process is asked to end"
	switch f.Kind.(fault.Terminate).Whom {
	case fault.Child:
		child, err := s.child(main)
		if err != nil {
			return nil, err
		}
		whom, declared = []identity{child}, "one of its children is asked to end"
	case fault.WholeTree:
		whom, declared = append(whom, s.others(main)...), "the process and all that it has started are asked to end"
	}
	touched := int64(0)
	for _, id := range whom {
		switch err := s.send(id, main, syscall.SIGTERM); {
		case err == nil:
			touched++
		case id == main || len(whom) == 1 || !errors.Is(err, syscall.ESRCH): // a child may have gone with its parent
			return nil, fmt.Errorf("terminate process %d: %w", id.pid, err)
		}
	}
	return happened{fault.Receipt{Fired: touched, Touched: touched, Declared: declared, Measured: fmt.Sprintf("signals delivered: %d", touched)}}, nil
}
