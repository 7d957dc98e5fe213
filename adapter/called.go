package adapter

import (
	"fmt"
	"slices"
	"time"

	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/result"
)

// How many callbacks of a route stand in a result one by one: of those with the same
// story, and of all.
const (
	mostAlike = 3
	mostShown = 30
)

// Webhooks are what became of the callbacks of each route that has some, times counted
// from zero. It implements [harness.Caller].
func (s *Stubbed) Webhooks(zero time.Time) []result.Webhooks {
	var all []result.Webhooks
	for _, route := range s.hooked {
		t, of := &sendings{}, s.callbacksOf(route)
		for _, c := range of {
			t.see(c)
		}
		w := result.Webhooks{
			At: s.name + "." + webhookPart(route), Due: int64(t.due), Delivered: int64(t.delivered), Failed: int64(t.failed), Lost: int64(t.lost),
			Duplicates: int64(t.duplicates), Callbacks: []result.Callback{},
		}
		for _, c := range worthShowing(of) {
			w.Callbacks = append(w.Callbacks, told(c, zero.Sub(s.Journal().Start())))
		}
		all = append(all, w)
	}
	return all
}

// callbacksOf are those of a route, in the order in which they fell due.
func (s *Stubbed) callbacksOf(route string) []stub.Callback {
	return slices.DeleteFunc(s.api.Callbacks(), func(c stub.Callback) bool { return c.Route != route })
}

// worthShowing are the first few of each story, in their order.
func worthShowing(all []stub.Callback) []stub.Callback {
	alike := map[string]int{}
	var shown []stub.Callback
	for _, c := range all {
		if alike[story(c)]++; alike[story(c)] <= mostAlike && len(shown) < mostShown {
			shown = append(shown, c)
		}
	}
	return shown
}

// story is what happened to a callback, without when.
func story(c stub.Callback) string {
	text := fmt.Sprint(c.Faults, c.Lost, c.Over)
	for _, d := range c.Deliveries {
		text += fmt.Sprint(" ", d.Again, d.Status)
	}
	return text
}

// told is a callback as it stands in a result, on a clock that is so far behind the
// journal's.
func told(c stub.Callback, zero time.Duration) result.Callback {
	out := result.Callback{
		Key: c.Key, DueS: (c.Due - zero).Seconds(), Faults: c.Faults, Lost: c.Lost, Pending: !c.Over, Deliveries: []result.Delivery{},
	}
	for _, d := range c.Deliveries {
		out.Deliveries = append(out.Deliveries, result.Delivery{
			Attempt: d.Attempt, Again: d.Again, Forged: d.Forged, SentS: (d.Sent - zero).Seconds(), TookMS: float64(d.Took) / float64(time.Millisecond),
			Status: d.Status, Error: d.Err,
		})
	}
	return out
}

// Called are the callbacks of a place by their keys, for a ledger: those with one key
// are one piece of work, however many they are. over says that nothing more will be
// sent of any. It implements [harness.Caller].
func (s *Stubbed) Called(at string, zero time.Time) (asked []ledger.Asked, over bool) {
	index, over := map[string]int{}, true
	for _, route := range s.hooked {
		if at != s.name+"."+route {
			continue
		}
		for _, c := range s.callbacksOf(route) {
			over = over && c.Over
			one, sent := fateOf(c, zero.Sub(s.Journal().Start()))
			i, known := index[c.Key]
			switch {
			case !sent:
			case !known:
				one.N = int64(len(asked))
				index[c.Key], asked = len(asked), append(asked, one)
			case rank(one.Fate) < rank(asked[i].Fate):
				asked[i].Fate, asked[i].At = one.Fate, one.At
			}
		}
	}
	return asked, over
}

// rank orders what is known of a piece of work by what it asks for: that it was taken
// once says more than that it was refused once.
func rank(f ledger.Fate) int {
	return slices.Index([]ledger.Fate{ledger.Took, ledger.Unknown, ledger.Refused}, f)
}

// fateOf is what the sender of a callback knows of it: that it was taken, that it was
// not, or neither, where one of its attempts got no clear answer. One with a wrong
// signature is not to be treated, whatever it was answered. sent is false where it
// reached nobody.
func fateOf(c stub.Callback, zero time.Duration) (a ledger.Asked, sent bool) {
	a = ledger.Asked{Key: c.Key, Fate: ledger.Refused}
	for _, d := range c.Deliveries {
		switch {
		case d.Forged:
		case d.Taken():
			a.Fate, a.At = ledger.Took, d.Sent+d.Took-zero
			return a, true
		case ledger.Doubtful(d.Status):
			a.Fate = ledger.Unknown
		}
	}
	return a, len(c.Deliveries) > 0
}
