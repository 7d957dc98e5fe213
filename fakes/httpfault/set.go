package httpfault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/fault"
)

// ErrUnknown is that a set has no fault of that name.
var ErrUnknown = errors.New("no such fault")

// ErrPresent is that a set already has a fault of that name.
var ErrPresent = errors.New("the fault is there already")

// maxPast is how many lifted faults a set remembers.
const maxPast = 1000

// Set is the faults of one server. It is safe for concurrent use.
type Set struct {
	config Config
	behave func(fault.Kind) behaviour
	active atomic.Pointer[[]*armed] // replaced, never changed

	mu   sync.Mutex // guards changes to active, and past
	past []*armed   // lifted, oldest first
}

// NewSet returns a set with no faults in it.
func NewSet(c Config) *Set {
	s := &Set{config: c.withDefaults(), behave: behaviourOf}
	if c.Support.Place != "" {
		s.behave = func(kind fault.Kind) behaviour { return told{kind} }
	}
	s.active.Store(new([]*armed))
	return s
}

// Now is the time of day on the set's clock.
func (s *Set) Now() time.Time { return s.config.Now() }

func (s *Set) since() time.Duration { return s.config.Now().Sub(s.config.Start) }

// Add puts faults into the set, all or none.
func (s *Set) Add(faults ...fault.Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := slices.Clone(*s.active.Load())
	for _, f := range faults {
		if err := s.config.Support.Accepts(f); err != nil {
			return fmt.Errorf("add fault %q: %w", f.Name(), err)
		}
		if slices.ContainsFunc(next, func(a *armed) bool { return a.name == f.Name() }) {
			return fmt.Errorf("add fault %q: %w", f.Name(), ErrPresent)
		}
		next = append(next, arm(f, s.config.Seed, s.behave))
	}
	s.active.Store(&next)
	return nil
}

// AddText parses faults and puts them into the set, all or none.
func (s *Set) AddText(texts ...string) error {
	faults := make([]fault.Fault, 0, len(texts))
	for _, text := range texts {
		f, err := fault.Parse(text)
		if err != nil {
			return err
		}
		faults = append(faults, f)
	}
	return s.Add(faults...)
}

// Lift takes a fault out of the set, lets go of all that it holds and returns
// when nothing of it is left, with its receipt; or when ctx ends, with an error.
func (s *Set) Lift(ctx context.Context, name string) (fault.Receipt, error) {
	a := s.remove(name)
	if a == nil {
		return fault.Receipt{}, fmt.Errorf("lift fault %q: %w", name, ErrUnknown)
	}
	select {
	case <-a.idle:
		return a.receipt(), nil
	case <-ctx.Done():
		r := a.receipt()
		return r, fmt.Errorf("lift fault %q: %d requests are still held: %w", name, r.Held, context.Cause(ctx))
	}
}

func (s *Set) remove(name string) *armed {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := slices.Clone(*s.active.Load())
	i := slices.IndexFunc(next, func(a *armed) bool { return a.name == name })
	if i < 0 {
		return nil
	}
	a := next[i]
	next = slices.Delete(next, i, i+1)
	s.active.Store(&next)
	a.lift()
	s.past = append(s.past, a)
	if len(s.past) > maxPast {
		s.past = slices.Delete(s.past, 0, len(s.past)-maxPast)
	}
	return a
}

// Clear lifts every fault, and returns when nothing of them is left.
func (s *Set) Clear(ctx context.Context) ([]fault.Receipt, error) {
	var out []fault.Receipt
	var errs []error
	for _, a := range *s.active.Load() {
		r, err := s.Lift(ctx, a.name)
		if errors.Is(err, ErrUnknown) {
			continue // another has lifted it meanwhile
		}
		out = append(out, r)
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}

// Receipts tells of every fault that is or was in the set, oldest lifted first.
func (s *Set) Receipts() []fault.Receipt {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]fault.Receipt, 0, len(s.past))
	for _, a := range s.past {
		out = append(out, a.receipt())
	}
	for _, a := range *s.active.Load() {
		out = append(out, a.receipt())
	}
	return out
}

// Receipt tells of one fault, the latest of that name.
func (s *Set) Receipt(name string) (fault.Receipt, error) {
	all := s.Receipts()
	for _, r := range slices.Backward(all) {
		if r.ID == name {
			return r, nil
		}
	}
	return fault.Receipt{}, fmt.Errorf("receipt of fault %q: %w", name, ErrUnknown)
}

// Plan says which faults act on a request; nil if none does. Its Done must be
// called when the request is over.
func (s *Set) Plan(r Request) *Plan {
	return s.plan(r, false)
}

// Greet says which faults act on a fresh connection, the n-th of an address;
// nil if none does. Its Done must be called when the connection is let go.
func (s *Set) Greet(n uint64, address string) *Plan {
	return s.plan(Request{
		Key: "connection " + strconv.FormatUint(n, 10), Attempt: int(n), Arrival: int(n), Names: []string{address},
	}, true)
}

func (s *Set) plan(r Request, greeting bool) *Plan {
	active := *s.active.Load()
	if len(active) == 0 {
		return nil
	}
	var p *Plan
	at := s.since()
	for _, a := range active {
		if a.greets != greeting {
			continue
		}
		act, ok := a.choose(&r, at, s.config)
		if !ok {
			continue
		}
		if p == nil {
			p = &Plan{since: s.since}
		}
		p.acts = append(p.acts, act)
	}
	return p
}

// Refusing says whether a fault has the addresses closed at the moment, and
// whether one has the open connections reset.
func (s *Set) Refusing() (refusing, cut bool) {
	for _, a := range *s.active.Load() {
		refuses, cuts := a.refuses()
		if on, _ := active(a.fault.When, s.since()); on && refuses {
			refusing, cut = true, cut || cuts
		}
	}
	return refusing, cut
}

// Touched counts connections that were refused or torn by a fault that has the
// addresses closed.
func (s *Set) Touched(n int) {
	for _, a := range *s.active.Load() {
		if refuses, _ := a.refuses(); refuses {
			a.touched(n, s.since())
		}
	}
}
