package chaos

import (
	"context"
	"fmt"

	"holdfast.dev/holdfast/fault"
)

// processRow is a kind that [Signals] carries out, and how.
type processRow struct {
	fault.Carried
	signal func(context.Context, *Signals, identity) (Applied, error)
}

// processKinds is the table of what happens to a process.
func processKinds() []processRow {
	return []processRow{
		{fault.Carried{
			Kind: fault.Pause{}.Name(), Acts: "every thread, at once",
			Counts: "processes seen to be stopped", Undoing: "no thread of the process is stopped any more",
		}, pause},
		{fault.Carried{
			Kind: fault.Kill{}.Name(), Acts: "the process; nothing starts it again but the harness",
			Counts: "processes seen to be gone",
		}, kill},
		{fault.Carried{
			Kind: fault.Terminate{}.Name(), Acts: "the process; how long it takes to end is its own affair",
			Counts: "signals delivered",
		}, terminate},
	}
}

// processKind is the row of a kind.
func processKind(kind fault.Kind) processRow {
	for _, row := range processKinds() {
		if row.Kind == kind.Name() {
			return row
		}
	}
	return processRow{signal: func(context.Context, *Signals, identity) (Applied, error) {
		return nil, fmt.Errorf("a process cannot carry out %q", kind)
	}}
}

// ProcessSupport is what a process can be made to suffer.
func ProcessSupport() fault.Support {
	s := fault.Support{
		Place: "a process", About: "the target's own process, by signals (`chaos.Signals`)",
		// What happens to a process while it is paused cannot be told from what the
		// pause did.
		Excludes: func(a, b fault.Kind) error {
			if a == (fault.Pause{}) || b == (fault.Pause{}) {
				return fmt.Errorf("%q and %q act on one process", a, b)
			}
			return nil
		},
	}
	for _, row := range processKinds() {
		s.Kinds = append(s.Kinds, row.Carried)
	}
	return s
}

// Support implements [Place]. Whether there is a process is known only once the
// target has started.
func (s *Signals) Support() fault.Support { return ProcessSupport() }

// Apply implements [Place].
func (s *Signals) Apply(ctx context.Context, f fault.Fault) (Applied, error) {
	if err := s.Support().Accepts(f); err != nil {
		return nil, err
	}
	pid, ok := s.process.PID()
	if !ok {
		return nil, fmt.Errorf("%q: %w", f.Kind, ErrNoProcess)
	}
	id, err := identify(pid)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", f.Kind, err)
	}
	applied, err := processKind(f.Kind).signal(ctx, s, id)
	return withName(f, applied, err)
}
