package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// refusing is twoPhases of a stream whose target may refuse.
func refusing(checks ...verdict.Check) Scenario {
	s := twoPhases(checks...)
	s.Load[0].Refused = load.Refusal()
	return s
}

// half answered, half refused, or all refused.
func refused(phases []result.Phase, one int64) load.Tally {
	c := load.NewCounter("web", "100/s for 2s", phases)
	for i := range int64(200) {
		due := time.Duration(i) * 10 * time.Millisecond
		x := load.Exchange{Stream: "web", N: i, Due: due, Sent: due, End: due + 5*time.Millisecond, Status: 200, Path: "/"}
		if i%one == 0 {
			x.Status, x.Class = 503, load.ClassShedByTarget
		}
		c.Add(x)
	}
	return c.Tally()
}

func TestRefusalsAreCountedApartAndAreNoSuccess(t *testing.T) {
	for _, row := range []struct {
		check verdict.Check
		one   int64
		want  result.Verdict
	}{
		{verdict.Metric("web.refused_ratio").AtMost(verdict.Percent(50)), 2, result.Pass},
		{verdict.Metric("web.refused_ratio").AtMost(verdict.Percent(40)), 2, result.Fail},
		{verdict.Metric("web.refused").Equals(verdict.Count(100)), 2, result.Pass},
		{verdict.Metric("web.errors.shed_by_target").Equals(verdict.Count(100)), 2, result.Pass},
		{verdict.Metric("web.failed").Equals(verdict.Count(0)), 1, result.Pass},
		{verdict.Metric("web.ok_ratio").AtLeast(verdict.Percent(99)), 1, result.Fail},
		{verdict.Metric("web.ok_ratio").AtLeast(verdict.Percent(50)), 2, result.Pass},
		{verdict.Metric("web.latency_ok.max").AtMost(verdict.Duration(time.Second)), 1, result.NotExercised},
	} {
		m := seenWell()
		m.Load.Streams = []load.Tally{refused(m.Load.Phases, row.one)}
		s := refusing(row.check)
		require.NoError(t, s.Validate())
		got := Conclude(s, m).Checks[0]
		require.Equal(t, row.want, got.Verdict, "%s, one in %d refused: %s", row.check, row.one, got.Reason)
	}
}

// That time made a fault late explains too many answers that were expected, whatever the rest of them were;
// too few it explains as far as it took them.
func TestTimeMayExplainTooManyGoodAnswers(t *testing.T) {
	for _, row := range []struct {
		check verdict.Check
		want  result.Verdict
	}{
		{verdict.Metric("web.ok").AtMost(verdict.Count(2)), result.Inconclusive},
		{verdict.Metric("web.ok_ratio").AtMost(verdict.Percent(10)), result.Inconclusive},
		{verdict.Metric("web.ok").AtMost(verdict.Count(100)), result.Pass},
		{verdict.Metric("web.ok").AtLeast(verdict.Count(101)), result.Inconclusive},
		{verdict.Metric("web.ok").AtLeast(verdict.Count(201)), result.Fail},
		{verdict.Metric("web.ok_ratio").AtLeast(verdict.Percent(51)), result.Inconclusive},
	} {
		m := seenWell()
		m.Load.Streams = []load.Tally{refused(m.Load.Phases, 2)}
		got := Conclude(refusing(row.check), m).Checks[0]
		require.NotEqual(t, result.Inconclusive, got.Verdict, "%s: %s", row.check, got.Reason)
		still := result.Validity{Disturbances: []result.Disturbance{{FromS: 0, ToS: 1, Cause: "the harness itself stood still"}}}
		got = verdict.Excused(got, verdict.Window{To: 2 * time.Second}, still)
		require.Equal(t, row.want, got.Verdict, "%s: %s", row.check, got.Reason)
	}
}

// A stream that knows no refusals counts none: a check on them could not fail.
func TestAStreamWithoutRefusalsHasNoSuchMetric(t *testing.T) {
	s := twoPhases(verdict.Metric("web.refused_ratio").AtMost(verdict.Percent(10)))
	require.ErrorContains(t, s.Validate(), `nothing measures "web.refused_ratio": nothing says by which answers web is refused`)
}

