package harness

import (
	"regexp"
	"strings"

	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/message"
)

// Question is something to ask, and the answer that it should have.
type Question struct {
	Step step.Step
	// Value is where the answer stands in that to a request, as a message path, for
	// example json.open. Defaults to the body. Of SQL the answer is the first column of
	// the first row, of a command what it prints.
	Value string
	// Equals is the answer, for example 0. Numbers are compared as numbers.
	Equals string
}

// validateDrained reports a question about what is drained that can't be asked.
func (s Scenario) validateDrained(p *problems) {
	q := s.DrainedWhen
	if q == nil {
		return
	}
	if s.Drained != nil {
		p.say("it says twice when the load's work is done: as a function and as data")
	}
	if err := q.Step.Validate(); err != nil {
		p.say("drained: %w", err)
	}
	if q.Value != "" {
		if _, err := message.ParsePath(q.Value); err != nil {
			p.say("drained: %w", err)
		}
		if q.Step.Request == nil {
			p.say("drained: a value is one of the answer to a request")
		}
	}
	if q.Equals == "" {
		p.say("drained: it does not say what the answer equals when all is done")
	}
	s.validateDatabase(p, "drained", q.Step)
}

// validateDatabase reports SQL where there is no database to ask.
func (s Scenario) validateDatabase(p *problems, what string, one step.Step) {
	if one.SQL != "" && !s.World.hasData() {
		p.say("%s: the scenario has no database for its SQL", what)
	} else if name := s.World.databaseName(); one.SQL != "" && one.At != "" && one.At != name {
		p.say("%s: there is no database %q: it is called %s", what, one.At, name)
	}
}

// metricName is what a metric of the scenario's own may be called.
var metricName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$`)

var noWord = regexp.MustCompile(`[^a-z0-9_]+`)

// word is a name as a part of a metric's: no order twice is no-order-twice.
func word(name string) string {
	return strings.Trim(noWord.ReplaceAllString(strings.ToLower(name), "-"), "-")
}
