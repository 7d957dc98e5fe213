package reference

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reference/settings"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Numbers of the source, and of the service's own configuration.
const (
	maxRetries  = 3   // MAX_RETRIES_TASKS
	maxCall     = 100 // mails
	taskWorkers = 16  // TASK_WORKERS
)

// Tasks is the task service over so many seeded projects, with the search beside it that
// it shares them with.
func Tasks(projects int, beside contract.Search) contract.Tasks {
	return contract.Tasks{
		World: func() harness.World { return World(projects) }, Mail: adapter.EmailAPI, Far: "mail_api",
		Enqueue: enqueue, Asked: askedFor, TakenOn: takenOn(), Refused: load.Refusal(), Taken: taken, Answered: "202", Engine: "River",
		NoTasks: noTasks(), NoTask: load.All(load.Status(http.StatusBadRequest), load.Check("error", isError)),
		Unknown: unknownTasks(), NotKnown: load.All(load.Status(http.StatusNotFound), load.Check("error", isError)),
		Status: func(id string) load.Request { return load.Request{Path: "/tasks/" + id} }, ReadStatus: readStatus,
		NoSuch: strconv.FormatInt(math.MaxInt64, 10), Ready: &load.Request{Path: "/readyz"}, StopUncounted: true,
		Queue: load.Request{Path: "/tasks/queue"}, ReadCounts: readCounts, MostCounted: 100_000,
		Depth: depth, Oldest: probe.Metric{Series: probe.Series{Name: "queue.oldest", Unit: result.UnitSeconds}, Name: "queue_oldest_job_age_seconds"},
		Counters: contract.Counters{
			Page: load.Request{Path: "/metrics"}, Attempts: "task_attempts_total", Retries: "task_retries_total", Succeeded: "task_succeeded_total", Failed: "task_failed_total",
			FromStart: true, Beat: "task_worker_heartbeat_timestamp_seconds", BeatWithin: 20 * time.Second,
			Kind: "kind", Class: "class", Outcome: "outcome", OK: "ok", Kinds: kinds(),
		},
		Rows: readRows, Subjects: contract.Subjects{Count: int64(projects), None: noProject, Give: giveOwners, Missing: ownersMissing, Owners: readOwners},
		Tables: contract.TaskTables{
			All: []string{"river_job", "river_queue", "task_messages", "task_workers", "projects", "owners"}, Queue: "river_job", Subjects: "projects",
		},
		Retries: maxRetries, Batch: maxCall, Workers: taskWorkers, Growth: 2, Spread: 0.2, Settings: taskSettings(), Worker: harness.OnTarget, Memory: profile.MaxMemory, Beside: &beside,
	}
}

// TaskProtections are the safeguards of the tasks that can be taken away.
func TaskProtections() []harness.Protection { return Protections(settings.Task()) }

// taskSettings are the variables of the service, and what they are where nobody sets them.
func taskSettings() map[contract.Setting]contract.Knob {
	knob := func(variable string, is time.Duration) contract.Knob {
		return contract.Knob{Env: map[string]string{variable: "{value}"}, Is: is}
	}
	return map[contract.Setting]contract.Knob{
		contract.Sender:            knob("EMAIL_FROM", 0),
		contract.NetworkCountdown:  knob("TASK_NETWORK_COUNTDOWN", time.Minute),
		contract.DatabaseCountdown: knob("TASK_DB_COUNTDOWN", time.Minute),
		contract.SendTimeout:       knob("TASK_SEND_TIMEOUT", 10*time.Second),
		contract.LongestRetryAfter: knob("TASK_MAX_RETRY_AFTER", 10*time.Minute),
		contract.RescueAfter:       knob("TASK_RESCUE_AFTER", 30*time.Second),
		contract.Drain:             knob("TASK_DRAIN_ON_STOP", 8*time.Second),
		contract.ParkRefusedKey:    knob("TASK_PARK_REFUSED_KEY", 0),
		contract.ParkProbe:         knob("TASK_PARK_PROBE", time.Minute),
	}
}

// depth is how many tasks are in a state, as the service's metrics tell it.
func depth(state contract.State) probe.Metric {
	return probe.Metric{Series: probe.Series{Name: "queue." + string(state), Unit: result.UnitCount}, Name: "queue_jobs", Labels: map[string]string{"state": string(state)}}
}

// message is one mail of a batch, as it is asked for.
type message struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// task is the body of POST /tasks.
type task struct {
	Kind      string    `json:"kind"`
	ProjectID int64     `json:"project_id,omitempty"`
	Messages  []message `json:"messages,omitempty"`
}

// kinds are the kinds of tasks by their names.
func kinds() map[contract.Kind]string {
	return map[contract.Kind]string{contract.Notify: "notify_project_success", contract.Batch: "send_batch_email"}
}

// kindOf is the kind of a name; a name that is none stands for itself.
func kindOf(name string) contract.Kind {
	for kind, is := range kinds() {
		if is == name {
			return kind
		}
	}
	return contract.Kind(name)
}

func enqueue(t contract.Task) load.Request {
	asked := task{Kind: kinds()[t.Kind], ProjectID: t.Subject}
	for _, m := range t.Messages {
		asked.Messages = append(asked.Messages, message(m))
	}
	body, _ := json.Marshal(asked) // strings and numbers always can
	return load.Request{Method: http.MethodPost, Path: "/tasks", Body: body}
}

func askedFor(r load.Request) (contract.Task, error) {
	var body task
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return contract.Task{}, fmt.Errorf("read what was asked for: %w", err)
	}
	t := contract.Task{Kind: kindOf(body.Kind), Subject: body.ProjectID}
	for _, m := range body.Messages {
		t.Messages = append(t.Messages, contract.Message(m))
	}
	return t, nil
}

// takenOn is the answer to a task that is taken on: its id.
func takenOn() load.Expectation {
	return load.All(load.Status(http.StatusAccepted), load.Check("id", func(a load.Answer) bool { return answeredID(a.Body) != "" }))
}

func taken(a load.Answer) (id string, ok bool) {
	if a.Status != http.StatusAccepted {
		return "", false
	}
	return answeredID(a.Body), true
}
