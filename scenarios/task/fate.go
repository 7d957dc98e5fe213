package task

import (
	"fmt"
	"slices"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness/standing"
)

// fates says what must have become of tasks, by what the API saw, and holds what the
// target says of them against it.
type fates struct {
	teller teller
	// exact: nothing but the API's own answers decides what becomes of a task: no
	// kill, no trouble with the database, no parking, no call that is given up soon.
	// Otherwise there may be attempts that the API never heard of.
	exact bool
}

// patientCall is how long a target's own timeout must be for no pause of a machine to
// make it give up a call that was answered, or that the API has not even read.
const patientCall = 5 * time.Second

// finding holds the status of each task, when all is over, against the far side.
func (f fates) finding(records []record, curl func(string) string) standing.Finding {
	found := standing.Finding{Check: "task-fates", About: "what GET /tasks/{id} says of each task when all is over is what became of it at the e-mail API"}
	for _, r := range records {
		if !r.accepted || !r.told {
			continue
		}
		found.Looked++
		if what := f.wrong(r); what != "" {
			found.Add(standing.Example{At: r.due, What: fmt.Sprintf("task %s (%s %d) is %s, but %s", r.id, r.mailing, r.n, r.status, what), Repeat: curl("/tasks/" + r.id)})
		}
	}
	return found
}

// wrong says what of a task's status cannot be, empty for nothing.
func (f fates) wrong(r record) string {
	latest := r.latest(forever)
	switch {
	case r.status.kind != r.kind:
		return "it is of the kind " + r.kind
	case !r.over():
		return "" // said by tasks.unfinished
	case r.attempts < latest:
		return fmt.Sprintf("the API saw attempt %d", latest)
	case r.state == succeeded && r.unserved() > 0:
		return fmt.Sprintf("%d of its mails were not taken on", r.unserved())
	case r.state == succeeded && r.sendable() < len(r.wants):
		return "one of its mails has nobody to go to"
	case r.twins > 1 || !f.exact:
		return "" // which of equal tasks a call was for nobody can tell
	}
	return f.exactly(r, latest)
}

// forever is later than any moment of a run.
const forever = time.Duration(1<<63 - 1)

// exactly is wrong for a task of which all attempts are known.
func (f fates) exactly(r record, latest int) string {
	want, known := f.end(r, latest)
	switch {
	case r.most != maxAttempts:
		return fmt.Sprintf("a task may have %d attempts", maxAttempts)
	case !known:
		return ""
	case r.attempts != want.attempts:
		return fmt.Sprintf("it had %d attempts", want.attempts)
	case r.state != want.state:
		return "it must have " + want.state + want.of()
	case r.class != want.class:
		return "its last error was " + want.class
	}
	return f.numbered(r)
}

func (s status) of() string {
	if s.class == "" {
		return ""
	}
	return " of an error that was " + s.class
}

// end is how a task must have ended, false where that cannot be told.
func (f fates) end(r record, latest int) (status, bool) {
	if len(r.calls) == 0 {
		// Only a project that does not exist keeps a task from its call.
		return status{state: failed, attempts: 1, class: permanent}, r.sendable() == 0
	}
	last := r.calls[len(r.calls)-1]
	meaning := f.teller.meaning(last)
	ended := status{state: failed, attempts: latest, class: meaning}
	switch meaning {
	case "":
		return status{}, false
	case sent:
		ended.state, ended.class = succeeded, ""
		if r.sendable() < len(r.wants) {
			ended.state, ended.class = failed, permanent
		}
	case temporary, unknown:
		ended.attempts = maxAttempts
	}
	return ended, true
}

