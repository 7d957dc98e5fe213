package harness

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/nearest"
)

// watches are the standing checks that look at one experiment.
type watches struct {
	all     []watching
	answers atomic.Int64 // how many there were
	seed    maphash.Seed
	mu      sync.Mutex                 // guards seen
	seen    map[uint64][]*atomic.Int64 // what answers that were looked at add to: most are the same again
}

// watching is one check at work.
type watching struct {
	check  standing.Check
	watch  standing.Watch
	unseen string // why it cannot look; empty: it does
}

// maxSeen bounds the answers that are known again. What is new beyond that is
// looked at each time that it comes.
const maxSeen = 1 << 16

// watch lets every standing check that is not switched off begin to look, and
// those of the scenario.
func (s *Session) watch(ctx context.Context, sc Scenario, scene standing.Scene) *watches {
	w := &watches{seed: maphash.MakeSeed(), seen: map[uint64][]*atomic.Int64{}}
	off := s.cfg.offs(sc)
	for _, c := range slices.Concat(standing.All(), sc.Watches) {
		if off[c.Name] != "" {
			continue
		}
		one := watching{check: c}
		var err error
		if one.watch, err = c.Begin(ctx, scene); err != nil {
			one.unseen = err.Error()
		}
		w.all = append(w.all, one)
	}
	return w
}

// answered is told of each answer to the load; nil where no check asks.
func (w *watches) answered() func(load.Exchange, load.Request, load.Answer) {
	var ask []func(standing.Answer)
	var count []func(standing.Answer) []*atomic.Int64
	for _, one := range w.all {
		if one.unseen == "" && one.watch.Answered != nil {
			ask = append(ask, one.watch.Answered)
		}
		if one.unseen == "" && one.watch.Counted != nil {
			count = append(count, one.watch.Counted)
		}
	}
	if len(ask)+len(count) == 0 {
		return nil
	}
	return func(x load.Exchange, r load.Request, a load.Answer) {
		w.answers.Add(1)
		sum := load.Fingerprint(w.seed, x, r, a)
		counts, again := w.known(sum)
		if !again {
			one := standing.Answer{Exchange: x, Request: r, Answer: a}
			for _, tell := range ask {
				tell(one)
			}
			for _, of := range count {
				counts = append(counts, of(one)...)
			}
			w.learn(sum, counts)
		}
		for _, n := range counts {
			n.Add(1)
		}
	}
}

// askForExchanges reports whether any of them is to be told of each request.
func (w *watches) askForExchanges() bool {
	return slices.ContainsFunc(w.all, func(one watching) bool { return one.watch.Exchanged != nil })
}

// exchanged is told of each request that has ended.
func (w *watches) exchanged(x load.Exchange) {
	for _, one := range w.all {
		if one.watch.Exchanged != nil {
			one.watch.Exchanged(x)
		}
	}
}

// known is what an answer adds one to of which one like it, to that request, was seen
// before; of two that come at once each may be the first.
func (w *watches) known(sum uint64) (counts []*atomic.Int64, again bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	counts, again = w.seen[sum]
	return counts, again
}

func (w *watches) learn(sum uint64, counts []*atomic.Int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.seen) < maxSeen {
		w.seen[sum] = counts
	}
}

// drained lets each look at what is settled, one after the other, for what one asks
// of the target would be something left behind to the next.
func (w *watches) drained(ctx context.Context, settled standing.Settled) {
	for _, one := range w.all {
		if one.unseen != "" || one.watch.Drained == nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), standing.DrainedTimeout)
		one.watch.Drained(ctx, settled)
		cancel()
	}
}

// ended are the findings, in the order of the checks.
func (w *watches) ended(e standing.Ended) []standing.Finding {
	if w == nil {
		return nil
	}
	e.Answers = w.answers.Load()
	var all []standing.Finding
	for _, one := range w.all {
		f := standing.Finding{Unseen: one.unseen}
		if one.unseen == "" {
			f = one.watch.Ended(e)
		}
		f.Check, f.About = one.check.Name, one.check.About
		all = append(all, f)
	}
	return all
}

// offs are the standing checks that are switched off for a scenario, each with its reason.
func (c Config) offs(sc Scenario) map[string]string {
	all := maps.Clone(c.StandingOff)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, sc.StandingOff)
	return all
}

// validateOff reports names that no standing check has, and reasons that are missing.
func validateOff(off map[string]string) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(off)) {
		switch {
		case !slices.Contains(standing.Names(), name):
			errs = append(errs, fmt.Errorf("there is no standing check %q%s", name, nearest.Hint(name, standing.Names())))
		case off[name] == "":
			errs = append(errs, fmt.Errorf("the standing check %s is switched off without a reason", name))
		}
	}
	return errors.Join(errs...)
}
