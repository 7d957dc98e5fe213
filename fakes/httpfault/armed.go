package httpfault

import (
	"context"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/fault"
)

// armed is a fault of a set, with what it has done.
type armed struct {
	fault  fault.Fault
	name   string
	whole  behaviour                // of its kind; nil for a sequence
	steps  map[fault.Kind]behaviour // of a sequence
	keys   []string                 // that act
	greets bool
	lifted context.Context
	letGo  context.CancelFunc
	idle   chan struct{} // closed when it is lifted and holds nothing

	mu          sync.Mutex
	isLifted    bool
	count       int // requests counted over all keys
	considered  int64
	selected    int64
	fired       int64
	missed      int64
	held, most  int64
	first, last time.Duration
	waits       *hdrhistogram.Histogram // µs, as measured
	abandoned   []time.Time             // until when abandoned work goes on
}

func arm(f fault.Fault, seed uint64, behave func(fault.Kind) behaviour) *armed {
	a := &armed{
		fault: f, name: f.Name(), whole: behave(f.Kind), steps: map[fault.Kind]behaviour{}, keys: chosen(f.When, seed, f.Name()),
		idle: make(chan struct{}),
	}
	for _, kind := range fault.Steps(f.Kind) {
		a.steps[kind] = behave(kind)
	}
	_, a.greets = a.whole.(greeter)
	a.lifted, a.letGo = context.WithCancel(context.Background())
	return a
}

// refuses says whether the fault closes the addresses, and resets what is open.
func (a *armed) refuses() (yes, cut bool) {
	r, yes := a.whole.(refusing)
	return yes, r.Cut
}

// choose decides whether the fault acts on a request, and counts it as held if
// it does.
func (a *armed) choose(r *Request, at time.Duration, c Config) (act, bool) {
	when := a.fault.When
	on, left := active(when, at)
	if !on || !matches(a.keys, r.Names) {
		return act{}, false
	}
	if refuses, _ := a.refuses(); refuses {
		return act{}, false // the address as a whole is closed, see Refusing
	}
	if p, ok := a.whole.(picky); ok && !p.possible(r) {
		return act{}, false
	}
	n := r.Attempt
	draw := &Draw{Rand: source(c.Seed, a.name, r.Key, r.Arrival), Now: c.Now()}
	chance := draw.Float64() // drawn whether it matters or not: what follows stays the same
	a.mu.Lock()
	defer a.mu.Unlock()
	a.considered++
	a.count++
	if when.PerAll {
		n = a.count
	}
	behaves := a.behaviour(n)
	if p, ok := behaves.(picky); ok && !p.possible(r) {
		behaves = nil
	}
	if a.isLifted || behaves == nil || !counts(when, n) || chance >= probability(when, at) ||
		when.AtOnce > 0 && a.held >= int64(when.AtOnce) {
		return act{}, false
	}
	a.selected++
	a.held++
	a.most = max(a.most, a.held)
	draw.Load = int(a.held) + a.stillAtWork(draw.Now)
	return act{armed: a, behaviour: behaves, draw: draw, left: left}, true
}

// behaviour is what happens to the n-th request; nil if nothing does.
func (a *armed) behaviour(n int) behaviour {
	if s, ok := a.fault.Kind.(fault.Sequence); ok {
		return a.steps[s.At(n)]
	}
	return a.whole
}

// stillAtWork returns how much abandoned work still goes on.
func (a *armed) stillAtWork(now time.Time) int {
	alive := a.abandoned[:0]
	for _, until := range a.abandoned {
		if until.After(now) {
			alive = append(alive, until)
		}
	}
	a.abandoned = alive
	return len(alive)
}

// abandon lets work that the client abandoned go on until then. Bounded, so that
// a storm of abandoned requests costs no more than its numbers.
func (a *armed) abandon(until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.abandoned) < 1<<16 {
		a.abandoned = append(a.abandoned, until)
	}
}

// touched counts what the fault did apart from requests.
func (a *armed) touched(n int, at time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.considered += int64(n)
	a.selected += int64(n)
	a.fire(int64(n), at)
}

func (a *armed) fire(n int64, at time.Duration) {
	if a.fired == 0 {
		a.first = at
	}
	a.fired += n
	a.last = at
}

// leave ends a request's stay with the fault.
func (a *armed) leave(fired bool, at time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held--
	if fired {
		a.fire(1, at)
	} else {
		a.missed++
	}
	if a.isLifted && a.held == 0 {
		close(a.idle)
	}
}

// lift lets go of all that the fault holds. Called once.
func (a *armed) lift() {
	defer a.letGo()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.isLifted = true
	if a.held == 0 {
		close(a.idle)
	}
}

// waited notes how long a wait took in fact.
func (a *armed) waited(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waits == nil {
		a.waits = hdrhistogram.New(1, (24 * time.Hour).Microseconds(), 3)
	}
	_ = a.waits.RecordValue(max(1, d.Microseconds()))
}

// act is one fault acting on one request.
type act struct {
	armed     *armed
	behaviour behaviour
	draw      *Draw
	left      time.Duration // until the fault's time is over
	fired     bool
}

func (a *act) hold() hold { return hold{lifted: a.armed.lifted, left: a.left} }
