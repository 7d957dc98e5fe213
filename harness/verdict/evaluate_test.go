package verdict_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

func TestEvaluate(t *testing.T) {
	late := result.Validity{TimingInvalid: "the generator was late"}
	atMost := result.Check{Metric: "m", Op: "<=", Threshold: 10, Unit: result.UnitCount, MinSamples: 5}
	timed, exercise, both := atMost, atMost, atMost
	timed.Timed, exercise.Exercise = true, true
	both.Timed, both.Exercise = true, true
	fall := result.Check{Metric: "m", Phase: result.Heal, Op: "falls_to", Level: ptr(2.0), LevelUnit: result.UnitCount, Threshold: 3, Unit: result.UnitSeconds}
	timedFall := fall
	timedFall.Timed = true
	for _, row := range []struct {
		name     string
		check    result.Check
		reading  verdict.Reading
		validity result.Validity
		want     result.Verdict
		reason   string
	}{
		{"it holds", atMost, verdict.Reading{Value: 10, Samples: 5}, result.Validity{}, result.Pass, "m was 10, limit ≤\u00a010"},
		{"it does not", atMost, verdict.Reading{Value: 11, Samples: 5}, result.Validity{}, result.Fail, "m was 11, limit ≤\u00a010"},
		{"it holds, on too few samples", atMost, verdict.Reading{Value: 1, Samples: 4}, result.Validity{}, result.Inconclusive, "m rests on 4 samples, it needs 5"},
		{"it does not, on too few", atMost, verdict.Reading{Value: 11, Samples: 4}, result.Validity{}, result.Inconclusive, "needs 5"},
		{"it does not, whatever the others would have been", atMost, verdict.Reading{Value: 20, Samples: 4, Least: ptr(11.0)}, result.Validity{}, result.Fail, "m rests on 4 samples, it needs 5, and whatever the others would have been it was at least 11, limit ≤\u00a010"},
		{"it may hold with the others", atMost, verdict.Reading{Value: 20, Samples: 4, Least: ptr(10.0)}, result.Validity{}, result.Inconclusive, "needs 5"},
		{"too few can be no proof that too little was measured", result.Check{Metric: "m", Op: ">=", Threshold: 10, Unit: result.UnitCount, MinSamples: 5}, verdict.Reading{Value: 3, Samples: 4, Least: ptr(0.0)}, result.Validity{}, result.Inconclusive, "needs 5"},
		{"it does not, whatever the others, and the generator was late", timed, verdict.Reading{Value: 20, Samples: 4, Least: ptr(11.0), FromSend: ptr(9.0)}, late, result.Inconclusive, "the generator was late"},
		{"nor counted from the send", timed, verdict.Reading{Value: 20, Samples: 4, Least: ptr(11.0), FromSend: ptr(10.5)}, late, result.Fail, "at least 11"},
		{"nothing was measured", atMost, verdict.Reading{Value: 1}, result.Validity{}, result.NotExercised, "no samples of m"},
		{"it is no number", atMost, verdict.Reading{Value: math.NaN(), Samples: 5}, result.Validity{}, result.Inconclusive, "m is not a number"},
		{"it is without end", atMost, verdict.Reading{Value: math.Inf(-1), Samples: 5}, result.Validity{}, result.Inconclusive, "m is not a number"},
		{"timed and missed, the generator late", timed, verdict.Reading{Value: 11, Samples: 5}, late, result.Inconclusive, "can't be held against the target: the generator was late"},
		{"timed and held all the same", timed, verdict.Reading{Value: 9, Samples: 5}, late, result.Pass, "m was 9"},
		{"not timed and missed, the generator late", atMost, verdict.Reading{Value: 11, Samples: 5}, late, result.Fail, "m was 11"},
		{"the experiment did not do what it is about", exercise, verdict.Reading{Value: 11, Samples: 5}, result.Validity{}, result.NotExercised, "m was 11"},
		{"nor can that be known", both, verdict.Reading{Value: 11, Samples: 5}, late, result.Inconclusive, "the generator was late"},
		{"it fell in time", fall, verdict.Reading{Value: 3, Samples: 9}, result.Validity{}, result.Pass, "m fell to 2 after 3\u00a0s, allowed 3\u00a0s"},
		{"it fell too late", fall, verdict.Reading{Value: 3.5, Samples: 9}, result.Validity{}, result.Fail, "after 3.5\u00a0s"},
		{"it never fell", fall, verdict.Reading{Value: 7, Samples: 9, Never: true}, result.Validity{}, result.Fail, "m was still 7 at the end of heal, it should have fallen to 2 within 3\u00a0s"},
		{"it never fell, and the generator was late", timedFall, verdict.Reading{Value: 7, Samples: 9, Never: true}, late, result.Inconclusive, "still 7"},
		{"an operator of a later version", result.Check{Metric: "m", Op: "~", Unit: result.UnitCount}, verdict.Reading{Value: 1, Samples: 1}, result.Validity{}, result.Fail, "limit ~"},
		{"between without an upper limit", result.Check{Metric: "m", Op: "between", Unit: result.UnitCount}, verdict.Reading{Value: 1, Samples: 1}, result.Validity{}, result.Fail, "limit from 0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := verdict.Evaluate(row.check, row.reading, verdict.Window{}, row.validity)
			require.Equal(t, row.want, got.Verdict, got.Reason)
			require.Contains(t, got.Reason, row.reason)
			require.Equal(t, row.reading.Samples, got.Samples)
		})
	}
}

