package reference

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/scenarios/contract"
)

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
func readStatus(id string, body []byte) (contract.Status, error) {
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
		return contract.Status{}, fmt.Errorf("its status cannot be read: %w", err)
	}
	if answer.ID == nil || answer.Kind == nil || answer.State == nil || answer.Attempts == nil || answer.MaxAttempts == nil {
		return contract.Status{}, fmt.Errorf("its status lacks one of id, kind, state, attempts and max_attempts")
	}
	s := contract.Status{
		Kind: kindOf(*answer.Kind), State: contract.State(*answer.State), Attempts: *answer.Attempts, Most: *answer.MaxAttempts,
		Class: contract.Class(answer.ErrorClass), Problem: answer.Error,
	}
	return s, impossible(s, id, string(*answer.ID))
}

// impossible says what a status cannot be.
func impossible(s contract.Status, id, answered string) error {
	switch {
	case answered != id:
		return fmt.Errorf("it is answered as task %s", answered)
	case !slices.Contains([]contract.State{contract.Pending, contract.Running, contract.Retrying, contract.Succeeded, contract.Failed}, s.State):
		return fmt.Errorf("its state %q is none", s.State)
	case s.Class != "" && !slices.Contains([]contract.Class{contract.Temporary, contract.Permanent, contract.Unknown}, s.Class):
		return fmt.Errorf("its error_class %q is none", s.Class)
	case s.Attempts < 0 || s.Attempts > s.Most:
		return fmt.Errorf("it had %d attempts of %d", s.Attempts, s.Most)
	case s.State == contract.Pending && s.Attempts > 0:
		return fmt.Errorf("it is pending after %d attempts", s.Attempts)
	case s.Over() && s.Attempts == 0:
		return fmt.Errorf("it is %s without an attempt", s.State)
	case s.State == contract.Succeeded && (s.Class != "" || s.Problem != ""):
		return fmt.Errorf("it succeeded with an error: %s %s", s.Class, s.Problem)
	case s.State == contract.Failed && (s.Class == "" || s.Problem == ""):
		return fmt.Errorf("it failed and does not say of what")
	}
	return nil
}

// longest is more seconds than any task waits.
const longest = 1e9

// readCounts reads an answer to GET /tasks/queue.
func readCounts(body []byte) (contract.Counts, error) {
	var answer struct {
		Pending, Running, Retrying, Succeeded, Failed, Parked *int

		Oldest *float64 `json:"oldest_pending_seconds"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return contract.Counts{}, fmt.Errorf("it cannot be read: %w", err)
	}
	var c contract.Counts
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
	c.Oldest = time.Duration(min(*answer.Oldest, longest) * float64(time.Second))
	switch {
	case c.Parked > c.Pending+c.Retrying:
		return c, fmt.Errorf("%d are parked of %d that wait", c.Parked, c.Pending+c.Retrying)
	case c.Oldest > 0 && c.Pending+c.Retrying == 0:
		return c, fmt.Errorf("nobody waits, and the oldest for %.3f s", c.Oldest.Seconds())
	}
	return c, nil
}
