package task

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/scenarios/contract"
)

// fates says what must have become of tasks, by what the API saw, and holds what the
// target says of them against it.
type fates struct {
	limits
	of   *contract.Tasks
	pace pace // and by its teller what an answer means
	// exact: nothing but the API's own answers decides what becomes of a task: no
	// kill, no trouble with the database, no parking, no call that is given up soon.
	// Otherwise there may be attempts that the API never heard of.
	exact bool
}

// patientCall is how long a target's own timeout must be for no pause of a machine to
// make it give up a call that was answered, or that the API has not even read.
const patientCall = 5 * time.Second

// finding holds the status of each task, when all is over, against the far side.
func (f fates) finding(records []record, curl func(load.Request) string) standing.Finding {
	found := standing.Finding{Check: "task-fates", About: "what the target says of each task when all is over is what became of it at the e-mail API"}
	for _, r := range records {
		if !r.accepted || !r.told {
			continue
		}
		found.Looked++
		if what := f.wrong(r); what != "" {
			found.Add(standing.Example{At: r.due, What: fmt.Sprintf("task %s (%s %d) is %s, but %s", r.id, r.mailing, r.n, r.Status, what), Repeat: curl(f.of.Status(r.id))})
		}
	}
	return found
}

// wrong says what of a task's status cannot be, empty for nothing.
func (f fates) wrong(r record) string {
	latest := r.latest(forever)
	switch {
	case r.Kind != r.kind:
		return "it is of the kind " + string(r.kind)
	case !r.Over():
		return "" // said by tasks.unfinished
	case !f.of.NoAttempts && r.Attempts < latest:
		return fmt.Sprintf("the API saw attempt %d", latest)
	case r.State == contract.Succeeded && r.unserved() > 0:
		return fmt.Sprintf("%d of its mails were not taken on", r.unserved())
	case r.State == contract.Succeeded && r.sendable() < len(r.wants):
		return "one of its mails has nobody to go to"
	case r.twins > 1 || !f.exact:
		return "" // which of equal tasks a call was for nobody can tell
	}
	return f.exactly(r, latest)
}

// complete tells of tasks from what the far side saw what the target does not tell: how
// often each was tried, and of what kind the error was that ended it.
func (f fates) complete(records []record) {
	for i := range records {
		r := &records[i]
		if !r.told {
			continue
		}
		if f.of.NoAttempts {
			r.Attempts = r.latest(forever)
		}
		if f.of.NoClass && r.failed() && len(r.calls) > 0 {
			r.Class = f.pace.teller.meaning(r.calls[len(r.calls)-1])
		}
	}
}

// said is the last status of a task as the target itself told it.
func (f fates) said(r record) contract.Status {
	s := r.Status
	if f.of.NoAttempts {
		s.Attempts = 0
	}
	if f.of.NoClass {
		s.Class = ""
	}
	return s
}

// forever is later than any moment of a run.
const forever = time.Duration(1<<63 - 1)

// exactly is wrong for a task of which all attempts are known.
func (f fates) exactly(r record, latest int) string {
	want, known := f.end(r, latest)
	switch {
	case r.Most != f.attempts:
		return fmt.Sprintf("a task may have %d attempts", f.attempts)
	case !known:
		return ""
	case r.Attempts != want.Attempts:
		return fmt.Sprintf("it had %d attempts", want.Attempts)
	case r.State != want.State:
		return "it must have " + string(want.State) + ofClass(want)
	case r.Class != want.Class:
		return "its last error was " + string(want.Class)
	}
	if what := outdated(r); what != "" {
		return what
	}
	return f.numbered(r)
}

// outdated says that the words of a task's error name the status that an earlier attempt
// was answered with, and not that of the last, empty if they don't.
func outdated(r record) string {
	if len(r.calls) == 0 || !r.failed() {
		return ""
	}
	numbers := strings.FieldsFunc(r.Problem, func(letter rune) bool { return !unicode.IsDigit(letter) })
	last := r.calls[len(r.calls)-1].seen
	if slices.Contains(numbers, strconv.Itoa(last.Status)) {
		return ""
	}
	for _, c := range r.calls {
		if c.seen.Attempt < last.Attempt && c.seen.Status >= 400 && slices.Contains(numbers, strconv.Itoa(c.seen.Status)) {
			return fmt.Sprintf("its error is that of attempt %d, which was answered %d, and attempt %d was answered %d", c.seen.Attempt, c.seen.Status, last.Attempt, last.Status)
		}
	}
	return ""
}

func ofClass(s contract.Status) string {
	if s.Class == "" {
		return ""
	}
	return " of an error that was " + string(s.Class)
}

