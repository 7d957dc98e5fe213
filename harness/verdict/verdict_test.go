package verdict_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// registry measures one metric of each kind that a check can meet.
func registry(read verdict.Reading, points ...verdict.Point) *verdict.Registry {
	b := new(verdict.Registry)
	b.Add(verdict.Descriptor{Name: "search.latency.p99", Unit: result.UnitMS, Timed: true, MinSamples: 100},
		verdict.Source{Read: func(verdict.Window) verdict.Reading { return read }})
	b.Add(verdict.Descriptor{Name: "target.rss.max", Unit: result.UnitBytes},
		verdict.Source{Read: func(verdict.Window) verdict.Reading { return read }})
	b.Add(verdict.Descriptor{Name: "queue.oldest.max", Unit: result.UnitSeconds},
		verdict.Source{Read: func(verdict.Window) verdict.Reading { return read }})
	b.Add(verdict.Descriptor{Name: "api.in_flight", Unit: result.UnitCount},
		verdict.Source{
			Read:   func(verdict.Window) verdict.Reading { return read },
			Points: func(verdict.Window) []verdict.Point { return points },
		})
	return b
}

var phases = []result.Phase{
	{Name: result.WarmUp, From: 0 * time.Second, To: 1 * time.Second},
	{Name: result.Baseline, From: 1 * time.Second, To: 5 * time.Second},
	{Name: result.Heal, From: 5 * time.Second, To: 9 * time.Second},
}

func TestJudge(t *testing.T) {
	latency := verdict.Metric("search.latency.p99").AtMost(verdict.Duration(time.Second))
	memory := verdict.Metric("target.rss.max").Below(verdict.Bytes(100e6))
	late := "p99 of the send lag was 250 ms"
	for _, row := range []struct {
		name   string
		check  verdict.Check
		read   verdict.Reading
		late   string
		want   result.Verdict
		reason string
	}{
		{"within the limit", latency, verdict.Reading{Value: 900, Samples: 500}, "", result.Pass, "900"},
		{"at the limit", latency, verdict.Reading{Value: 1000, Samples: 500}, "", result.Pass, "1\u00a0000"},
		{"over the limit", latency, verdict.Reading{Value: 1001, Samples: 500}, "", result.Fail, "1\u00a0001"},
		{"at a limit that must not be reached", memory, verdict.Reading{Value: 100e6, Samples: 9}, "", result.Fail, "100\u00a0MB"},
		{"no samples", latency, verdict.Reading{}, "", result.NotExercised, "no samples"},
		{"nobody waited, so nothing was shown", verdict.Metric("api.in_flight").AtLeast(verdict.Count(1)).OrNotExercised(), verdict.Reading{Samples: 9}, "", result.NotExercised, "limit ≥\u00a01"},
		{"somebody waited", verdict.Metric("api.in_flight").AtLeast(verdict.Count(1)).OrNotExercised(), verdict.Reading{Value: 1, Samples: 9}, "", result.Pass, "limit ≥\u00a01"},
		{"too few for the percentile", latency, verdict.Reading{Value: 5, Samples: 99}, "", result.Inconclusive, "needs 100"},
		{"not a number", memory, verdict.Reading{Value: math.NaN(), Samples: 9}, "", result.Inconclusive, "not a number"},
		{"too slow, but the generator was late", latency, verdict.Reading{Value: 2000, Samples: 500}, late, result.Inconclusive, late},
		{"too old, but the machine was full", verdict.Metric("queue.oldest.max").AtMost(verdict.Quantity{Value: 2, Unit: result.UnitSeconds}), verdict.Reading{Value: 3, Samples: 5}, late, result.Inconclusive, late},
		{"too much memory, whatever the generator did", memory, verdict.Reading{Value: 2e8, Samples: 9}, late, result.Fail, "200\u00a0MB"},
		{"a phase that did not happen", memory.In(result.Inject), verdict.Reading{Value: 1, Samples: 9}, "", result.NotExercised, "did not take place"},
		{"between", verdict.Metric("api.in_flight").Between(verdict.Count(2), verdict.Count(4)), verdict.Reading{Value: 5, Samples: 1}, "", result.Fail, "limit 2 to 4"},
		{"nobody measures it", verdict.Metric("nope").AtMost(verdict.Count(1)), verdict.Reading{}, "", result.Inconclusive, "nothing measured nope"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := registry(row.read).Judge([]verdict.Check{row.check}, phases, result.Validity{TimingInvalid: row.late})
			require.Len(t, got, 1)
			require.Equal(t, row.want, got[0].Verdict, got[0].Reason)
			require.Contains(t, got[0].Reason, row.reason)
			require.True(t, got[0].Primary, "the first check decides unless another is marked")
		})
	}
}

