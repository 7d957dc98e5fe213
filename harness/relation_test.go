package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// twoStreams is a scenario of two streams whose latencies are held against each other.
func twoStreams(relations []Relation, checks ...verdict.Check) Scenario {
	s := twoPhases(checks...)
	plain := s.Load[0]
	plain.Name = "plain"
	s.Load = append(s.Load, plain)
	s.Relations = relations
	return s
}

// answeredAfter is what was seen of them.
func answeredAfter(web, plain time.Duration, n int64) Measurement {
	m := seenWell()
	other := answered(m.Load.Phases, n, plain)
	other.Name = "plain"
	m.Load.Streams = []load.Tally{answered(m.Load.Phases, 200, web), other}
	return m
}

func TestARelationIsOneMetricDividedByAnother(t *testing.T) {
	t.Parallel()
	relations := []Relation{{Name: "web.times", Of: "web.latency.p99", To: "plain.latency.p99"}}
	s := twoStreams(relations, verdict.Metric("web.times").AtMost(verdict.Times(5)))
	require.NoError(t, s.Validate())
	for name, of := range map[string]struct {
		web, plain time.Duration
		n          int64
		want       result.Verdict
	}{
		"below its limit":                  {8 * time.Millisecond, 2 * time.Millisecond, 200, result.Pass},
		"above it":                         {12 * time.Millisecond, 2 * time.Millisecond, 200, result.Fail},
		"both ten times as slow":           {80 * time.Millisecond, 20 * time.Millisecond, 200, result.Pass},
		"too few samples of what it is to": {8 * time.Millisecond, 2 * time.Millisecond, 50, result.Inconclusive},
		"none of that":                     {8 * time.Millisecond, 2 * time.Millisecond, 0, result.NotExercised},
	} {
		t.Run(name, func(t *testing.T) {
			got := Conclude(s, answeredAfter(of.web, of.plain, of.n)).Checks[0]
			require.Equal(t, of.want, got.Verdict, got.Reason)
		})
	}
}

// A want of time may be why a relation between times is missed, as with any of them.
func TestARelationBetweenTimesIsExcusedAsTheyAre(t *testing.T) {
	t.Parallel()
	s := twoStreams([]Relation{
		{Name: "of-times", Of: "web.latency.p99", To: "plain.latency.p99"},
		{Name: "of-counts", Of: "web.wrong", To: "plain.wrong"},
	}, verdict.Metric("of-times").AtMost(verdict.Times(5)))
	known := registry(s, Measurement{})
	require.True(t, known.Descriptor("of-times").OfTime())
	require.False(t, known.Descriptor("of-counts").OfTime())
}

func TestARelationThatMeansNothingIsRefused(t *testing.T) {
	t.Parallel()
	for want, rel := range map[string]Relation{
		`relation r: nothing measures "web.latency.p98", did you mean web.latency.p90?`: {Name: "r", Of: "web.latency.p98", To: "plain.latency.p99"},
		`relation r: web.latency.p99 and plain.sent are not of one unit`:                {Name: "r", Of: "web.latency.p99", To: "plain.sent"},
		`a relation is called "web.sent": it needs a name that no other metric has`:     {Name: "web.sent", Of: "web.sent", To: "plain.sent"},
		`a relation is called "": it needs a name that no other metric has`:             {Of: "web.sent", To: "plain.sent"},
	} {
		err := twoStreams([]Relation{rel}, verdict.Metric("web.failed").Equals(verdict.Count(0))).Validate()
		require.ErrorContains(t, err, want)
	}
	twice := Relation{Name: "r", Of: "web.sent", To: "plain.sent"}
	err := twoStreams([]Relation{twice, twice}, verdict.Metric("web.failed").Equals(verdict.Count(0))).Validate()
	require.ErrorContains(t, err, `a relation is called "r"`)
}
