package load_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

var fourPhases = []result.Phase{
	{Name: result.WarmUp, To: time.Second}, {Name: result.Baseline, From: time.Second, To: 3 * time.Second},
	{Name: result.Inject, From: 3 * time.Second, To: 6 * time.Second}, {Name: result.Heal, From: 6 * time.Second, To: 8 * time.Second},
}

// drawExchanges are requests of one stream, some of them due outside of all phases.
func drawExchanges(t *rapid.T) []load.Exchange {
	n := int64(-1)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) load.Exchange {
		n++
		x := load.Exchange{Stream: "search", N: n, Path: "/search?q=a", Status: 200}
		x.Due = time.Duration(rapid.Int64Range(0, int64(10*time.Second)).Draw(t, "due"))
		x.Sent = x.Due + time.Duration(rapid.Int64Range(0, int64(50*ms)).Draw(t, "lag"))
		x.End = x.Sent + time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "took"))
		switch rapid.IntRange(0, 9).Draw(t, "fate") {
		case 0:
			x.Status, x.Class = 0, load.ClassTimeout
		case 1:
			x.Status, x.Class = 503, load.ClassShedByTarget
		case 2:
			x.Unplanned, x.Due = true, x.Sent
		}
		return x
	}), 0, 60).Draw(t, "requests")
}

func count(exchanges ...load.Exchange) load.Tally {
	return load.Count("search", "200/s for 10s", fourPhases, slices.Values(exchanges))
}

func text(t require.TestingT, tally load.Tally) string {
	data, err := json.Marshal(tally)
	require.NoError(t, err)
	return string(data)
}

func merged(t require.TestingT, a, b load.Tally) load.Tally {
	m, err := load.Merge(a, b)
	require.NoError(t, err)
	return m
}

// TestMergedPartsAreTheWhole, however a load is divided and in whatever order its
// parts come.
func TestMergedPartsAreTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawExchanges(t)
		var parts [3][]load.Exchange
		for _, x := range all {
			i := rapid.IntRange(0, 2).Draw(t, "part")
			parts[i] = append(parts[i], x)
		}
		a, b, c := count(parts[0]...), count(parts[1]...), count(parts[2]...)
		whole, ab := text(t, count(all...)), merged(t, a, b)
		require.JSONEq(t, whole, text(t, merged(t, ab, c)))
		require.JSONEq(t, whole, text(t, merged(t, a, merged(t, b, c))), "associative")
		require.JSONEq(t, text(t, ab), text(t, merged(t, b, a)), "commutative")
	})
}

func TestAPartWithoutRequestsChangesNothing(t *testing.T) {
	all := []load.Exchange{{N: 3, Sent: time.Second, Due: time.Second, End: 2 * time.Second, Status: 200}}
	require.JSONEq(t, text(t, count(all...)), text(t, merged(t, count(all...), count())))
	require.JSONEq(t, text(t, count(all...)), text(t, merged(t, count(), count(all...))))
}

// TestATallyIsReadBackAsItWas, also to be merged and asked for other percentiles.
func TestATallyIsReadBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawExchanges(t)
		was := count(all...)
		was.Problem = errors.New("the path is wrong")
		was.Series = []result.Series{{Name: "search.rate.sent", Unit: result.UnitPerS, T: []float64{0.5}, V: []float64{2}}}
		share := 0.25
		was.Health.CPUShare = &share
		var back load.Tally
		require.NoError(t, json.Unmarshal([]byte(text(t, was)), &back))
		require.JSONEq(t, text(t, was), text(t, back))
		require.Equal(t, was.Health, back.Health)
		require.Equal(t, was.During(result.Inject, result.Heal), back.During(result.Inject, result.Heal))
		for n := range int64(len(all)) {
			require.Equal(t, was.Answered(n), back.Answered(n))
		}
		other := count(drawExchanges(t)...)
		require.JSONEq(t, text(t, merged(t, was, other)), text(t, merged(t, back, other)))
	})
}

