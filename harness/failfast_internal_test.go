package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// halfWay is what was seen of [twoPhases] in the middle of its second phase: 150
// requests, of which those from the 120th on are under way.
func halfWay(s Scenario) *LoadSeen {
	c := load.NewCounter("web", "100/s for 2s", s.Timeline.Phases())
	for i := range int64(150) {
		due := time.Duration(i) * 10 * time.Millisecond
		status := 200
		if i == 110 {
			status = 500
		}
		x := load.Exchange{Stream: "web", N: i, Due: due, Sent: due, End: due + 5*time.Millisecond, Status: status, Path: "/"}
		if status == 500 {
			x.Class = load.ClassStatus(500)
		}
		c.Add(x)
	}
	return &LoadSeen{Over: 1500 * time.Millisecond, Phases: s.Timeline.until(1500 * time.Millisecond), Streams: []load.Tally{c.Tally()}, Record: probe.Record{}}
}

// A check is lost when nothing that may still come can win it, and no earlier.
func TestWhatIsLostHalfWay(t *testing.T) {
	quick, slow := verdict.Duration(20*time.Millisecond), verdict.Duration(time.Millisecond)
	for _, row := range []struct {
		name  string
		check verdict.Check
		lost  bool
	}{
		{"held so far", verdict.Metric("web.latency.p90").In(result.Baseline).AtMost(quick), false},
		{"missed in a phase that is over", verdict.Metric("web.latency.p90").In(result.Baseline).AtMost(slow), true},
		{"missed so far in a phase that goes on", verdict.Metric("web.latency.p90").In(result.Inject).AtMost(slow), false},
		{"missed so far, in all", verdict.Metric("web.latency.p90").AtMost(slow), false},
		{"what only grows is past its limit", verdict.Metric("web.status.500").Equals(verdict.Count(0)), true},
		{"in a phase that goes on, too", verdict.Metric("web.failed").In(result.Inject).Below(verdict.Count(1)), true},
		{"what only grows is not there yet", verdict.Metric("web.status.500").Equals(verdict.Count(2)), false},
		{"at least so many may still come", verdict.Metric("web.ok").AtLeast(verdict.Count(190)), false},
		{"how it ended is not known yet", verdict.Metric(verdict.UnexpectedEnds).In(result.Baseline).AtLeast(verdict.Count(1)), false},
		{"nor how long the drain takes", verdict.Metric("drain.duration").In(result.Baseline).AtLeast(slow), false},
		{"a phase that has not begun", verdict.Metric("web.failed").In(result.Heal).AtLeast(verdict.Count(1)), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := twoPhases(row.check)
			lost := lostBy(s, halfWay(s), whichever)
			require.Equal(t, row.lost, lost != nil, "%+v", lost)
			if !row.lost {
				return
			}
			m := seenWell()
			m.Load.Streams, m.Load.Phases, m.Load.Lost = halfWay(s).Streams, halfWay(s).Phases, lost
			s.Checks = append(s.Checks, verdict.Metric("web.sent").AtLeast(verdict.Count(200)), verdict.Metric("web.sent").In(result.Baseline).Equals(verdict.Count(100)))
			out := Conclude(s, m)
			require.Equal(t, result.Fail, out.Verdict, out.Reason)
			require.Equal(t, result.Fail, out.Checks[0].Verdict)
			require.Equal(t, result.NotExercised, out.Checks[1].Verdict, "not measured, and no failure")
			require.Nil(t, out.Checks[1].Value)
			require.Equal(t, result.Pass, out.Checks[2].Verdict, "what was over is as it was")
			require.Contains(t, evidenceText(out), "ended early after 1.5")
		})
	}
}

// Of a phase that is over in time some requests may still be under way.
func TestAPhaseIsOverWithItsRequests(t *testing.T) {
	s := twoPhases(verdict.Metric("web.ok_ratio").In(result.Baseline).AtLeast(verdict.Percent(100)))
	c := load.NewCounter("web", "100/s for 2s", s.Timeline.Phases())
	for i := range int64(99) { // of 100
		due := time.Duration(i) * 10 * time.Millisecond
		c.Add(load.Exchange{Stream: "web", N: i, Due: due, Sent: due, End: due + time.Millisecond, Class: load.ClassStatus(500), Status: 500})
	}
	seen := &LoadSeen{Over: 1100 * time.Millisecond, Phases: s.Timeline.until(1100 * time.Millisecond), Streams: []load.Tally{c.Tally()}}
	seen.Streams[0].Phases[0].Planned = 100
	require.Nil(t, lostBy(s, seen, whichever))
}

// whichever check is wanted.
func whichever(verdict.Check) bool { return true }

// Only a check that asks for it ends its scenario by itself.
func TestWhichCheckIsLostIsWhichIsWanted(t *testing.T) {
	errors := verdict.Metric("web.status.500").Equals(verdict.Count(0))
	failed := verdict.Metric("web.failed").Below(verdict.Count(1))
	s := twoPhases(errors, failed.Aborting())
	require.Equal(t, verdict.Name(result.Check{Metric: "web.failed", Op: "<", Threshold: 1, Unit: result.UnitCount}), lostBy(s, halfWay(s), aborts).Check)
	s = twoPhases(errors, failed)
	require.Nil(t, lostBy(s, halfWay(s), aborts))
}

// What nothing can lose before the end is no check to abort on.
func TestWhatCanAbortAScenario(t *testing.T) {
	slow := verdict.Duration(time.Millisecond)
	for _, row := range []struct {
		name  string
		check verdict.Check
		can   bool
	}{
		{"a phase that another follows", verdict.Metric("web.latency.p90").In(result.Baseline).AtMost(slow), true},
		{"the last phase", verdict.Metric("web.latency.p90").In(result.Inject).AtMost(slow), false},
		{"all of it", verdict.Metric("web.latency.p90").AtMost(slow), false},
		{"what only grows", verdict.Metric("web.failed").AtMost(verdict.Count(7)), true},
		{"what only grows, with a lower limit", verdict.Metric("web.ok").AtLeast(verdict.Count(7)), false},
		{"what only grows, against the baseline", verdict.Metric("web.failed").In(result.Inject).AtMostTimes(2), false},
		{"what is known when all is down", verdict.Metric(verdict.UnexpectedEnds).Equals(verdict.Count(0)), false},
		{"what says that nothing was exercised", verdict.Metric("web.failed").AtMost(verdict.Count(7)).OrNotExercised(), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.NoError(t, twoPhases(row.check).Validate())
			err := twoPhases(row.check.Aborting()).Validate()
			if row.can {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "cannot abort the scenario")
			}
		})
	}
}

func evidenceText(out result.Scenario) string {
	text := ""
	for _, e := range out.Evidence {
		text += e.Name + ": " + e.Reason + "\n"
	}
	return text
}
