package chaos

import (
	"context"
	"fmt"
	"slices"

	"holdfast.dev/holdfast/fault"
)

// sessionRow is a kind that [Sessions] carries out, and how.
type sessionRow struct {
	fault.Carried
	apply func(context.Context, *Sessions, fault.Kind) (Applied, error)
}

// inSQL makes a row of the table.
func inSQL[K fault.Kind](apply func(context.Context, *Sessions, K) (Applied, error), acts, counts, undoing string) sessionRow {
	var kind K
	return sessionRow{
		fault.Carried{Kind: kind.Name(), Acts: acts, Counts: counts, Undoing: undoing},
		func(ctx context.Context, s *Sessions, kind fault.Kind) (Applied, error) {
			return apply(ctx, s, kind.(K))
		},
	}
}

// sessionKinds is the table of what is done in SQL.
func sessionKinds() []sessionRow {
	return []sessionRow{
		inSQL(lockTable,
			"statements on the tables, from the moment on at which the lock is asked for; those under way are waited for",
			"statements seen to wait for the lock, looked at every 50 ms; shorter waits may be missed",
			"pg_locks shows the lock no more"),
		inSQL(holdConnections,
			"sessions that are open are left alone",
			"connections held; those that the server did not give are missed",
			"none of the held sessions is in pg_stat_activity any more"),
		inSQL(crash,
			"the whole server, which is the scenario's own; with a server that is somebody else's the scenario is not exercised",
			"processes killed and seen to be gone", "the server answers at the same address"),
		inSQL(terminateBackends,
			"sessions that are open on this database, but for those of the harness",
			"sessions terminated and seen to be gone", ""),
	}
}

// sessionKind is the row of a kind.
func sessionKind(kind fault.Kind) sessionRow {
	for _, row := range sessionKinds() {
		if row.Kind == kind.Name() {
			return row
		}
	}
	return sessionRow{apply: func(context.Context, *Sessions, fault.Kind) (Applied, error) {
		return nil, fmt.Errorf("SQL sessions cannot carry out %q", kind)
	}}
}

// SessionsSupport is what SQL sessions of our own can do to a database.
func SessionsSupport() fault.Support {
	s := fault.Support{
		Place: "SQL sessions", About: "Postgres itself, through sessions beside the target's (`chaos.Sessions`)",
		Excludes: func(a, b fault.Kind) error {
			if a == b {
				return fmt.Errorf("%q is on already", a)
			}
			if a == (fault.Crash{}) || b == (fault.Crash{}) {
				return fmt.Errorf("%q and %q act on one server", a, b)
			}
			return locksExclude(a, b)
		},
	}
	for _, row := range sessionKinds() {
		s.Kinds = append(s.Kinds, row.Carried)
	}
	return s
}

// locksExclude: who locks a table that another fault holds would wait for it.
func locksExclude(a, b fault.Kind) error {
	one, ok := a.(fault.LockTable)
	other, also := b.(fault.LockTable)
	if !ok || !also {
		return nil
	}
	all := one.Tables() == nil || other.Tables() == nil
	if all || slices.ContainsFunc(one.Tables(), func(t string) bool { return slices.Contains(other.Tables(), t) }) {
		return fmt.Errorf("%q and %q lock the same table", a, b)
	}
	return nil
}

// Support implements [Place].
func (s *Sessions) Support() fault.Support { return SessionsSupport() }

// Apply implements [Place].
func (s *Sessions) Apply(ctx context.Context, f fault.Fault) (Applied, error) {
	if err := s.Support().Accepts(f); err != nil {
		return nil, err
	}
	applied, err := sessionKind(f.Kind).apply(ctx, s, f.Kind)
	return withName(f, applied, err)
}
