package task

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sqlStateRule classifies a SQLSTATE by its beginning. The first that fits
// counts, so exceptions stand before their class.
type sqlStateRule struct {
	Rule
	prefix  string
	routine string // of the server's source that raised it; "" is any
}

func sqlStateRules() []sqlStateRule {
	row := func(prefix string, class Class, why string) sqlStateRule {
		cause := prefix
		if len(prefix) < 5 {
			cause += "…"
		}
		return sqlStateRule{Rule: Rule{AreaSQLState, cause, class, why, false}, prefix: prefix}
	}
	cachedPlan := row("0A000", Temporary, "raised by RevalidateCachedQuery: the plan is made anew on the next try")
	cachedPlan.Cause, cachedPlan.routine = "0A000 for a cached plan", "RevalidateCachedQuery"
	other := row("", Permanent, "another try meets the same statement, data or rights: 0A, 22, 23, 28, 3D, 3F, 42, 54, P0, XX and the rest")
	other.Cause = "all others"
	return []sqlStateRule{
		row("08007", Unknown, "the outcome of the transaction is not known"),
		row("08P01", Permanent, "the protocol was violated"),
		row("08", Temporary, "the connection broke; another one may hold"),
		cachedPlan,
		row("25006", Temporary, "a server that only reads, after a failover: the next connection may reach the other"),
		row("25P02", Temporary, "an earlier error ended the transaction; try all of it again"),
		row("25P03", Temporary, "idle for too long in a transaction; the connection is gone"),
		row("25P04", Temporary, "the transaction took too long; the connection is gone"),
		row("26000", Temporary, "a prepared statement that a pooler lost is prepared anew"),
		row("40003", Unknown, "whether the statement was completed is not known"),
		row("40002", Permanent, "the transaction breaks a constraint"),
		row("40", Temporary, "a deadlock or a conflict of transactions"),
		row("53", Temporary, "connections, memory or disk ran out"),
		row("55000", Temporary, "not in the state for this, as while it recovers"),
		row("55006", Temporary, "in use by somebody else"),
		row("55P03", Temporary, "a lock was not to be had in time"),
		row("57014", Temporary, "cancelled, most likely by a timeout; so few retries are no storm"),
		row("57P01", Temporary, "the server shuts down"),
		row("57P02", Temporary, "the server crashed"),
		row("57P03", Temporary, "the server starts"),
		row("57P05", Temporary, "idle for too long; the connection is gone"),
		row("58000", Temporary, "an error of the server's system"),
		row("58030", Temporary, "an error of the server's disk"),
		other,
	}
}

// databaseRule classifies a failure that has no SQLSTATE.
type databaseRule struct {
	Rule
	matches func(*databaseError) bool
}

// databaseRules does not ask pgconn.SafeToRetry: it says no to connections that
// were never made, and yes to a COMMIT that the server has done.
func databaseRules() []databaseRule {
	row := func(cause string, class Class, why string, matches func(*databaseError) bool) databaseRule {
		return databaseRule{Rule{AreaDatabase, cause, class, why, false}, matches}
	}
	return []databaseRule{
		row("no row", Permanent, "what the task is about does not exist", func(e *databaseError) bool {
			return errors.Is(e.err, pgx.ErrNoRows)
		}),
		row("no connection could be made", Temporary, "nothing was sent", func(e *databaseError) bool {
			_, ok := errors.AsType[*pgconn.ConnectError](e.err)
			return ok
		}),
		row("no connection came free in time", Temporary, "the pool is starved", func(e *databaseError) bool {
			return errors.Is(e.err, context.DeadlineExceeded) && !pgconn.Timeout(e.err)
		}),
		row("connection lost or timeout while reading", Temporary, "nothing was written", func(e *databaseError) bool {
			return !e.write && brokenConnection(e.err)
		}),
		row("connection lost or timeout while writing", Unknown, "it may be written: a COMMIT is done whether or not its answer arrives",
			func(e *databaseError) bool { return brokenConnection(e.err) }),
		row("anything else", Permanent, "not a failure of the way: our mistake", func(*databaseError) bool { return true }),
	}
}

func brokenConnection(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || pgconn.Timeout(err) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded)
}

// bySQLState returns the rule for an error that the server reported.
func bySQLState(e *pgconn.PgError) Rule {
	rules := sqlStateRules()
	for _, r := range rules {
		if strings.HasPrefix(e.Code, r.prefix) && (r.routine == "" || r.routine == e.Routine) {
			return r.Rule
		}
	}
	return rules[len(rules)-1].Rule // not reached: the last one fits all
}
