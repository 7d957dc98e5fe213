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
	classRule
	prefix  string
	routine string // of the server's source that raised it; "" is any
}

func sqlStateRules() []sqlStateRule {
	row := func(prefix string, class errorClass, why string) sqlStateRule {
		cause := prefix
		if len(prefix) < 5 {
			cause += "…"
		}
		return sqlStateRule{classRule: classRule{areaSQLState, cause, class, why, false}, prefix: prefix}
	}
	cachedPlan := row("0A000", classTemporary, "raised by RevalidateCachedQuery: the plan is made anew on the next try")
	cachedPlan.Cause, cachedPlan.routine = "0A000 for a cached plan", "RevalidateCachedQuery"
	other := row("", classPermanent, "another try meets the same statement, data or rights: 0A, 22, 23, 28, 3D, 3F, 42, 54, P0, XX and the rest")
	other.Cause = "all others"
	return []sqlStateRule{
		row("08007", classUnknown, "the outcome of the transaction is not known"),
		row("08P01", classPermanent, "the protocol was violated"),
		row("08", classTemporary, "the connection broke; another one may hold"),
		cachedPlan,
		row("25006", classTemporary, "a server that only reads, after a failover: the next connection may reach the other"),
		row("25P02", classTemporary, "an earlier error ended the transaction; try all of it again"),
		row("25P03", classTemporary, "idle for too long in a transaction; the connection is gone"),
		row("25P04", classTemporary, "the transaction took too long; the connection is gone"),
		row("26000", classTemporary, "a prepared statement that a pooler lost is prepared anew"),
		row("40003", classUnknown, "whether the statement was completed is not known"),
		row("40002", classPermanent, "the transaction breaks a constraint"),
		row("40", classTemporary, "a deadlock or a conflict of transactions"),
		row("53", classTemporary, "connections, memory or disk ran out"),
		row("55000", classTemporary, "not in the state for this, as while it recovers"),
		row("55006", classTemporary, "in use by somebody else"),
		row("55P03", classTemporary, "a lock was not to be had in time"),
		row("57014", classTemporary, "cancelled, most likely by a timeout; so few retries are no storm"),
		row("57P01", classTemporary, "the server shuts down"),
		row("57P02", classTemporary, "the server crashed"),
		row("57P03", classTemporary, "the server starts"),
		row("57P05", classTemporary, "idle for too long; the connection is gone"),
		row("58000", classTemporary, "an error of the server's system"),
		row("58030", classTemporary, "an error of the server's disk"),
		other,
	}
}

// databaseRule classifies a failure that has no SQLSTATE.
type databaseRule struct {
	classRule
	matches func(*databaseError) bool
}

// databaseRules does not ask pgconn.SafeToRetry: it says no to connections that
// were never made, and yes to a COMMIT that the server has done.
func databaseRules() []databaseRule {
	row := func(cause string, class errorClass, why string, matches func(*databaseError) bool) databaseRule {
		return databaseRule{classRule{areaDatabase, cause, class, why, false}, matches}
	}
	return []databaseRule{
		row("no row", classPermanent, "what the task is about does not exist", func(e *databaseError) bool {
			return errors.Is(e.err, pgx.ErrNoRows)
		}),
		row("no connection could be made", classTemporary, "nothing was sent", func(e *databaseError) bool {
			_, ok := errors.AsType[*pgconn.ConnectError](e.err)
			return ok
		}),
		row("no connection came free in time", classTemporary, "the pool is starved", func(e *databaseError) bool {
			return errors.Is(e.err, context.DeadlineExceeded) && !pgconn.Timeout(e.err)
		}),
		row("connection lost or timeout while reading", classTemporary, "nothing was written", func(e *databaseError) bool {
			return !e.write && brokenConnection(e.err)
		}),
		row("connection lost or timeout while writing", classUnknown, "it may be written: a COMMIT is done whether or not its answer arrives",
			func(e *databaseError) bool { return brokenConnection(e.err) }),
		row("anything else", classPermanent, "not a failure of the way: our mistake", func(*databaseError) bool { return true }),
	}
}

func brokenConnection(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || pgconn.Timeout(err) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded)
}

// bySQLState returns the rule for an error that the server reported.
func bySQLState(e *pgconn.PgError) classRule {
	rules := sqlStateRules()
	for _, r := range rules {
		if strings.HasPrefix(e.Code, r.prefix) && (r.routine == "" || r.routine == e.Routine) {
			return r.classRule
		}
	}
	return rules[len(rules)-1].classRule // not reached: the last one fits all
}
