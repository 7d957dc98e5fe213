package harness

import (
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/harness/verdict"
)

// Defaults of [Sample].
const (
	DefaultSampleEvery   = time.Second
	DefaultSampleTimeout = time.Second
)

// Sample is a quantity of the scenario's own over time: by SQL, from Redis, or by a
// command. It becomes a series, and checks read it as NAME.max, .min, .mean, .last.
// Exactly one of SQL, Redis and Run is set.
type Sample struct {
	// Series has its name, for example queue.depth, and its unit. The unit defaults to
	// a count.
	Series probe.Series
	// At is the database of SQL, or the dependency that speaks Redis's protocol.
	At string
	// SQL gives one row of one number. It is asked as an [Invariant] is.
	SQL string
	// Redis is one command whose reply is a number, for example LLEN, queue.
	Redis []string
	// Run prints one number.
	Run []string
	// Every is the time between two samples, Timeout bounds one. Default to a second.
	Every, Timeout time.Duration
}

// validateSamples reports samples that measure nothing.
func (s Scenario) validateSamples(p *problems) {
	others := s
	others.Samples = nil
	var taken []string
	for _, one := range seriesOf(others) {
		taken = append(taken, one.Name)
	}
	for _, g := range s.Samples {
		n := 0
		for _, is := range []bool{g.SQL != "", len(g.Redis) > 0, len(g.Run) > 0} {
			if is {
				n++
			}
		}
		switch {
		case !metricName.MatchString(g.Series.Name):
			p.say("gauge %q: its name must be lower-case letters and digits, with . _ - between them", g.Series.Name)
		case slices.Contains(taken, g.Series.Name):
			p.say("gauge %q: there is another series of that name", g.Series.Name)
		case n != 1:
			p.say("gauge %q needs exactly one of sql, redis and a command", g.Series.Name)
		case g.Series.Unit != "" && !slices.Contains(verdict.Units(), g.Series.Unit):
			p.say("gauge %q: there is no unit %q%s; there are %s", g.Series.Name, g.Series.Unit, hint(g.Series.Unit, verdict.Units()), strings.Join(verdict.Units(), ", "))
		case len(g.Redis) > 0 && !slices.Contains(s.dependencies(), g.At):
			p.say("gauge %q: there is no dependency %q to ask%s", g.Series.Name, g.At, hint(g.At, s.dependencies()))
		case g.Every < 0 || g.Timeout < 0:
			p.say("gauge %q: every and timeout are not less than 0", g.Series.Name)
		}
		taken = append(taken, g.Series.Name)
		s.validateDatabase(p, "gauge "+g.Series.Name, step.Step{SQL: g.SQL, At: g.At})
	}
}

// dependencies are the names of what the target calls.
func (s Scenario) dependencies() []string {
	var names []string
	for _, d := range s.World.Dependencies {
		names = append(names, d.Name)
	}
	return names
}

// foreign reports whether a series is of what somebody else's page, query or command
// says, which may be anything.
func (s Scenario) foreign(series string) bool {
	return slices.ContainsFunc(s.Watch, func(m probe.Metric) bool { return m.Series.Name == series }) ||
		slices.ContainsFunc(s.Samples, func(g Sample) bool { return g.Series.Name == series })
}
