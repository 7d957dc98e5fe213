package adapter

import (
	"sync"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Attempts are the measures of what was tried how often at a place, by business key:
//
//	PLACE.attempts.max          the most requests of one key until the window's end, of the keys that arrived in it
//	PLACE.retries               requests in the window whose key had arrived before
//	PLACE.duplicates            requests in the window that were carried out although their key had been
//	PLACE.gap.min               the shortest pause before a retry in the window, from the end of the try before
//	PLACE.unkeyed               requests in the window that lack what their key is made of
//	PLACE.abandoned             requests in the window that the client let go of
//	PLACE.idempotency_keys.max  the most idempotency keys that one business key had borne by the window's end
//
// The samples are the requests in the window; those of gap.min are its retries.
// Without keys there is abandoned alone, and without idempotent the last is not there.
func Attempts(place string, keyed, idempotent bool) []harness.Measure {
	count := func(what, about string, value func(*tally) int) harness.Measure {
		return tallied(place, what, result.UnitCount, about, func(t *tally) verdict.Reading {
			return verdict.Reading{Value: float64(value(t)), Samples: t.requests}
		})
	}
	all := []harness.Measure{inTime(count("abandoned", "requests that the client let go of", func(t *tally) int { return t.abandoned }))}
	if !keyed {
		return all
	}
	all = append(all,
		count("attempts.max", "the most requests of one key", func(t *tally) int { return t.mostTries }),
		inTime(count("retries", "requests whose key had arrived before", func(t *tally) int { return t.retries })),
		count("duplicates", "requests that were carried out although their key had been", func(t *tally) int { return t.duplicates }),
		count("unkeyed", "requests that lack what their key is made of", func(t *tally) int { return t.unkeyed }),
		tallied(place, "gap.min", result.UnitMS, "the shortest pause before a retry", (*tally).gap))
	if idempotent {
		all = append(all, count("idempotency_keys.max", "the most idempotency keys of one business key", func(t *tally) int { return t.mostKeys }))
	}
	return all
}

// unmeasured says, by the name of each metric of [Attempts] that is not there, why.
func unmeasured(place string, keyed, idempotent bool) map[string]string {
	has := map[string]bool{}
	for _, m := range Attempts(place, keyed, idempotent) {
		has[m.Name] = true
	}
	missing := map[string]string{}
	for _, m := range Attempts(place, true, true) {
		switch {
		case has[m.Name]:
		case keyed:
			missing[m.Name] = "no route there names the header of an idempotency key (idempotency: { header: Idempotency-Key })"
		default:
			missing[m.Name] = `no route there has a key, so nothing tells what is tried again; give it one, such as key: "{json.id}"`
		}
	}
	return missing
}

func tallied(place, what, unit, about string, read func(*tally) verdict.Reading) harness.Measure {
	d := verdict.Descriptor{Name: place + "." + what, Unit: unit, About: about}
	return harness.Measure{Descriptor: d, Read: func(state harness.State, w verdict.Window) verdict.Reading {
		fake, part := at(state, place)
		t, ok := fake.(interface {
			tally(part string, f journal.Filter) *tally
			witness
		})
		if !ok {
			return verdict.Reading{}
		}
		return read(t.tally(part, During(t.Journal(), state, w)))
	}}
}

// tally is what one look through a journal finds of the attempts in a window.
type tally struct {
	requests                                           int64
	mostTries, retries, duplicates, unkeyed, abandoned int
	mostKeys                                           int
	gaps                                               int
	shortest                                           time.Duration // of the pauses before retries; meaningless without any
	tries, done, keys                                  map[journal.Name]int
	ended                                              map[journal.Name]time.Duration // of the last try; not there while it is open
}

// gap is the shortest pause before a retry, of as many as there were.
func (t *tally) gap() verdict.Reading {
	return verdict.Reading{Value: float64(t.shortest) / float64(time.Millisecond), Samples: int64(t.gaps)}
}

// tallyOf goes through the requests up to the window's end, as what is a retry in the
// window may have been tried first before it. counts says of a group whether its keys
// are those of business, uses which requests bore a new idempotency key.
func tallyOf(j *journal.Journal, f journal.Filter, counts func(group string) bool, uses map[int]bool) *tally {
	t := &tally{
		tries: map[journal.Name]int{}, done: map[journal.Name]int{}, keys: map[journal.Name]int{}, ended: map[journal.Name]time.Duration{},
	}
	from := f.From
	f.From = 0
	for e := range j.Entries(f) {
		inside := e.Start >= from
		if inside {
			t.requests++
			if e.Outcome == journal.Abandoned {
				t.abandoned++
			}
		}
		if counts(e.Group) {
			t.see(e, inside, uses[e.N])
		}
	}
	return t
}

// see takes one request of business into account.
func (t *tally) see(e journal.Entry, inside, newKey bool) {
	name := journal.Name{Group: e.Group, Key: e.Key}
	t.tries[name]++
	again := t.tries[name] > 1
	if e.Accepted {
		t.done[name]++
	}
	if newKey {
		t.keys[name]++
	}
	if inside {
		t.count(e, name, again)
	}
	delete(t.ended, name)
	if end, over := e.End(); over {
		t.ended[name] = end
	}
}

// count adds a request that arrived in the window.
func (t *tally) count(e journal.Entry, name journal.Name, again bool) {
	t.mostTries = max(t.mostTries, t.tries[name])
	t.mostKeys = max(t.mostKeys, t.keys[name])
	if e.Odd {
		t.unkeyed++
	}
	if e.Accepted && t.done[name] > 1 {
		t.duplicates++
	}
	if !again {
		return
	}
	t.retries++
	pause := time.Duration(0) // of a try that began before the one before it was over
	if end, over := t.ended[name]; over {
		pause = max(0, e.Start-end)
	}
	if t.gaps == 0 || pause < t.shortest {
		t.shortest = pause
	}
	t.gaps++
}

// tallies keeps what was found, since one look serves many measures.
type tallies struct {
	mu sync.Mutex
	of map[look]*tally
}

// look is what is looked for, and how much there was to look through.
type look struct {
	group    string
	from, to time.Duration
	requests int64
	open     int64
}

// look finds what a journal holds of attempts in a window, or found there before.
func (m *tallies) look(j *journal.Journal, f journal.Filter, counts func(group string) bool, uses func() map[int]bool) *tally {
	level := j.Gauge("")
	at := look{f.Group, f.From, f.To, level.Total, level.InFlight}
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.of[at]; ok {
		return t
	}
	t := tallyOf(j, f, counts, uses())
	t.tries, t.done, t.keys, t.ended = nil, nil, nil, nil
	if m.of == nil {
		m.of = map[look]*tally{}
	}
	m.of[at] = t
	return t
}

// tally is what the journal holds of attempts at a route, or at all of them.
func (s *Stubbed) tally(route string, f journal.Filter) *tally {
	f.Group = route
	return s.memo.look(s.Journal(), f, func(group string) bool { return s.keyed[group] }, func() map[int]bool {
		uses := map[int]bool{}
		for _, use := range s.api.IdempotencyKeys() {
			uses[use.Entry] = true
		}
		return uses
	})
}
