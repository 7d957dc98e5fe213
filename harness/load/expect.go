package load

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/message"
)

// Answer is what came back for one request. It is valid only during the call
// that it is passed to: the body's memory is used again.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // whole, out of its gzip; nil where [Expectation.IgnoresBody]
	// Asked is the request that it answers, for an expectation that depends on it.
	Asked Request

	length int64 // of the body, as far as it was read

	instance int // which of several addresses it came from
}

// Expectation says what an answer must be. The zero value expects any 2xx.
// It is called from many goroutines at once, once an answer, so it should be
// cheap and must keep no state.
type Expectation struct {
	// Name says in words what is expected, for example "status 200".
	Name string
	// Judge returns the empty string for an answer as expected, and otherwise
	// the class under which it is counted in [result.Counts.Errors].
	Judge func(Answer) string
	// Checks lists the classes of its own, check_NAME and late_NAME, that Judge may
	// return beside those of [Classes].
	Checks []string
	// Refuses says that Judge names an orderly refusal itself, as [ClassShedByTarget]:
	// it takes the whole answer to tell one. Elsewhere [Stream.Refused] says it.
	Refuses bool
	// IgnoresBody says that Judge does not look at the body. It is then read
	// to its end and thrown away. Defaults to false: the body is kept for Judge.
	IgnoresBody bool
	// Matches is the same as data, where it was made of data ([Answering], [RefusedBy]).
	Matches *message.Matcher

	wrong error // what is wrong with the data that it was made of
}

// otherwise says what of an answer is not as expected.
func (e Expectation) otherwise(a Answer) string {
	if e.Matches != nil {
		if mismatch := e.Matches.Match(a.message()); mismatch != "" {
			return mismatch
		}
	}
	return fmt.Sprintf("status is %d, expected is %s", a.Status, e.Name)
}

// judge is the class of an answer: a refusal in order is asked about first.
func judge(expect, refused *Expectation, a Answer) string {
	if refused.Judge != nil && refused.Judge(a) == "" {
		return ClassShedByTarget
	}
	return expect.Judge(a)
}

// Status expects one of codes, any 2xx where none is given. Others are counted
// as status_NNN.
func Status(codes ...int) Expectation {
	names := make([]string, len(codes))
	for i, c := range codes {
		names[i] = strconv.Itoa(c)
	}
	name := "status " + strings.Join(names, " or ")
	if len(codes) == 0 {
		name = "status 2xx"
	}
	return Expectation{Name: name, IgnoresBody: true, Judge: func(a Answer) string {
		if slices.Contains(codes, a.Status) || len(codes) == 0 && a.Status/100 == 2 {
			return ""
		}
		return ClassStatus(a.Status)
	}}
}

// Check expects holds to be true. An answer for which it is not is counted as
// check_NAME, so the name should be short: letters, digits and underscores.
func Check(name string, holds func(Answer) bool) Expectation {
	class := classCheck + name
	return Expectation{Name: name, Checks: []string{class}, Judge: func(a Answer) string {
		if holds(a) {
			return ""
		}
		return class
	}}
}

// All expects everything that its parts expect. The first part that is not met
// names the class, so the status is best put first.
func All(parts ...Expectation) Expectation {
	names := make([]string, len(parts))
	ignores, refuses := true, false
	var checks []string
	for i, p := range parts {
		checks = append(checks, p.Checks...)
		names[i] = p.Name
		ignores, refuses = ignores && p.IgnoresBody, refuses || p.Refuses
	}
	return Expectation{Name: strings.Join(names, ", "), IgnoresBody: ignores, Refuses: refuses, Checks: checks, Judge: func(a Answer) string {
		for _, p := range parts {
			if class := p.Judge(a); class != "" {
				return class
			}
		}
		return ""
	}}
}

// Refusal expects an answer by which the target refuses a request in an orderly
// way: one of codes, 503 where none is given, with a Retry-After header. It is what
// [Stream.Refused] is for.
func Refusal(codes ...int) Expectation {
	if len(codes) == 0 {
		codes = []int{http.StatusServiceUnavailable}
	}
	status := Status(codes...)
	return Expectation{Name: status.Name + " with Retry-After", IgnoresBody: true, Judge: func(a Answer) string {
		if class := status.Judge(a); class != "" || a.Header.Get("Retry-After") != "" {
			return class
		}
		return ClassStatus(a.Status)
	}}
}
