package oracle

import (
	"math"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
)

// callsPerRequest is how many calls each request of a stream led to, as the fake
// counted them over the whole load: NAME.calls_per_request. A request that was
// answered from a cache, and says so, leads to none and is not counted.
func (s *service) callsPerRequest(fake, stream string) harness.Measure {
	about := verdict.Descriptor{Name: fake + ".calls_per_request", Unit: result.UnitCount, Timed: true, About: "calls at the fake, for each request that was sent and not answered from a cache"}
	return adapter.Measure(fake, about, func(j *journal.Journal, o harness.State, _ verdict.Window) verdict.Reading {
		sent, ok := o.Stream(stream)
		asking := sent.Sent - fromCache(o, stream, verdict.Window{To: forever})
		if !ok || asking <= 0 {
			return verdict.Reading{}
		}
		all := journal.Filter{}
		if s.In != nil { // the target was asked before, whether it is the one that was mapped
			all.From = adapter.During(j, o, verdict.Window{}).From
		}
		return verdict.Reading{Value: float64(j.Count(all)) / float64(asking), Samples: asking}
	})
}

// ledPath begins the path to which answers lead at another host: what nobody asks there by
// himself.
const ledPath = "/holdfast-led-here"

// ledTo is how many calls came to another host, of those that a fault led there:
// PLACE.led_to.
func (s *service) ledTo(fault string) harness.Measure {
	about := verdict.Descriptor{Name: s.LedTo + ".led_to", Unit: result.UnitCount, About: "calls at the host to which answers of another led"}
	return harness.Measure{Descriptor: about, Read: func(o harness.State, w verdict.Window) verdict.Reading {
		from, here := adapter.JournalOf(o, s.Here)
		to, there := adapter.JournalOf(o, s.LedTo)
		if !here || !there {
			return verdict.Reading{}
		}
		led := adapter.During(from, o, w)
		led.Where = func(e journal.Entry) bool { return slices.Contains(e.Faults, fault) }
		came := adapter.During(to, o, w)
		came.Where = func(e journal.Entry) bool { return strings.Contains(e.Key, ledPath) } // no route is for it: its key is its path
		return verdict.Reading{Value: float64(to.Count(came)), Samples: int64(from.Count(led))}
	}}
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

// beyondCap counts the calls at a project's place to other oracles than those of it
// that are to be asked: NAME.beyond_cap. Its samples are all calls.
func (s *service) beyondCap(p contract.Project) harness.Measure {
	about := verdict.Descriptor{Name: beyond(p.At), Unit: result.UnitCount, About: "calls to other oracles than the first ten"}
	return adapter.Measure(p.At, about, func(j *journal.Journal, o harness.State, w verdict.Window) verdict.Reading {
		all := adapter.During(j, o, w)
		beyond := all
		beyond.Where = func(e journal.Entry) bool { return !slices.Contains(p.Asked, s.CallOf(j, e).API) }
		return verdict.Reading{Value: float64(j.Count(beyond)), Samples: int64(j.Count(all))}
	})
}

func beyond(place string) string { return place + ".beyond_cap" }

// askedOf is how often an oracle was called in a phase, as the fake counted it,
// for each request of the streams about its project that was sent in it: ORACLE.asked.
func (s *service) askedOf(p contract.Project, oracle string, streams ...string) harness.Measure {
	about := verdict.Descriptor{Name: oracle + ".asked", Unit: result.UnitRatio, Timed: true, About: "calls of one oracle, out of the requests that were due in a phase"}
	return adapter.Measure(p.At, about, func(j *journal.Journal, o harness.State, w verdict.Window) verdict.Reading {
		asking := int64(0)
		for _, stream := range streams {
			sent, _ := o.Stream(stream)
			i := slices.IndexFunc(sent.Phases, func(p result.StreamPhase) bool { return p.Phase == w.Phase })
			if i >= 0 && sent.Phases[i].Sent > 0 {
				asking += sent.Phases[i].Sent - fromCache(o, stream, w)
			}
		}
		if asking <= 0 {
			return verdict.Reading{}
		}
		f := adapter.During(j, o, w)
		f.Where = func(e journal.Entry) bool {
			call := s.CallOf(j, e)
			return call.API == oracle && (call.Project == p.ID || call.Project == "")
		}
		return verdict.Reading{Value: float64(j.Count(f)) / float64(asking), Samples: asking}
	})
}

// triedTooSoon counts the calls that failing oracles got beyond those that may try
// them: so many failures open the breaker, and then each cooldown lets one call
// through: NAME.tried_too_soon. A call that was let through may wait for a turn at its
// host first. Its samples are the calls that a fault acted on.
func (s *service) triedTooSoon(fake string, failures int, cooldown, turn time.Duration) harness.Measure {
	about := verdict.Descriptor{Name: fake + ".tried_too_soon", Unit: result.UnitCount, Timed: true, About: "calls of failing oracles beyond one a cooldown"}
	return adapter.Measure(fake, about, func(j *journal.Journal, o harness.State, w verdict.Window) verdict.Reading {
		f := adapter.During(j, o, w)
		f.Where = func(e journal.Entry) bool { return len(e.Faults) > 0 }
		byOracle := map[string][]journal.Entry{}
		reading := verdict.Reading{}
		for e := range j.Entries(f) {
			oracle := s.CallOf(j, e).API
			byOracle[oracle] = append(byOracle[oracle], e)
			reading.Samples++
		}
		regardless := 0.0
		for _, calls := range byOracle {
			reading.Value += float64(tooSoon(calls, failures, cooldown, learning, turn))
			regardless += float64(tooSoon(calls, failures, cooldown, slowLearning, turn))
		}
		reading.Regardless = &regardless
		return reading
	})
}

// learning is by how much later than the other a target may count a failure whose end its
// oracle has seen, or an oracle may see the end of what a target has given up and counted;
// slowLearning where there is hardly a processor.
const (
	learning     = 50 * time.Millisecond
	slowLearning = 10 * learning
)

// tooSoon counts, of the failing calls of one oracle by arrival, those beyond one a
// cooldown, once so many have ended and that had its effect.
func tooSoon(calls []journal.Entry, failures int, cooldown, learning, turn time.Duration) int {
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
		if c.Start > opened+learning+turn {
			tries, last = tries+1, c.Start
		}
	}
	if tries == 0 {
		return 0
	}
	return max(0, tries-int((last-opened+learning)/cooldown))
}
