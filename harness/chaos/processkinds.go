package chaos

import (
	"context"
	"fmt"

	"holdfast.dev/holdfast/fault"
)

// processRow is a kind that [Signals] carries out, and how.
type processRow struct {
	fault.Carried
	carry func(ctx context.Context, s *Signals, f fault.Fault, main identity) (Applied, error)
}

// processKinds is the table of what happens to a process.
func processKinds() []processRow {
	return []processRow{
		{fault.Carried{
			Kind: fault.Pause{}.Name(), Acts: "every thread of the processes, at once",
			Counts: "pauses seen to be in force", Undoing: "no thread of the processes is stopped any more",
		}, pause},
		{fault.Carried{
			Kind: fault.Kill{}.Name(), Acts: "the processes; nothing starts the main one again but the harness, or its restart policy",
			Counts: "main processes, or children, seen to be gone",
		}, kill},
		{fault.Carried{
			Kind: fault.Terminate{}.Name(), Acts: "the processes; how long they take to end is their own affair",
			Counts: "signals delivered",
		}, terminate},
		{fault.Carried{
			Kind: fault.Starve{}.Name(), Acts: "the process and all that it has started, by the CPU quota of their cgroup, also over restarts",
			Counts: "periods of 100 ms in which they had to wait", Undoing: "the quota that stood there before stands there again",
		}, limit},
		{fault.Carried{
			Kind: fault.Squeeze{}.Name(), Acts: "the process and all that it has started, by the memory limit of their cgroup, also over restarts",
			Counts: "times that they met the limit", Undoing: "the limit that stood there before stands there again",
		}, limit},
	}
}

// processKind is the row of a kind.
func processKind(kind fault.Kind) processRow {
	for _, row := range processKinds() {
		if row.Kind == kind.Name() {
			return row
		}
	}
	return processRow{carry: func(context.Context, *Signals, fault.Fault, identity) (Applied, error) {
		return nil, fmt.Errorf("a process cannot carry out %q", kind)
	}}
}

// ProcessSupport is what a process can be made to suffer.
func ProcessSupport() fault.Support {
	s := fault.Support{
		Place: "a process", About: "a process of the target with all that it has started, by signals and by its cgroup (`chaos.Signals`)",
		Excludes: excludesAtProcess,
	}
	for _, row := range processKinds() {
		s.Kinds = append(s.Kinds, row.Carried)
	}
	return s
}

// excludesAtProcess: what happens to a process while it is paused cannot be told from
// what the pause did, and of two limits of the same only one is felt.
func excludesAtProcess(a, b fault.Kind) error {
	if a.Name() == (fault.Pause{}).Name() || b.Name() == (fault.Pause{}).Name() {
		return fmt.Errorf("%q and %q act on one process", a, b)
	}
	for _, limits := range []fault.Kind{fault.Starve{}, fault.Squeeze{}} {
		if a.Name() == limits.Name() && b.Name() == limits.Name() {
			return fmt.Errorf("%q and %q limit the same", a, b)
		}
	}
	return nil
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
	applied, err := processKind(f.Kind).carry(ctx, s, f, id)
	return withName(f, applied, err)
}
