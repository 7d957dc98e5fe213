package task

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// tiny is a task service in a few lines: correct, in memory, and with one thing wrong
// with it where a test says so. It shares nothing with the reference.
type tiny struct {
	api, key  string
	countdown time.Duration
	wrong     string // what is wrong with it; empty: nothing

	mu    sync.Mutex // guards the rest
	tasks []*tinyTask
	sent  map[string]float64 // its counters
	work  sync.WaitGroup
}

// message is one mail of a batch as it is asked for.
type message struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// The words of its answers and metrics.
const (
	pending, running, retrying, succeeded, failed  = "pending", "running", "retrying", "succeeded", "failed"
	temporary, permanent, unknown                  = "temporary", "permanent", "unknown"
	counterAttempts, counterRetries, counterFailed = "task_attempts_total", "task_retries_total", "task_failed_total"
	maxAttempts                                    = 4
)

type tinyTask struct {
	ID          int    `json:"id"`
	Kind        string `json:"kind"`
	State       string `json:"state"`
	Attempts    int    `json:"attempts"`
	MaxAttempts int    `json:"max_attempts"`
	ErrorClass  string `json:"error_class,omitempty"`
	Error       string `json:"error,omitempty"`

	messages []message
	due      time.Time
}

// startTiny starts one that mails to the fake e-mail API at an address.
func startTiny(t *testing.T, api, key, wrong string, countdown time.Duration, shape func(http.Handler) http.Handler) (*tiny, string) {
	t.Helper()
	s := &tiny{api: api, key: key, wrong: wrong, countdown: countdown, sent: map[string]float64{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /tasks", s.post)
	mux.HandleFunc("GET /tasks/queue", s.queue)
	mux.HandleFunc("GET /tasks/{id}", s.status)
	mux.HandleFunc("GET /metrics", s.metrics)
	server := httptest.NewServer(shape(mux))
	t.Cleanup(func() {
		s.work.Wait()
		server.Close()
	})
	return s, server.URL
}

func (s *tiny) is(wrong string) bool { return s.wrong == wrong }

func (s *tiny) post(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Kind     string    `json:"kind"`
		Messages []message `json:"messages"`
	}
	_ = json.NewDecoder(r.Body).Decode(&asked)
	s.mu.Lock()
	t := &tinyTask{ID: len(s.tasks) + 1, Kind: asked.Kind, State: pending, MaxAttempts: maxAttempts, messages: asked.Messages, due: time.Now()}
	s.tasks = append(s.tasks, t)
	s.mu.Unlock()
	id := t.ID
	if s.is("the same id twice") && id == 2 {
		id = 1
	}
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprintf(w, `{"id":%d}`, id)
	if s.is("a task is forgotten") && t.ID == 3 {
		s.set(t, func() { t.State, t.Attempts = succeeded, 1 })
		return
	}
	s.work.Go(func() { s.do(t) })
}

func (s *tiny) set(t *tinyTask, change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// do makes attempts until the task is done or given up.
func (s *tiny) do(t *tinyTask) {
	for n := 1; ; n++ {
		s.set(t, func() {
			if t.State, t.Attempts = running, n; s.is("a running task is said to wait") {
				t.State = retrying
			}
			s.sent[counterAttempts]++
		})
		if s.is("done before it is") {
			s.set(t, func() { t.State, t.ErrorClass, t.Error = succeeded, "", "" })
		}
		class := s.attempt(t, n)
		if s.is("a permanent error is tried again") && class == permanent {
			class = temporary
		}
		if s.is("one that may pass is permanent") && class == temporary {
			class = permanent
		}
		over := class == "" || class == permanent || n == maxAttempts && !s.is("five attempts") || n == maxAttempts+1 || s.is("three attempts") && n == 3
		s.set(t, func() { s.write(t, class, over) })
		if over {
			return
		}
		wait := time.Duration(float64(s.countdown<<(n-1)) * (0.8 + 0.4*rand.Float64()))
		if s.is("one in ten does not wait") && t.messages[0].To == "down-5@tasks.example" {
			wait = 0
		}
		if s.is("no wait grows") {
			wait = s.countdown
		}
		time.Sleep(wait)
	}
}

func (s *tiny) write(t *tinyTask, class string, over bool) {
	t.ErrorClass, t.Error = class, "something"
	switch {
	case class == "":
		t.State, t.Error = succeeded, ""
		s.sent["ok"]++
	case over:
		t.State = failed
		s.sent[counterFailed]++
	default:
		t.State = retrying
		s.sent[counterRetries]++
	}
	if s.is("failed is said to be tried again") && t.State == failed {
		t.State = retrying
	}
	if s.is("another class") && t.State == failed {
		t.ErrorClass = map[string]string{temporary: unknown, unknown: permanent, permanent: temporary}[class]
	}
	if s.is("attempts off by one") && t.State == failed {
		t.Attempts--
	}
}

// attempt makes the calls of one attempt, and returns the class of what went wrong.
func (s *tiny) attempt(t *tinyTask, n int) string {
	if s.is("two workers do the same task") && n == 1 {
		s.work.Go(func() {
			time.Sleep(30 * time.Millisecond)
			s.attempt(t, 2)
		})
	}
	size := 100
	if s.is("too many in a call") {
		size = 101
	}
	for start := 0; start < len(t.messages); start += size {
		part := t.messages[start:min(start+size, len(t.messages))]
		if s.is("the last message of a batch is dropped") && len(t.messages) > 100 && start > 0 {
			break
		}
		key := fmt.Sprintf("task-%d-%d", t.ID, start)
		switch {
		case s.is("a key for each attempt"):
			key += fmt.Sprint("-", n)
		case s.is("one key for all calls of a task"):
			key = fmt.Sprint("task-", t.ID)
		case s.is("no key"):
			key = ""
		}
		if class := s.call(t, part, key, n); class != "" {
			return class
		}
		if s.is("a second mail with another text") && strings.HasPrefix(part[0].To, "fine-") {
			again := []message{part[0]}
			again[0].Body = "Have you read it?"
			s.call(t, again, key+"-again", n)
		}
		if s.is("every mail twice") {
			s.call(t, part, key+"-again", n)
		}
	}
	if s.is("everything once more") && n == 1 {
		return unknown
	}
	return ""
}

func (s *tiny) call(t *tinyTask, messages []message, key string, n int) string {
	mails := make([]map[string]any, len(messages))
	for i, m := range messages {
		mails[i] = map[string]any{"from": sender, "to": []string{m.To}, "subject": m.Subject, "text": m.Body}
		switch {
		case s.is("another sender"):
			mails[i]["from"] = "somebody@tasks.example"
		case s.is("subject and text are swapped"):
			mails[i]["subject"], mails[i]["text"] = m.Body, m.Subject
		case s.is("a subject is cut") && len(m.Subject) > 6:
			mails[i]["subject"] = m.Subject[:6]
		case s.is("a copy goes to somebody else"):
			mails[i]["bcc"] = "archive@tasks.example"
		case s.is("mails of a batch go to each other's recipients") && len(messages) > 1:
			mails[i]["to"] = messages[(i+1)%len(messages)].To
		}
	}
	body, _ := json.Marshal(mails)
	r, _ := http.NewRequest(http.MethodPost, s.api+"/emails/batch", bytes.NewReader(body))
	r.GetBody = nil
	r.Header.Set("Authorization", "Bearer "+s.key)
	r.Header.Set("X-Batch-Validation", "permissive")
	if s.is("all or nothing") {
		r.Header.Del("X-Batch-Validation")
	}
	if s.is("attempts are numbered from 0") {
		n--
	}
	if s.is("each attempt is the first") {
		n = 1
	}
	r.Header.Set("X-Attempt", strconv.Itoa(n))
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return unknown
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	var said struct{ Errors []any }
	_ = json.Unmarshal(text, &said)
	switch {
	case answer.StatusCode == http.StatusOK && len(said.Errors) > 0:
		return permanent
	case answer.StatusCode == http.StatusOK:
		return ""
	case answer.StatusCode == http.StatusServiceUnavailable:
		return temporary
	case answer.StatusCode >= 500:
		return unknown
	}
	return permanent
}

func (s *tiny) status(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < 1 || id > len(s.tasks) || s.is("a task is not found") && id == 2 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	t := *s.tasks[id-1]
	switch {
	case s.is("always succeeded"):
		t.State, t.Attempts, t.ErrorClass, t.Error = succeeded, max(1, t.Attempts), "", ""
	case s.is("another task is answered"):
		t = *s.tasks[id%len(s.tasks)]
	case s.is("another task's state is answered"):
		t = *s.tasks[(id+4)%len(s.tasks)]
		t.ID = id
	case s.is("the kind is wrong"):
		t.Kind = "notify_project_success"
	case s.is("more attempts than it may have"):
		t.MaxAttempts = 5
	case s.is("always one attempt"):
		t.Attempts = min(1, t.Attempts)
	}
	_ = json.NewEncoder(w).Encode(t)
}

func (s *tiny) queue(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := map[string]any{"pending": 0, "running": 0, "retrying": 0, "succeeded": 0, "failed": 0, "parked": 0}
	oldest := 0.0
	for _, t := range s.tasks {
		c[t.State] = c[t.State].(int) + 1
		if t.State == pending {
			oldest = max(oldest, time.Since(t.due).Seconds())
		}
	}
	switch {
	case s.is("the queue forgets one that failed") && c["failed"].(int) > 0:
		c["failed"] = c["failed"].(int) - 1
	case s.is("the queue takes failed for done"):
		c["failed"], c["succeeded"] = 0, c["succeeded"].(int)+c["failed"].(int)
	case s.is("the queue is below zero"):
		c["pending"] = -1
	case s.is("the queue is always empty"):
		c = map[string]any{"pending": 0, "running": 0, "retrying": 0, "succeeded": 0, "failed": 0, "parked": 0}
	case s.is("the oldest is from long ago"):
		oldest = 1000
	}
	c["oldest_pending_seconds"] = oldest
	_ = json.NewEncoder(w).Encode(c)
}

func (s *tiny) metrics(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range []string{counterAttempts, counterRetries, counterFailed} {
		n := s.sent[name]
		if s.is(name + " is off by one") {
			n++
		}
		fmt.Fprintf(w, "# TYPE %s counter\n", name)
		if name == counterAttempts {
			fmt.Fprintf(w, "%s{kind=%q,outcome=\"ok\"} %v\n%s{kind=%q,outcome=\"other\"} %v\n", name, "send_batch_email", s.sent["ok"], name, "send_batch_email", n-s.sent["ok"])
			fmt.Fprintf(w, "%s{kind=\"notify_project_success\",outcome=\"ok\"} 0\n", name)
			continue
		}
		fmt.Fprintf(w, "%s{kind=%q} %v\n%s{kind=\"notify_project_success\"} 0\n", name, "send_batch_email", n, name)
	}
}
