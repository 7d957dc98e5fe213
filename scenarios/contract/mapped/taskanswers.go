package mapped

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// mostID bounds an id, of which there is one a task.
const mostID = 256

// is reports whether an answer is one that takes a task on.
func (t Tasks) is(a load.Answer) bool {
	if t.OK.Judge == nil {
		return load.Status().Judge(a) == ""
	}
	return t.OK.Judge(a) == ""
}

// takenOn is the answer to a task that is taken on, with its id.
func (t Tasks) takenOn() load.Expectation {
	ok := t.OK
	if ok.Judge == nil {
		ok = load.Status()
	}
	return load.All(ok, load.Check("id", func(a load.Answer) bool { return t.id(a.Body) != "" }))
}

func (t Tasks) taken(a load.Answer) (id string, ok bool) {
	if !t.is(a) {
		return "", false
	}
	return t.id(a.Body), true
}

// id is the one in an answer, empty where there is none.
func (t Tasks) id(body []byte) string {
	if !gjson.ValidBytes(body) {
		return ""
	}
	id := gjson.GetBytes(body, t.ID)
	if id.Type != gjson.Number && id.Type != gjson.String || len(id.String()) > mostID {
		return ""
	}
	return id.String()
}

// readStatus reads what became of a task. A state that is not in the map is none that the
// service could be held to; an answer of another shape is the service's own.
func (t Tasks) readStatus(_ string, body []byte) (contract.Status, error) {
	s := contract.Status{Kind: contract.Batch, Most: t.Retries + 1}
	if !gjson.ValidBytes(body) {
		return s, errors.New("the answer about a task is no JSON")
	}
	state := gjson.GetBytes(body, t.State.State)
	if state.String() == "" || state.IsObject() || state.IsArray() {
		return s, errors.New(missing("contracts.tasks.state.state", t.State.State, "a text", state))
	}
	known, ok := t.State.States[state.String()]
	if !ok {
		return s, &contract.UnmappedError{What: fmt.Sprintf("its state is %q, of which contracts.tasks.state.values says nothing; there are %s",
			short(state.String()), strings.Join(slices.Sorted(maps.Keys(t.State.States)), ", "))}
	}
	s.State = known
	if t.State.Attempts == "" {
		return s, nil
	}
	n := gjson.GetBytes(body, t.State.Attempts)
	if n.Type != gjson.Number || n.Num < 0 || n.Num != float64(n.Int()) {
		return s, errors.New(missing("contracts.tasks.state.attempts", t.State.Attempts, "a whole number", n))
	}
	s.Attempts = int(n.Int())
	return s, nil
}

// readCounts reads how many tasks there are of each state that is counted.
func (t Tasks) readCounts(body []byte) (contract.Counts, error) {
	var c contract.Counts
	if !gjson.ValidBytes(body) {
		return c, fmt.Errorf("it is no JSON")
	}
	into := map[contract.State]*int{
		contract.Pending: &c.Pending, contract.Running: &c.Running, contract.Retrying: &c.Retrying, contract.Succeeded: &c.Succeeded, contract.Failed: &c.Failed,
	}
	for _, state := range slices.Sorted(maps.Keys(t.Queue.Counts)) {
		path := t.Queue.Counts[state]
		n := gjson.GetBytes(body, path)
		if n.Type != gjson.Number || n.Num < 0 {
			return c, fmt.Errorf("%s", missing("contracts.tasks.queue."+string(state), path, "a number", n))
		}
		*into[state] = int(n.Num)
	}
	return c, nil
}

// preflight asks for a task, then what became of it, and how many there are, and looks
// under which key its mail comes.
func (t Tasks) preflight() []harness.Preflight {
	one := contract.Task{Kind: contract.Batch, Messages: []contract.Message{{To: probed, Subject: "A probe", Body: "Somebody asks whether this service is as it was told to be."}}}
	all := []harness.Preflight{{
		Name: "contracts.tasks, a task", Template: t.inTurn([]contract.Task{one}), Judge: t.enqueued, Seen: t.mailed,
		Then: func(a load.Answer) []harness.Preflight {
			return []harness.Preflight{{Name: "contracts.tasks, the state of a task", Template: t.asking(t.id(a.Body)), Judge: t.stated}}
		},
	}}
	if len(t.Queue.Counts) > 0 {
		all = append(all, harness.Preflight{Name: "contracts.tasks, the queue", Template: t.Queue.Request, Judge: t.counted})
	}
	return all
}

// enqueued says what of the answer to a task is not as it is mapped.
func (t Tasks) enqueued(a load.Answer) string {
	switch {
	case !t.is(a):
		return fmt.Sprintf("status %d takes no task on: %s", a.Status, short(string(a.Body)))
	case t.id(a.Body) == "":
		return missing("contracts.tasks.response.id", t.ID, "a number or a text", gjson.GetBytes(a.Body, t.ID))
	}
	return ""
}

func (t Tasks) stated(a load.Answer) string {
	if class := load.Status().Judge(a); class != "" {
		return fmt.Sprintf("status %d tells nothing of a task that was taken on: %s", a.Status, short(string(a.Body)))
	}
	if _, err := t.readStatus("", a.Body); err != nil {
		return err.Error()
	}
	return ""
}

func (t Tasks) counted(a load.Answer) string {
	if class := load.Status().Judge(a); class != "" {
		return fmt.Sprintf("status %d tells nothing of the queue: %s", a.Status, short(string(a.Body)))
	}
	if _, err := t.readCounts(a.Body); err != nil {
		return err.Error()
	}
	return ""
}
