package task

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/harness"
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

// recipients are who gets mail by task n.
func (m mailing) recipients(n int64) []string {
	if m.to != nil {
		return m.to(n)
	}
	return []string{fmt.Sprintf("%s-%d@tasks.example", m.name, n)}
}

// deliverable says whether there is such an address.
func deliverable(address string) bool { return strings.Contains(address, "@") }

// key is what task n is known by in the queue: see [queuedKey].
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

// furnishOwners gives each project that a mailing is about an owner of its own,
// with the address of its task.
func furnishOwners(ctx context.Context, o harness.State, mailings []mailing) error {
	conn, err := pgx.Connect(ctx, o.DSN)
	if err != nil {
		return fmt.Errorf("give projects their owners: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, m := range mailings {
		if !m.notify || m.first >= noProject {
			continue
		}
		_, err := conn.Exec(ctx, `WITH own AS (
				INSERT INTO owners (id, name, email)
				SELECT 1000000000 + $1 + n, 'Owner ' || n, $3 || '-' || n || '@tasks.example' FROM generate_series(0, $2::bigint - 1) AS n
				RETURNING id)
			UPDATE projects SET owner_id = own.id FROM own WHERE projects.id = own.id - 1000000000`,
			m.first, load.Planned(m.profile), m.name)
		if err != nil {
			return fmt.Errorf("give projects their owners: %w", err)
		}
	}
	return nil
}

// needOwners says which project a mailing is about has no owner with the address
// of its task: there is none, or somebody else's.
func needOwners(ctx context.Context, o harness.State, mailings []mailing) error {
	conn, err := pgx.Connect(ctx, o.DSN)
	if err != nil {
		return fmt.Errorf("look for the projects' owners: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, m := range mailings {
		if !m.notify || m.first >= noProject {
			continue
		}
		var n int64
		err := conn.QueryRow(ctx, `SELECT count(*) FROM projects p JOIN owners o ON o.id = p.owner_id
			WHERE p.id >= $1 AND o.email = $2 || '-' || (p.id - $1) || '@tasks.example'`, m.first, m.name).Scan(&n)
		if err != nil {
			return fmt.Errorf("look for the projects' owners: %w", err)
		}
		if planned := load.Planned(m.profile); n < planned {
			return fmt.Errorf("%d projects have an owner of their own, and %s takes %d", n, m.name, planned)
		}
	}
	return nil
}
