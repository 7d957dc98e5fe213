package task

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"holdfast.dev/holdfast/harness/load"
)

// mailing is a stream of tasks. Each sends mail to somebody of its own, but for those
// that are equal on purpose, so that every mail can be matched with the request that
// asked for it.
type mailing struct {
	name    string
	profile load.Profile
	startAt time.Duration
	// to are the recipients of task n. Defaults to NAME-N@tasks.example.
	to func(n int64) []string
	// notify has the tasks be notify_project_success, about project first+n, with
	// one recipient: its owner. Defaults to send_batch_email.
	notify bool
	first  int64
	also   []tally // metrics of this mailing's own
	// draw, if set, says what task n asks for, in place of all that.
	draw func(n int64, r *rand.Rand) task
}

// noProject begins the ids of projects that do not exist.
const noProject = int64(1) << 40

// steady is a mailing at a constant rate for that long.
func steady(name string, rate float64, length time.Duration) mailing {
	return mailing{name: name, profile: load.Constant(rate, length)}
}

// about makes a mailing one of notify_project_success, from that project on.
func (m mailing) about(first int64) mailing { m.notify, m.first = true, first; return m }

// each gives the tasks recipients whose names begin with one of the prefixes, in turn.
func (m mailing) each(prefixes ...string) mailing {
	m.to = func(n int64) []string {
		return []string{fmt.Sprintf("%s-%d@tasks.example", prefixes[n%int64(len(prefixes))], n)}
	}
	return m
}

// counted adds metrics of the mailing's own.
func (m mailing) counted(more ...tally) mailing { m.also = more; return m }

// recipients are who gets mail by task n.
func (m mailing) recipients(n int64) []string {
	if m.to != nil {
		return m.to(n)
	}
	return []string{fmt.Sprintf("%s-%d@tasks.example", m.name, n)}
}

// message is one mail of a batch in the target's contract.
type message struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// The kinds of tasks in the target's contract.
const (
	kindNotify = "notify_project_success"
	kindBatch  = "send_batch_email"
)

// task is the body of POST /tasks in the target's contract.
type task struct {
	Kind      string    `json:"kind"`
	ProjectID int64     `json:"project_id,omitempty"`
	Messages  []message `json:"messages,omitempty"`
}

// stream is the mailing as load. A 503 with Retry-After is a clear no.
func (m mailing) stream() load.Stream {
	return load.Stream{
		Name: m.name, Profile: m.profile, StartAt: m.startAt, Next: m.next,
		Expect: takenOn(), Refused: load.Refusal(),
	}
}

// takenOn is the answer to a task that is taken on: its id.
func takenOn() load.Expectation {
	return load.All(load.Status(http.StatusAccepted), load.Check("id", func(a load.Answer) bool { return answeredID(a.Body) != "" }))
}

func (m mailing) next(n int64, r *rand.Rand) load.Request {
	t := m.task(n, r)
	body, _ := json.Marshal(t) // strings and numbers always can
	return load.Request{Method: http.MethodPost, Path: "/tasks", Body: body}
}

// task is what request n asks for.
func (m mailing) task(n int64, r *rand.Rand) task {
	if m.draw != nil {
		return m.draw(n, r)
	}
	if m.notify {
		return task{Kind: kindNotify, ProjectID: m.first + n}
	}
	t := task{Kind: kindBatch}
	for i, to := range m.recipients(n) {
		t.Messages = append(t.Messages, message{to, fmt.Sprintf("News %d of project %d", i+1, n), fmt.Sprintf("There is news for %s, and you are the first to know.", to)})
	}
	return t
}
