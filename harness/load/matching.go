package load

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/message"
)

// Answering expects an answer that m matches. Where m names no status, it is any 2xx.
// An answer that is otherwise is counted as status_NNN, check_headers, check_json,
// check_form or check_body, by the first of these that is not as it should be.
// What is wrong with m is reported by [Stream.Validate].
func Answering(m message.Matcher) Expectation {
	e := matching(m, len(m.Status) == 0)
	return e
}

// RefusedBy is a refusal in order that m matches, for [Stream.Refused]. What is wrong
// with m, also that it matches every answer, is reported by [Stream.Validate].
func RefusedBy(m message.Matcher) Expectation {
	e := matching(m, false)
	if e.wrong == nil && len(m.Status)+len(m.Headers)+len(m.JSON)+len(m.Form) == 0 && m.Body.IsZero() {
		e.wrong = errors.New("it says of no answer that it is none: each would count as a refusal")
	}
	return e
}

// condition is what is asked of one part of an answer.
type condition struct {
	class string // of an answer that is otherwise; empty: its status tells
	match *message.Compiled
}

// matching expects an answer that m matches, and, if so, any 2xx.
func matching(m message.Matcher, success bool) Expectation {
	e := Expectation{Matches: &m, IgnoresBody: true, wrong: answerable(m)}
	var all []condition
	var names []string
	for _, part := range []struct {
		name string
		has  int
		of   message.Matcher
		says []string
	}{
		{"", len(m.Status), message.Matcher{Status: m.Status}, []string{Status(m.Status...).Name}},
		{"headers", len(m.Headers), message.Matcher{Headers: m.Headers}, saying("header.", m.Headers)},
		{"json", len(m.JSON), message.Matcher{JSON: m.JSON}, saying("json.", m.JSON)},
		{"form", len(m.Form), message.Matcher{Form: m.Form}, saying("form.", m.Form)},
		{"body", size(m.Body), message.Matcher{Body: m.Body}, []string{"body to " + m.Body.String()}},
	} {
		if part.has == 0 {
			continue
		}
		compiled, err := part.of.Compile()
		e.wrong = errors.Join(e.wrong, err)
		one := condition{match: compiled}
		names = append(names, part.says...)
		if part.name != "" {
			one.class = classCheck + part.name
			e.Checks = append(e.Checks, one.class)
			e.IgnoresBody = e.IgnoresBody && part.name == "headers"
		}
		all = append(all, one)
	}
	if success {
		names = append([]string{Status().Name}, names...)
	}
	e.Name = strings.Join(names, ", ")
	e.Judge = func(a Answer) string { return judgeAll(a, all, success) }
	return e
}

func judgeAll(a Answer, all []condition, success bool) string {
	if success && a.Status/100 != 2 {
		return ClassStatus(a.Status)
	}
	msg := a.message()
	for _, one := range all {
		switch {
		case one.match.Match(msg) == "":
		case one.class == "":
			return ClassStatus(a.Status)
		default:
			return one.class
		}
	}
	return ""
}

// saying are conditions in words: header.Retry-After to be present.
func saying(part string, conditions map[string]message.Condition) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(conditions)) {
		all = append(all, part+name+" to "+conditions[name].String())
	}
	return all
}

func size(c message.Condition) int {
	if c.IsZero() {
		return 0
	}
	return 1
}

// answerable reports what m asks of an answer that only a request has.
func answerable(m message.Matcher) error {
	for _, part := range []struct {
		name string
		has  bool
	}{{"method", m.Method != ""}, {"path", m.Path != ""}, {"query", len(m.Query) > 0}} {
		if part.has {
			return fmt.Errorf("an answer has no %s: ask for its status, headers, json, form or body", part.name)
		}
	}
	return nil
}

// message is the answer as conditions look at it.
func (a Answer) message() *message.Message {
	return &message.Message{Status: a.Status, Header: a.Header, Body: a.Body}
}

// firstLine is how an answer's body begins, for people.
func firstLine(body []byte) string {
	const most = 200
	line, _, _ := strings.Cut(strings.TrimSpace(string(body[:min(len(body), 4*most)])), "\n")
	line = strings.TrimSpace(line)
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "…"
	}
	return strconv.Quote(line)
}
