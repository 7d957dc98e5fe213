package task

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
)

// Bounds of a search for the smallest task that goes wrong.
const (
	mostTries   = 40
	mostTrying  = 4 * time.Second
	mostPerTask = time.Second
	// mostTyped is how many bytes of a task anybody would type.
	mostTyped = 8 << 10
)

// shrinker asks for smaller and smaller tasks when all is over and the API is well
// again, to find the smallest that still goes wrong.
type shrinker struct {
	api    *adapter.Mail
	target visitor
	owners map[int64]string
	tries  int
	until  time.Time
}

// example is the smallest task like t that goes wrong, as what to type; false where none
// does any more.
func (s *shrinker) example(ctx context.Context, t task) (standing.Example, bool) {
	s.until = time.Now().Add(mostTrying)
	what := s.fails(ctx, t)
	if what == "" {
		return standing.Example{}, false
	}
	for smaller := true; smaller; {
		smaller = false
		for _, next := range t.smaller() {
			if why := s.fails(ctx, next); why != "" {
				t, what, smaller = next, why, true
				break
			}
		}
	}
	body, _ := json.Marshal(t) // strings and numbers always can
	e := standing.Example{At: -1, What: fmt.Sprintf("asked again when all is quiet, the smallest task of which it is true has %d messages: %s", len(t.Messages), what)}
	if t.Kind == kindNotify {
		e.What = fmt.Sprintf("asked again when all is quiet, a notification of project %d: %s", t.ProjectID, what)
	}
	if len(body) <= mostTyped {
		e.Repeat = standing.Curl(s.target.base, load.Request{Method: http.MethodPost, Path: "/tasks", Body: body})
	}
	return e, true
}

// smaller are simpler tasks, the simplest first.
func (t task) smaller() []task {
	var all []task
	of := func(messages []message) { all = append(all, task{Kind: t.Kind, Messages: messages}) }
	n := len(t.Messages)
	if n > 1 {
		of(t.Messages[:1])
		of(t.Messages[n-1:])
		of(t.Messages[:n/2])
		of(t.Messages[n/2:])
		of(t.Messages[:n-1])
	}
	plain := make([]message, n)
	differs := false
	for i, m := range t.Messages {
		plain[i] = message{m.To, half(m.Subject), half(m.Body)}
		differs = differs || plain[i] != m
	}
	if differs {
		of(plain)
	}
	return all
}

// half is the first half of a text, or all of one that has one character.
func half(text string) string {
	r := []rune(text)
	return string(r[:(len(r)+1)/2])
}

// fails asks for a task and says what goes wrong with it, empty for nothing or where
// the bounds are reached.
func (s *shrinker) fails(ctx context.Context, t task) string {
	if s.tries++; s.tries > mostTries || time.Now().After(s.until) {
		return ""
	}
	from := s.api.Journal().Count(journal.Filter{})
	id, err := s.target.post(ctx, t)
	if err != nil {
		return ""
	}
	for end := time.Now().Add(mostPerTask); time.Now().Before(end); {
		_, body, err := s.target.get(ctx, "/tasks/"+id)
		if now, bad := readStatus(id, body); err == nil && bad == nil && now.over() {
			break
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(10 * time.Millisecond):
		}
	}
	return s.judge(t, from)
}

// judge says what the API saw of a task since then that was not asked for.
func (s *shrinker) judge(t task, from int) string {
	r := record{kind: t.Kind, wants: t.wants(s.owners)}
	d := newDirectory([]record{r})
	calls, _ := s.api.Asked()
	for _, c := range calls {
		for _, m := range c.Mails {
			if _, ok := d.find(m); c.Entry >= from && !ok {
				return d.unlike(m)
			}
		}
	}
	sent := 0
	for _, a := range s.api.Journal().Acceptances() {
		if a.Entry >= from {
			sent++
		}
	}
	if sent != r.sendable() {
		return fmt.Sprintf("%d mails were taken on instead of %d", sent, r.sendable())
	}
	return ""
}

// post asks for a task and returns its id.
func (v visitor) post(ctx context.Context, t task) (string, error) {
	body, _ := json.Marshal(t) // strings and numbers always can
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base+"/tasks", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	code, text, err := v.do(r)
	if err != nil {
		return "", err
	}
	if id := answeredID(text); code == http.StatusAccepted && id != "" {
		return id, nil
	}
	return "", fmt.Errorf("it was answered %d", code)
}

// suspect is the smallest task with whose mails something is wrong, nil for none.
func suspect(records []record, d *directory) (found *record) {
	for i := range records {
		r := &records[i]
		if !r.accepted || found != nil && len(found.wants) <= len(r.wants) {
			continue
		}
		if r.state == succeeded && r.unserved() > 0 || d.wrongMail(*r) {
			found = r
		}
	}
	return found
}

// wrongMail reports whether a mail of a task's calls is none that anybody wants.
func (d *directory) wrongMail(r record) bool {
	for _, c := range r.calls {
		for _, m := range c.asked.Mails {
			if _, ok := d.find(m); !ok {
				return true
			}
		}
	}
	return false
}

// task is what a record's request asked for.
func (r record) task() task {
	if r.kind == kindNotify {
		return task{Kind: r.kind, ProjectID: r.wants[0].project}
	}
	t := task{Kind: r.kind}
	for _, w := range r.wants {
		t.Messages = append(t.Messages, message{w.to, w.subject, w.text})
	}
	return t
}
