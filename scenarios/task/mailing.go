package task

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
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
	// notify has the tasks be notifications, about subject first+n, with one recipient:
	// its owner. Defaults to batches.
	notify bool
	first  int64
	also   []tally // metrics of this mailing's own
	// draw, if set, says what task n asks for, in place of all that.
	draw func(n int64, r *rand.Rand) contract.Task
}

// steady is a mailing at a constant rate for that long.
func steady(name string, rate float64, length time.Duration) mailing {
	return mailing{name: name, profile: load.Constant(rate, length)}
}

// about makes a mailing one of notifications, from that subject on.
func (m mailing) about(first int64) mailing { m.notify, m.first = true, first; return m }

// each gives the tasks recipients whose names begin with one of the prefixes, in turn.
func (m mailing) each(prefixes ...string) mailing {
	m.to = func(n int64) []string {
		return []string{fmt.Sprintf("%s-%d@tasks.example", prefixes[n%int64(len(prefixes))], n)}
	}
	return m
}

// severalOf gives those tasks whose recipient's name begins with prefix three of them.
func (m mailing) severalOf(prefix string) mailing {
	one := m.to
	m.to = func(n int64) []string {
		to := one(n)
		if strings.HasPrefix(to[0], prefix+"-") {
			to = append(to, prefix+"-and-"+to[0], prefix+"-too-"+to[0])
		}
		return to
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

// stream is a mailing as load. An orderly refusal is a clear no.
func (s *service) stream(m mailing) load.Stream {
	stream := load.Stream{Name: m.name, Profile: m.profile, StartAt: m.startAt, Expect: s.TakenOn, Refused: s.Refused}
	if s.InTurn != nil {
		asked := s.InTurn(m.tasks())
		stream.Template = &asked
		return stream
	}
	stream.Next = func(n int64, r *rand.Rand) load.Request { return s.Enqueue(m.task(n, r)) }
	return stream
}

// tasks are what all of its requests ask for, of a mailing that draws nothing.
func (m mailing) tasks() []contract.Task {
	all := make([]contract.Task, load.Planned(m.profile))
	for n := range all {
		all[n] = m.task(int64(n), nil)
	}
	return all
}

// task is what request n asks for.
func (m mailing) task(n int64, r *rand.Rand) contract.Task {
	if m.draw != nil {
		return m.draw(n, r)
	}
	if m.notify {
		return contract.Task{Kind: contract.Notify, Subject: m.first + n}
	}
	t := contract.Task{Kind: contract.Batch}
	for i, to := range m.recipients(n) {
		t.Messages = append(t.Messages, mail(to, fmt.Sprintf("News %d of project %d", i+1, n), fmt.Sprintf("There is news for %s, and you are the first to know.", to)))
	}
	return t
}

// mail is one message of a batch.
func mail(to, subject, body string) contract.Message {
	return contract.Message{To: to, Subject: subject, Body: body}
}
