package task

import (
	"context"
	"fmt"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/scenarios/contract"
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
func (s *shrinker) example(ctx context.Context, t contract.Task) (standing.Example, bool) {
	s.until = time.Now().Add(mostTrying)
	what := s.fails(ctx, t)
	if what == "" {
		return standing.Example{}, false
	}
	for found := true; found; {
		found = false
		for _, next := range smaller(t) {
			if why := s.fails(ctx, next); why != "" {
				t, what, found = next, why, true
				break
			}
		}
	}
	asked := s.target.of.Enqueue(t)
	e := standing.Example{At: -1, What: fmt.Sprintf("asked again when all is quiet, the smallest task of which it is true has %d messages: %s", len(t.Messages), what)}
	if t.Kind == contract.Notify {
		e.What = fmt.Sprintf("asked again when all is quiet, a notification of project %d: %s", t.Subject, what)
	}
	if len(asked.Body) <= mostTyped {
		e.Repeat = standing.Curl(s.target.base, asked)
	}
	return e, true
}

// smaller are simpler tasks, the simplest first.
func smaller(t contract.Task) []contract.Task {
	var all []contract.Task
	of := func(messages []contract.Message) { all = append(all, contract.Task{Kind: t.Kind, Messages: messages}) }
	n := len(t.Messages)
	if n > 1 {
		of(t.Messages[:1])
		of(t.Messages[n-1:])
		of(t.Messages[:n/2])
		of(t.Messages[n/2:])
		of(t.Messages[:n-1])
	}
	plain := make([]contract.Message, n)
	differs := false
	for i, m := range t.Messages {
		plain[i] = mail(m.To, half(m.Subject), half(m.Body))
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
func (s *shrinker) fails(ctx context.Context, t contract.Task) string {
	if s.tries++; s.tries > mostTries || time.Now().After(s.until) {
		return ""
	}
	from := s.api.Journal().Count(journal.Filter{})
	id, err := s.target.post(ctx, t)
	if err != nil {
		return ""
	}
	for end := time.Now().Add(mostPerTask); time.Now().Before(end); {
		a, err := s.target.ask(ctx, s.target.of.Status(id))
		if now, bad := s.target.of.ReadStatus(id, a.Body); err == nil && bad == nil && now.Over() {
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
func (s *shrinker) judge(t contract.Task, from int) string {
	r := record{kind: t.Kind, wants: wants(t, s.owners)}
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
func (v visitor) post(ctx context.Context, t contract.Task) (string, error) {
	a, err := v.ask(ctx, v.of.Enqueue(t))
	if err != nil {
		return "", err
	}
	if id, ok := v.of.Taken(a); ok && id != "" {
		return id, nil
	}
	return "", fmt.Errorf("it was answered %d", a.Status)
}

// suspect is the smallest task with whose mails something is wrong, nil for none.
func suspect(records []record, d *directory) (found *record) {
	for i := range records {
		r := &records[i]
		if !r.accepted || found != nil && len(found.wants) <= len(r.wants) {
			continue
		}
		if r.State == contract.Succeeded && r.unserved() > 0 || d.wrongMail(*r) {
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
func (r record) task() contract.Task {
	if r.kind == contract.Notify {
		return contract.Task{Kind: r.kind, Subject: r.wants[0].project}
	}
	t := contract.Task{Kind: r.kind}
	for _, w := range r.wants {
		t.Messages = append(t.Messages, mail(w.to, w.subject, w.text))
	}
	return t
}
