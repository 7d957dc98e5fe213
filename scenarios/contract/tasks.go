package contract

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
)

// Tasks is a service that takes tasks on and does them behind its answers: each sends
// mail through an API that is played.
type Tasks struct {
	// World is what a scenario starts from, anew for each.
	World func() harness.World
	// Mail plays the e-mail API where the service looks for it, at a place of that name. Nil:
	// the world has what plays it.
	Mail func(name string, api emailapi.Config, key adapter.KeyAt) harness.Dependency
	// Far is the place that mail is sent to: a dependency, or a route of one. OnlyTo says
	// that of a mail there is nothing known but whom it is to: the key of its request.
	Far    string
	OnlyTo bool
	// Group is that of the mails in the journal of Far; empty: all it has are mails. SMTP says
	// that a mail server is played there: nothing that it says asks for patience, and no key
	// tells it a mail that it had before.
	Group string
	SMTP  bool
	// Probe is to whom mail of no scenario is: that of a task by which the service was asked
	// whether it is as it was told to be. Empty: there is none.
	Probe string
	// Enqueue asks for a task, and Asked reads from such a request what it asks for.
	Enqueue func(Task) load.Request
	Asked   func(load.Request) (Task, error)
	// InTurn asks for tasks, request n for the n-th, where a request has what is known only
	// when the load begins. Nil: [Tasks.Enqueue] does.
	InTurn func([]Task) load.Template
	// Known is the same service with what is known by name when the load begins. Nil: it is
	// known before.
	Known func(values map[string]string) Tasks
	// TakenOn is the answer to a task that is taken on, Taken tells it from others, with
	// the id that it gives, empty for none. Refused is an orderly refusal.
	TakenOn, Refused load.Expectation
	Taken            func(load.Answer) (id string, ok bool)
	// Answered is the answer to a task that is taken on, and Engine what does the tasks, in a
	// sentence.
	Answered, Engine string
	// NoTasks are requests that ask for no task, each wrong in one way, and NoTask is the
	// answer that they get.
	NoTasks []load.Request
	NoTask  load.Expectation
	// Unknown ask for the status of tasks that there are not, and NotKnown is the answer to
	// each.
	Unknown  []load.Request
	NotKnown load.Expectation
	// Status asks what became of a task, and ReadStatus reads the answer. The error says
	// what of it cannot be.
	Status     func(id string) load.Request
	ReadStatus func(id string, body []byte) (Status, error)
	// NoSuch is an id that no task has: asked about it, the service answers 404. Empty:
	// there is none that is known.
	NoSuch string
	// Ready asks whether the service can work: 200, and while it has no database a
	// refusal. Nil: there is nothing to ask.
	Ready *load.Request
	// NoAttempts and NoClass say that a status tells none: they are what the far side saw.
	NoAttempts, NoClass bool
	// StopUncounted says that an attempt which a stop cut is none of those that a task has.
	StopUncounted bool
	// Queue asks how many tasks there are, and ReadCounts reads the answer. They stop at
	// MostCounted; 0 where it is not known that they are counts of all. A Queue without a
	// path cannot be asked: it is empty when each task is done.
	Queue load.Request
	// Counting is Queue as load, where it has what is known only when the load begins. Nil:
	// Queue is.
	Counting    *load.Template
	ReadCounts  func(body []byte) (Counts, error)
	MostCounted int
	// Depth is how many tasks are in a state, and Oldest for how long one waits, as the
	// service's metrics tell it. Counters are what they count. A nil Depth is all of them
	// untold.
	Depth    func(State) probe.Metric
	Oldest   probe.Metric
	Counters Counters
	// Rows reads the queue itself, by the ids of tasks: a further witness. Nil, here or as
	// the answer, where the queue is none that is known.
	Rows func(ctx context.Context, db *pgxpool.Pool) (map[string]Status, error)
	// Subjects is what notifications are about. Without a Count there are no notifications.
	Subjects Subjects
	Tables   TaskTables
	// Retries are the most after a first attempt, Batch the most mails of one call, and
	// Workers how many tasks of a kind are done at once.
	Retries, Batch, Workers int
	// Growth is by how much a countdown grows with each attempt, and Spread the share by
	// which it is shorter or longer.
	Growth, Spread float64
	// Settings are what can be set, and what is known of what cannot.
	Settings map[Setting]Knob
	// Worker is the process that does tasks: the place of its faults, and Memory what it may
	// use at most, in bytes; 0 where nobody said. Apart says that it is another than the one
	// that takes them on.
	Worker string
	Memory float64
	Apart  bool
	// In is a scenario of the service; nil where nothing is to be added.
	In func(harness.Scenario) harness.Scenario
	// Beside is a search that the same program answers: tasks must not hold it up. Nil:
	// there is none.
	Beside *Search
}

