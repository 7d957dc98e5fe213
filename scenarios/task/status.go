package task

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
)

// The states of a task in the target's contract.
const (
	pending   = "pending"
	running   = "running"
	retrying  = "retrying"
	succeeded = "succeeded"
	failed    = "failed"
)

// status is what the target says of a task.
type status struct {
	kind     string
	state    string
	attempts int
	most     int // max_attempts
	class    string
	problem  string // error
}

// over says whether nothing more happens to it.
func (s status) over() bool { return s.state == succeeded || s.state == failed }

// failed says whether it was given up.
func (s status) failed() bool { return s.state == failed }

// String is the status in a sentence about a task.
func (s status) String() string {
	text := fmt.Sprintf("%s after %d of %d attempts", s.state, s.attempts, s.most)
	if s.class != "" {
		text += ", " + s.class
	}
	return text
}

// identity is an id as it stands in a path: the contract leaves open whether it is a
// number or a word.
type identity string

// UnmarshalJSON reads a number or a text.
func (i *identity) UnmarshalJSON(b []byte) error {
	text := string(b)
	if len(b) > 0 && b[0] == '"' {
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
	}
	if text == "" || text == "null" || strings.ContainsAny(text, "{}[]/ ") {
		return fmt.Errorf("%s is no id", text)
	}
	*i = identity(text)
	return nil
}

// answeredID is the id in the body of a 202, empty if there is none.
func answeredID(body []byte) string {
	var answer struct {
		ID identity `json:"id"`
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.ID) > mostID {
		return ""
	}
	return string(answer.ID)
}

// mostID bounds an id, of which there is one a task.
const mostID = 64

// readStatus reads an answer to GET /tasks/{id}. The error says what of the contract
// it does not keep.
func readStatus(id string, body []byte) (status, error) {
	var answer struct {
		ID          *identity `json:"id"`
		Kind        *string   `json:"kind"`
		State       *string   `json:"state"`
		Attempts    *int      `json:"attempts"`
		MaxAttempts *int      `json:"max_attempts"`
		ErrorClass  string    `json:"error_class"`
		Error       string    `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return status{}, fmt.Errorf("its status cannot be read: %w", err)
	}
	if answer.ID == nil || answer.Kind == nil || answer.State == nil || answer.Attempts == nil || answer.MaxAttempts == nil {
		return status{}, fmt.Errorf("its status lacks one of id, kind, state, attempts and max_attempts")
	}
	s := status{
		kind: *answer.Kind, state: *answer.State, attempts: *answer.Attempts, most: *answer.MaxAttempts,
		class: answer.ErrorClass, problem: answer.Error,
	}
	switch {
	case string(*answer.ID) != id:
		return s, fmt.Errorf("it is answered as task %s", *answer.ID)
	case !slices.Contains([]string{pending, running, retrying, succeeded, failed}, s.state):
		return s, fmt.Errorf("its state %q is none", s.state)
	case s.class != "" && !slices.Contains([]string{temporary, permanent, unknown}, s.class):
		return s, fmt.Errorf("its error_class %q is none", s.class)
	case s.attempts < 0 || s.attempts > s.most:
		return s, fmt.Errorf("it had %d attempts of %d", s.attempts, s.most)
	case s.state == pending && s.attempts > 0:
		return s, fmt.Errorf("it is pending after %d attempts", s.attempts)
	case s.over() && s.attempts == 0:
		return s, fmt.Errorf("it is %s without an attempt", s.state)
	case s.state == succeeded && (s.class != "" || s.problem != ""):
		return s, fmt.Errorf("it succeeded with an error: %s %s", s.class, s.problem)
	case s.state == failed && (s.class == "" || s.problem == ""):
		return s, fmt.Errorf("it failed and does not say of what")
	}
	return s, nil
}

// counts is what the target says of its queue.
type counts struct {
	Pending, Running, Retrying, Succeeded, Failed, Parked int

	Oldest float64 // seconds
}

// total is how many tasks there are.
func (c counts) total() int { return c.Pending + c.Running + c.Retrying + c.Succeeded + c.Failed }

// busy is how many of them are not done.
func (c counts) busy() int { return c.Pending + c.Running + c.Retrying }

// mostCounted is where the counts of the contract stop.
const mostCounted = 100_000

// readCounts reads an answer to GET /tasks/queue.
func readCounts(body []byte) (counts, error) {
	var answer struct {
		Pending, Running, Retrying, Succeeded, Failed, Parked *int

		Oldest *float64 `json:"oldest_pending_seconds"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return counts{}, fmt.Errorf("it cannot be read: %w", err)
	}
	var c counts
	for _, n := range []struct {
		name     string
		from, to *int
	}{
		{"pending", answer.Pending, &c.Pending}, {"running", answer.Running, &c.Running}, {"retrying", answer.Retrying, &c.Retrying},
		{"succeeded", answer.Succeeded, &c.Succeeded}, {"failed", answer.Failed, &c.Failed}, {"parked", answer.Parked, &c.Parked},
	} {
		if n.from == nil || *n.from < 0 {
			return c, fmt.Errorf("%s is missing or below 0", n.name)
		}
		*n.to = *n.from
	}
	if answer.Oldest == nil || *answer.Oldest < 0 {
		return c, fmt.Errorf("oldest_pending_seconds is missing or below 0")
	}
	c.Oldest = *answer.Oldest
	switch {
	case c.Parked > c.Pending+c.Retrying:
		return c, fmt.Errorf("%d are parked of %d that wait", c.Parked, c.Pending+c.Retrying)
	case c.Oldest > 0 && c.Pending+c.Retrying == 0:
		return c, fmt.Errorf("nobody waits, and the oldest for %.3f s", c.Oldest)
	}
	return c, nil
}

// visitor asks the target by itself, beside the load.
type visitor struct {
	base   string
	start  time.Time
	tell   func(load.Exchange, load.Request, load.Answer) // nil: nobody else asks
	client *http.Client
}

// visitTimeout bounds one question.
const visitTimeout = 2 * time.Second

func newVisitor(o harness.State) visitor {
	return visitor{o.Target, o.Start, o.Tell, &http.Client{Timeout: visitTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: visitors}}}
}

func (v visitor) close() { v.client.CloseIdleConnections() }

// mostVisited bounds what is read of an answer.
const mostVisited = 4 << 20

// get is an answer to GET path, which the standing checks are told of, too; the error is
// that there was none.
func (v visitor) get(ctx context.Context, path string) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+path, nil)
	if err != nil {
		return 0, nil, err
	}
	return v.do(r)
}

func (v visitor) do(r *http.Request) (int, []byte, error) {
	x := load.Exchange{Stream: "visits", Method: r.Method, Path: r.URL.Path, Sent: time.Since(v.start)}
	answer, err := v.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostVisited))
	if err == nil && v.tell != nil {
		x.End, x.Status, x.Due = time.Since(v.start), answer.StatusCode, x.Sent
		v.tell(x, load.Request{Method: r.Method, Path: r.URL.Path}, load.Answer{Status: answer.StatusCode, Header: answer.Header, Body: body})
	}
	return answer.StatusCode, body, err
}
