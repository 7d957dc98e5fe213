// Package ledger holds what a target was asked for against what was done: which keys
// of a stream's requests were accepted, and which arrived at the far side (an outside
// API, a table, an answer that is read back, what a command prints).
//
// A [Ledger] is data, and [Match] the one judgement over both sides: what was lost,
// doubled, done although it was refused, done although nobody had asked for it. What
// nobody can know is said as that: of a request that got no answer neither side can
// tell whether it should have been done. Who collects the two sides is the harness.
package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/placeholder"
)

// Ledger is an account of a scenario's work, as data.
type Ledger struct {
	Accepted Accepted
	Arrived  Arrived
	// Delivery is what the target promises. Defaults to [ExactlyOnce].
	Delivery Delivery
	// Times is how often one key should arrive. Defaults to 1.
	Times int
}

// Delivery is a promise of how often what was accepted is done.
type Delivery string

// The promises.
const (
	ExactlyOnce Delivery = "exactly-once"
	AtLeastOnce Delivery = "at-least-once"
	AtMostOnce  Delivery = "at-most-once"
)

// Deliveries are the promises that there are.
func Deliveries() []string {
	return []string{string(ExactlyOnce), string(AtLeastOnce), string(AtMostOnce)}
}

// Accepted is the side of those who asked: a stream's requests that got the expected
// answer, or the webhooks that the target answered with 2xx. Exactly one of Stream and
// Webhook.
type Accepted struct {
	Stream string
	// Webhook is a route that calls the target back, for example stripe.charge. What has
	// a wrong signature is not to be treated, whatever the target answers.
	Webhook string
	// Key names the work of a request: a text in which {name} is the value that the
	// variable of that name has in the request, or a value of the answer by its message
	// path, for example {json.order.id}. It must be another in each request. Of a webhook
	// it is that of the route, {key}, which is the default.
	Key string
}

// Arrived is the far side. Exactly one of a fake's place, SQL, Request and Run.
type Arrived struct {
	// At is a fake, or one of its routes, for example stripe.charge: each call that it
	// accepted is one arrival. With SQL it is the database.
	At string
	// Key is the key of a call at a fake. The route has it: it is {key}, which is the
	// default.
	Key string
	// SQL gives a row for each arrival: its first column is the key, a second one, if
	// there is one, when it was done (a time stamp, or seconds since 1970).
	SQL string
	// Request reads back each key that was asked for, as {key}: it is there if the
	// answer is one of the request's OK (any 2xx where it names none), and never twice.
	Request *step.Request
	// Run prints a key a line, each for one arrival, with a time behind a tab if it
	// knows it.
	Run []string
}

// AtFake is the fake at which it arrives, empty where that is elsewhere.
func (a Arrived) AtFake() string {
	if a.SQL != "" || a.Request != nil || len(a.Run) > 0 {
		return ""
	}
	return a.At
}

// Step is the question that is asked once for all of them; false where there is none.
func (a Arrived) Step() (step.Step, bool) {
	switch {
	case a.SQL != "":
		return step.Step{Name: "the ledger's SQL", SQL: a.SQL, At: a.At}, true
	case len(a.Run) > 0:
		return step.Step{Name: "the ledger's command", Run: a.Run}, true
	}
	return step.Step{}, false
}

// Variable is what a ledger must know of one of a stream's variables.
type Variable struct {
	Name   string
	Unique bool
}

// Validate reports all that can be known to be wrong with l before a run: streams are
// those of the scenario with their variables, places the fakes and their routes, calls
// the routes that call back. Of what a stream's key is made of, one part must be unique: of an answer's values that
// shows at the end alone.
func (l Ledger) Validate(streams map[string][]Variable, places, calls []string) error {
	var errs []error
	say := func(format string, args ...any) { errs = append(errs, fmt.Errorf("the ledger: "+format, args...)) }
	if l.Delivery != "" && !slices.Contains(Deliveries(), string(l.Delivery)) {
		say("there is no delivery %q%s; it is one of %s", l.Delivery, nearest.Hint(string(l.Delivery), Deliveries()), strings.Join(Deliveries(), ", "))
	}
	if l.Times < 0 {
		say("times is %d", l.Times)
	}
	if err := l.Accepted.validate(streams, calls); err != nil {
		say("%w", err)
	}
	if err := l.Arrived.validate(places); err != nil {
		say("arrived: %w", err)
	}
	return errors.Join(errs...)
}

