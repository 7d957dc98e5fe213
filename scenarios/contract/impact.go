package contract

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/standing"
)

// Impact is a service that asks outside APIs about a project, several at once, and
// answers with what each of them said.
type Impact struct {
	// World is what a scenario starts from, anew for each, in which these projects have
	// their outside APIs. A companion of a run that is a [Learner] hears which.
	World func(...Project) harness.World
	// Project is the n-th project of a scenario, from 1, which has so many active outside
	// APIs at a place. Some of those that are asked, by their number from 1, are read by
	// code of the service that trusts what they say. It has no ID where nobody told of
	// such a project.
	Project func(n, active int, at string, trusting ...int) Project
	// News is what is written into the data while the service runs. Nil: nobody told how
	// to write.
	News func() []standing.News
	// Here and There are the dependencies at which outside APIs are: two hosts. There is
	// empty where nobody told of a second.
	Here, There string
	// Elsewhere is an address to which an API may lead the service: one where nobody is, or
	// {PLACE.url}, and LedTo is then that place. Empty where there is no other place, for a
	// run ends when its service turns to whom nobody named.
	Elsewhere, LedTo string
	// Shares says that no API of a host can take all of the calls that the host may have.
	Shares bool
	// Nameless says that APIs of a project can be at a host that no name server knows.
	Nameless bool
	// AtMost is the most APIs of a project that are asked, and Memory what the program
	// that asks them may use, in bytes.
	AtMost int
	Memory float64
	// Program is the one that answers: how the names of what is measured of it begin.
	Program string
	// InUse is the program's own metric of the connections to the database that are in
	// use, by name and labels; without a name where nobody told.
	InUse probe.Metric
	// Reads are the tables of the database that are read for an answer.
	Reads []Tables
	// Settings are what can be set, and what is known of what cannot.
	Settings map[Setting]Knob
	// FromArrival says that the deadline of an answer counts from the arrival of the question,
	// with the time that the database takes.
	FromArrival bool
	// Ask is the stream of the question about a project, without a name, a profile or what
	// is expected, and AskedAbout reads the project out of the
	// path of a request: it is empty where the path has none that could be, and ok is
	// false where it is another question.
	Ask        func(project string) load.Stream
	AskedAbout func(path string) (project string, ok bool)
	// OK says which answers tell of a project's APIs, and Read reads one; it is false
	// where there is none to be read. Refused says what an orderly refusal looks like; it
	// judges nothing where nobody told.
	OK, Refused load.Expectation
	Read        func(load.Answer) (ImpactAnswer, bool)
	// CallOf says what a call at a place was about. CalledBy says in words how an API is
	// to be called.
	CallOf   func(*journal.Journal, journal.Entry) ImpactCall
	CalledBy string
	// Any is the same service over projects that are drawn. Nil: nobody can tell the one
	// right answer to just any project.
	Any func() AnyProject
	// Spoils reports whether a fault can make another answer of what is played at a place, so
	// that it can be told from a right one. Nil: each can.
	Spoils func(place string, kind fault.Kind) bool
	// Tells is what answers tell at all: of the rest nothing is expected.
	Tells ImpactTells
	// Counts is the service's own counter of calls. The zero value where nobody told of one.
	Counts CallCounter
	// In is a scenario whose answers are judged so. Nil: as it is.
	In func(harness.Scenario) harness.Scenario
}

// CallCounter is a counter on a page in Prometheus's text format, of calls to outside APIs
// by how they ended, which is the value of a label.
type CallCounter struct {
	Page        load.Request
	Name, Label string
	// OK is the value of the label for a call that went well, Spared those for calls that
	// were not made, by why, and Failed those for the others, by their class.
	OK     string
	Spared map[Spared]string
	Failed map[ImpactClass]string
	// FromStart is as [contract.Page] of the harness has it.
	FromStart bool
	// Timed counts those whose time was taken: all that were made. Empty: nobody told of it.
	Timed string
}

// Labels are all values of the label that are named, in order.
func (c CallCounter) Labels() []string {
	all := append(slices.Collect(maps.Values(c.Spared)), slices.Collect(maps.Values(c.Failed))...)
	return slices.Sorted(slices.Values(append(all, c.OK)))
}

// ImpactTells is what the answers of a service tell, beside what came of each API.
type ImpactTells struct {
	// Project, Active, Queried and Truncated are those of [ImpactAnswer].
	Project, Active, Queried, Truncated bool
	// Classes are those that errors are told to have. An error that has none of them is of
	// one that is not among them.
	Classes []ImpactClass
	// Said is when an API said what is told of it, so that each answer can be held
	// against the calls, and one that is out of date is known.
	Said bool
}

