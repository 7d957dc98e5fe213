package oracle

import (
	"math"
	"slices"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// callsPerRequest is how many calls each request of a stream led to, as the fake
// counted them over the whole load: NAME.calls_per_request. A request that was
// answered from a cache, and says so, leads to none and is not counted.
func callsPerRequest(fake, stream string) harness.Measure {
	about := verdict.Descriptor{Name: fake + ".calls_per_request", Unit: result.UnitCount, Timed: true, About: "calls at the fake, for each request that was sent and not answered from a cache"}
	return adapter.Measure(fake, about, func(j *journal.Journal, o harness.State, _ verdict.Window) verdict.Reading {
		s, ok := o.Stream(stream)
		asking := s.Sent - fromCache(o, stream, verdict.Window{To: forever})
		if !ok || asking <= 0 {
			return verdict.Reading{}
		}
		return verdict.Reading{Value: float64(j.Count(journal.Filter{})) / float64(asking), Samples: asking}
	})
}

// forever is after all that happens in a run.
const forever = math.MaxInt64

// fromCache counts the requests of a stream, due in a window, that were answered
// from a cache and say so.
func fromCache(o harness.State, stream string, w verdict.Window) int64 {
	if l, ok := o.Companion.(*listener); ok {
		return l.aged(stream, w.From, w.To)
	}
	return 0
}

// beyondCap counts the calls to other oracles than the documented ten:
// NAME.beyond_cap. Its samples are all calls.
func beyondCap(fake string) harness.Measure {
	about := verdict.Descriptor{Name: fake + ".beyond_cap", Unit: result.UnitCount, About: "calls to other oracles than the first ten"}
	return adapter.Measure(fake, about, func(j *journal.Journal, o harness.State, w verdict.Window) verdict.Reading {
		all := adapter.During(j, o, w)
		beyond := all
		beyond.Where = func(e journal.Entry) bool { return !slices.Contains(firstTen, e.Group) }
		return verdict.Reading{Value: float64(j.Count(beyond)), Samples: int64(j.Count(all))}
	})
}

// askedOf is how often an oracle was called in a phase, as the fake counted it,
// for each request of a stream that was sent in it: ORACLE.asked.
func askedOf(fake, oracle, stream string) harness.Measure {
	about := verdict.Descriptor{Name: oracle + ".asked", Unit: result.UnitRatio, Timed: true, About: "calls of one oracle, out of the requests that were due in a phase"}
	return adapter.Measure(fake, about, func(j *journal.Journal, o harness.State, w verdict.Window) verdict.Reading {
		s, _ := o.Stream(stream)
		i := slices.IndexFunc(s.Phases, func(p result.StreamPhase) bool { return p.Phase == w.Phase })
		if i < 0 || s.Phases[i].Sent == 0 {
			return verdict.Reading{}
		}
		asking := s.Phases[i].Sent - fromCache(o, stream, w)
		if asking <= 0 {
			return verdict.Reading{}
		}
		f := adapter.During(j, o, w)
		f.Group = oracle
		return verdict.Reading{Value: float64(j.Count(f)) / float64(asking), Samples: asking}
	})
}

// triedTooSoon counts the calls that failing oracles got beyond those that may try
// them: so many failures open the breaker, and then each cooldown lets one call
// through: NAME.tried_too_soon. Its samples are the calls that a fault acted on.
func triedTooSoon(fake string, failures int, cooldown time.Duration) harness.Measure {
	about := verdict.Descriptor{Name: fake + ".tried_too_soon", Unit: result.UnitCount, Timed: true, About: "calls of failing oracles beyond one a cooldown"}
	return adapter.Measure(fake, about, func(j *journal.Journal, o harness.State, w verdict.Window) verdict.Reading {
		f := adapter.During(j, o, w)
		f.Where = func(e journal.Entry) bool { return len(e.Faults) > 0 }
		byOracle := map[string][]journal.Entry{}
		reading := verdict.Reading{}
		for e := range j.Entries(f) {
			byOracle[e.Group] = append(byOracle[e.Group], e)
			reading.Samples++
		}
		regardless := 0.0
		for _, calls := range byOracle {
			reading.Value += float64(tooSoon(calls, failures, cooldown, learning))
			regardless += float64(tooSoon(calls, failures, cooldown, slowLearning))
		}
		reading.Regardless = &regardless
		return reading
	})
}

// learning is how long a target may take to count a failure that its oracle has
// seen the end of; slowLearning where it has hardly a processor.
const (
	learning     = 50 * time.Millisecond
	slowLearning = 10 * learning
)

// tooSoon counts, of the failing calls of one oracle by arrival, those beyond one a
// cooldown, once so many have ended and that was learned of.
func tooSoon(calls []journal.Entry, failures int, cooldown, learning time.Duration) int {
	var ends []time.Duration
	for _, c := range calls {
		if end, over := c.End(); over {
			ends = append(ends, end)
		}
	}
	if len(ends) < failures {
		return 0
	}
	slices.Sort(ends)
	opened := ends[failures-1]
	tries, last := 0, time.Duration(0)
	for _, c := range calls {
		if c.Start > opened+learning {
			tries, last = tries+1, c.Start
		}
	}
	return max(0, tries-int((last-opened)/cooldown))
}
