// Package search is what Holdfast can show about a search service: its scenarios and
// the gains that were promised of it.
//
// Start with popularTerm in this file, the source's own test. What the scenarios know of
// the service is a [contract.Search]: service.go asks it, and takes note of what nobody
// told.
package search

import (
	"fmt"
	"strconv"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Sized is a search over so many items.
type Sized func(items int) contract.Search

// Scenarios lists the scenarios of a search at the sizes of a profile, the quickest to
// understand first.
func Scenarios(p profile.Profile, of Sized) []harness.Scenario {
	all := append(Of(p, of(p.Projects)), scale(p, &service{Search: of(p.Scale)}))
	if p.Large > 0 {
		all = append(all, popularTerm(p, &service{Search: of(p.Large)}, "search/popular-term-large"))
	}
	return all
}

// Of lists the scenarios of one search, over the data that it has.
func Of(p profile.Profile, one contract.Search) []harness.Scenario {
	all := []harness.Scenario{popularTerm(p, &service{Search: one}, "search/popular-term")}
	for _, scenario := range []func(profile.Profile, *service) harness.Scenario{
		everyClass, anyQuestion, overload, poolUsedUp, turnsUsedUp, lockedTable, slowDatabase, cutConnections, callersHangUp, callersLeaveTheLine, turns, frozen, stopped,
	} {
		all = append(all, scenario(p, &service{Search: one}))
	}
	return all
}

// popularTerm is the source's own test: a term that matches everything, searched by 50
// at once.
func popularTerm(p profile.Profile, s *service, name string) harness.Scenario {
	t := p.Steady()
	// All 50 are let in at once: a gate before them would hide what each costs.
	s.give(contract.Concurrent, strconv.Itoa(concurrent))
	s.give(contract.Connections, "20")
	s.give(contract.AcquireTimeout, "10s")
	s.give(contract.StatementTimeout, "10s")
	everywhere := s.many(contract.Everywhere)
	if s.Items <= s.Limit {
		s.needs("terms.everywhere", fmt.Sprintf("a term with more than the %d matches of a page", s.Limit))
	}
	return s.in(harness.Scenario{
		Name: name,
		Claim: fmt.Sprintf("A term that matches all %s gives exactly %d results,%s quickly, in less than %g MB, to %d who search at once.",
			s.all(), s.Limit, s.inOrder(), s.Memory/1e6, concurrent),
		Protections: []string{"search.sql-limit"},
		Headline:    true,
		Needs:       harness.Needs{Alone: true},
		Timeline:    t,
		Load:        []load.Stream{s.Served("search", load.Bursts(concurrent, 500*time.Millisecond, t.Total()), everywhere)},
		Checks: []verdict.Check{
			verdict.Metric(s.peak()).Below(verdict.Bytes(s.Memory)).Because(s.inMemory()).Guarding("search.sql-limit"),
			verdict.Metric("search.wrong").Equals(verdict.Count(0)).Because(s.because(fmt.Sprintf("%s: exactly %d results", sourceSays, s.Limit))),
			verdict.Metric("search.failed").Equals(verdict.Count(0)),
			verdict.Metric("search.latency.p99").AtMost(verdict.Duration(s.Time)).Because(s.inTime()),
			verdict.Metric("search.in_flight.max").AtLeast(verdict.Count(concurrent * 9 / 10)).Because("50 at once but for one or another that has ended before the last is sent, or the test shows nothing").OrNotExercised(),
		},
	})
}

// everyClass is everyday load: every class of term at a steady rate, and the one
// right answer to each.
func everyClass(p profile.Profile, s *service) harness.Scenario {
	t := p.Steady()
	var streams []load.Stream
	checks := []verdict.Check{}
	s.term(contract.Everywhere)
	for i, term := range s.Terms {
		streams = append(streams, s.inTurn(term, i, len(s.Terms), 120, t))
		checks = append(checks,
			verdict.Metric(term.Name+".wrong").Equals(verdict.Count(0)).Because(s.because("each class has one right answer")),
			verdict.Metric(term.Name+".failed").Equals(verdict.Count(0)),
			verdict.Metric(term.Name+".latency.max").AtMost(verdict.Duration(s.Time)))
	}
	checks = append(checks, verdict.Metric(s.peak()).Below(verdict.Bytes(s.Memory)))
	checks = append(checks, s.pool()...)
	return s.in(harness.Scenario{
		Name:     "search/every-class",
		Claim:    fmt.Sprintf("At a steady 120 searches a second every class of term gets its one right answer: %s.", s.classes()),
		Headline: true,
		Needs:    harness.Needs{Alone: true},
		Timeline: t, Load: streams, Checks: checks,
	})
}

// pool is the check on the connections to the database, where their bound is told.
func (s *service) pool() []verdict.Check {
	if s.MaxConnections == 0 {
		return nil
	}
	return []verdict.Check{verdict.Metric("db.connections.total.max").AtMost(verdict.Count(int64(s.MaxConnections))).Because("the pool's own bound")}
}

// anyQuestion asks what nobody thought of: questions of every shape, drawn from the
// run's seed, of data in many languages and scripts; and beside them each of those at
// the edges, and one over and over, whose answer may never change.
func anyQuestion(p profile.Profile, s *service) harness.Scenario {
	if s.Diverse == nil {
		s.draft.Needs(contract.Untold{Key: "the one right answer to just any text follows from all that can be found, and no mapping has that"})
		return s.in(harness.Scenario{Name: "search/any-question", Claim: "Whatever is asked gets the one right answer, and a bad query a clear refusal."})
	}
	s = &service{Search: s.Diverse()}
	t := harness.Timeline{WarmUp: p.WarmUp, Baseline: min(p.Phase*3/2, 20*time.Second)}
	const one = 20 // how often the same is asked in a second
	streams := []load.Stream{
		s.Served("search", load.Throughout(80).Over(t.Phases()), contract.Draw{How: contract.AnyText}),
		s.Served("edges", load.Throughout(float64(s.EdgeTexts)/t.Baseline.Seconds()).Over(t.Phases()), contract.Draw{How: contract.Edges}),
		s.Served("again", load.Throughout(one).Over(t.Phases()), contract.Only(s.term(contract.Scattered))),
	}
	checks := []verdict.Check{
		verdict.Metric("search.wrong").Equals(verdict.Count(0)).Because("each question has one right answer, which a model knows").Guarding("search.literal-wildcards"),
		verdict.Metric("edges.wrong").Equals(verdict.Count(0)).Because("what has a meaning in a LIKE pattern stands for itself").Guarding("search.literal-wildcards"),
		verdict.Metric("again.errors." + contract.NotExact).Equals(verdict.Count(0)).Because("the same query has the same answer, newest first, every time").Guarding("search.stable-order"),
		verdict.Metric("edges.errors.status_200").Equals(verdict.Count(0)).Because("a query of 201 characters or of 5,000 is a bad one").Guarding("search.query-length"),
		verdict.Metric("edges.errors.status_400").Equals(verdict.Count(0)).Because("a query of 200 characters is not: characters count, not bytes"),
	}
	for _, stream := range streams {
		checks = append(checks, verdict.Metric(stream.Name+".failed").Equals(verdict.Count(0)))
	}
	return s.in(harness.Scenario{
		Name:        "search/any-question",
		Claim:       "Whatever is asked, one to four words, parts of them, words that are nowhere, in any case and order, with accents or without, %, _ and \\ among them, gets the one right answer, newest first, and a bad query a clear 400.",
		Protections: []string{"search.stable-order", "search.literal-wildcards", "search.query-length"},
		Timeline:    t, Load: streams, Checks: checks,
	})
}

// scale searches a great many, terms of all classes.
func scale(p profile.Profile, s *service) harness.Scenario {
	const total = 50.0
	t := harness.Timeline{WarmUp: 3 * time.Second, Baseline: 10 * p.Phase}
	var (
		streams   []load.Stream
		checks    []verdict.Check
		relations []harness.Relation
	)
	// What a search costs that the vocabulary ends is what the way to it and back
	// costs, on this machine in this minute.
	const between = 10 * time.Millisecond // the turns of the others
	plain := s.Served("absent-baseline", load.Constant(10, t.Total()-between), contract.Only(s.term(contract.Nowhere)))
	plain.StartAt = between
	for i, term := range s.Terms {
		p99, times := term.Name+".latency.p99", term.Name+".times"
		// Of the hundred and some answers of a class p99 is the second slowest: too few to
		// hold one p99 against another.
		relations = append(relations, harness.Relation{Name: times, Of: term.Name + ".latency.p90", To: plain.Name + ".latency.p90"})
		streams = append(streams, s.inTurn(term, i, len(s.Terms), total, t))
		checks = append(checks, verdict.Metric(p99).AtMost(verdict.Duration(100*time.Millisecond)),
			verdict.Metric(times).AtMost(verdict.Times(5)).Because("what a search costs beside one that finds nothing, at the same time on the same machine"),
			verdict.Metric(term.Name+".failed").Equals(verdict.Count(0)))
	}
	streams = append(streams, plain)
	checks = append(checks, verdict.Metric(plain.Name+".failed").Equals(verdict.Count(0)),
		verdict.Metric(plain.Name+".latency.p90").AtMost(verdict.Duration(10*time.Millisecond)).Because("what slows all searches alike shows in no comparison among them"),
		verdict.Metric(s.peak()).Below(verdict.Bytes(s.Memory)).AsPrimary())
	return s.in(harness.Scenario{
		Name:  "search/scale",
		Claim: fmt.Sprintf("At %s and a steady 50 searches a second every class of term is answered within five times what a text that is nowhere takes, in less than %g MB.", s.all(), s.Memory/1e6),
		Slow:  true, Needs: harness.Needs{Alone: true}, Timeline: t, Load: streams, Relations: relations, Checks: checks,
	})
}
