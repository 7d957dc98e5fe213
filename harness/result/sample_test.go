package result_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

func ptr[T any](v T) *T { return &v }

// within is a time on a scenario's clock; see [result.Phase.UnmarshalJSON].
func within(t *rapid.T) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(20*24*time.Hour)).Draw(t, "within"))
}

// anyRun generates runs with every field set to anything that a field may be.
func anyRun() *rapid.Generator[result.Run] {
	verdict := rapid.SampledFrom(append(result.Verdicts(), ""))
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC()
	})
	op := rapid.SampledFrom([]string{"<=", ">=", "==", "<", ">", "falls_to", "between"})
	counts := rapid.MapOfN(rapid.String(), rapid.Int64Min(0), -1, 3)
	texts := rapid.MapOfN(rapid.String(), rapid.String(), -1, 3)
	config := rapid.MakeConfig{
		Types: map[reflect.Type]*rapid.Generator[any]{
			reflect.TypeFor[result.Verdict]():          verdict.AsAny(),
			reflect.TypeFor[result.Outcome]():          rapid.SampledFrom(append(result.Outcomes(), "")).AsAny(),
			reflect.TypeFor[result.AlertExpectation](): rapid.SampledFrom([]result.AlertExpectation{result.AlertFires, result.AlertMay, result.AlertSilent, ""}).AsAny(),
			reflect.TypeFor[time.Time]():               moment.AsAny(),
			reflect.TypeFor[time.Duration]():           rapid.Custom(within).AsAny(),
			reflect.TypeFor[map[string]int64]():        counts.AsAny(),
			reflect.TypeFor[map[string]string]():       texts.AsAny(),
			reflect.TypeFor[[]float64]():               rapid.SliceOfN(rapid.Float64Range(-1e18, 1e18), -1, 4).AsAny(),
			reflect.TypeFor[[]string]():                rapid.SliceOfN(rapid.String(), -1, 3).AsAny(),
		},
		Kinds: map[reflect.Kind]*rapid.Generator[any]{
			reflect.Float64: rapid.Float64Range(-1e18, 1e18).AsAny(),
			reflect.Int64:   rapid.Int64Min(0).AsAny(),
			reflect.Int:     rapid.IntMin(0).AsAny(),
		},
		Fields: map[reflect.Type]map[string]*rapid.Generator[any]{
			reflect.TypeFor[result.Check](): {"Op": op.AsAny()},
			reflect.TypeFor[result.Run]():   {"Schema": rapid.Just(result.Schema).AsAny()},
		},
	}
	fewOf[result.Scenario](config)
	fewOf[result.Detection](config)
	fewOf[result.Gain](config)
	fewOf[result.AlertCell](config)
	fewOf[result.Try](config)
	fewOf[result.Check](config)
	fewOf[result.Stream](config)
	fewOf[result.Fault](config)
	fewOf[result.Series](config)
	fewOf[result.Annotation](config)
	fewOf[result.Request](config)
	fewOf[result.StreamPhase](config)
	fewOf[result.Phase](config)
	fewOf[result.End](config)
	fewOf[result.Curve](config)
	return rapid.MakeCustom[result.Run](config)
}

func encode(t require.TestingT, run *result.Run) []byte {
	var b bytes.Buffer
	require.NoError(t, result.Write(&b, run))
	return b.Bytes()
}

// fullRun has something in every place, for what is clearer by example.
func fullRun(t testing.TB) *result.Run {
	t.Helper()
	q := &result.Quantiles{N: 100, P50: 1, P90: 2, P95: ptr(2.5), P99: 3, P999: 4, Max: 5, Mean: 1.5}
	counts := result.Counts{Planned: 100, Sent: 100, Completed: 99, OK: 98, Errors: map[string]int64{"timeout": 1}, Statuses: map[string]int64{"200": 98},
		SendLagP99MS: ptr(0.4), Latency: q, LatencyOK: q, LatencyFromSend: q}
	check := result.Check{Name: "a ≤ 1 ms", Metric: "a", Op: "<=", Threshold: 1, Value: ptr(0.0), Unit: result.UnitMS, Samples: 9, Verdict: result.Pass, Reason: "a was 0 ms"}
	return &result.Run{
		Schema: result.Schema, ID: "1", Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Seed: 1<<64 - 1, Profile: "smoke", Complete: true, Verdict: result.Pass,
		Scenarios: []result.Scenario{{
			Name: "search/x", Verdict: result.Pass, Checks: []result.Check{check}, Evidence: []result.Check{check},
			Streams: []result.Stream{{Name: "search", Counts: counts, Histograms: result.Histograms{Histogram: "SGRy"}, Heat: &result.Heat{WidthS: 1, Columns: "8:1 -"}, Phases: []result.StreamPhase{{Phase: result.Inject, Counts: counts}}}},
			Faults:  []result.Fault{{ID: "f", Kind: "delay 1ms", On: "database", EndS: ptr(2.0), Fired: 3, Undone: ptr(false)}},
			Series:  []result.Series{{Name: "rss", Unit: result.UnitBytes, T: []float64{0, 1}, V: []float64{0, 5}}},
			Ends:    []result.End{{EndS: ptr(9.0), ExitCode: ptr(0)}},
			Pace:    &result.Pace{Factor: 0.5, FromPerS: 620, ToPerS: 310, Because: "a small machine"},
			Tries:   []result.Try{{Verdict: result.Inconclusive, Reason: "late", Checks: []result.Check{check}, Evidence: []result.Check{check}}},
		}},
	}
}

// fewOf has slices of a type hold two at most. What is nested three deep would
// otherwise be hundreds of each, which shows nothing that two do not.
func fewOf[T any](config rapid.MakeConfig) {
	few := rapid.Deferred(func() *rapid.Generator[[]T] { return rapid.SliceOfN(rapid.MakeCustom[T](config), -1, 2) })
	config.Types[reflect.TypeFor[[]T]()] = few.AsAny()
}
