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

// Class says why an oracle gave no data.
type Class string

// The classes of failures, as answers have them.
const (
	Timeout    Class = "timeout"    // no whole answer in time
	Connection Class = "connection" // no answer, or half of one; or not asked, to spare the oracle (detail: breaker, bulkhead)
	Status     Class = "status"     // an answer with another status than 200, or one that leads elsewhere
	Payload    Class = "payload"    // an answer that is not what was asked for
	TooLarge   Class = "too_large"  // a body that is larger than allowed
	Unexpected Class = "unexpected" // anything else: a mistake of ours, or in the oracle's entry
)

// canceled is the class of calls that were given up because whoever asked has
// gone. No answer has it: there is nobody to answer.
const canceled Class = "canceled"

// Failure is the error of one oracle.
type Failure struct {
	Class  Class
	Detail string // never an address, a stack or text from outside

	status  int    // HTTP status, if it is what failed
	refused string // which of our own protections did not let the call be made; empty if it was
	cause   error  // for logs; nil if the detail says it all
}

// Error returns class and detail.
func (f *Failure) Error() string { return string(f.Class) + ": " + f.Detail }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.cause }

func failed(class Class, format string, args ...any) *Failure {
	return &Failure{Class: class, Detail: fmt.Sprintf(format, args...)}
}

// result is the failure as a part of an answer.
func (f *Failure) result() Result {
	return Result{Status: StatusError, Error: f.Class, Detail: f.Detail}
}

// sick tells whether the failure says that the oracle is in no state to answer,
// rather than that it answered wrongly.
func (f *Failure) sick() bool {
	switch f.Class {
	case Timeout, Connection:
		return f.refused == ""
	case Status:
		return f.status >= 500 || f.status == http.StatusTooManyRequests
	}
	return false
}

// broken classifies an error of net/http, of the call or of reading its body,
// by its type, and by the state of the call's context first: what a client says
// of a call that was given up is no news of the oracle.
func broken(ctx context.Context, err error) *Failure {
	f := &Failure{cause: err}
	var gone *Failure
	var network net.Error
	var name *net.DNSError
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		f.Class, f.Detail = canceled, "the call was given up"
	case ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &network) && network.Timeout():
		f.Class, f.Detail = Timeout, "no whole answer in time"
	case errors.As(err, &gone): // ours, that went through net/http: a redirect that is not followed
		return gone
	case errors.As(err, &name):
		f.Class, f.Detail = Connection, "the oracle's name has no address"
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Class, f.Detail = Connection, "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		f.Class, f.Detail = Connection, "the connection was reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.Class, f.Detail = Connection, "the connection ended before the answer did"
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		f.Class, f.Detail = Payload, "the body cannot be unpacked"
	default: // a certificate, bytes that are no HTTP, headers without end
		f.Class, f.Detail = Connection, "no answer that can be read came"
	}
	return f
}