// Judged once more by what is recorded of it, a check is what it was.
func TestWhatIsRecordedIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := result.Check{
			Metric: "m", Phase: result.Heal, Unit: result.UnitCount, Threshold: float64(rapid.IntRange(0, 5).Draw(t, "limit")), Upper: ptr(4.0), Level: ptr(1.0),
			Op:    rapid.SampledFrom([]string{"<=", ">=", "==", "<", ">", "between", "falls_to"}).Draw(t, "op"),
			Timed: rapid.Bool().Draw(t, "timed"), Exercise: rapid.Bool().Draw(t, "exercise"), MinSamples: rapid.Int64Range(0, 3).Draw(t, "needs"),
		}
		v := result.Validity{TimingInvalid: rapid.SampledFrom([]string{"", "late"}).Draw(t, "validity")}
		if rapid.Bool().Draw(t, "disturbed") {
			v.Disturbances = []result.Disturbance{{FromS: 1, ToS: 2, Cause: "a neighbour"}}
		}
		w := verdict.Window{To: time.Duration(rapid.IntRange(0, 4).Draw(t, "to")) * time.Second}
		r := verdict.Reading{Value: float64(rapid.IntRange(0, 5).Draw(t, "value")), Samples: rapid.Int64Range(0, 4).Draw(t, "samples")}
		r.Never = c.Op == "falls_to" && rapid.Bool().Draw(t, "never")
		for _, at := range []**float64{&r.Regardless, &r.Most, &r.FromSend, &r.Least} {
			if c.Op != "falls_to" && rapid.Bool().Draw(t, "known") {
				*at = ptr(float64(rapid.IntRange(0, 5).Draw(t, "at best")))
			}
		}
		once := verdict.Evaluate(c, r, w, v)
		recorded, ok := verdict.Recorded(once)
		require.Equal(t, r.Samples > 0, ok)
		if ok {
			twice := verdict.Evaluate(once, recorded, w, v)
			require.Equal(t, once.Verdict, twice.Verdict)
			require.Equal(t, once.Value, twice.Value)
		}
	})
}

func TestFall(t *testing.T) {
	points := func(values ...float64) (list []verdict.Point) {
		for i, v := range values {
			list = append(list, verdict.Point{At: time.Duration(10+i) * time.Second, Value: v})
		}
		return list
	}
	nan := math.NaN()
	for _, row := range []struct {
		name   string
		points []verdict.Point
		want   verdict.Reading
	}{
		{"no samples", nil, verdict.Reading{}},
		{"at once", points(0, 0), verdict.Reading{Value: 0, Samples: 2}},
		{"after two seconds", points(5, 4, 1, 0), verdict.Reading{Value: 2, Samples: 4}},
		{"up again", points(5, 0, 3, 1), verdict.Reading{Value: 3, Samples: 4}},
		{"at the level is down", points(5, 1), verdict.Reading{Value: 1, Samples: 2}},
		{"never", points(5, 0, 3), verdict.Reading{Value: 3, Samples: 3, Never: true}},
		{"what is no number is not down", points(5, nan, 1), verdict.Reading{Value: 2, Samples: 3}},
	} {
		t.Run(row.name, func(t *testing.T) { require.Equal(t, row.want, verdict.Fall(row.points, 10*time.Second, 1)) })
	}
	require.True(t, verdict.Fall(points(5, nan), 0, 1).Never, "it is not seen to have fallen")
}

