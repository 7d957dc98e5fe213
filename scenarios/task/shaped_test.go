package task

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// The scenarios know a service by its contract alone: one of another shape, with other
// routes, states and names and with UUIDs for ids, is judged as ours is.
func TestAServiceOfAnotherShapeIsJudgedByItsContract(t *testing.T) {
	for wrong, by := range map[string][]string{
		"":                                       nil,
		"a task is forgotten":                    {"ledger.lost", "task-fates"},
		"another class":                          {"task-fates"},
		"a task is not found":                    {"task-known"},
		"done before it is":                      {"task-status"},
		"the queue is always empty":              {"task-queue"},
		counterRetries + " is off by one":        {"task-counters"},
		"the last message of a batch is dropped": {"ledger.lost"},
	} {
		t.Run(wrong, func(t *testing.T) {
			t.Parallel()
			var found []string
			for range 3 { // a busy machine waits where the service does not
				found, _ = tinyFindings(t, &service{Tasks: shapedTasks()}, shaped, wrong)
				if subset(found, by) && (wrong != "" || len(found) == 0) {
					return
				}
			}
			require.Subset(t, found, by)
			require.True(t, wrong != "" || len(found) == 0, found)
		})
	}
}

// What the shaped service says of a task and of its queue.
type (
	job struct {
		Type    string   `json:"type"`
		Letters []letter `json:"letters,omitempty"`
	}
	letter struct {
		Address string `json:"address"`
		Title   string `json:"title"`
		Content string `json:"content"`
	}
	jobInfo struct {
		Ref, Type, Phase string
		Tries            struct{ Made, Allowed int }
		Fault            struct{ Category, Detail string }
	}
	backlog struct {
		ByPhase map[string]int
		Parked  int
		AgeMS   float64
	}
)

const refOf = "5d1ac7a2-0c1e-4b7e-9d55-%012x"

var phases = map[contract.State]string{
	contract.Pending: "QUEUED", contract.Running: "ACTIVE", contract.Retrying: "BACKING_OFF", contract.Succeeded: "DONE", contract.Failed: "DEAD",
}

var categories = map[string]contract.Class{"": "", "again": contract.Temporary, "never": contract.Permanent, "dunno": contract.Unknown}

// shaped has a tiny service answer in another shape.
func shaped(tiny http.Handler) http.Handler {
	inner := func(method, path string, body []byte, into any) int {
		answer := httptest.NewRecorder()
		tiny.ServeHTTP(answer, httptest.NewRequest(method, path, bytes.NewReader(body)))
		_ = json.Unmarshal(answer.Body.Bytes(), into)
		return answer.Code
	}
	say := func(w http.ResponseWriter, code int, data any) {
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v2/jobs", func(w http.ResponseWriter, r *http.Request) {
		var asked job
		_ = json.NewDecoder(r.Body).Decode(&asked)
		task := map[string]any{"kind": "send_batch_email"}
		var messages []message
		for _, l := range asked.Letters {
			messages = append(messages, message{l.Address, l.Title, l.Content})
		}
		task["messages"] = messages
		body, _ := json.Marshal(task)
		var made struct{ ID int }
		inner("POST", "/tasks", body, &made)
		say(w, http.StatusCreated, map[string]any{"job": map[string]string{"ref": fmt.Sprintf(refOf, made.ID)}})
	})
	mux.HandleFunc("GET /api/v2/jobs/{ref}", func(w http.ResponseWriter, r *http.Request) {
		var id int
		_, _ = fmt.Sscanf(r.PathValue("ref"), refOf, &id)
		var is tinyTask
		code := inner("GET", fmt.Sprint("/tasks/", id), nil, &is)
		said := jobInfo{Ref: fmt.Sprintf(refOf, is.ID), Type: "mail.bulk", Phase: phases[contract.State(is.State)]}
		said.Tries.Made, said.Tries.Allowed, said.Fault.Detail = is.Attempts, is.MaxAttempts, is.Error
		for category, class := range categories {
			if string(class) == is.ErrorClass {
				said.Fault.Category = category
			}
		}
		say(w, code, said)
	})
	mux.HandleFunc("GET /api/v2/backlog", func(w http.ResponseWriter, _ *http.Request) {
		var is map[string]float64
		code := inner("GET", "/tasks/queue", nil, &is)
		said := backlog{ByPhase: map[string]int{}, Parked: int(is["parked"]), AgeMS: 1000 * is["oldest_pending_seconds"]}
		for state, phase := range phases {
			said.ByPhase[phase] = int(is[string(state)])
		}
		say(w, code, said)
	})
	mux.HandleFunc("GET /internal/prometheus", func(w http.ResponseWriter, _ *http.Request) {
		answer := httptest.NewRecorder()
		tiny.ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
		fmt.Fprint(w, strings.NewReplacer("task_", "jobs_", `kind="send_batch_email"`, `type="mail.bulk"`).Replace(answer.Body.String()))
	})
	return mux
}

