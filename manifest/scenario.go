package manifest

import "holdfast.dev/holdfast/manifest/notation"

// Scenario is one experiment.
type Scenario struct {
	// area/what, for example checkout/slow-payments.
	Name string `yaml:"name,required"`
	// What a pass shows, in one sentence.
	Claim string `yaml:"claim,required"`
	// The protections that it proves.
	Protections notation.Words `yaml:"protections"`
	// Environment of processes for this scenario: NAME: value for all, or PROCESS: { NAME: value }.
	Env notation.Table[Off] `yaml:"env"`
	// Parameters for this scenario.
	Parameters notation.Table[string] `yaml:"parameters"`
	// How long each phase lasts.
	Timeline Timeline `yaml:"timeline,required"`
	// Requests, in an open model: each is sent when it is due, whatever became of those before.
	Load []Stream `yaml:"load,required"`
	// What goes wrong.
	Faults []Fault `yaml:"faults"`
	// What is done meanwhile: a migration, a deploy.
	Actions []Action `yaml:"actions"`
	// What says that the work behind the answers is done. Defaults to the last answer, or with a ledger to when all that was accepted has arrived.
	Drained *Drained `yaml:"drained"`
	// Holds what was accepted against what became of it.
	Ledger *Ledger `yaml:"ledger"`
	// Numbers that are read all the time.
	Gauges []Gauge `yaml:"gauges"`
	// What must hold. What a ledger's delivery promises and invariants are checked
	// beside them.
	Checks []Check `yaml:"checks"`
	// What must hold of the data.
	Invariants []Invariant `yaml:"invariants"`
	// Standing checks that do not hold here, by name, each with the reason.
	StandingOff notation.Table[string] `yaml:"standing_off"`
	// Whether it belongs to the main job.
	Headline bool `yaml:"headline"`
	// Whether it is run by its name only, and not by --all.
	Slow bool `yaml:"slow"`
}

// Timeline is how long each phase lasts. One that is left out does not take place.
type Timeline struct {
	// Load that is not judged.
	WarmUp Duration `yaml:"warm_up"`
	// Load before anything goes wrong.
	Baseline Duration `yaml:"baseline"`
	// Load while faults act.
	Inject Duration `yaml:"inject"`
	// Load after that.
	Heal Duration `yaml:"heal"`
	// The most that is waited for the last answers, and for drained. Defaults to 30s.
	Drain Duration `yaml:"drain"`
}

// Fault is one thing that goes wrong.
type Fault struct {
	// What the result calls it. Defaults to its place and its kind.
	ID string `yaml:"id"`
	// Where: a dependency, one of its routes (stripe.charge), or a process.
	At string `yaml:"at,required"`
	// What, as docs/faults.md has it: delay 3s, status 503 p=0.1, kill, black-hole.
	Fault string `yaml:"fault,required"`
	// The phase that it lasts for, or throughout. Defaults to inject.
	During Phase `yaml:"during"`
	// How long after the start of that phase it begins.
	After Duration `yaml:"after"`
	// How long it lasts. Defaults to the end of the phase.
	For Duration `yaml:"for"`
	// How many of a process's replicas it strikes. Defaults to all.
	Instances int `yaml:"instances"`
}

// Phase is a phase of the load, or all of it.
type Phase string

// Words are those that there are.
func (Phase) Words() []string {
	return []string{"warm_up", "baseline", "inject", "heal", "throughout"}
}

// Action is something that is done while the load goes on: exactly one of run, sql
// and request.
type Action struct {
	// What the result calls it.
	Name string `yaml:"name,required"`
	// A command, with the environment of the process that is named by env_of.
	Run Command `yaml:"run"`
	// A statement of SQL.
	SQL string `yaml:"sql"`
	// The database of the statement. Defaults to the only one.
	At string `yaml:"at"`
	// A request to a process.
	Request *Request `yaml:"request"`
	// The process whose environment and folder the command gets. Defaults to the entry.
	EnvOf string `yaml:"env_of"`
	// The phase in which it is done. Defaults to inject.
	During Phase `yaml:"during"`
	// How long after the start of that phase.
	After Duration `yaml:"after"`
	// How long it may take. Defaults to the end of the load.
	Timeout Duration `yaml:"timeout"`
}

