// Package step carries out one thing that is to be done beside the load: a command,
// statements of SQL, a request. Set-up, actions on the timeline and questions about
// what arrived are all made of it.
//
// A [Step] is data. [Means] are what it is carried out with, and [Means.Do] does it.
// No shell reads a command, and no code stands in a text: {name} is the value of that
// name, in SQL :name is.
package step

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/undo"
)

// DefaultTimeout is how long a step may take where it does not say.
const DefaultTimeout = 10 * time.Minute

// Step is one thing to do. Exactly one of Run, SQL and Request is set.
type Step struct {
	// Name is what people call it. Defaults to what it does.
	Name string
	// Run is a program and its arguments, run with the environment and in the
	// directory of [Means].
	Run []string
	// SQL are statements for the database At. :name stands for a value of Values;
	// with values it is one statement alone.
	SQL    string
	Values map[string]string
	// At is the database. Defaults to the scenario's only one.
	At      string
	Request *Request
	// Timeout is how long it may take. Defaults to [DefaultTimeout].
	Timeout time.Duration
}

// Request is a request to one of the target's processes. It goes nowhere else: an
// answer that leads elsewhere is an answer.
type Request struct {
	// To is the process. Defaults to the entry.
	To     string
	Method string // defaults to GET
	// Path is the path with its query; it begins with a single slash.
	Path   string
	Header map[string]string
	// Body is sent as it stands, but for its {name}s. Where it is JSON they are
	// escaped for it, and Content-Type defaults to application/json.
	Body string
	// OK are the statuses that it may be answered with. Defaults to any 2xx.
	OK []int
	// Capture takes values out of the answer, by message paths: token from json.token.
	Capture map[string]string
}

// Means are what steps are carried out with.
type Means struct {
	// Env is the whole environment of commands, Dir their working directory.
	Env map[string]string
	Dir string
	// Journal is the run's undo journal: what a command starts is gone with the run.
	Journal *undo.Journal
	// Gate is what stands before the way out of commands. Defaults to none: it is open.
	Gate target.Gate
	// Value is what {name} stands for. Nil: there are no values.
	Value func(name string) (string, bool)
	// Database is the DSN of a database by its name, URL the base URL of a process.
	Database func(at string) (string, error)
	URL      func(process string) (string, error)
	// Secrets are hidden in what is kept of any output.
	Secrets []string
	// MaxOutput bounds what a command may write to its standard output, in bytes.
	// Defaults to [DefaultMaxOutput].
	MaxOutput int
}

// Outcome is what came of a step, as far as it came.
type Outcome struct {
	Took time.Duration
	// Log are the last lines of what it wrote, without secrets; of SQL what it told.
	Log []string
	// Stdout is what a command wrote to its standard output, whole and with secrets.
	Stdout []byte
	// Rows are what the last statement gave, as text; NULL is empty.
	Rows [][]string
	// Status and Body are the answer to a request.
	Status int
	Body   []byte
	// Captured are the values that were taken out of the answer.
	Captured map[string]string
}

// Validate reports all that is wrong with s, as data.
func (s Step) Validate() error {
	var errs []error
	n := 0
	for _, is := range []bool{len(s.Run) > 0, s.SQL != "", s.Request != nil} {
		if is {
			n++
		}
	}
	if n != 1 {
		errs = append(errs, errors.New("it needs exactly one of run, sql and request"))
	}
	if len(s.Run) > 0 && s.Run[0] == "" {
		errs = append(errs, errors.New("run names no program"))
	}
	if s.SQL != "" {
		_, _, err := bind(s.SQL, s.Values)
		errs = append(errs, err)
	}
	if len(s.Values) > 0 && s.SQL == "" {
		errs = append(errs, errors.New("values are those of sql, and it has none"))
	}
	if s.Timeout < 0 {
		errs = append(errs, errors.New("its timeout is negative"))
	}
	if s.Request != nil {
		errs = append(errs, s.Request.validate())
	}
	return errors.Join(errs...)
}

// String is its name, or what it does, without values.
func (s Step) String() string {
	switch {
	case s.Name != "":
		return s.Name
	case len(s.Run) > 0:
		return strings.Join(s.Run, " ")
	case s.SQL != "":
		return strings.Join(strings.Fields(s.SQL), " ")
	case s.Request != nil:
		return s.Request.method() + " " + s.Request.Path
	default:
		return "nothing"
	}
}

// Do carries s out. What it wrote is in the outcome also where it failed; the error
// says what failed, in words that name the step and show its last lines.
func (m Means) Do(ctx context.Context, s Step) (Outcome, error) {
	if err := s.Validate(); err != nil {
		return Outcome{}, fmt.Errorf("%s: %w", s, err)
	}
	limit := s.Timeout
	if limit == 0 {
		limit = DefaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %s", limit))
	defer cancel()
	began := time.Now()
	var out Outcome
	var err error
	switch {
	case s.SQL != "":
		out, err = m.query(ctx, s)
	case s.Request != nil:
		out, err = m.ask(ctx, *s.Request)
	default:
		out, err = m.run(ctx, s.Run)
	}
	out.Took = time.Since(began)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = cause
		}
		err = fmt.Errorf("%s: %w", m.hide(s.String()), m.hidden(err))
	}
	return out, err
}
