package traffic

import (
	"time"

	"holdfast.dev/holdfast/redact"
)

// Summary is what was asked of a service.
type Summary struct {
	// Lines is the number of requests that were read: lines of a log, entries of an
	// archive, commands.
	Lines int
	// Skipped is how many of them could not be read or were no request.
	Skipped int
	// FirstSkipped is the number of the first such line, from 1. 0: there is none.
	FirstSkipped int
	// NotFound is how many were answered 404 or 405 and fit no route that ever was
	// answered otherwise: scanners, mostly. They are in no route.
	NotFound int
	// Host is whom they were sent to, where the input says so; Elsewhere how many went
	// to which other host, and are in no route.
	Host      string
	Elsewhere map[string]int
	// From and To are the times of the first and the last request; zero where the input
	// has no times.
	From, To time.Time
	// Window is the length of time in which a peak was counted.
	Window time.Duration
	// Routes are what was asked for, the most asked first.
	Routes []Route
	// Stripped is what was taken out of the examples: where it stood and of which kind it
	// was, never what.
	Stripped []redact.Found
}

// Counted is the number of requests that are in a route.
func (s Summary) Counted() int {
	n := 0
	for _, r := range s.Routes {
		n += r.Count
	}
	return n
}

// Route is one kind of request.
type Route struct {
	Method string
	// Path has a {name} for each part that is a value: /users/{id}.
	Path string
	// Places are these parts, in their order.
	Places []Place
	Count  int
	// Share is the part that it has of all requests that are in a route.
	Share float64
	// Mean and Peak are requests a second: over the whole time, and in the busiest
	// [Summary.Window]. 0: the input has no times.
	Mean, Peak float64
	// Statuses says how often each status was the answer. Empty: the input has none.
	Statuses map[int]int
	// Latency is how long answers took, where the input says so.
	Latency *Latency
	// Example is one request, the first that was answered well.
	Example Request
}

// Asset reports whether it is a part of a page: a script, a picture.
func (r Route) Asset() bool { return isAsset(r.Path) }

// Latency are percentiles, correct to a twentieth.
type Latency struct {
	P50, P95, P99 time.Duration
	Count         int
}

// Place is one part of a path that is a value.
type Place struct {
	Name string
	Kind Kind
	// Min and Max are the least and the greatest that were seen of a number.
	Min, Max int64
}

// Kind is what the values of a place look like.
type Kind string

// The kinds that there are.
const (
	Number Kind = "number"
	UUID   Kind = "uuid"
	Date   Kind = "date"
	Token  Kind = "token" // a hash, an id with a prefix, anything drawn at random
	Text   Kind = "text"  // a name, a slug: known to be a value because there are so many
)
