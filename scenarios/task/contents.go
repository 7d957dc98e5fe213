package task

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness/standing"
)

// shortest cuts a text for a sentence.
func shortest(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// mailsFinding holds each mail that the API was asked for against what the tasks ask
// for: recipient, sender, subject and text, word by word. A mail that nobody asked
// for is wrong, too.
func mailsFinding(d *directory, calls []call) standing.Finding {
	f := standing.Finding{Check: "task-mails", About: "each mail is one that a task asks for: its recipient, sender, subject and text"}
	seen := map[uint64]bool{}
	for _, c := range calls {
		if seen[c.asked.Payload] {
			continue // the same, asked for again
		}
		seen[c.asked.Payload] = true
		for _, m := range c.asked.Mails {
			f.Looked++
			if _, ok := d.find(m); !ok {
				f.Add(standing.Example{At: c.start, What: d.unlike(m)})
			}
		}
	}
	return f
}

// unlike says in what a mail differs from the one that it is nearest to.
func (d *directory) unlike(m emailapi.Mail) string {
	to := strings.Join(m.To, ", ")
	var wants []wanted
	for _, one := range m.To {
		wants = append(wants, d.known[one]...)
	}
	switch {
	case len(wants) == 0:
		return fmt.Sprintf("nobody asked for mail to %s", to)
	case m.From != sender:
		return fmt.Sprintf("the mail to %s is from %s instead of %s", to, m.From, sender)
	case len(m.To) > 1 || len(m.Others) > 0 || m.Extraordinary:
		return fmt.Sprintf("the mail to %s has more in it than was asked for", to)
	}
	w := wants[0]
	if w.project > 0 {
		return fmt.Sprintf("the mail to %s, %q, does not name project %d in its subject, or is empty", to, shortest(m.Subject), w.project)
	}
	if m.Subject != w.subject {
		return fmt.Sprintf("the subject of the mail to %s is %q, asked for was %q", to, shortest(m.Subject), shortest(w.subject))
	}
	return fmt.Sprintf("the text of the mail to %s is %q, asked for was %q", to, shortest(m.Text+m.HTML), shortest(w.text))
}

// callsFinding holds each call against what the contract says of calls.
func callsFinding(d *directory, calls []call, keys []string, t teller, most int) standing.Finding {
	f := standing.Finding{Check: "task-calls", About: "each call keeps the contract: one idempotency key for one payload, at most " + strconv.Itoa(most) + " mails of one task, the API key, the number of its attempt"}
	b := bookOfKeys{payload: map[string]uint64{}, keys: map[uint64][]string{}, stamps: map[string]map[int]bool{}, last: map[string]call{}, teller: t}
	for _, c := range calls {
		f.Looked++
		what := lacking(c, keys, most)
		if what == "" {
			what = d.misdirected(c)
		}
		if what == "" {
			what = b.enter(d, c)
		}
		if what != "" {
			f.Add(standing.Example{At: c.start, What: about(c) + " " + what})
		}
	}
	return f
}

// about names a call.
func about(c call) string {
	if len(c.asked.Mails) == 0 || len(c.asked.Mails[0].To) == 0 {
		return "a call"
	}
	return "the call for " + c.asked.Mails[0].To[0]
}

// lacking says what a call by itself does not keep of the contract, empty for nothing.
func lacking(c call, keys []string, most int) string {
	switch {
	case c.asked.Route != "send" && c.asked.Route != "batch":
		return "is none of those that send mail"
	case len(c.asked.Mails) == 0:
		return "asks for nothing that can be read"
	case len(c.asked.Mails) > most:
		return fmt.Sprintf("asks for %d mails", len(c.asked.Mails))
	case !slices.Contains(keys, c.asked.Bearer):
		return "has no API key that was given out" // and does not say which one it has
	case c.asked.IdempotencyKey == "":
		return "has no Idempotency-Key"
	case !c.seen.Stamped:
		return "has no X-Attempt that is a number from 1"
	case c.asked.Route == "batch" && c.asked.Validation != "permissive":
		return "does not ask for a permissive batch"
	}
	return ""
}

// misdirected says that a call has mails of several tasks, empty if it has not.
func (d *directory) misdirected(c call) string {
	first, ok := d.find(c.asked.Mails[0])
	if !ok {
		return "" // said of its mail
	}
	for _, m := range c.asked.Mails[1:] {
		w, ok := d.find(m)
		if ok && !shareATask(d.wanting[first], d.wanting[w]) {
			return "has mails of several tasks"
		}
	}
	return ""
}

func shareATask(a, b []int) bool {
	return slices.ContainsFunc(a, func(i int) bool { return slices.Contains(b, i) })
}

// bookOfKeys is which idempotency key went with which payload, and in which attempts.
type bookOfKeys struct {
	payload map[string]uint64
	keys    map[uint64][]string
	stamps  map[string]map[int]bool
	last    map[string]call
	teller  teller
}

// enter enters a call, and says what is wrong with its key, empty for nothing.
func (b bookOfKeys) enter(d *directory, c call) string {
	key, payload := c.asked.IdempotencyKey, c.asked.Payload
	if before, again := b.payload[key]; again && before != payload {
		return "has the idempotency key of another payload"
	}
	if b.stamps[key][c.seen.Attempt] {
		return fmt.Sprintf("comes a second time as attempt %d", c.seen.Attempt)
	}
	before, again := b.last[key]
	b.last[key] = c
	if again && b.teller.meaning(before) != "" && before.seen.Outcome == journal.Answered && before.over > c.start+overlap {
		return fmt.Sprintf("comes while that of attempt %d is under way", before.seen.Attempt)
	}
	if b.stamps[key] == nil {
		b.stamps[key] = map[int]bool{}
	}
	b.stamps[key][c.seen.Attempt] = true
	b.payload[key] = payload
	if slices.Contains(b.keys[payload], key) {
		return ""
	}
	b.keys[payload] = append(b.keys[payload], key)
	if most := d.asking(c); len(b.keys[payload]) > most {
		return fmt.Sprintf("has an idempotency key of its own, the payload had %d before, and %d tasks ask for it", len(b.keys[payload])-1, most)
	}
	return ""
}

// overlap is by how much two calls must overlap to be at once: the API notes that it has
// answered a little after the caller may have read it.
const overlap = 20 * time.Millisecond

// asking is how many tasks ask for the first mail of a call, each time it does.
func (d *directory) asking(c call) int {
	w, ok := d.find(c.asked.Mails[0])
	if !ok {
		return 1
	}
	return len(d.wanting[w])
}