func TestTheStepsOfAJourneyHaveMetricsOfTheirOwn(t *testing.T) {
	journey := func(checks ...verdict.Check) Scenario {
		s := twoPhases(checks...)
		s.Load[0].Next = nil
		s.Load[0].Steps = []load.Step{
			{Name: "login", Template: load.Template{Path: "/login"}},
			{Name: "pay", Template: load.Template{Path: "/pay"}, Refused: load.Refusal()},
		}
		return s
	}
	for _, check := range []verdict.Check{
		verdict.Metric("web.login.latency.p99").AtMost(verdict.Duration(time.Second)),
		verdict.Metric("web.login.ok").AtLeast(verdict.Count(1)),
		verdict.Metric("web.pay.errors.timeout").Equals(verdict.Count(0)),
		verdict.Metric("web.pay.refused").Equals(verdict.Count(0)),
		verdict.Metric("web.pay.rate.failed").In(result.Inject).FallsTo(verdict.PerSecond(0), time.Second),
		verdict.Metric("web.refused_ratio").Equals(verdict.Percent(0)),
		verdict.Metric("web.latency.p99").AtMost(verdict.Duration(time.Second)),
	} {
		require.NoError(t, journey(check).Validate())
	}
	for metric, near := range map[string]string{"web.lgoin.latency.p99": "web.login.latency.p99", "web.login.refused": "web.login.", "web.login.rate.planned": "web.login.rate."} {
		require.ErrorContains(t, journey(verdict.Metric(metric).Equals(verdict.Count(0))).Validate(), near)
	}
	step := journey(verdict.Metric("web.pay.ok").AtLeast(verdict.Count(1)))
	m := seenWell()
	paid := answered(m.Load.Phases, 5, time.Millisecond)
	paid.Name, paid.StepOf = "web.pay", "web"
	m.Load.Streams = append(m.Load.Streams, paid)
	got := Conclude(step, m)
	require.Equal(t, result.Pass, got.Checks[0].Verdict, got.Checks[0].Reason)
	for _, e := range got.Evidence {
		require.NotContains(t, e.Name, "web.pay", "nobody planned when a step is due")
	}
}

func TestAFailedCheckShowsAnExample(t *testing.T) {
	m := seenWell()
	tally := answered(m.Load.Phases, 5, time.Millisecond)
	tally.Errors = map[string]int64{"status_500": 7, "timeout": 2, load.ClassShedByTarget: 9}
	tally.Examples = map[string]string{"status_500": "five hundred", "timeout": "too long"}
	step := answered(m.Load.Phases, 5, time.Millisecond)
	step.Name, step.Errors, step.Examples = "web.pay", map[string]int64{"check_json": 1}, map[string]string{"check_json": "json.id is absent"}
	m.Load.Streams = []load.Tally{tally, step}
	for metric, want := range map[string]string{
		"web.failed": "five hundred", "web.ok_ratio": "five hundred", "web.errors.timeout": "too long", "web.latency.p99": "",
		"web.pay.failed": "json.id is absent", "web.pay.errors.timeout": "", "webb.failed": "",
	} {
		require.Equal(t, want, exampleFor(metric, m.Load), metric)
	}
}

// A draft plays an API with {} for an answer: where the target fails, that is named, and
// where it does not nothing is said of it.
func TestAFailedCheckNamesAnswersThatHoldNothing(t *testing.T) {
	s := twoPhases(verdict.Metric("web.failed").Equals(verdict.Count(0)))
	s.World.Dependencies = []Dependency{{Name: "rates", Blank: map[string]string{"any": "f.yaml:18", "unused": "f.yaml:20"}}}
	seen := seenWell().Load
	seen.Streams[0].Errors, seen.Streams[0].Examples = map[string]int64{"status_500": 7}, map[string]string{"status_500": "five hundred"}
	said := func(v result.Verdict, calls map[string]int64) string {
		out := result.Scenario{Calls: calls, Checks: []result.Check{{Metric: "web.failed", Verdict: v}, {Metric: "web.latency.p99", Verdict: result.Fail}}}
		explainBlank(&out, s, seen)
		require.Empty(t, out.Checks[1].Reason, "it did not come late for that")
		return out.Checks[0].Reason
	}
	called := map[string]int64{"rates.any": 12, "rates.unused": 0}
	require.Equal(t, "; rates.any, called 12 times, has {} for an answer (f.yaml:18): if the service needs more than that, write there what it answers", said(result.Fail, called))
	require.Empty(t, said(result.Pass, called))
	require.Empty(t, said(result.Fail, nil), "who was not called has no part in it")
}

// Where a service takes no request of a stream at all, that leads to what was asked; where
// it takes some, or is in want of time, the request is not at fault.
func TestAFailedCheckLeadsToARequestThatNobodyTakes(t *testing.T) {
	s := twoPhases(verdict.Metric("web.failed").Equals(verdict.Count(0)))
	s.Asked = map[string]string{"web": "f.yaml:31"}
	said := func(v result.Verdict, statuses map[string]int64) string {
		seen := seenWell().Load
		o := &seen.Streams[0]
		o.Statuses, o.Completed = statuses, 0
		for status, n := range statuses {
			o.Completed += n
			o.Errors, o.Examples = map[string]int64{"status_" + status: n}, map[string]string{"status_" + status: "GET /"}
		}
		out := result.Scenario{Checks: []result.Check{{Metric: "web.ok_ratio", Verdict: v}, {Metric: "web.latency.p99", Verdict: result.Fail}}}
		explainAsked(&out, s, seen)
		require.Empty(t, out.Checks[1].Reason, "it did not come late for that")
		return out.Checks[0].Reason
	}
	require.Equal(t, "; all 120 answers are 404, so the request itself is at fault: write at f.yaml:31 what the service is asked", said(result.Fail, map[string]int64{"404": 120}))
	require.Empty(t, said(result.Pass, map[string]int64{"404": 120}))
	for _, statuses := range []map[string]int64{{"404": 119, "200": 1}, {"500": 120}, {"429": 120}, {"408": 120}, {}} {
		require.Empty(t, said(result.Fail, statuses), "%v", statuses)
	}
	s.Asked = nil
	require.Empty(t, said(result.Fail, map[string]int64{"404": 120}), "nobody wrote it")
}
