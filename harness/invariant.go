package harness

import (
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/nearest"
)

// Invariant is what must hold of the data, asked in SQL. It is asked with a timeout of
// its own, in a transaction that can only read, and by a role that can only read where
// the server has one. Its check is on the metric invariant.NAME: how much it misses.
type Invariant struct {
	// Name is short: no order twice. Required.
	Name string
	// At is the database. Defaults to the scenario's only one.
	At string
	// SQL is one statement that asks.
	SQL string
	// Rows is how many rows it must give. The rows that there are stand in the report as
	// examples. Defaults to 0.
	Rows int
	// Equals is what the only value of its only row must be, in place of Rows. Optional.
	Equals string
	// When is when it must hold. Defaults to [WhenDrained].
	When When
	// Every is the time between two looks of one that must hold always. Defaults to a
	// second.
	Every time.Duration
	// Timeout bounds one look. Defaults to [step.DefaultReadTimeout].
	Timeout time.Duration
}

// When is when something must hold.
type When string

// The times at which an invariant must hold.
const (
	WhenDrained When = "drained" // when the load is over and its work done
	Always      When = "always"  // from the first request on, and then, too
)

// metric is the name of what it measures.
func (i Invariant) metric() string { return "invariant." + word(i.Name) }

// validateInvariants reports invariants that can't be asked.
func (s Scenario) validateInvariants(p *problems) {
	var taken []string
	for _, i := range s.Invariants {
		switch {
		case i.Name == "":
			p.say("an invariant has no name")
		case slices.Contains(taken, i.metric()):
			p.say("two invariants are named %q", i.Name)
		case i.SQL == "":
			p.say("invariant %q asks nothing: its SQL is missing", i.Name)
		case i.When != "" && i.When != WhenDrained && i.When != Always:
			p.say("invariant %q: there is no when %q%s", i.Name, i.When, hint(string(i.When), []string{string(WhenDrained), string(Always)}))
		case i.Rows < 0 || i.Every < 0 || i.Timeout < 0:
			p.say("invariant %q: rows, every and timeout are not less than 0", i.Name)
		case i.Rows > 0 && i.Equals != "":
			p.say("invariant %q has both rows and equals", i.Name)
		}
		taken = append(taken, i.metric())
		s.validateDatabase(p, "invariant "+i.Name, step.Step{SQL: i.SQL, At: i.At})
	}
}

// hint is [nearest.Hint].
func hint(name string, names []string) string { return nearest.Hint(name, names) }
