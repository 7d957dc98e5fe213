package harness

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/placeholder"
)

// books remember what became of each request of a ledger's stream.
type books struct {
	stream string
	key    placeholder.Pattern
	paths  map[string]message.Path // the parts of the key that are of the answer

	mu    sync.Mutex // guards entries
	entry map[int64]entry

	found map[string]bool // keys that were read back; used by one at a time
}

// entry is one request.
type entry struct {
	fate  ledger.Fate
	at    time.Duration
	parts map[string]string // of its key, by the answer
}

// newBooks are the empty books of a scenario, nil where it has no ledger.
func newBooks(l *ledger.Ledger) *books {
	if l == nil {
		return nil
	}
	b := &books{stream: l.Accepted.Stream, key: placeholder.Text(l.Accepted.Key), paths: map[string]message.Path{}, entry: map[int64]entry{}, found: map[string]bool{}}
	for _, name := range b.key.Names() {
		if ledger.OfAnswer(name) {
			b.paths[name], _ = message.ParsePath(name) // one that is wrong is in no answer
		}
	}
	return b
}

// Answered implements [Companion]: it takes from an answer what the key is made of.
func (b *books) Answered(x load.Exchange, _ load.Request, a load.Answer) {
	if x.Stream != b.stream || x.Class != "" || len(b.paths) == 0 {
		return
	}
	answer := &message.Message{Status: a.Status, Header: a.Header, Body: a.Body}
	parts := map[string]string{}
	for name, path := range b.paths {
		if value, ok := path.Of(answer); ok {
			parts[name] = strings.Clone(value)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entry[x.N]
	e.parts = parts
	b.entry[x.N] = e
}

// exchanged is told of each request that has ended.
func (b *books) exchanged(x load.Exchange) {
	if x.Stream != b.stream {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entry[x.N]
	e.fate, e.at = fateOf(x), x.End
	b.entry[x.N] = e
}

// fateOf is what the client knows of a request. One that was never sent, for nobody
// took the connection, is not done; of one without an answer it is not known, nor of
// one whose answer is that of somebody in between who has none, or neither a yes nor
// a no.
func fateOf(x load.Exchange) ledger.Fate {
	switch {
	case x.Class == "":
		return ledger.Took
	case x.Class == load.ClassRefused || x.Class == load.ClassDNS || x.Class == load.ClassShedByTarget:
		return ledger.Refused
	case ledger.Doubtful(x.Status):
		return ledger.Unknown
	}
	return ledger.Refused
}

// asked are all requests by now, each with its key. The variables of the stream are
// had of the seed.
func (b *books) asked(seed uint64, streams []load.Stream) ([]ledger.Asked, error) {
	values, err := load.Values(seed, streamOf(b.stream, streams))
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]ledger.Asked, 0, len(b.entry))
	for n, e := range b.entry {
		variables, whole := values(n), true
		key := b.key.Fill(func(name string) (string, bool) {
			value, ok := variables[name]
			if _, answered := b.paths[name]; answered {
				value, ok = e.parts[name]
			}
			whole = whole && ok
			return value, ok
		})
		if !whole {
			key = ""
		}
		all = append(all, ledger.Asked{Key: key, N: n, Fate: e.fate, At: e.at})
	}
	slices.SortFunc(all, func(a, b ledger.Asked) int { return cmp.Compare(a.N, b.N) })
	return all, nil
}

// streamOf is a stream by its name, or by that of one of its steps.
func streamOf(name string, streams []load.Stream) load.Stream {
	for _, s := range streams {
		if rest, ok := strings.CutPrefix(name, s.Name); ok && (rest == "" || rest[0] == '.' && len(s.Steps) > 0) {
			return s
		}
	}
	return load.Stream{}
}

// asked is all that was asked for by now; over says that no more will be.
func (l *live) asked() (asked []ledger.Asked, over bool, err error) {
	at := l.scenario.Ledger.Accepted.Webhook
	if at == "" {
		asked, err = l.books.asked(l.seed, l.scenario.Load)
		return asked, true, err
	}
	for _, d := range l.scenario.World.Dependencies {
		if c, ok := l.fakes[d.Name].(Caller); ok && slices.Contains(d.Calls, at) {
			asked, over = c.Called(at, l.start)
			return asked, over, nil
		}
	}
	return nil, false, fmt.Errorf("%s does not tell whom it has called back", at)
}

// match is the account by now; over says that no more will be asked for.
func (l *live) match(ctx context.Context) (account ledger.Account, over bool, err error) {
	asked, over, err := l.asked()
	if err != nil {
		return ledger.Account{}, false, err
	}
	arrived, err := l.arrivals(ctx, asked)
	return ledger.Match(asked, arrived, l.scenario.Ledger.Times), over, err
}

// allArrived reports whether nothing that was accepted is still to arrive.
func (l *live) allArrived(ctx context.Context) (bool, error) {
	a, over, err := l.match(ctx)
	return err == nil && over && a.Lost.N == 0, err
}

// account draws up the scenario's declared ledger, while the far side still stands. Of
// one that was cut short from outside there is none: its work was not waited for.
func (l *live) account(ctx context.Context, seen *LoadSeen) error {
	if l.books == nil || !seen.whole() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reconcileTimeout)
	defer cancel()
	a, _, err := l.match(ctx)
	if err != nil {
		return fmt.Errorf("draw up the ledger: %w", err)
	}
	seen.enterAccount(a)
	return nil
}