func sorted(streams map[string][]Variable) []string {
	var names []string
	for name := range streams {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (a Accepted) validate(streams map[string][]Variable, calls []string) error {
	variables, known := streams[a.Stream]
	switch {
	case (a.Stream == "") == (a.Webhook == ""):
		return errors.New("what is accepted needs exactly one of a stream and a webhook")
	case a.Webhook != "" && !slices.Contains(calls, a.Webhook):
		return fmt.Errorf("no webhook with a key is sent by %q%s", a.Webhook, nearest.Hint(a.Webhook, calls))
	case a.Webhook != "" && a.Key != "" && a.Key != "{key}":
		return fmt.Errorf("the key of a webhook is that of its route: say key: %q there, and {key} here", a.Key)
	case a.Webhook != "":
		return nil
	case !known:
		return fmt.Errorf("there is no stream %q%s", a.Stream, nearest.Hint(a.Stream, sorted(streams)))
	}
	return a.validateKey(variables)
}

// validateKey reports a key that cannot be another in each request.
func (a Accepted) validateKey(variables []Variable) error {
	names := placeholder.Text(a.Key).Names()
	if len(names) == 0 {
		return fmt.Errorf("the key %q is the same for every request: name a variable, for example {cart}", a.Key)
	}
	var known, unsure []string
	for _, v := range variables {
		known = append(known, v.Name)
	}
	unique := false
	for _, name := range names {
		i := slices.Index(known, name)
		switch {
		case OfAnswer(name):
			unique = true // which is seen at the end
		case i < 0:
			return fmt.Errorf("the key has {%s}, which is neither a variable of the stream %s nor a path of its answer such as json.id%s", name, a.Stream, nearest.Hint(name, known))
		case variables[i].Unique:
			unique = true
		default:
			unsure = append(unsure, name)
		}
	}
	if !unique {
		return fmt.Errorf("the key %s is not another one in each request: vary %s as { unique: uuid }", a.Key, strings.Join(unsure, " or "))
	}
	return nil
}

// OfAnswer says whether a name in a key is a path of the answer and no variable.
func OfAnswer(name string) bool {
	first, _, _ := strings.Cut(name, ".")
	return first == "json" || first == "header" || name == "body"
}

func (a Arrived) validate(places []string) error {
	n := 0
	for _, is := range []bool{a.SQL != "", a.Request != nil, len(a.Run) > 0, a.AtFake() != ""} {
		if is {
			n++
		}
	}
	s, asks := a.Step()
	switch {
	case n != 1:
		return errors.New("it needs exactly one of a fake (at), sql, request and a command")
	case a.AtFake() != "" && !slices.Contains(places, a.At):
		return fmt.Errorf("nothing is known to arrive at %q%s", a.At, nearest.Hint(a.At, places))
	case a.AtFake() != "" && a.Key != "" && a.Key != "{key}":
		return fmt.Errorf("the key of a call is that of its route: say key: %q there, and {key} here", a.Key)
	case a.AtFake() == "" && a.Key != "":
		return errors.New("a key is that of calls at a fake; of SQL it is the first column, of a command the line")
	case a.Request != nil && !strings.Contains(a.Request.Path+a.Request.Body, "{key}"):
		return errors.New("the request asks for no {key}")
	case asks:
		return s.Validate()
	case a.Request != nil:
		return step.Step{Request: a.Request}.Validate()
	}
	return nil
}
