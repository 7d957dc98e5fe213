package database

import (
	"errors"
	"strings"
)

// Errors of [Open], for errors.Is.
var (
	// ErrNoDatabase: none of the ways to a server is open. Its text names each
	// way that was tried, why it is not open, and what to type to open it.
	ErrNoDatabase = errors.New("no database to run on")
	// ErrBadDSN: the DSN that was given cannot be read, or leads to no server that
	// will do. Its text never holds any part of a password.
	ErrBadDSN = errors.New("the database address cannot be used")
	// ErrUnavailable: the server at the DSN that was given was not reached, or lets us
	// do nothing. It comes with [ErrBadDSN], where nothing is wrong with the text.
	ErrUnavailable = errors.New("the database server is not available")
	// ErrUnfit: a server was reached, and is none to run on: it takes no writes, lets
	// nobody create a database, has too few connections, is a pooler.
	ErrUnfit = errors.New("the server is none to run on")
)

// badDSN is an ErrBadDSN with where it came from and its reason, in one line.
type badDSN struct {
	from string
	err  error
}

func (b badDSN) Error() string        { return b.from + ": " + oneLine(b.err) }
func (b badDSN) Unwrap() error        { return b.err }
func (b badDSN) Is(target error) bool { return target == ErrBadDSN }

// unavailable is an ErrUnavailable with its reason.
type unavailable struct{ error }

func (u unavailable) Unwrap() error        { return u.error }
func (u unavailable) Is(target error) bool { return target == ErrUnavailable }

// unfit is an ErrUnfit with its reason and what to do, in one line.
type unfit string

func (u unfit) Error() string        { return string(u) }
func (u unfit) Is(target error) bool { return target == ErrUnfit }

// attempt is a way that was tried and found closed.
type attempt struct {
	way Provider
	err error
}

// noDatabase is an ErrNoDatabase with all that was tried.
type noDatabase []attempt

func (n noDatabase) Error() string {
	var b strings.Builder
	b.WriteString(ErrNoDatabase.Error() + "; open one of these ways:")
	for _, a := range n {
		b.WriteString("\n  " + a.way.Name + ": " + oneLine(a.err) + "\n    " + a.way.Hint)
	}
	return b.String()
}

func (n noDatabase) Unwrap() []error {
	errs := []error{ErrNoDatabase}
	for _, a := range n {
		errs = append(errs, a.err)
	}
	return errs
}

// why says why a way was taken: it was asked for, or those before it are closed.
func (n noDatabase) why(provider string, taken Instance) string {
	switch {
	case provider != Auto:
		return "asked for"
	case taken.Given != "":
		return taken.Given + " is set"
	case len(n) == 0:
		return "the first choice"
	}
	var reasons []string
	for _, a := range n {
		reasons = append(reasons, oneLine(a.err))
	}
	return strings.Join(reasons, "; ")
}
