// Package coverage says which of what is known of a service its scenarios touch: which
// routes they ask, where they have things go wrong and how, which documented errors
// they are answered, and how much of production's traffic that is.
//
// Enter at [New]: what is known ([Known]) and what the scenarios would do ([Scenario])
// give a [Plan], and with what a run of them has come to ([Plan.With], a pure function)
// a [result.Coverage]. Who reads descriptions, logs and files of scenarios is somebody
// else. It decides nothing.
package coverage

import (
	"cmp"
	"slices"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/result"
)

// Known is what there is to touch.
type Known struct {
	// Sources are what the routes are known from, in words.
	Sources []string
	Routes  []Route
	Places  []Place
	// Ignored are routes that are not to be asked.
	Ignored []Ignored
}

// Route is one thing that the service can be asked.
type Route struct {
	Method string
	// Paths are the templates of its path, as [message.ParseTemplate] reads them: under
	// each address that a description has. The first is shown.
	Paths []string
	// Operation is its ID in the description; empty: the description does not have it.
	Operation string
	// Errors are the statuses of error answers that the description has: 404, 4XX,
	// default.
	Errors []string
	// Requests is how often production was asked.
	Requests int64
	// Logged says that Requests is known.
	Logged bool
}

// Place is one where things can go wrong.
type Place struct {
	Name    string
	Support fault.Support
}

// Ignored are routes that are not to be asked, and why.
type Ignored struct {
	Method  string // empty: any
	Path    string // a template
	Because string
}

// Scenario is what one asks and breaks.
type Scenario struct {
	Name     string
	Requests []Request
	Faults   []Fault
}

// Request is what one stream asks, or one of its steps.
type Request struct {
	// Stream is its name in a result; empty: its answers are not counted there.
	Stream string
	Method string
	// Path is a text with {placeholders}, with its query.
	Path string
	// Words are the values that placeholders may have, where these are few and known.
	Words map[string][]string
	// Statuses are those of answers that are taken for right.
	Statuses []int
}

// Fault is what goes wrong at a place.
type Fault struct {
	ID    string
	Place string
	Kind  fault.Kind
}

// mostRoutes is how many routes a result lists.
const mostRoutes = 300

// Plan is what scenarios would touch of what is known. It never changes.
type Plan struct {
	sources []string
	routes  *table
	places  *places
}

// New finds out what scenarios would touch.
func New(known Known, scenarios []Scenario) *Plan {
	p := &Plan{sources: known.Sources, routes: newTable(known), places: newPlaces(known.Places)}
	for _, s := range scenarios {
		p.routes.plan(s)
		p.places.plan(s)
	}
	return p
}

// With is what is touched, with what a run has come to so far; nil: there was none.
func (p *Plan) With(run []result.Scenario) result.Coverage {
	routes := p.routes.with(run)
	out := result.Coverage{Sources: p.sources, Places: p.places.with(run), Notes: routes.notes()}
	out.Routes, out.Traffic = routes.covered()
	if n := len(out.Routes) - mostRoutes; n > 0 {
		out.Routes, out.LeftOut = out.Routes[:mostRoutes], int64(n)
	}
	return out
}

// add adds a name that is not there yet.
func add(all []string, name string) []string {
	if slices.Contains(all, name) {
		return all
	}
	return append(all, name)
}

// byNeed orders routes: what no scenario asks, then the others, then what is ignored;
// each by what production is asked most.
func byNeed(a, b result.CoveredRoute) int {
	rank := func(r result.CoveredRoute) int {
		switch {
		case r.Ignored != "":
			return 2
		case len(r.Scenarios) > 0:
			return 1
		}
		return 0
	}
	requests := func(r result.CoveredRoute) int64 {
		if r.Requests == nil {
			return -1
		}
		return *r.Requests
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(requests(b), requests(a)), cmp.Compare(a.Route, b.Route))
}
