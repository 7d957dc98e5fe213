// Package task is the reference program's task service: work that is accepted
// over HTTP, kept in Postgres and done later, once.
//
//	POST /tasks        {"kind":"notify_project_success","project_id":7} or
//	                   {"kind":"send_batch_email","messages":[{"to","subject","body"},…]}   202 {"id"}
//	GET  /tasks/{id}   200 [taskStatus]
//	GET  /tasks/queue  200 [queueCounts]
//
// Enter at [New]; [Service.Routes] has the handlers, [Service.Start] and
// [Service.Stop] the workers. [Config] holds the protections, each a plain value
// that can be taken away on its own, and [FromEnv] reads it from environment
// variables. The queue is River (github.com/riverqueue/river) on the tables of
// package schema.
//
// # What becomes of a task
//
// A task is in the database before its 202 is sent. Each attempt ends in one of
// four ways, decided in one place from the cause, never from an error's text
// ([allRules] is the whole table, docs/classification.md its readable form):
//
//   - done;
//   - a temporary error: tried again, at most [Config.MaxRetries] times, later
//     each time, and not before the Retry-After of an answer;
//   - a permanent error: failed at once, visible, logged at ERROR with its cause;
//   - an unknown outcome, as when an answer was lost: tried again like a
//     temporary error, with the same idempotency key, so that nobody gets the mail
//     twice.
//
// # What an idempotency key is made of
//
// The task's id, its time of creation and the numbers of the messages that the
// call carries. Another attempt at the same messages has the same key; a batch of
// which some are known to be sent has another one for the rest.
//
// # Who takes up what a killed worker left
//
// Each worker process writes a sign of life. Tasks of a worker that was silent
// for [Config.RescueAfter] are made available again by any other, and those on
// their last attempt fail. So are tasks that a living worker was given and never
// heard of, as the answer of the database was lost. River's own rescue, which looks every 30 s for jobs
// that run for longer than they may, stays behind it for results that a living
// worker could not write down.
//
// # What it does not do
//
// It makes no promise of order, and it does not watch how a mail that the API
// took fares further.
package task

// The kinds of tasks.
const (
	kindNotify = "notify_project_success"
	kindBatch  = "send_batch_email"
)

// taskKinds lists the kinds of tasks.
func taskKinds() []string { return []string{kindNotify, kindBatch} }

// taskState is where a task is in its life.
type taskState string

// The states of a task.
const (
	statePending   taskState = "pending"   // waits for its first attempt
	stateRunning   taskState = "running"   // an attempt is under way
	stateRetrying  taskState = "retrying"  // waits for another attempt
	stateSucceeded taskState = "succeeded" // done
	stateFailed    taskState = "failed"    // given up: see the error and its class
)

// taskStates lists the states of a task in the order of its life.
func taskStates() []taskState {
	return []taskState{statePending, stateRunning, stateRetrying, stateSucceeded, stateFailed}
}

// batchMessage is one mail of a batch.
type batchMessage struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// taskStatus is the answer to GET /tasks/{id}.
type taskStatus struct {
	ID          int64     `json:"id"`
	Kind        string    `json:"kind"`
	State       taskState `json:"state"`
	Attempts    int       `json:"attempts"`
	MaxAttempts int       `json:"max_attempts"`
	// ErrorClass and Error are those of the latest attempt that failed; a task
	// that succeeded has none.
	ErrorClass errorClass `json:"error_class,omitempty"`
	Error      string     `json:"error,omitempty"`
}

// queueCounts is the answer to GET /tasks/queue. Each number stops at 100,000 per
// state of River.
type queueCounts struct {
	Pending   int `json:"pending"`
	Running   int `json:"running"`
	Retrying  int `json:"retrying"`
	Succeeded int `json:"succeeded"` // River forgets them after a day
	Failed    int `json:"failed"`
	// Parked are those of Pending and Retrying whose queue is stopped because the
	// API key was refused.
	Parked int `json:"parked"`
	// OldestPendingSeconds is for how long the one that waits longest has been due.
	OldestPendingSeconds float64 `json:"oldest_pending_seconds"`
}
