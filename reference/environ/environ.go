// Package environ reads a program's settings from environment variables and
// reports all that is wrong with them at once.
//
// Enter at [NewReader]. A reader remembers every problem, so a caller reads all
// its settings first and asks [Reader.Err] once. Each service lists its
// variables as a []Variable, which the documentation and tests are made from.
package environ

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Variable is one environment variable that a service understands.
type Variable struct {
	Name    string
	Meaning string // one sentence
	Default string // as it would be written in the environment; empty for none
}

// Reader reads settings. It is made by [NewReader].
type Reader struct {
	getenv   func(string) string
	problems []error
}

// NewReader returns a reader over getenv, which returns "" for a variable that
// is not set, as [os.Getenv] does. Surrounding spaces in a value are ignored,
// and an empty value is the default.
func NewReader(getenv func(string) string) *Reader { return &Reader{getenv: getenv} }

// Err returns everything that was wrong with what was read, each problem with
// its variable's name, or nil. Values are quoted in it, except of secrets.
func (r *Reader) Err() error { return errors.Join(r.problems...) }

// Problem adds a problem that the caller found itself.
func (r *Reader) Problem(name, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
}

// String returns the variable's value, or the default.
func (r *Reader) String(name, byDefault string) string {
	if value := strings.TrimSpace(r.getenv(name)); value != "" {
		return value
	}
	return byDefault
}

// Required returns the variable's value; that it is missing is a problem.
func (r *Reader) Required(name, hint string) string {
	value := r.String(name, "")
	if value == "" {
		r.Problem(name, "must be set: %s", hint)
	}
	return value
}

// Int returns the variable's value as a whole number of at least 0.
func (r *Reader) Int(name string, byDefault int) int {
	value := r.String(name, "")
	if value == "" {
		return byDefault
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		r.Problem(name, "%q is not a whole number of 0 or more", value)
		return byDefault
	}
	return n
}

// Int64 is [Reader.Int] for quantities that may be large, as bytes are.
func (r *Reader) Int64(name string, byDefault int64) int64 {
	value := r.String(name, "")
	if value == "" {
		return byDefault
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		r.Problem(name, "%q is not a whole number of 0 or more", value)
		return byDefault
	}
	return n
}

// Share returns the variable's value as a number from 0 to 1.
func (r *Reader) Share(name string, byDefault float64) float64 {
	value := r.String(name, "")
	if value == "" {
		return byDefault
	}
	share, err := strconv.ParseFloat(value, 64)
	if err != nil || !(share >= 0 && share <= 1) { // so that NaN is refused, too
		r.Problem(name, "%q is not a number from 0 to 1", value)
		return byDefault
	}
	return share
}

// Bool returns the variable's value: true or false, or as 1 or 0.
func (r *Reader) Bool(name string, byDefault bool) bool {
	value := r.String(name, "")
	if value == "" {
		return byDefault
	}
	yes, err := strconv.ParseBool(value)
	if err != nil {
		r.Problem(name, "%q is neither true nor false", value)
		return byDefault
	}
	return yes
}

// Duration returns the variable's value: as Go writes it (1.5s, 200ms) or as a
// bare number of seconds. It is never negative.
func (r *Reader) Duration(name string, byDefault time.Duration) time.Duration {
	value := r.String(name, "")
	if value == "" {
		return byDefault
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		d, err = time.ParseDuration(value + "s")
	}
	if err != nil || d < 0 {
		r.Problem(name, "%q is not a duration such as 2s or 200ms", value)
		return byDefault
	}
	return d
}
