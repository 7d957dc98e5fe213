package task

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/load"
)

// mailing is a stream of tasks, each of which sends mail to somebody of its own,
// so that every mail can be matched with the request that asked for it.
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

// deliverable says whether there is such an address.
func deliverable(address string) bool { return strings.Contains(address, "@") }

// key is what task n is known by in the queue: see [readQueue].
func (m mailing) key(n int64) string {
	if m.notify {
		return fmt.Sprint(m.first + n)
	}
	return m.recipients(n)[0]
}

// message is one mail of a batch in the target's contract.
type message struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

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
		Expect: load.OrShed(load.Status(http.StatusAccepted)),
	}
}

func (m mailing) next(n int64, _ *rand.Rand) load.Request {
	t := task{Kind: "send_batch_email"}
	if m.notify {
		t = task{Kind: "notify_project_success", ProjectID: m.first + n}
	} else {
		for _, to := range m.recipients(n) {
			t.Messages = append(t.Messages, message{to, "News of your project", "There is news, and you are the first to know."})
		}
	}
	body, _ := json.Marshal(t) // strings and numbers always can
	return load.Request{Method: http.MethodPost, Path: "/tasks", Body: body}
}
