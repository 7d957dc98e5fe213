package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/net/http2"

	"holdfast.dev/holdfast/harness/result"
)

// Classes under which requests that did not get the expected answer are
// counted. To these come status_NNN, check_NAME and late_NAME.
const (
	ClassTimeout  = "timeout"   // no whole answer within [Stream.Timeout]
	ClassRefused  = "refused"   // nobody listens
	ClassReset    = "reset"     // the connection was reset, or over HTTP/2 the one request
	ClassEOF      = "eof"       // the connection was closed before the answer was whole
	ClassDNS      = "dns"       // the name could not be resolved
	ClassCanceled = "canceled"  // in flight when [Attack.Abort] was called
	ClassTooLarge = "too_large" // the body is longer than [Stream.MaxBody]
	ClassOther    = "other"     // none of these, for example an answer that is not HTTP
	// ClassShedByTarget is an orderly refusal, as [Stream.Refused] says what one is.
	// It is the one class that is not a failure, and it is no success either.
	ClassShedByTarget = "shed_by_target"

	classStatus = "status_"
	classCheck  = "check_"
	classLate   = "late_"
)

// Refused returns how many requests of c were refused in an orderly way.
func Refused(c result.Counts) int64 { return c.Errors[ClassShedByTarget] }

// MayRefuse reports whether a request of s can be refused in an orderly way.
func MayRefuse(s Stream) bool { return s.Refused.Judge != nil || s.Parts()[0].Expect.Refuses }

// Failed returns how many requests of c were sent and failed: all that got
// neither the expected answer nor a refusal that their stream accepts.
func Failed(c result.Counts) int64 {
	var n int64
	for class, count := range c.Errors {
		if class != ClassShedByTarget {
			n += count
		}
	}
	return n
}

// ClassStatus returns the class of an unexpected status, for example status_503.
func ClassStatus(code int) string { return classStatus + strconv.Itoa(code) }

// ClassCheck returns the class of an answer that a check of this name is not content
// with; ClassLate that of one which is right but for what did not come in time, and
// says so itself.
func ClassCheck(name string) string { return classCheck + name }

// ClassLate is told of at [ClassCheck].
func ClassLate(name string) string { return classLate + name }

// classify names the class of an error of the transport.
func classify(err error) string {
	var timeout net.Error
	var dns *net.DNSError
	var stream http2.StreamError // as net/http has its own copy of it
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return ClassTimeout
	case errors.Is(err, context.Canceled):
		return ClassCanceled
	case errors.As(err, &dns) && !dns.IsTimeout:
		return ClassDNS
	case errors.As(err, &timeout) && timeout.Timeout():
		return ClassTimeout
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT): // there is no such socket
		return ClassRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.As(err, &stream):
		return ClassReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), closedUnasked(err):
		return ClassEOF
	}
	return ClassOther
}

// closedUnasked recognises how net/http reports that a connection was closed instead of
// answered: one of HTTP/1.1 that had been used before, or one of HTTP/2 in order. It
// keeps these errors to itself, so there is only their text to go by; tests with real
// connections watch it.
func closedUnasked(err error) bool {
	said := err.Error()
	for _, text := range []string{"server closed idle connection", "server sent GOAWAY", "client connection lost", "after connection loss"} {
		if strings.Contains(said, text) {
			return true
		}
	}
	return unprocessed(err)
}

// unprocessed recognises that the other side of a connection of HTTP/2 was ending it in order
// when a request came, and says that it has done nothing of that. net/http would send it
// again if it could have its body twice, and tells by its text that it cannot.
func unprocessed(err error) bool { return strings.Contains(err.Error(), "graceful shutdown GOAWAY") }

// OfTime reports whether a class is of requests that can fail for want of time
// alone: no answer, none in time, one that tells of it, or a status by which a service says that it or
// what it needs is too slow, too busy or away. An answer that is wrong, too large
// or an error of the service's own is not.
func OfTime(class string) bool {
	switch class {
	case ClassTimeout, ClassRefused, ClassReset, ClassEOF, ClassDNS, ClassCanceled, ClassShedByTarget:
		return true
	}
	if strings.HasPrefix(class, classLate) {
		return true
	}
	for _, code := range []int{http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		if class == ClassStatus(code) {
			return true
		}
	}
	return false
}