func TestFallsTo(t *testing.T) {
	at := func(seconds, value float64) verdict.Point {
		return verdict.Point{At: time.Duration(seconds * 1e9), Value: value}
	}
	check := verdict.Metric("api.in_flight").In(result.Heal).FallsTo(verdict.Count(0), 2*time.Second)
	for _, row := range []struct {
		name   string
		points []verdict.Point
		want   result.Verdict
		took   float64
	}{
		{"in time", []verdict.Point{at(5, 10), at(6, 3), at(6.5, 0), at(8, 0)}, result.Pass, 1.5},
		{"too late", []verdict.Point{at(5, 10), at(8, 0)}, result.Fail, 3},
		{"down and up again counts from the second fall", []verdict.Point{at(5, 10), at(5.5, 0), at(7.5, 1), at(8, 0)}, result.Fail, 3},
		{"down from the start", []verdict.Point{at(5.2, 0), at(8, 0)}, result.Pass, 0.2},
		{"never", []verdict.Point{at(5, 10), at(8, 1)}, result.Fail, -1},
		{"no samples", nil, result.NotExercised, -1},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := registry(verdict.Reading{}, row.points...).Judge([]verdict.Check{check}, phases, result.Validity{})[0]
			require.Equal(t, row.want, got.Verdict, got.Reason)
			if row.took < 0 {
				require.Nil(t, got.Value, "what was not measured is absent")
				return
			}
			require.InDelta(t, row.took, *got.Value, 1e-9)
		})
	}
}

func TestWhatIsNotMeasuredMaySayWhy(t *testing.T) {
	r := registry(verdict.Reading{})
	r.Lacks("rates.retries", "its route has no key")
	require.ErrorContains(t, r.Validate([]verdict.Check{verdict.Metric("rates.retries").AtMost(verdict.Count(1))}), `nothing measures "rates.retries": its route has no key`)
}

func TestValidateRefusesWhatCouldNeverBeJudged(t *testing.T) {
	for _, row := range []struct {
		name  string
		check verdict.Check
		want  string
	}{
		{"unknown metric, with the nearest", verdict.Metric("search.latency.p9").AtMost(verdict.Duration(1)), `did you mean search.latency.p99?`},
		{"unknown metric like nothing", verdict.Metric("zzzzzzzzzzzz").AtMost(verdict.Count(1)), `nothing measures "zzzzzzzzzzzz"`},
		{"another unit", verdict.Metric("target.rss.max").AtMost(verdict.Count(1)), "its limit is a count (3), and target.rss.max is a size (300MB, 64MiB)"},
		{"no limit", verdict.Metric("target.rss.max"), "has no limit"},
		{"limits the wrong way round", verdict.Metric("api.in_flight").Between(verdict.Count(4), verdict.Count(2)), "upper limit"},
		{"falling without a series", verdict.Metric("target.rss.max").In(result.Heal).FallsTo(verdict.Bytes(1), 1), "series"},
		{"falling without a phase", verdict.Metric("api.in_flight").FallsTo(verdict.Count(0), 1), "phase"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.ErrorContains(t, registry(verdict.Reading{}).Validate([]verdict.Check{row.check}), row.want)
		})
	}
	t.Run("all problems at once", func(t *testing.T) {
		err := registry(verdict.Reading{}).Validate([]verdict.Check{verdict.Metric("a"), verdict.Metric("b")})
		require.ErrorContains(t, err, `"a"`)
		require.ErrorContains(t, err, `"b"`)
	})
	t.Run("a good check", func(t *testing.T) {
		require.NoError(t, registry(verdict.Reading{}).Validate([]verdict.Check{verdict.Metric("target.rss.max").Below(verdict.Bytes(1e8))}))
	})
}

// A value never passes a check and its negation, and never neither.
func TestACheckAndItsNegationNeverAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Float64Range(-1e9, 1e9).Draw(t, "value")
		limit := verdict.Quantity{Value: rapid.Float64Range(-1e9, 1e9).Draw(t, "limit"), Unit: result.UnitBytes}
		m := verdict.Metric("target.rss.max")
		for _, pair := range [][2]verdict.Check{{m.AtMost(limit), m.Above(limit)}, {m.AtLeast(limit), m.Below(limit)}} {
			got := registry(verdict.Reading{Value: value, Samples: 1}).Judge(pair[:], phases, result.Validity{})
			require.NotEqual(t, got[0].Verdict, got[1].Verdict)
		}
	})
}