// Drained says that work is done: a number that SQL, a request or a command gives is
// what it should be.
type Drained struct {
	// The database of the statement. Defaults to the only one.
	At string `yaml:"at"`
	// A statement that gives one number.
	SQL string `yaml:"sql"`
	// A request whose answer has the number.
	Request *Request `yaml:"request"`
	// The path of the number in the answer, for example json.pending.
	Value string `yaml:"value"`
	// A command that prints the number.
	Command Command `yaml:"command"`
	// What the number, or the text, must be.
	Equals string `yaml:"equals,required"`
}

// Ledger is what was accepted, held against what arrived.
type Ledger struct {
	// What counts as accepted: the answers that are ok, or the webhooks that the service answered with 2xx.
	Accepted Accepted `yaml:"accepted,required"`
	// Where it arrives.
	Arrived Arrived `yaml:"arrived,required"`
	// How often each may arrive. Defaults to exactly-once.
	Delivery Delivery `yaml:"delivery"`
	// How often each should. Defaults to 1.
	Times int `yaml:"times"`
}

// Delivery is how often something may arrive.
type Delivery string

// Words are the promises that there are.
func (Delivery) Words() []string { return []string{"exactly-once", "at-least-once", "at-most-once"} }

// Accepted is what was taken on: exactly one of stream with key, and webhook.
type Accepted struct {
	// The stream.
	Stream string `yaml:"stream"`
	// A route that calls the service back: what it answered with 2xx it must have treated once, however often it came, and what it refused or has a wrong signature it must not.
	Webhook string `yaml:"webhook"`
	// What makes each one out: a value that no other request has, for example "{cart}". Of a webhook it is the key of its route.
	Key string `yaml:"key"`
}

// Arrived is where what was accepted is found again: exactly one of at with key, at
// with sql, and command.
type Arrived struct {
	// A route that gets it, or a database.
	At string `yaml:"at"`
	// What makes each one out in a request to the route, for example "{key}".
	Key string `yaml:"key"`
	// A statement whose rows are keys, one each, in the first column; the second, if there is one, says when.
	SQL string `yaml:"sql"`
	// A command that prints keys, one a line.
	Command Command `yaml:"command"`
	// A request for each key, {key}, whose answer is ok where it arrived.
	Request *Request `yaml:"request"`
}

// Check is one thing that must hold: a text, or a text with where its limit comes from.
type Check struct {
	// METRIC [in PHASE] <= LIMIT [guarding PROTECTION].
	Text string `yaml:",scalar"`
	// The same.
	Check string `yaml:"check"`
	// Where the limit comes from, for the reader of the report.
	Because string `yaml:"because"`
	// Whether the scenario is about this one.
	Primary bool `yaml:"primary"`
	// Whether the scenario ends early once this one is lost, whatever may still come: an upper limit on what only grows, such as failed requests, or one in a phase that others follow. While a protection is taken away nothing ends early by it.
	Abort bool `yaml:"abort"`
}

// Gauge is a number that is read again and again: exactly one of sql, redis and
// command.
type Gauge struct {
	// The name of its series.
	Name string `yaml:"name,required"`
	// The dependency that is asked. Defaults to the only database.
	At string `yaml:"at"`
	// A statement that gives one number.
	SQL string `yaml:"sql"`
	// A command of Redis that gives a number: LLEN queue.
	Redis string `yaml:"redis"`
	// A command that prints a number.
	Command Command `yaml:"command"`
	// How often. Defaults to 1s.
	Every Duration `yaml:"every"`
	// Its unit. Defaults to count.
	Unit Unit `yaml:"unit"`
}

// Unit is that of a number.
type Unit string

// Words are the units that there are.
func (Unit) Words() []string { return []string{"count", "ms", "s", "bytes", "ratio", "per_s"} }

// Invariant is something that must hold of the data: how many rows a statement gives.
type Invariant struct {
	// What must hold, in words.
	Name string `yaml:"name,required"`
	// The database. Defaults to the only one.
	At string `yaml:"at"`
	// A statement, which is run read-only.
	SQL string `yaml:"sql,required"`
	// How many rows it must give. Defaults to 0.
	Rows int `yaml:"rows"`
	// The value that it must give, in place of rows.
	Equals string `yaml:"equals"`
	// When it must hold: drained, when all is done, or always. Defaults to drained.
	When When `yaml:"when"`
	// How often one is looked at that must hold always. Defaults to 1s.
	Every Duration `yaml:"every"`
}

// When is a moment of a scenario.
type When string

// Words are the moments that there are.
func (When) Words() []string { return []string{"drained", "always"} }
