package control

import (
	"cmp"
	"slices"
	"time"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
)

// OfFake is how a fake is steered. What it is beside, a [Mailer] or a [Caller], is found.
func OfFake(p Panel) Steered {
	switch also := p.(type) {
	case Mailer:
		return struct {
			ofFake
			Mailer
		}{ofFake{p}, also}
	case Caller:
		return struct {
			ofFake
			Caller
		}{ofFake{p}, also}
	}
	return ofFake{p}
}

// Callback is one request that a fake has sent to its clients, and what came of it.
type Callback struct {
	Route  string    `json:"route"`
	Key    string    `json:"key"`
	Due    time.Time `json:"due"`
	Faults []string  `json:"faults,omitempty"`
	Lost   bool      `json:"lost,omitempty"` // a fault had it sent to nobody
	Over   bool      `json:"over"`           // nothing more will be sent
	// Statuses are what it was answered, each time that it was sent; 0: nothing.
	Statuses []int `json:"statuses"`
}

// callbacks are those that fell due last, the newest first.
func (c *controller) callbacks() []Callback {
	all := []Callback{} // never null in JSON
	caller, ok := c.panel.(interface {
		Caller
		Journal() *journal.Journal
	})
	if !ok {
		return all
	}
	for _, one := range slices.Backward(caller.Callbacks()) {
		if len(all) == mostArrivals {
			break
		}
		out := Callback{Route: one.Route, Key: one.Key, Due: caller.Journal().Start().Add(one.Due), Faults: one.Faults, Lost: one.Lost, Over: one.Over, Statuses: []int{}}
		for _, d := range one.Deliveries {
			out.Statuses = append(out.Statuses, d.Status)
		}
		all = append(all, out)
	}
	return all
}

type ofFake struct{ Panel }

// AddText implements [Steered].
func (f ofFake) AddText(lines ...string) error { return f.Faults().AddText(lines...) }

// Receipts implements [Steered].
func (f ofFake) Receipts() []fault.Receipt { return f.Faults().Receipts() }

// Support implements [Steered].
func (f ofFake) Support() fault.Support { return httpfault.Support() }

// Summary is what a fake saw, counted.
type Summary struct {
	Requests     int64            `json:"requests"`
	InFlight     int64            `json:"in_flight"`
	MostInFlight int64            `json:"most_in_flight"`
	Groups       map[string]int64 `json:"groups"`   // requests of each
	Outcomes     map[string]int   `json:"outcomes"` // answered, cut, abandoned, open
	Statuses     map[int]int      `json:"statuses"` // 0: no answer
	Accepted     int              `json:"accepted"` // pieces of work taken on
	Duplicates   int              `json:"duplicates"`
	Connections  host.Connections `json:"connections"`
}

// Summary implements [Steered].
func (f ofFake) Summary() any {
	j := f.Journal()
	all := j.Gauge("")
	s := Summary{
		Requests: all.Total, InFlight: all.InFlight, MostInFlight: all.MostInFlight,
		Groups: map[string]int64{}, Outcomes: map[string]int{}, Statuses: j.Statuses(journal.Filter{}),
		Accepted: j.Accepted(), Duplicates: len(j.Duplicates()), Connections: f.Connections(),
	}
	for _, g := range j.Groups() {
		s.Groups[g] = j.Gauge(g).Total
	}
	for outcome, n := range j.Outcomes(journal.Filter{}) {
		s.Outcomes[outcome.String()] = n
	}
	return s
}

// Arrival is one thing that arrived: a request, a mail.
type Arrival struct {
	At      time.Time `json:"at"`
	Group   string    `json:"group"` // as the journal counts it: a route, an endpoint
	Key     string    `json:"key"`
	Outcome string    `json:"outcome"`
	Status  int       `json:"status,omitempty"` // 0: no answer
	Faults  []string  `json:"faults,omitempty"`
	What    string    `json:"what,omitempty"`   // in words: method and path, sender and recipients
	Detail  string    `json:"detail,omitempty"` // what was said, up to 4 KiB
	// Invalid is what of it is not as the API's description says.
	Invalid []string `json:"invalid,omitempty"`
}

// mostArrivals is how many are shown.
const mostArrivals = 200

// mostDetail is how much of each is shown, in bytes.
const mostDetail = 4 << 10

// Arrivals implements [Steered].
func (f ofFake) Arrivals(most int) []Arrival { return Arrived(f.Journal(), most, nil) }

// Arrived tells what a journal has as arrivals, the newest first. tell, if given, adds
// what is known of the entry of that number beside.
func Arrived(j *journal.Journal, most int, tell func(entry int, a *Arrival)) []Arrival {
	entries := make([]journal.Entry, 0, most)
	for e := range j.Entries(journal.Filter{}) {
		if len(entries) == most {
			entries = slices.Delete(entries, 0, 1)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b journal.Entry) int { return cmp.Compare(b.N, a.N) })
	all := make([]Arrival, 0, len(entries)) // never null in JSON
	for _, e := range entries {
		a := Arrival{
			At: j.Start().Add(e.Start), Group: e.Group, Key: e.Key, Outcome: e.Outcome.String(), Status: e.Status, Faults: e.Faults,
		}
		if tell != nil {
			tell(e.N, &a)
		}
		a.Detail = a.Detail[:min(len(a.Detail), mostDetail)]
		all = append(all, a)
	}
	return all
}