func TestWhatWasNotShownHasNoReading(t *testing.T) {
	for name, c := range map[string]result.Check{
		"no phase":         {Op: "<=", Verdict: result.NotExercised},
		"no number":        {Op: "<=", Samples: 5, Verdict: result.Inconclusive},
		"no series at all": {Op: "falls_to", Verdict: result.NotExercised},
	} {
		_, ok := verdict.Recorded(c)
		require.False(t, ok, name)
	}
	require.Empty(t, verdict.Finding(result.Check{Metric: "m", Op: "<="}), "without a value there is no finding")
}

func TestWhyTimingIsInvalid(t *testing.T) {
	require.Empty(t, verdict.GeneratorLate([]result.Stream{{Counts: result.Counts{Planned: 100, Late: 1, SendLagP99MS: ptr(50.0)}}}), "at the bounds it is valid")
	require.Equal(t, "stream a was sent late (p99 of the send lag 51\u00a0ms, limit 50\u00a0ms)",
		verdict.GeneratorLate([]result.Stream{{Name: "a", Counts: result.Counts{Planned: 100, SendLagP99MS: ptr(51.0)}}}))
	require.Equal(t, "the generator was too far behind to send 2 of stream a's 100 requests",
		verdict.GeneratorLate([]result.Stream{{Name: "a", Counts: result.Counts{Planned: 100, Late: 2}}}))

	phases := []result.Phase{{Name: result.WarmUp}, {Name: result.Inject}, {Name: result.Drain}, {Name: result.Verify}}
	busyIn := func(name string, mean float64) func(result.Phase) (float64, bool) {
		return func(p result.Phase) (float64, bool) { return mean, p.Name == name }
	}
	require.Equal(t, "the machine was saturated (its processors were busy 97\u00a0% of inject, limit 90\u00a0%)", verdict.MachineFull(phases, busyIn(result.Inject, 0.97)))
	require.Empty(t, verdict.MachineFull(phases, busyIn(result.Inject, 0.9)), "at the bound it is not")
	for _, name := range []string{result.WarmUp, result.Drain, result.Verify} {
		require.Empty(t, verdict.MachineFull(phases, busyIn(name, 1)), "%s is not judged in time", name)
	}
	require.Equal(t, "a; b", verdict.Together("a", "", "b"))
	require.Empty(t, verdict.Together("", ""))
}

func TestPercentiles(t *testing.T) {
	require.Equal(t, []int64{2, 10, 20, 100, 1000, 10000}, []int64{
		verdict.SamplesFor(50), verdict.SamplesFor(90), verdict.SamplesFor(95), verdict.SamplesFor(99), verdict.SamplesFor(99.9), verdict.SamplesFor(99.99)})
	q := &result.Quantiles{N: 7, P50: 1, P90: 2, P95: new(2.5), P99: 3, P999: 4, Max: 5, Mean: 6}
	var got []float64
	var names []string
	for _, p := range verdict.Percentiles() {
		r := p.Read(q)
		require.Equal(t, int64(7), r.Samples)
		require.Zero(t, p.Read(nil))
		require.Zero(t, p.Read(&result.Quantiles{P50: 1}), "no request, no latency")
		got, names = append(got, r.Value), append(names, p.Name)
	}
	require.Equal(t, []float64{1, 2, 2.5, 3, 4, 5, 6}, got)
	require.Equal(t, "p50 p90 p95 p99 p99_9 max mean", strings.Join(names, " "))
	_, ok := verdict.PercentileOf("p97")
	require.False(t, ok)
	p95, ok := verdict.PercentileOf("p95")
	require.True(t, ok)
	require.Zero(t, p95.Read(&result.Quantiles{N: 7, P90: 2, P99: 3}), "a file of an older version does not have it: that is not 0 ms")
}

func TestWindowOf(t *testing.T) {
	all, ok := verdict.WindowOf(append(phases, result.Phase{Name: result.Drain, From: 9 * time.Second, To: 11 * time.Second}, result.Phase{Name: result.Verify, From: 11 * time.Second, To: 12 * time.Second}), "")
	require.True(t, ok)
	require.Equal(t, verdict.Window{From: time.Second, To: 11 * time.Second}, all, "all but the warm-up and the verification")
	one, ok := verdict.WindowOf(phases, result.Heal)
	require.True(t, ok)
	require.Equal(t, verdict.Window{Phase: result.Heal, From: 5 * time.Second, To: 9 * time.Second}, one)
	_, ok = verdict.WindowOf(phases, result.Inject)
	require.False(t, ok)
	_, ok = verdict.WindowOf(phases[:1], "")
	require.False(t, ok, "a warm-up alone is nothing to judge")
}
