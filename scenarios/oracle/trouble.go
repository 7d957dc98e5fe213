package oracle

import (
	"strings"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// trouble is one thing that befalls the database.
type trouble struct {
	id, on string
	kind   fault.Kind
}

// troubles are all that a request for an impact may meet in its database: it is
// slow, or gone; it refuses, for its own state or another transaction's sake; one of
// the tables that are read is locked.
func (s *service) troubles() []trouble {
	all := []trouble{
		{"slow", harness.OnDatabase, fault.After(120 * time.Millisecond)},
		{"gone", harness.OnDatabase, fault.Refuse{Cut: true}},
	}
	for _, code := range []string{"53300", "57P03", "55000", "40P01", "40001", "58030", "08006"} {
		all = append(all, trouble{"state-" + strings.ToLower(code), harness.OnDatabase, fault.SQLState{Code: code, On: fault.OnQuery}})
	}
	for _, tables := range s.reads() {
		all = append(all, trouble{"locked-" + tables.Name, harness.OnPostgres, fault.LockTable{Table: strings.Join(tables.Names, ",")}})
	}
	return all
}

// databaseTrouble lets one after the other befall the database under an impact, each
// with a quarter of its time to be undone in: two at once would be refused.
func databaseTrouble(p profile.Profile, s *service) harness.Scenario {
	about := s.project(activeOracles, s.Here)
	all := s.troubles()
	inject := max(3*p.Phase, time.Duration(len(all))*300*time.Millisecond)
	t := harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase / 2, Inject: inject, Heal: p.Phase / 2}
	const grace = time.Second
	s.answersWithin(2 * time.Second)
	// So short that some meet it while a table is locked, which takes of its window what it takes to lock.
	statement := s.bound(contract.StatementTimeout, 100*time.Millisecond)
	wait := s.bound(contract.AcquireTimeout, 300*time.Millisecond)
	each := t.Inject / time.Duration(len(all))
	var faults []harness.Fault
	for i, one := range all {
		faults = append(faults, harness.Fault{ID: one.id, On: one.on, Kind: one.kind, After: time.Duration(i) * each, For: each * 3 / 4})
	}
	stream := s.impacts("impact", about, 30, t, s.whole(about, nil))
	stream.Refused = s.Refused
	return s.in(harness.Scenario{
		Name:       "oracle/database-trouble",
		Claim:      "While the database is slow, gone, refuses or has one of its tables locked, whoever asks for an impact is told to come again, in time; afterwards all is well by itself.",
		Compressed: s.compressed("statement timeout", contract.StatementTimeout, statement),
		Timeline:   t,
		Load:       []load.Stream{stream},
		Faults:     faults,
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("whole and right, or 503 with Retry-After, and nothing else"),
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(wait + statement + grace)).Because("the wait for a connection, the statement's time and the grace around both"),
			verdict.Metric("impact.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)),
			verdict.Metric("impact.errors.shed_by_target").In(result.Inject).AtLeast(verdict.Count(int64(len(all)))).Because("somebody must have been refused").OrNotExercised(),
			verdict.Metric("impact.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
		},
	})
}