// numbered says what is wrong with the numbers of a task's attempts at the API, empty
// for nothing: none is left out, none comes after what ended the task, and each
// makes as many calls as its mails take at most.
func (f fates) numbered(r record) string {
	if len(r.calls) == 0 {
		return ""
	}
	inAttempt := map[int]int{}
	before := 0
	for i, c := range r.calls {
		n := c.seen.Attempt
		if inAttempt[n]++; inAttempt[n] > r.chunks() {
			return fmt.Sprintf("attempt %d made more than %d calls", n, r.chunks())
		}
		if n != before && n != before+1 {
			return fmt.Sprintf("after attempt %d the API saw attempt %d", before, n)
		}
		if i > 0 && n != before && f.teller.meaning(r.calls[i-1]) == permanent {
			return "it was tried again after an error that was permanent"
		}
		before = n
	}
	if first := r.calls[0].seen.Attempt; first != 1 {
		return fmt.Sprintf("the first attempt that the API saw was %d", first)
	}
	if r.latest(forever) == 1 && r.state == succeeded && inAttempt[1] != r.chunks() {
		return fmt.Sprintf("its mails were sent in %d calls instead of %d", inAttempt[1], r.chunks())
	}
	return f.again(r)
}

// again says that mails were asked for once more of which the target was told that
// they are sent, empty if there are none.
func (f fates) again(r record) string {
	told := map[uint64]bool{}
	for _, c := range r.calls {
		if told[c.asked.Payload] {
			return "its mails were asked for again after the API had taken them on and said so"
		}
		told[c.asked.Payload] = told[c.asked.Payload] || f.teller.meaning(c) == sent
	}
	return ""
}

// glimpsesFinding holds what the target said of tasks while there was load.
func (f fates) glimpsesFinding(records map[taskName]record, glimpses []glimpse, curl func(string) string) standing.Finding {
	found := standing.Finding{Check: "task-status", About: "what GET /tasks/{id} says while there is load is true at that moment"}
	before := map[taskName]status{}
	for _, g := range glimpses {
		r, ok := records[g.task]
		if !ok || g.code == 503 {
			continue // an orderly refusal says nothing of a task
		}
		found.Looked++
		now, what := f.look(r, g)
		if what == "" {
			what = follows(before[g.task], now)
		}
		if what == "" && r.told && r.over() && r.twins == 1 {
			what = follows(now, r.status)
		}
		before[g.task] = now
		if what != "" {
			found.Add(standing.Example{At: g.from, What: fmt.Sprintf("task %s: %s", r.id, what), Repeat: curl("/tasks/" + r.id)})
		}
	}
	return found
}

// look reads a glimpse, and says what of it cannot be at that moment.
func (f fates) look(r record, g glimpse) (status, string) {
	if g.code != 200 {
		return status{}, fmt.Sprintf("it was answered 202, and now %d", g.code)
	}
	s, err := readStatus(r.id, g.body)
	if err != nil {
		return s, err.Error()
	}
	if s.kind != r.kind {
		return s, fmt.Sprintf("it is of the kind %s and not %s", r.kind, s.kind)
	}
	if r.twins > 1 {
		return s, ""
	}
	latest := r.latest(g.from)
	switch {
	case s.attempts < latest:
		return s, fmt.Sprintf("it had %d attempts, and the API had seen attempt %d", s.attempts, latest)
	case s.state == succeeded && (r.unserved() > 0 || r.at > g.to):
		return s, "it had succeeded before its mails were taken on"
	case !f.exact:
		return s, ""
	case s.attempts > r.latest(g.to)+1:
		return s, fmt.Sprintf("it had %d attempts, and the API had seen %d", s.attempts, r.latest(g.to))
	case s.state == retrying && s.class != temporary && s.class != unknown:
		return s, fmt.Sprintf("it is tried again after an error that is %q", s.class)
	case s.state != running && slices.ContainsFunc(r.calls, func(c call) bool { return c.start < g.from && c.over > g.to && c.seen.Outcome == journal.Answered }):
		return s, fmt.Sprintf("it is %s while a call of it is under way", s.state)
	case s.state == failed && slices.ContainsFunc(r.calls, func(c call) bool { return c.start > g.to }):
		return s, "it has failed, and its mails were asked for afterwards"
	}
	return s, ""
}

// follows says what cannot be after what was said before, empty for nothing.
func follows(before, now status) string {
	switch {
	case before.state == "" || now.state == "":
		return ""
	case now.attempts < before.attempts:
		return fmt.Sprintf("it is said to be %s, and was %s before", now, before)
	case before.over() && (now.state != before.state || now.attempts != before.attempts || now.class != before.class):
		return fmt.Sprintf("it is said to be %s, and was %s before, for good", now, before)
	}
	return ""
}
