package task

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// answerError is an answer of the e-mail API that is not a success, or a
// success that cannot be read. Unlike the official client's error it keeps
// status and name, which are what an error is classified by.
type answerError struct {
	status     int
	name       string
	message    string
	retryAfter string
}

func (e *answerError) Error() string {
	name := e.name
	if name == "" {
		name = "no error name"
	}
	return fmt.Sprintf("the e-mail API answered %d, %s: %s", e.status, name, e.message)
}

// callError is a call to the e-mail API that had no answer.
type callError struct {
	err      error
	sent     bool // the request was written, so it may have been carried out
	unusable bool // the request could not even be made
}

func (e *callError) Error() string {
	if e.sent {
		return "the e-mail API was called but its answer was lost: " + e.told()
	}
	return "the e-mail API could not be called: " + e.told()
}

// told is what anybody may be told of the failure, who asks for the task: no host, no
// address. The log has all of it.
func (e *callError) told() string {
	dns, isDNS := errors.AsType[*net.DNSError](e.err)
	network, isNetwork := errors.AsType[net.Error](e.err)
	errno, isErrno := errors.AsType[syscall.Errno](e.err)
	switch {
	case e.unusable:
		return "the request could not be made"
	case isDNS && dns.IsNotFound:
		return "there is no such host"
	case isDNS:
		return "the name server did not answer"
	case badTLS(e.err):
		return "its certificate, or that it speaks no TLS, was not accepted"
	case errors.Is(e.err, context.DeadlineExceeded), isNetwork && network.Timeout():
		return "it took too long"
	case isErrno:
		return errno.Error()
	default:
		return "the connection ended, or what came was no HTTP"
	}
}

func (e *callError) Unwrap() error { return e.err }

// databaseError is a failed statement of a task.
type databaseError struct {
	doing string
	write bool
	err   error
}

// Error tells no more than may be told to anybody: a failed connection names hosts
// and users, an SQLSTATE what the service is made of. The log has both.
func (e *databaseError) Error() string {
	if _, ok := errors.AsType[*pgconn.PgError](e.err); ok {
		return e.doing + ": the database answered with an error"
	}
	return e.doing + ": the database did not answer"
}

func (e *databaseError) Unwrap() error { return e.err }

// taskError is a task that cannot be done as it is.
type taskError struct{ cause, message string }

func (e *taskError) Error() string { return e.message }

// Causes of a taskError, as in the classification.
const (
	causeNoProject = "project not found"
	causeRefused   = "messages of a batch refused by the API"
	causeNoKey     = "no API key"
	causeKeyFile   = "API key's file cannot be read"
	causePanic     = "panic"
	causeOther     = "any other error"
)

func taskRules() []classRule {
	return []classRule{
		{areaTask, causeNoProject, classPermanent, "there is nobody to tell", false},
		{areaTask, causeRefused, classPermanent, "the others are sent; these are not ones that can be", false},
		{areaTask, causeNoKey, classPermanent, "the API is not called without a key", true},
		{areaTask, causeKeyFile, classTemporary, "a mounted secret may be gone while it is replaced", false},
		{areaTask, causePanic, classPermanent, "our mistake, and it would be made again", false},
		{areaTask, causeOther, classPermanent, "what is not known to pass will not", false},
	}
}

// classify returns the rule for an error of an attempt. It is the one place
// where that is decided.
func classify(err error) classRule {
	if e, ok := errors.AsType[*answerError](err); ok {
		return classifyAnswer(e)
	}
	if e, ok := errors.AsType[*callError](err); ok {
		for _, r := range transportRules() {
			if r.matches(e) {
				return r.classRule
			}
		}
	}
	if e, ok := errors.AsType[*databaseError](err); ok {
		return classifyDatabase(e)
	}
	cause := causeOther
	if e, ok := errors.AsType[*taskError](err); ok {
		cause = e.cause
	}
	for _, r := range taskRules() {
		if r.Cause == cause {
			return r
		}
	}
	return classRule{Area: areaTask, Cause: cause, Class: classPermanent}
}

func classifyAnswer(e *answerError) classRule {
	for _, r := range keyRules() {
		if r.matches(e) {
			return r.classRule
		}
	}
	for _, r := range nameRules() {
		if r.Cause == e.name {
			return r.classRule
		}
	}
	for _, r := range statusRules() {
		if r.from <= e.status && e.status <= r.to {
			return r.classRule
		}
	}
	return classRule{Area: areaStatus, Cause: "anything else", Class: classUnknown}
}

func classifyDatabase(e *databaseError) classRule {
	if server, ok := errors.AsType[*pgconn.PgError](e.err); ok { // also inside a ConnectError
		return bySQLState(server)
	}
	for _, r := range databaseRules() {
		if r.matches(e) {
			return r.classRule
		}
	}
	return classRule{Area: areaDatabase, Class: classPermanent}
}
