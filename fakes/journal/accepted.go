package journal

import (
	"slices"
	"strings"
	"time"
)

// Acceptance is one piece of work that was taken on for one recipient, whether
// or not the client heard of it.
type Acceptance struct {
	Recipient string
	Content   uint64 // identifies what was sent
	At        time.Duration
	Entry     int // index of the request that brought it
}

// Accepted returns how many pieces of work were taken on in all.
func (j *Journal) Accepted() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.accepted.n
}

// Acceptances returns all that was taken on, in order.
func (j *Journal) Acceptances() []Acceptance {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Acceptance, 0, j.accepted.n)
	for i := range j.accepted.n {
		a := j.accepted.at(i)
		out = append(out, Acceptance{
			Recipient: j.recipients.text(a.recipient),
			Content:   a.content,
			At:        time.Duration(a.at) * time.Microsecond,
			Entry:     int(a.request),
		})
	}
	return out
}

// PerRecipient returns how many pieces of work were taken on for each.
func (j *Journal) PerRecipient() map[string]int {
	out := map[string]int{}
	for _, a := range j.Acceptances() {
		out[a.Recipient]++
	}
	return out
}

// Duplicate is the same content taken on more than once for one recipient.
type Duplicate struct {
	Recipient string
	Content   uint64
	Count     int
	Keys      []string // of the requests that brought it, in order
}

// Duplicates returns what was taken on more than once, by recipient.
func (j *Journal) Duplicates() []Duplicate {
	type what struct {
		recipient string
		content   uint64
	}
	requests := map[what][]int{}
	for _, a := range j.Acceptances() {
		w := what{a.Recipient, a.Content}
		requests[w] = append(requests[w], a.Entry)
	}
	var out []Duplicate
	for w, entries := range requests {
		if len(entries) < 2 {
			continue
		}
		out = append(out, Duplicate{w.recipient, w.content, len(entries), j.keysOf(entries)})
	}
	slices.SortFunc(out, func(a, b Duplicate) int {
		if c := strings.Compare(a.Recipient, b.Recipient); c != 0 {
			return c
		}
		return slices.Compare(a.Keys, b.Keys)
	})
	return out
}

func (j *Journal) keysOf(entries []int) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]string, 0, len(entries))
	for _, n := range entries {
		if n < j.records.n {
			out = append(out, j.keys.text(j.records.at(n).key))
		}
	}
	return out
}

// Untold returns the requests whose work was taken on and that were never
// answered whole with a status below 300: their clients can't know.
func (j *Journal) Untold(f Filter) []Name {
	var accepted []Name
	told := map[Name]bool{}
	for e := range j.Entries(f) {
		name := Name{e.Group, e.Key}
		if e.Accepted {
			accepted = append(accepted, name)
		}
		if e.Outcome == Answered && e.Status < 300 {
			told[name] = true
		}
	}
	var out []Name
	for _, name := range accepted {
		if _, seen := told[name]; !seen {
			out = append(out, name)
			told[name] = false // once is enough
		}
	}
	return out
}
