package load

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/net/http/httpguts"
)

// ClassUnsent is the class of a request that could not be sent from here. It says
// nothing of the target: it is counted as unsent, with its reason, and never as sent
// or failed.
const ClassUnsent = "unsent"

// The reasons why a request could not be sent from here, as [result.Counts.UnsentWhy]
// has them.
const (
	whyUnfit       = "it is no valid request"
	whyFiles       = "too many open files here"
	whyPorts       = "no free port is left here"
	whyMemory      = "no memory is left here for a connection"
	whyForbidden   = "the system here forbids the connection"
	whyRoute       = "there is no route from here"
	whyAddress     = "the address cannot be dialled"
	whyCertificate = "the certificate of the other side is not trusted here"
	whyNoTLS       = "the other side does not speak TLS"
	whyNoHTTP2     = "the other side speaks no HTTP/2 over TLS"
)

// unfitError is a request that no server would ever see.
type unfitError struct{ err error }

func (e *unfitError) Error() string { return e.err.Error() }
func (e *unfitError) Unwrap() error { return e.err }

// whyUnsent says of an error of the transport why the request could not be sent from
// here. Empty: that is not known, and the other side may be the reason.
func whyUnsent(err error) string {
	var unfit *unfitError
	var address *net.AddrError
	var untrusted *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &unfit):
		return whyUnfit
	case isAny(err, syscall.EMFILE, syscall.ENFILE):
		return whyFiles
	case isAny(err, syscall.EADDRNOTAVAIL, syscall.EADDRINUSE):
		return whyPorts
	case isAny(err, syscall.ENOBUFS, syscall.ENOMEM):
		return whyMemory
	case isAny(err, syscall.EACCES, syscall.EPERM):
		return whyForbidden
	case isAny(err, syscall.ENETUNREACH, syscall.EAFNOSUPPORT):
		return whyRoute
	case errors.As(err, &address), isAny(err, syscall.EINVAL):
		return whyAddress
	case errors.As(err, &untrusted):
		return whyCertificate
	case errors.As(err, &noTLS):
		return whyNoTLS
	case errors.Is(err, errNoHTTP2), noneAgreed(err):
		return whyNoHTTP2
	}
	return ""
}

func isAny(err error, codes ...syscall.Errno) bool {
	for _, code := range codes {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// noneAgreed recognises that the other side of a handshake took none of the protocols
// that it was offered. crypto/tls keeps that error to itself; a test with a real
// handshake watches its text.
func noneAgreed(err error) bool {
	return strings.HasSuffix(err.Error(), "tls: no application protocol")
}

// fit says what keeps a request from ever being one, over HTTP/2 or else HTTP/1.1. It
// does not tell values of headers: they may be secrets.
func fit(r *http.Request, http2 bool) error {
	if !httpguts.ValidHeaderFieldName(cmp.Or(r.Method, http.MethodGet)) { // both are one token
		return &unfitError{fmt.Errorf("the method %q is none", r.Method)}
	}
	for name, values := range r.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return &unfitError{fmt.Errorf("the header name %q is none", name)}
		}
		if http2 && slices.Contains([]string{"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade"}, name) {
			return &unfitError{fmt.Errorf("HTTP/2 has no header %s", name)}
		}
		for _, value := range values {
			if !httpguts.ValidHeaderFieldValue(value) {
				return &unfitError{fmt.Errorf("the value of the header %s has a line break or another control character", name)}
			}
		}
	}
	if !httpguts.ValidHostHeader(r.Host) {
		return &unfitError{errors.New("the value of the header Host is no host")}
	}
	return nil
}
