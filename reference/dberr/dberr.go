// Package dberr says of which class an error from Postgres is, by its
// SQLSTATE and by Go's own error types, never by its text.
package dberr

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Class is what a caller can do about a failure.
type Class string

// The classes of failures.
const (
	none        Class = "none"        // no error
	Canceled    Class = "canceled"    // the caller has gone; nothing to do
	Timeout     Class = "timeout"     // the statement took too long, or was cancelled
	Unavailable Class = "unavailable" // not now, and no fault of the question: another try may succeed
	Unexpected  Class = "unexpected"  // anything else: a mistake of ours, most likely
)

// Classify returns the class of an error that a query or a connection attempt
// gave.
func Classify(err error) Class {
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case err == nil:
		return none
	case errors.As(err, &server):
		return byState(server.Code)
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.As(err, &connect), errors.Is(err, pgconn.ErrConnClosed),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return Unavailable
	case errors.As(err, &network):
		return Unavailable
	}
	return Unexpected
}

// byState classifies a SQLSTATE.
func byState(code string) Class {
	switch code {
	case "57014", // query_canceled: by statement_timeout or by somebody
		"55P03", // lock_not_available
		"25P03", // idle_in_transaction_session_timeout
		"25P04": // transaction_timeout
		return Timeout
	case "3D000": // no such database: it is being restored or renamed
		return Unavailable
	}
	if strings.HasPrefix(code, "08") || // connection exceptions
		strings.HasPrefix(code, "40") || // rolled back for another transaction's sake: a deadlock, a serialization failure
		strings.HasPrefix(code, "53") || // insufficient resources: connections, memory, disk
		strings.HasPrefix(code, "55") || // not in the state for it now: accepting no connections, in use
		strings.HasPrefix(code, "57") || // an operator: shut down, crashed, starting, dropped, idle too long
		strings.HasPrefix(code, "58") { // system errors outside Postgres
		return Unavailable
	}
	return Unexpected
}
