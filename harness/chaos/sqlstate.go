package chaos

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"sync"

	"holdfast.dev/holdfast/fault"
)

func newAnswering(f fault.Fault) effect {
	return &answering{SQLState: f.Kind.(fault.SQLState), name: f.Name(), when: f.When}
}

// answering is a [fault.SQLState] in force.
type answering struct {
	fault.SQLState
	name string
	when fault.Selector
	tally
	unseen tally // links that are encrypted

	mu    sync.Mutex // guards both below
	luck  *rand.Rand
	asked int // how often it was asked for what it refuses
}

func (a *answering) refuses(l *link, w asked) (fault.SQLState, bool) {
	if w.on != a.Refuses() || !strings.Contains(w.sql, a.Upon) || !a.picks(l.proxy.cfg.Seed) {
		return fault.SQLState{}, false
	}
	a.hit(l)
	return a.SQLState, true
}

// picks says whether the next one is picked. The lots are those of the seed, in
// the order of arrival.
func (a *answering) picks(seed uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.luck == nil {
		h := fnv.New64a()
		h.Write([]byte(a.name))
		a.luck = rand.New(rand.NewPCG(seed, h.Sum64()))
	}
	a.asked++
	lot := a.luck.Float64() // drawn whether it matters or not
	return (a.when.Nth == 0 || a.asked == a.when.Nth) &&
		(a.when.Every == 0 || a.asked%a.when.Every == 0) &&
		(a.when.Probability == 0 || lot < a.when.Probability)
}

func (a *answering) blind(l *link) { a.unseen.hitOnce(l) }

func (a *answering) receipt() fault.Receipt {
	severity := "ERROR"
	if a.Fatal() {
		severity = "FATAL"
	}
	r := fault.Receipt{Declared: fmt.Sprintf("%s %s on %s", severity, a.Code, a.Refuses())}
	if a.Upon != "" {
		r.Declared += " upon " + a.Upon
	}
	r.Fired, r.Touched = a.counts()
	a.mu.Lock()
	asked := a.asked
	a.mu.Unlock()
	if asked > 0 {
		r.Measured = fmt.Sprintf("%d of %d refused, on %d connections", r.Fired, asked, r.Touched)
	}
	if _, r.Missed = a.unseen.counts(); r.Missed > 0 {
		r.Err = errors.New("connections are encrypted or speak another protocol: nothing can be refused on them")
	}
	return r
}
