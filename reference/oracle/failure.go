package oracle

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
)

// failureClass says why an oracle gave no data.
type failureClass string

// The classes of failures, as answers have them.
const (
	classTimeout    failureClass = "timeout"    // no whole answer in time
	classConnection failureClass = "connection" // no answer, or half of one; or not asked, to spare the oracle (detail: breaker, bulkhead)
	classStatus     failureClass = "status"     // an answer with another status than 200, or one that leads elsewhere
	classPayload    failureClass = "payload"    // an answer that is not what was asked for
	classTooLarge   failureClass = "too_large"  // a body that is larger than allowed
	classUnexpected failureClass = "unexpected" // anything else: a mistake of ours, or in the oracle's entry
)

// classCanceled is the class of calls that were given up because whoever asked has
// gone. No answer has it: there is nobody to answer.
const classCanceled failureClass = "canceled"

// oracleFailure is the error of one oracle.
type oracleFailure struct {
	Class  failureClass
	Detail string // never an address, a stack or text from outside

	status  int    // HTTP status, if it is what failed
	refused string // which of our own protections did not let the call be made; empty if it was
	cause   error  // for logs; nil if the detail says it all
}

// Error returns class and detail.
func (f *oracleFailure) Error() string { return string(f.Class) + ": " + f.Detail }

// Unwrap returns the cause.
func (f *oracleFailure) Unwrap() error { return f.cause }

func failed(class failureClass, format string, args ...any) *oracleFailure {
	return &oracleFailure{Class: class, Detail: fmt.Sprintf(format, args...)}
}

// result is the failure as a part of an answer.
func (f *oracleFailure) result() oracleResult {
	return oracleResult{Status: statusError, Error: f.Class, Detail: f.Detail}
}

// sick tells whether the failure says that the oracle is in no state to answer,
// rather than that it answered wrongly.
func (f *oracleFailure) sick() bool {
	switch f.Class {
	case classTimeout, classConnection:
		return f.refused == ""
	case classStatus:
		return f.status >= 500 || f.status == http.StatusTooManyRequests
	}
	return false
}

// broken classifies an error of net/http, of the call or of reading its body,
// by its type, and by the state of the call's context first: what a client says
// of a call that was given up is no news of the oracle.
func broken(ctx context.Context, err error) *oracleFailure {
	f := &oracleFailure{cause: err}
	var gone *oracleFailure
	var network net.Error
	var name *net.DNSError
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		f.Class, f.Detail = classCanceled, "the call was given up"
	case ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &network) && network.Timeout():
		f.Class, f.Detail = classTimeout, "no whole answer in time"
	case errors.As(err, &gone): // ours, that went through net/http: a redirect that is not followed
		return gone
	case errors.As(err, &name):
		f.Class, f.Detail = classConnection, "the oracle's name has no address"
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Class, f.Detail = classConnection, "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		f.Class, f.Detail = classConnection, "the connection was reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.Class, f.Detail = classConnection, "the connection ended before the answer did"
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		f.Class, f.Detail = classPayload, "the body cannot be unpacked"
	default: // a certificate, bytes that are no HTTP, headers without end
		f.Class, f.Detail = classConnection, "no answer that can be read came"
	}
	return f
}
