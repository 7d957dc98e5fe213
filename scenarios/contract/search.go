package contract

import (
	"slices"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
)

// Search is a service that searches, over one set of data.
type Search struct {
	// World is what a scenario starts from, anew for each; Items is how many there are to
	// be found, and Kind what they are, in the plural.
	World func() harness.World
	Items int
	Kind  string
	// News is what is written into the data while the service runs: its next answer must
	// know it. Nil: nobody told how to write.
	News func() []standing.News
	// Limit is the most results of a search, Time what it may take, Memory what the
	// program that answers may use, in bytes.
	Limit  int
	Time   time.Duration
	Memory float64
	// Order says which results a page has where there are more: the newest. Empty: nobody
	// told.
	Order string
	// MaxConnections is the service's own bound on its connections to the database; 0
	// where nobody told it.
	MaxConnections int
	// Program is the one that answers: the place of its faults, and how the names of what
	// is measured of it begin.
	Program string
	// Starts is how long the program may take to be there again when it is started anew.
	Starts time.Duration
	// Terms are texts whose matches are known, each with a name that no other has.
	Terms []Term
	// Reads are the tables of the database that a search reads.
	Reads []Tables
	// Settings are what can be set, and what is known of what cannot.
	Settings map[Setting]Knob
	// Refuses says that it is known what an orderly refusal looks like. Without that
	// every refusal is a failure.
	Refuses bool
	// Judged says by what an answer is held to be the right one, where less is known
	// than the one right answer to each question.
	Judged string
	// Stream searches at the moments of a profile. An answer that is not the right one
	// is a failure of a class check_…, a refusal in order is none.
	Stream func(name string, p load.Profile, d Draw) load.Stream
	// In is a scenario whose answers are judged so: those that are wrong are shown.
	In func(harness.Scenario) harness.Scenario
	// Diverse is the same service over data and questions of every shape. Nil: nobody
	// can tell the one right answer to just any text.
	Diverse func() Search
	// EdgeTexts is how many texts there are at the edges of what is one.
	EdgeTexts int
}

// Classes of answers to a search that are not the right one.
const (
	NotExact = "check_exact" // a page, and not the right one
	NotError = "check_error" // an error that is not in the service's own form
)

// Term is one text to search for.
type Term struct {
	Name  string // how its stream is called
	Query string
	// Roles are what it can be used for.
	Roles []Role
}

// Role is what a scenario needs a term for.
type Role string

// The roles of terms.
const (
	Everywhere Role = "everywhere" // it is in all items
	Some       Role = "some"       // it is in a good many
	Rare       Role = "rare"       // it is in few, which are hard to find
	Scattered  Role = "scattered"  // it is in some of all ages, fewer than a page holds
	Nowhere    Role = "nowhere"    // it is in none
)

// Term finds the first term of a role.
func (s Search) Term(role Role) (Term, bool) {
	i := slices.IndexFunc(s.Terms, func(t Term) bool { return slices.Contains(t.Roles, role) })
	if i < 0 {
		return Term{}, false
	}
	return s.Terms[i], true
}

// Tables are those that a search reads for one purpose: one migration would lock them
// together.
type Tables struct {
	Name  string   // what they hold
	Names []string // as the database has them
}

// Setting is what a scenario sets of a search: what it is about, or what would be in
// its way.
type Setting string

// The settings of a search.
const (
	Concurrent       Setting = "concurrent"        // searches at work at once
	Queued           Setting = "queued"            // searches that wait to be
	Connections      Setting = "connections"       // to the database
	AcquireTimeout   Setting = "acquire_timeout"   // for a connection
	StatementTimeout Setting = "statement_timeout" // for a statement
)

// Settings are those that there are.
func Settings() []Setting {
	return []Setting{Concurrent, Queued, Connections, AcquireTimeout, StatementTimeout}
}

// IsTime reports whether it is a time, and not a number.
func (s Setting) IsTime() bool {
	return slices.Contains([]Setting{AcquireTimeout, StatementTimeout, CallTimeout, Deadline, HostWait, BreakerCooldown,
		NetworkCountdown, DatabaseCountdown, SendTimeout, LongestRetryAfter, RescueAfter, Drain, ParkProbe}, s)
}

// Draw says what a stream searches for.
type Draw struct {
	Term Term
	How  How
}

// How is in which way a stream searches.
type How int

// The ways to search.
const (
	Plain   How = iota // the term itself, over and over
	Varied             // texts that find what the term does, none like the one before where there are such
	AnyText            // texts of any shape
	Edges              // each text at the edges of what is one, one after the other
)

// Only searches for one term over and over.
func Only(t Term) Draw { return Draw{Term: t} }

// Around searches for what finds the same as a term: what answers from memory must ask
// the database all the same.
func Around(t Term) Draw { return Draw{Term: t, How: Varied} }

// Served is a stream of which no search may be refused.
func (s Search) Served(name string, p load.Profile, d Draw) load.Stream {
	stream := s.Stream(name, p, d)
	judge := stream.Expect.Judge
	stream.Expect.Refuses = false
	stream.Expect.Judge = func(a load.Answer) string {
		if class := judge(a); class != load.ClassShedByTarget {
			return class
		}
		return load.ClassStatus(a.Status)
	}
	return stream
}