// TestAnyPercentileOfAnyPhases can be had of a result's stream.
func TestAnyPercentileOfAnyPhases(t *testing.T) {
	var all []load.Exchange
	add := func(from time.Duration, n int, took time.Duration) {
		for range n {
			all = append(all, load.Exchange{N: int64(len(all)), Due: from, Sent: from, End: from + took, Status: 200})
		}
	}
	add(2*time.Second, 90, 10*ms)
	add(4*time.Second, 5, 100*ms)
	add(7*time.Second, 5, 200*ms)
	add(9*time.Second, 1, time.Second) // in no phase
	tally, err := load.TallyOf(count(all...).Stream)
	require.NoError(t, err)
	for _, row := range []struct {
		p       float64
		phases  []string
		want    float64
		samples int64
	}{
		{85, []string{result.Baseline, result.Inject, result.Heal}, 10, 100},
		{93, []string{result.Baseline, result.Inject, result.Heal}, 100, 100},
		{97, []string{result.Baseline, result.Inject, result.Heal}, 200, 100},
		{50, []string{result.Inject}, 100, 5},
		{100, nil, 1000, 101},
		{50, []string{result.WarmUp}, 0, 0},
		{50, []string{"nowhere"}, 0, 0},
	} {
		got, n := tally.Percentile(row.p, row.phases...)
		require.InDelta(t, row.want, got, row.want*0.002, "p%v of %v", row.p, row.phases)
		require.Equal(t, row.samples, n)
	}
}

func TestWhatWasNotPlannedHasNoLatencyFromThePlan(t *testing.T) {
	tally := count(load.Exchange{Due: 2 * time.Second, Sent: 2 * time.Second, End: 3 * time.Second, Unplanned: true, Status: 200})
	require.Nil(t, tally.Latency)
	require.Nil(t, tally.LatencyOK)
	require.Nil(t, tally.SendLagP99MS)
	require.EqualValues(t, 1, tally.LatencyFromSend.N)
	require.EqualValues(t, 1, tally.During(result.Baseline).OK)
}

func TestOnlyPartsOfOneStreamAreMerged(t *testing.T) {
	other := load.Count("impact", "", fourPhases, slices.Values([]load.Exchange{}))
	_, err := load.Merge(count(), other)
	require.ErrorContains(t, err, "different streams")
	short := load.Count("search", "", fourPhases[:2], slices.Values([]load.Exchange{}))
	_, err = load.Merge(count(), short)
	require.ErrorContains(t, err, "phases differ")
}

func TestMergedPartsNameTheirShapes(t *testing.T) {
	shaped := func(shape string) load.Tally {
		return load.Count("search", shape, nil, slices.Values([]load.Exchange{}))
	}
	m := merged(t, merged(t, shaped("20/s for 1s"), shaped("10/s for 1s")), shaped("20/s for 1s"))
	require.Equal(t, "10/s for 1s and 20/s for 1s", m.Shape)
}

func TestATallyThatContradictsItselfIsRefused(t *testing.T) {
	good := count(load.Exchange{Due: 2 * time.Second, Sent: 2 * time.Second, End: 3 * time.Second, Status: 200})
	for _, row := range []struct {
		name   string
		change func(*result.Stream)
		says   string
	}{
		{"other quantiles", func(s *result.Stream) { s.Latency.N++ }, "as many requests"},
		{"no quantiles", func(s *result.Stream) { s.Latency = nil }, "as many requests"},
		{"no histogram", func(s *result.Stream) { s.Histogram = "AAAA" }, "read a histogram"},
		{"in a phase", func(s *result.Stream) { s.Phases[1].Histogram = "AAAA" }, "baseline"},
		{"a status in words", func(s *result.Stream) { s.Statuses = map[string]int64{"fine": 1} }, `"fine"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			var copied load.Tally
			require.NoError(t, json.Unmarshal([]byte(text(t, good)), &copied))
			row.change(&copied.Stream)
			_, err := load.TallyOf(copied.Stream)
			require.ErrorContains(t, err, row.says)
			require.Error(t, json.Unmarshal([]byte(text(t, copied)), new(load.Tally)))
		})
	}
	require.ErrorContains(t, json.Unmarshal([]byte(`{"name": "search", "answered": "AAAA"}`), new(load.Tally)), "64 bits")
}

// TestAnOldFileHasNoLatenciesByPhase, and does not invent them: a percentile of a
// phase rests on no samples then.
func TestAnOldFileHasNoLatenciesByPhase(t *testing.T) {
	s := count(load.Exchange{Due: 2 * time.Second, Sent: 2 * time.Second, End: 3 * time.Second, Status: 200}).Stream
	s.Phases[1].Histograms = result.Histograms{}
	tally, err := load.TallyOf(s)
	require.NoError(t, err)
	_, n := tally.Percentile(99, result.Baseline)
	require.Zero(t, n)
	_, n = tally.Percentile(99)
	require.EqualValues(t, 1, n)
}

func FuzzReadTally(f *testing.F) {
	f.Add([]byte(text(f, count(load.Exchange{End: time.Second, Status: 200}))))
	f.Add([]byte(`{"name": "search", "phases": [{"phase": "inject"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var tally load.Tally
		if json.Unmarshal(data, &tally) != nil {
			return
		}
		_, _ = tally.Percentile(99, result.Inject)
		_, err := load.Merge(tally, tally)
		require.NoError(t, err)
	})
}