// enterAccount enters an account as the ledger, its metrics and their examples.
func (l *LoadSeen) enterAccount(a ledger.Account) {
	l.Ledger = a.Result()
	doubt := a.Doubt()
	asked := a.Accepted.N + a.Unknown.N + a.Refused
	for _, c := range accountClasses() {
		class := c.of(a)
		reading := verdict.Reading{Value: float64(class.N), Samples: asked}
		if doubt != "" {
			reading.Value = math.NaN()
		}
		l.read(c.name, func(verdict.Window) verdict.Reading { return reading })
		l.note(c.name, doubt)
		if class.N > 0 {
			l.note(c.name, "for example "+class.String())
		}
	}
	for _, p := range verdict.Percentiles() {
		if percent, ok := delayPercent(p); ok {
			l.read("ledger.delay."+p.Name, func(verdict.Window) verdict.Reading { return a.Delay(percent) })
		}
	}
}

// delayPercent is which percentile of the delays one of a latency's numbers is.
func delayPercent(p verdict.Percentile) (float64, bool) {
	if p.Name == "max" {
		return 100, true
	}
	return p.Percent, p.Percent > 0
}

// accountClass is a number of an account as a metric.
type accountClass struct {
	name, about string
	timed       bool
	of          func(ledger.Account) ledger.Class
}

func accountClasses() []accountClass {
	return []accountClass{
		{"ledger.accepted", "keys whose request got the expected answer", true, func(a ledger.Account) ledger.Class { return a.Accepted }},
		{"ledger.arrived", "keys that were done", true, func(a ledger.Account) ledger.Class { return a.Arrived }},
		{"ledger.lost", "accepted, and never done", false, func(a ledger.Account) ledger.Class { return a.Lost }},
		{"ledger.doubled", "done more often than once", false, func(a ledger.Account) ledger.Class { return a.Doubled }},
		{"ledger.unknown", "without an answer: nobody can know whether they should have been done", true, func(a ledger.Account) ledger.Class { return a.Unknown }},
		{"ledger.phantom", "refused, and done all the same", false, func(a ledger.Account) ledger.Class { return a.Phantom }},
		{"ledger.strangers", "done, and asked for by nobody", false, func(a ledger.Account) ledger.Class { return a.Strangers }},
	}
}

// addAccount enters the metrics of a declared ledger.
func (r metrics) addAccount() {
	for _, c := range accountClasses() {
		r.addReading(verdict.Descriptor{Name: c.name, Unit: result.UnitCount, About: c.about, Timed: c.timed, Whole: true})
	}
	for _, p := range verdict.Percentiles() {
		if _, ok := delayPercent(p); ok {
			r.addReading(verdict.Descriptor{Name: "ledger.delay." + p.Name, Unit: result.UnitMS, About: "from the answer until it was done", Timed: true, Whole: true, MinSamples: p.Needs})
		}
	}
}

// promised are the checks that follow from what a ledger's delivery promises.
func promised(l *ledger.Ledger) []verdict.Check {
	if l == nil {
		return nil
	}
	none := func(metric, why string) verdict.Check {
		return verdict.Metric(metric).Equals(verdict.Count(0)).Because(why)
	}
	lost, doubled, phantom := none("ledger.lost", "what is accepted is done"), none("ledger.doubled", "nothing is done twice"), none("ledger.phantom", "what is refused is not done")
	switch l.Delivery {
	case ledger.AtLeastOnce:
		return []verdict.Check{lost}
	case ledger.AtMostOnce:
		return []verdict.Check{doubled, phantom}
	default:
		return []verdict.Check{lost, doubled, phantom}
	}
}

// Implied are the checks that follow from what a scenario declares: what its ledger's
// delivery promises and its invariants, but for metrics on which it has checks of its
// own. They guard the protections that none of its own checks guards.
func (s Scenario) Implied() []verdict.Check {
	all := promised(s.Ledger)
	for _, i := range s.Invariants {
		all = append(all, i.check())
	}
	all = slices.DeleteFunc(all, func(c verdict.Check) bool {
		return slices.ContainsFunc(s.Checks, func(own verdict.Check) bool { return own.Metric == c.Metric })
	})
	for _, p := range s.Protections {
		if slices.ContainsFunc(s.Checks, func(own verdict.Check) bool { return slices.Contains(own.Protections, p) }) {
			continue
		}
		for i := range all {
			all[i] = all[i].Guarding(p)
		}
	}
	return all
}