// end is how a task must have ended, false where that cannot be told.
func (f fates) end(r record, latest int) (contract.Status, bool) {
	if len(r.calls) == 0 {
		// Only a project that does not exist keeps a task from its call.
		return contract.Status{State: contract.Failed, Attempts: 1, Class: contract.Permanent}, r.sendable() == 0
	}
	last := r.calls[len(r.calls)-1]
	meaning := f.pace.teller.meaning(last)
	ended := contract.Status{State: contract.Failed, Attempts: latest, Class: meaning}
	switch meaning {
	case "":
		return contract.Status{}, false
	case sent:
		ended.State, ended.Class = contract.Succeeded, ""
		if r.sendable() < len(r.wants) {
			ended.State, ended.Class = contract.Failed, contract.Permanent
		}
	case contract.Temporary, contract.Unknown:
		ended.Attempts = f.attempts
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
		if inAttempt[n]++; inAttempt[n] > r.chunks(f.batch) {
			return fmt.Sprintf("attempt %d made more than %d calls", n, r.chunks(f.batch))
		}
		if n != before && n != before+1 {
			return fmt.Sprintf("after attempt %d the API saw attempt %d", before, n)
		}
		if i > 0 && n != before && f.pace.teller.meaning(r.calls[i-1]) == contract.Permanent {
			return "it was tried again after an error that was permanent"
		}
		before = n
	}
	if first := r.calls[0].seen.Attempt; first != 1 {
		return fmt.Sprintf("the first attempt that the API saw was %d", first)
	}
	if r.latest(forever) == 1 && r.State == contract.Succeeded && inAttempt[1] != r.chunks(f.batch) {
		return fmt.Sprintf("its mails were sent in %d calls instead of %d", inAttempt[1], r.chunks(f.batch))
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
		told[c.asked.Payload] = told[c.asked.Payload] || f.pace.teller.meaning(c) == sent
	}
	return ""
}

// glimpsesFinding holds what the target said of tasks while there was load.
func (f fates) glimpsesFinding(records map[taskName]record, glimpses []glimpse, curl func(load.Request) string) standing.Finding {
	found := standing.Finding{Check: "task-status", About: "what the target says of tasks while there is load is true at that moment"}
	before := map[taskName]contract.Status{}
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
		if what == "" && r.told && r.Over() && r.twins == 1 {
			what = follows(now, f.said(r))
		}
		before[g.task] = now
		if what != "" {
			found.Add(standing.Example{At: g.from, What: fmt.Sprintf("task %s: %s", r.id, what), Repeat: curl(f.of.Status(r.id))})
		}
	}
	return found
}

// look reads a glimpse, and says what of it cannot be at that moment.
func (f fates) look(r record, g glimpse) (contract.Status, string) {
	if !ok(g.code) {
		return contract.Status{}, fmt.Sprintf("it was taken on, and now it is answered %d", g.code)
	}
	s, err := f.of.ReadStatus(r.id, g.body)
	if err != nil {
		return s, err.Error()
	}
	if s.Kind != r.kind {
		return s, fmt.Sprintf("it is of the kind %s and not %s", r.kind, s.Kind)
	}
	if r.twins > 1 {
		return s, ""
	}
	latest := r.latest(g.from)
	switch {
	case !f.of.NoAttempts && s.Attempts < latest:
		return s, fmt.Sprintf("it had %d attempts, and the API had seen attempt %d", s.Attempts, latest)
	case s.State == contract.Succeeded && (r.unserved() > 0 || r.at > g.to):
		return s, "it had succeeded before its mails were taken on"
	case !f.exact:
		return s, ""
	case s.Attempts > r.latest(g.to)+1:
		return s, fmt.Sprintf("it had %d attempts, and the API had seen %d", s.Attempts, r.latest(g.to))
	case s.State == contract.Retrying && s.Class != contract.Temporary && s.Class != contract.Unknown:
		return s, fmt.Sprintf("it is tried again after an error that is %q", s.Class)
	case s.State != contract.Running && slices.ContainsFunc(r.calls, func(c call) bool { return c.start < g.from && c.over > g.to && c.seen.Outcome == journal.Answered }):
		return s, fmt.Sprintf("it is %s while a call of it is under way", s.State)
	case s.State == contract.Failed && slices.ContainsFunc(r.calls, func(c call) bool { return c.start > g.to }):
		return s, "it has failed, and its mails were asked for afterwards"
	}
	return s, ""
}

// follows says what cannot be after what was said before, empty for nothing.
func follows(before, now contract.Status) string {
	switch {
	case before.State == "" || now.State == "":
		return ""
	case now.Attempts < before.Attempts && !givenBack(before, now):
		return fmt.Sprintf("it is said to be %s, and was %s before", now, before)
	case before.Over() && (now.State != before.State || now.Attempts != before.Attempts || now.Class != before.Class):
		return fmt.Sprintf("it is said to be %s, and was %s before, for good", now, before)
	}
	return ""
}

// givenBack reports whether the attempt that was under way may have been given back
// untried, as a worker does that finds its queue parked: then it does not count. That
// the API saw nothing of it is held elsewhere.
func givenBack(before, now contract.Status) bool {
	return before.State == contract.Running && now.Attempts == before.Attempts-1 && now.State != contract.Running && !now.Over()
}