// The settings of tasks.
const (
	Sender            Setting = "sender"             // who mail is from
	NetworkCountdown  Setting = "network_countdown"  // before the first retry after an error of the API
	DatabaseCountdown Setting = "database_countdown" // and of the database
	SendTimeout       Setting = "send_timeout"       // of a call to the API
	LongestRetryAfter Setting = "retry_after"        // that is followed
	RescueAfter       Setting = "rescue_after"       // the silence of a worker that is taken for dead
	Drain             Setting = "drain"              // how long tasks in hand may take to end at a stop
	ParkRefusedKey    Setting = "park_refused_key"   // whether a refused key stops the queue
	ParkProbe         Setting = "park_probe"         // how often a stopped queue tries its key
)

// TaskSettings are those that there are.
func TaskSettings() []Setting {
	return []Setting{Sender, NetworkCountdown, DatabaseCountdown, SendTimeout, LongestRetryAfter, RescueAfter, Drain, ParkRefusedKey, ParkProbe}
}

// Kind is what a task does.
type Kind string

// The kinds of tasks.
const (
	Notify Kind = "notify" // tell the one whom a subject belongs to
	Batch  Kind = "batch"  // send messages
)

// Task is one that is asked for.
type Task struct {
	Kind     Kind
	Subject  int64     // of a notification
	Messages []Message // of a batch
}

// Message is one mail of a batch.
type Message struct {
	To, Subject, Body string
}

// State is in which a task is.
type State string

// The states of tasks.
const (
	Pending   State = "pending"
	Running   State = "running"
	Retrying  State = "retrying"
	Succeeded State = "succeeded"
	Failed    State = "failed"
)

// States are those that there are.
func States() []State { return []State{Pending, Running, Retrying, Succeeded, Failed} }

// Class is what may be done about an error.
type Class string

// The classes of errors, see docs/classification.md.
const (
	Temporary Class = "temporary"
	Permanent Class = "permanent"
	Unknown   Class = "unknown"
)

// Status is what a service says of a task.
type Status struct {
	Kind     Kind
	State    State
	Attempts int
	Most     int    // of attempts
	Class    Class  // of its last error
	Problem  string // that error in words
}

// String is the status in a sentence about a task.
func (s Status) String() string {
	text := fmt.Sprintf("%s after %d of %d attempts", s.State, s.Attempts, s.Most)
	if s.Class != "" {
		text += ", " + string(s.Class)
	}
	return text
}

// Over says whether nothing more happens to the task.
func (s Status) Over() bool { return s.State == Succeeded || s.State == Failed }

// Counts are how many tasks there are, by their states. Parked are those among them that
// wait for a key, and Oldest is for how long one waits.
type Counts struct {
	Pending, Running, Retrying, Succeeded, Failed, Parked int

	Oldest time.Duration
}

// Total is how many tasks there are.
func (c Counts) Total() int { return c.Pending + c.Running + c.Retrying + c.Succeeded + c.Failed }

// Busy is how many of them are not done.
func (c Counts) Busy() int { return c.Pending + c.Running + c.Retrying }

// Counters are the names of what a page of metrics counts. One that is not there is not
// held, unless it is promised.
type Counters struct {
	Page                                 load.Request
	Attempts, Retries, Succeeded, Failed string
	// FromStart is as [contract.Page] of the harness has it.
	FromStart bool
	// Kind is the label of each that has the kind of the task, Class that of the failed
	// ones with the class of the error, and Outcome that of the attempts, which is OK for
	// one that went well.
	Kind, Class, Outcome, OK string
	// Kinds are the kinds as the label has them.
	Kinds map[Kind]string
	// Beat is a gauge of when a worker last gave a sign of life, in seconds since 1970, and
	// BeatWithin how long ago that may be at most. Empty: nobody told of it.
	Beat       string
	BeatWithin time.Duration
}

// Subjects is what notifications are about: things with an id, each of which belongs to
// somebody who has an address.
type Subjects struct {
	// Count is how many there are: 1, 2 and so on. From None on there are none.
	Count, None int64
	// Give gives each of some subjects an owner of its own, and Missing says which has
	// none.
	Give, Missing func(ctx context.Context, db *pgxpool.Pool, o Owned) error
	// Owners are the addresses of those whom subjects belong to. Of one that there is not,
	// there is none.
	Owners func(ctx context.Context, db *pgxpool.Pool, subjects []int64) (map[int64]string, error)
}

// Owned are subjects First, First+1 and so on, Count in all: the n-th, counted from 0,
// belongs to NAME-n@tasks.example.
type Owned struct {
	Name         string
	First, Count int64
}

// TaskTables are tables of the database that tasks need.
type TaskTables struct {
	// All are those that may be locked, Queue the one that holds the tasks, and Subjects
	// the one by which a task reads what it is about.
	All             []string
	Queue, Subjects string
}
