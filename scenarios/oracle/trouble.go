package oracle

import (
	"strings"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/profile"
)

// underImpact is an experiment with the database under the impact service: every
// answer is whole and right, or an orderly refusal in time.
func underImpact(p profile.Profile, t harness.Timeline, latest time.Duration) harness.Scenario {
	stream := impacts("impact", 1, 30, t, impact(activeOracles, nil))
	stream.Expect = load.OrShed(stream.Expect)
	return harness.Scenario{
		World: world(p, panel{project: 1, active: activeOracles, at: oracleAPI}),
		Settings: map[string]string{
			"ORACLE_STATEMENT_TIMEOUT": "200ms", "ORACLE_ACQUIRE_TIMEOUT": "300ms", "ORACLE_OVERALL_DEADLINE": "2s",
		},
		Compressed: []result.Compressed{profile.Compressed("statement timeout", 2*time.Second, 200*time.Millisecond)},
		Timeline:   t,
		Load:       []load.Stream{stream},
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("whole and right, or 503 with Retry-After, and nothing else").AsPrimary(),
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(latest)).Because("the wait for a connection, the statement's time and the grace around both"),
			verdict.Metric("impact.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)),
			verdict.Metric("impact.errors.shed_by_target").In(result.Inject).AtLeast(verdict.Count(1)).Because("somebody must have been refused").OrNotExercised(),
			verdict.Metric("impact.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), 500*time.Millisecond).Because("it recovers"),
		},
	}
}

// during is a fault of one of so many equal parts of the inject phase.
func during(t harness.Timeline, part, parts int, id, on string, kind fault.Kind) harness.Fault {
	each := t.Inject / time.Duration(parts)
	return harness.Fault{ID: id, On: on, Kind: kind, After: time.Duration(part) * each, For: each}
}

// databaseTrouble makes the database slow, and then takes it away.
func databaseTrouble(p profile.Profile) harness.Scenario {
	t := p.Disturbed()
	s := underImpact(p, t, 2500*time.Millisecond)
	s.Name = "oracle/database-trouble"
	s.Claim = "While the database is slow, and while it is gone, whoever asks for an impact is refused clearly and in time; afterwards all is well by itself."
	s.Faults = []harness.Fault{
		during(t, 0, 2, "slow", harness.OnDatabase, fault.After(250*time.Millisecond)),
		during(t, 1, 2, "gone", harness.OnDatabase, fault.Refuse{Cut: true}),
	}
	return s
}

// lockedTables locks one after the other of the tables that a request reads.
func lockedTables(p profile.Profile) harness.Scenario {
	t := p.Disturbed()
	s := underImpact(p, t, 1500*time.Millisecond)
	s.Name = "oracle/locked-tables"
	s.Claim = "A migration that locks one of the tables which an impact is read from costs each request its statement timeout, and no more."
	s.Faults = []harness.Fault{
		during(t, 0, 2, "projects", harness.OnPostgres, fault.LockTable{Table: "projects"}),
		during(t, 1, 2, "oracles", harness.OnPostgres, fault.LockTable{Table: "oracles"}),
	}
	return s
}

// statesOf are errors with which the database may refuse what a request reads: what
// it says of itself when it is full, starting or kept shut, and what one of many
// transactions meets.
var statesOf = []string{"53300", "57P03", "55000", "40P01", "40001"}

// databaseRefuses has the database answer with one error after the other.
func databaseRefuses(p profile.Profile) harness.Scenario {
	t := p.Disturbed()
	s := underImpact(p, t, 1500*time.Millisecond)
	s.Name = "oracle/database-refuses"
	s.Claim = "Whatever error the database refuses with, for its own state or another transaction's sake, whoever asks for an impact is told to come again."
	for i, code := range statesOf {
		s.Faults = append(s.Faults, during(t, i, len(statesOf), "state-"+strings.ToLower(code), harness.OnDatabase, fault.SQLState{Code: code, On: fault.OnQuery}))
	}
	return s
}
