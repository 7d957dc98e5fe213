package mapped

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/smtpserver"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// Defaults of [Tasks]: the source's numbers.
const (
	DefaultRetries   = 3
	DefaultWorkers   = 16
	DefaultGrowth    = 2
	DefaultSpread    = 0.2
	defaultCountdown = time.Minute
	defaultSend      = 10 * time.Second
	defaultPatience  = 10 * time.Minute
)

// Names in the requests of tasks: the one mail of a task, and the id that was given to it.
const (
	ToName, SubjectName, BodyName = "to", "subject", "body"
	IDName                        = "id"
)

// Tasks is what a team tells of its tasks. Each that is asked for sends one mail.
type Tasks struct {
	// Enqueue asks for a task that sends {body} to {to}, under {subject}.
	Enqueue load.Template
	// OK says which answers take a task on, and Answered how such an answer is called in a
	// sentence. Defaults to any 2xx. Refused says what an orderly refusal looks like; optional.
	OK       load.Expectation
	Answered string
	Refused  load.Expectation
	// ID is the path of the id in the answer that takes a task on.
	ID    string
	State TaskState
	Queue TaskQueue
	// Far is the place that mail is sent to, whose requests have whom it is to for a key: a
	// route, or a whole mail server, as SMTP says.
	Far  string
	SMTP bool
	// Retries are the most after a first attempt; Workers how many tasks are done at once.
	// Growth is by how much the countdown grows with each attempt, and Spread the share by
	// which it is shorter or longer.
	Retries, Workers int
	Growth, Spread   float64
	// Worker is the process that does tasks, and Apart whether another takes them on.
	Worker   string
	Apart    bool
	Settings map[contract.Setting]contract.Knob
	// Parts are the processes of the service, and Protections the names of those that can be
	// taken away.
	Parts       []harness.Part
	Protections []string
}

// TaskState is how a task is asked for by its {id}, and where the parts of the answer are.
type TaskState struct {
	Request load.Template
	// State is the path of the state, and States what it is then; one for each of ours may
	// have several names.
	State  string
	States map[string]contract.State
	// Attempts is the path of how often it was tried. Optional.
	Attempts string
}

// TaskQueue is how the queue is asked for, and where in the answer the counts of the states
// are. Without counts there is none.
type TaskQueue struct {
	Request load.Template
	Counts  map[contract.State]string
}

// Over is the service's tasks as scenarios ask them, over a world.
func (t Tasks) Over(world func() harness.World) contract.Tasks {
	t.Retries, t.Workers = cmp.Or(t.Retries, DefaultRetries), cmp.Or(t.Workers, DefaultWorkers)
	t.Growth, t.Answered = cmp.Or(t.Growth, DefaultGrowth), cmp.Or(t.Answered, "2xx")
	return t.over(world, nil)
}

// over is that with what is known by name when the load begins.
func (t Tasks) over(world func() harness.World, values map[string]string) contract.Tasks {
	out := contract.Tasks{
		World: world, Far: t.Far, Group: t.group(), SMTP: t.SMTP, OnlyTo: true, Probe: probed, Answered: t.Answered, Engine: "the queue",
		Enqueue: func(one contract.Task) load.Request { return filled(t.inTurn([]contract.Task{one}), values) },
		InTurn:  t.inTurn, TakenOn: t.takenOn(), Taken: t.taken, Refused: t.Refused,
		Status:     func(id string) load.Request { return filled(t.asking(id), values) },
		ReadStatus: t.readStatus, NoAttempts: t.State.Attempts == "", NoClass: true, ReadCounts: t.readCounts,
		Retries: t.Retries, Batch: 1, Workers: t.Workers, Growth: t.Growth, Spread: t.Spread,
		Settings: t.settings(), Worker: t.Worker, Apart: t.Apart, In: t.in,
	}
	out.Known = func(values map[string]string) contract.Tasks { return t.over(world, values) }
	if len(t.Queue.Counts) > 0 {
		out.Queue, out.Counting = filled(t.Queue.Request, values), &t.Queue.Request
	}
	return out
}

// group is that of the mails in the journal of Far.
func (t Tasks) group() string {
	if t.SMTP {
		return smtpserver.Messages
	}
	_, route, _ := strings.Cut(t.Far, ".")
	return route
}

// filled is a request that was found to be sound when it was read.
func filled(t load.Template, values map[string]string) load.Request {
	r, err := t.Fill(values)
	if err != nil {
		return load.Request{}
	}
	return r
}

// inTurn asks for tasks, request n for the n-th.
func (t Tasks) inTurn(all []contract.Task) load.Template {
	asked := t.Enqueue
	to, subject, body := make([]string, len(all)), make([]string, len(all)), make([]string, len(all))
	for i, one := range all {
		m := one.Messages[0]
		to[i], subject[i], body[i] = m.To, m.Subject, m.Body
	}
	asked.Vars = map[string]load.Var{ToName: {Lines: to}, SubjectName: {Lines: subject}, BodyName: {Lines: body}}
	return asked
}

// asking asks for a task by its id.
func (t Tasks) asking(id string) load.Template {
	asked := t.State.Request
	asked.Vars = map[string]load.Var{IDName: {Words: []string{id}}}
	return asked
}

// settings are those that were told, with what the source has for the times that were not.
func (t Tasks) settings() map[contract.Setting]contract.Knob {
	all := maps.Clone(t.Settings)
	if all == nil {
		all = map[contract.Setting]contract.Knob{}
	}
	for setting, is := range map[contract.Setting]time.Duration{
		contract.NetworkCountdown: defaultCountdown, contract.SendTimeout: defaultSend, contract.LongestRetryAfter: defaultPatience,
	} {
		knob := all[setting]
		knob.Is = cmp.Or(knob.Is, is)
		all[setting] = knob
	}
	return all
}

// judged says by what tasks are held to be done.
func (t Tasks) judged() string {
	by := []string{"who got mail at " + t.Far, "the state of each task"}
	if t.State.Attempts == "" {
		by = append(by, "attempts as they came there")
	}
	return strings.Join(append(by, "the status of the answer that ended it"), ", ")
}

// in is a scenario whose tasks are judged so: the target is asked first whether it is the
// one that was mapped.
func (t Tasks) in(sc harness.Scenario) harness.Scenario {
	sc.Parts = t.Parts
	sc.Preflight = append(slices.Clone(sc.Preflight), t.preflight()...)
	sc.World = sc.World.With(contract.JudgedBy, t.judged())
	return protected(sc, t.Protections)
}

// StatusOf is how answers of one of these statuses are called in a sentence.
func StatusOf(codes []int) string {
	words := make([]string, len(codes))
	for i, code := range codes {
		words[i] = strconv.Itoa(code)
	}
	return strings.Join(words, " or ")
}