// shapedTasks is what is known of the shaped service.
func shapedTasks() contract.Tasks {
	of := ours().Tasks
	of.Enqueue = func(t contract.Task) load.Request {
		asked := job{Type: "mail.bulk"}
		for _, m := range t.Messages {
			asked.Letters = append(asked.Letters, letter{m.To, m.Subject, m.Body})
		}
		body, _ := json.Marshal(asked)
		return load.Request{Method: http.MethodPost, Path: "/api/v2/jobs", Body: body}
	}
	of.Asked = func(r load.Request) (contract.Task, error) {
		var asked job
		err := json.Unmarshal(r.Body, &asked)
		t := contract.Task{Kind: contract.Batch}
		for _, l := range asked.Letters {
			t.Messages = append(t.Messages, mail(l.Address, l.Title, l.Content))
		}
		return t, err
	}
	of.TakenOn = load.Status(http.StatusCreated)
	of.Taken = func(a load.Answer) (string, bool) {
		var said struct {
			Data struct{ Job struct{ Ref string } }
		}
		return said.Data.Job.Ref, json.Unmarshal(a.Body, &said) == nil && a.Status == http.StatusCreated
	}
	of.Status = func(id string) load.Request { return load.Request{Path: "/api/v2/jobs/" + id} }
	of.ReadStatus = readJob
	of.Queue, of.ReadCounts = load.Request{Path: "/api/v2/backlog"}, readBacklog
	of.Counters.Page, of.Counters.Kind, of.Counters.Kinds = load.Request{Path: "/internal/prometheus"}, "type", map[contract.Kind]string{contract.Batch: "mail.bulk"}
	of.Counters.FromStart, of.Counters.Beat = false, ""
	of.Counters.Attempts, of.Counters.Retries, of.Counters.Failed = "jobs_attempts_total", "jobs_retries_total", "jobs_failed_total"
	of.Rows = nil
	return of
}

func readJob(_ string, body []byte) (contract.Status, error) {
	var said struct{ Data jobInfo }
	err := json.Unmarshal(body, &said)
	d := said.Data
	s := contract.Status{Kind: contract.Batch, Attempts: d.Tries.Made, Most: d.Tries.Allowed, Class: categories[d.Fault.Category], Problem: d.Fault.Detail}
	for state, phase := range phases {
		if phase == d.Phase {
			s.State = state
		}
	}
	return s, err
}

func readBacklog(body []byte) (contract.Counts, error) {
	var said struct{ Data backlog }
	err := json.Unmarshal(body, &said)
	of := func(s contract.State) int { return said.Data.ByPhase[phases[s]] }
	return contract.Counts{
		Pending: of(contract.Pending), Running: of(contract.Running), Retrying: of(contract.Retrying), Succeeded: of(contract.Succeeded), Failed: of(contract.Failed),
		Parked: said.Data.Parked, Oldest: time.Duration(said.Data.AgeMS * float64(time.Millisecond)),
	}, err
}