// Project is one that is asked about.
type Project struct {
	ID string
	// Active is how many of its outside APIs are, all of them at the place At.
	Active int
	At     string
	// Asked are the names of those that are asked, in no order. Empty: nobody told which
	// they are.
	Asked []string
	// Trusting are those of them that are read by code that trusts what they say.
	Trusting []string
	// Nowhere are those of them at a host that no name server knows.
	Nowhere []string
}

// UntoldProject is one with so many active outside APIs that nobody told of.
func UntoldProject(active int, there bool) Untold {
	u := Untold{Key: "contracts.impact.projects", Example: fmt.Sprintf("{ ID: { active: %d } }", active)}
	if there {
		u.Example = fmt.Sprintf("{ ID: { active: %d, there: true } }", active)
	}
	return u
}

// ImpactAnswer is what a service says of a project.
type ImpactAnswer struct {
	Project string
	// Active is how many of its outside APIs are, Queried how many were asked, and
	// Truncated says that others were left out.
	Active, Queried int
	Truncated       bool
	// Results are what is told of each API, by its name.
	Results map[string]ImpactResult
}

// ImpactResult is what an answer says of one outside API.
type ImpactResult struct {
	// OK says that it is told as answered, Failed that it is told as an error: an answer
	// may have neither.
	OK, Failed bool
	// Class is the class of an error.
	Class ImpactClass
	// Sound says that all of it is as it has to be: what was answered is true to what that
	// API says of that project, and comes without an error; an error comes without data,
	// and tells nothing of where the API is.
	Sound bool
	// Said is when the API said it, by what was answered: it is said of no two calls.
	Said time.Time
	// Spared says why the API was not asked at all.
	Spared Spared
	// Unmapped says what stands there of which nobody told what it means. Empty: all was
	// told.
	Unmapped string
}

// ImpactClass is what kind of error an outside API is told to have. Empty: none is told.
type ImpactClass string

// The classes of errors.
const (
	TimedOut   ImpactClass = "timeout"    // no whole answer in time
	Connection ImpactClass = "connection" // no answer, or it broke off
	BadStatus  ImpactClass = "status"     // an answer that says no
	BadPayload ImpactClass = "payload"    // an answer that cannot be used
	TooLarge   ImpactClass = "too_large"  // one that was not read to its end
	Unexpected ImpactClass = "unexpected" // whatever else went wrong over it
)

// ImpactClasses are those that there are.
func ImpactClasses() []ImpactClass {
	return []ImpactClass{TimedOut, Connection, BadStatus, BadPayload, TooLarge, Unexpected}
}

// Spared is why an outside API was not asked.
type Spared string

// The reasons to spare an API.
const (
	SparedSick Spared = "sick" // it failed before
	SparedBusy Spared = "busy" // its host has as many calls as it may
)

// ImpactCall is what a call of an outside API was about.
type ImpactCall struct {
	Project, API string
	// Said is the time that its answer told, as [ImpactResult.Said] has it.
	Said time.Time
}

// Truth is what is right to say of one project.
type Truth struct {
	Active int
	Asked  []string // in their order
	// Addresses are where each of its outside APIs is, of those that are not active too.
	Addresses map[string]string
}

// Learner is what hears the truth about projects as a world is prepared.
type Learner interface {
	Learn(project string, t Truth)
}

// AnyProject is a service over drawn projects: the one right answer follows for just any.
type AnyProject struct {
	World harness.World
	// Stream asks about projects and about what is none; an answer that is not the right
	// one fails. In is a scenario whose wrong answers are shown.
	Stream func(name string, p load.Profile) load.Stream
	In     func(harness.Scenario) harness.Scenario
}

// The settings of a service that asks outside APIs. It shares [AcquireTimeout] and
// [StatementTimeout].
const (
	CallTimeout     Setting = "call_timeout"     // of one call
	Deadline        Setting = "deadline"         // of an answer
	CallsAtOnce     Setting = "calls_at_once"    // of one question
	HostCalls       Setting = "host_calls"       // at one host, of all questions
	HostWait        Setting = "host_wait"        // for a turn at a host
	BreakerFailures Setting = "breaker_failures" // after which an API is left alone; 0 is never
	BreakerCooldown Setting = "breaker_cooldown" // for how long it is
)

// ImpactSettings are those that there are.
func ImpactSettings() []Setting {
	return []Setting{CallTimeout, Deadline, CallsAtOnce, HostCalls, HostWait, BreakerFailures, BreakerCooldown, AcquireTimeout, StatementTimeout}
}
