package fault

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// LockTable holds tables locked against everything, reads too (ACCESS
// EXCLUSIVE), in a transaction that does nothing.
type LockTable struct {
	// Table is a name or schema.name, as stored: not folded to lower case; several
	// of them, separated by commas; or * for every table that is no system's.
	Table string
}

// Name implements [Kind].
func (LockTable) Name() string { return "lock-table" }

// String implements [Kind].
func (l LockTable) String() string { return "lock-table " + l.Table }

// Tables are the names one by one; none where it is every table.
func (l LockTable) Tables() []string {
	if l.Table == "*" {
		return nil
	}
	return strings.Split(l.Table, ",")
}

// Validate reports what is wrong with the parameters.
func (l LockTable) Validate() error {
	var errs []error
	seen := map[string]bool{}
	for _, table := range l.Tables() {
		errs = append(errs, validTable(table))
		if seen[table] {
			errs = append(errs, fmt.Errorf("the table %q is there twice", table))
		}
		seen[table] = true
	}
	return errors.Join(errs...)
}

func validTable(table string) error {
	parts := strings.Split(table, ".")
	if len(parts) > 2 {
		return fmt.Errorf("a table is TABLE or SCHEMA.TABLE, not %q", table)
	}
	for _, part := range parts {
		if part == "" || len(part) > 63 || strings.ContainsFunc(part, notInName) {
			return fmt.Errorf("%q is not the name of a table", table)
		}
	}
	return nil
}

func notInName(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '$'
}

func parseLockTable(w *words) Kind { return LockTable{Table: w.next("TABLE")} }

// maxHeld bounds [HoldConnections].
const maxHeld = 10_000

// HoldConnections opens N sessions and lets them idle, so that they are missing
// elsewhere. Where the server has fewer left it takes those.
type HoldConnections struct{ N int }

// Name implements [Kind].
func (HoldConnections) Name() string { return "hold-connections" }

// String implements [Kind].
func (h HoldConnections) String() string { return fmt.Sprintf("hold-connections %d", h.N) }

// Validate reports what is wrong with the parameters.
func (h HoldConnections) Validate() error {
	if h.N < 1 || h.N > maxHeld {
		return fmt.Errorf("between 1 and %d connections can be held, not %d", maxHeld, h.N)
	}
	return nil
}

func parseHoldConnections(w *words) Kind { return HoldConnections{N: w.nextCount("N")} }

// TerminateBackends ends every client session on the database, but for those of
// the harness, with pg_terminate_backend.
type TerminateBackends struct{}

// Name implements [Kind].
func (TerminateBackends) Name() string { return "terminate-backends" }

// String implements [Kind].
func (TerminateBackends) String() string { return "terminate-backends" }

// Validate finds nothing wrong.
func (TerminateBackends) Validate() error { return nil }

// OneShot implements [OneShot].
func (TerminateBackends) OneShot() {}
