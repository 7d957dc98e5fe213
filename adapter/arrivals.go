package adapter

import (
	"fmt"
	"net/http"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/placeholder"
)

// Arrival is one request that reached a fake, for a ledger.
type Arrival struct {
	// Key is the text that was asked for, of this request.
	Key string
	// Route is the journal's group: a route's name, an endpoint.
	Route string
	// At is when it arrived, on the scenario's clock.
	At time.Duration
	// Attempt is its number as its client stamped it, or else how often its request
	// had arrived by then, from 1.
	Attempt int
	// Accepted says that its work was done, whatever the client heard of it. The
	// replay of a stored answer does none.
	Accepted bool
	// Answered says that the whole of an answer below 400 was written.
	Answered bool
}

// recorder is a fake that remembers what its requests bore.
type recorder interface {
	// bore finds a value of a request by its number in the journal, false if it has
	// none; known is false if the request was too much to keep.
	bore() func(entry int, name string) (value string, has, known bool)
	// nameable says why a name is nothing that a request has.
	nameable(name string) error
	// arriving is the group of the journal that arrives at a part of it, empty for all.
	arriving(part string) string
}

// Arrivals are all requests that reached the fake at a place, by arrival: a
// dependency's name, or with the name of a route behind it. key is a text over the
// request, for example {json.order} of a stub, {to} {subject} of a mail server; empty
// or {key} is the key by which the fake itself tells requests apart. Of a request that lacks what key is made of the key is
// empty. left is how many requests were too many to remember, so that their keys are
// not known: they are left out.
func Arrivals(state harness.State, place, key string) (all []Arrival, left int, err error) {
	fake, part := at(state, place)
	w, ok := fake.(witness)
	if !ok {
		return nil, 0, fmt.Errorf("arrivals: nothing at %q tells what reached it", place)
	}
	read, err := keysOf(fake, key)
	if err != nil {
		return nil, 0, fmt.Errorf("arrivals at %s: %w", place, err)
	}
	if r, ok := fake.(recorder); ok {
		part = r.arriving(part)
	}
	zero := state.Start.Sub(w.Journal().Start())
	for e := range w.Journal().Entries(journal.Filter{Group: part}) {
		text, known := read(e)
		if !known {
			left++
			continue
		}
		all = append(all, Arrival{
			Key: text, Route: e.Group, At: e.Start - zero, Attempt: e.Attempt, Accepted: e.Accepted,
			Answered: e.Outcome == journal.Answered && e.Status < http.StatusBadRequest,
		})
	}
	return all, left, nil
}

// received is the work that was taken on, by the keys of those who brought it.
func received(j *journal.Journal, zero time.Time, picks func(journal.Entry) bool) []ledger.Arrival {
	var all []ledger.Arrival
	for e := range j.Entries(journal.Filter{Where: picks}) {
		if e.Accepted {
			all = append(all, ledger.Arrival{Key: e.Key, At: j.Start().Add(e.Start).Sub(zero), Timed: true})
		}
	}
	return all
}

// Received implements [harness.Receiver]: of the whole it is the routes that have a
// key.
func (s *Stubbed) Received(place string, zero time.Time) []ledger.Arrival {
	return received(s.Journal(), zero, func(e journal.Entry) bool {
		return s.keyed[e.Group] && (place == s.name || place == s.name+"."+e.Group)
	})
}

// keysOf reads a key of each entry; false for one that is not known any more.
func keysOf(fake harness.Fake, key string) (func(journal.Entry) (string, bool), error) {
	if key == "" || key == "{key}" {
		return func(e journal.Entry) (string, bool) { return e.Key, true }, nil
	}
	r, ok := fake.(recorder)
	if !ok {
		return nil, fmt.Errorf("only {key} is known of a request there, not %s", key)
	}
	if err := checkKey(key, r.nameable); err != nil {
		return nil, err
	}
	pattern, bore := placeholder.Text(key), r.bore()
	return func(e journal.Entry) (string, bool) {
		whole, kept := true, true
		text := pattern.Fill(func(name string) (string, bool) {
			if name == "key" {
				return e.Key, true
			}
			value, has, known := bore(e.N, name)
			whole, kept = whole && has, kept && known
			return value, true
		})
		if !whole {
			text = ""
		}
		return text, kept
	}, nil
}

// CheckKey says what is wrong with a key that [Arrivals] is to read from a stub.
func CheckKey(key string) error { return checkKey(key, (*Stubbed)(nil).nameable) }

func checkKey(key string, nameable func(string) error) error {
	names := placeholder.Text(key).Names()
	if len(names) == 0 {
		return fmt.Errorf("key %q is the same for every request", key)
	}
	for _, name := range names {
		if name == "key" {
			continue
		}
		if err := nameable(name); err != nil {
			return fmt.Errorf("key %q: %w", key, err)
		}
	}
	return nil
}

// nameable implements recorder.
func (*Stubbed) nameable(name string) error {
	_, err := message.ParsePath(name)
	return err
}

// arriving implements recorder.
func (*Stubbed) arriving(route string) string { return route }

// bore implements recorder.
func (s *Stubbed) bore() func(entry int, name string) (string, bool, bool) {
	calls, _ := s.api.Calls()
	of := make(map[int]*message.Message, len(calls))
	for _, c := range calls {
		of[c.Entry] = c.Message
	}
	return func(entry int, name string) (string, bool, bool) {
		m, known := of[entry]
		path, err := message.ParsePath(name)
		if !known || err != nil {
			return "", false, known
		}
		value, has := path.Of(m)
		return value, has, true
	}
}
