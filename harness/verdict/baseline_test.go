package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// relative judges a check on a.p99 that is held against the baseline.
func relative(c verdict.Check, before, after verdict.Reading) result.Check {
	b := new(verdict.Registry)
	b.Add(verdict.Descriptor{Name: "a.p99", Unit: result.UnitMS, MinSamples: 100}, verdict.Source{Read: func(w verdict.Window) verdict.Reading {
		if w.Phase == result.Baseline {
			return before
		}
		return after
	}})
	return b.Judge([]verdict.Check{c}, phases, result.Validity{})[0]
}

func TestALimitMayDependOnTheBaseline(t *testing.T) {
	of := func(v float64, n int64) verdict.Reading { return verdict.Reading{Value: v, Samples: n} }
	c := verdict.Metric("a.p99").In(result.Heal).AtMostTimes(1.5)
	for _, row := range []struct {
		name          string
		before, after verdict.Reading
		check         verdict.Check
		want          result.Verdict
		says          string
	}{
		{"within", of(40, 100), of(60, 100), c, result.Pass, "a.p99 was 60\u00a0ms in heal, limit ≤\u00a060\u00a0ms (1.5× baseline 40\u00a0ms)"},
		{"beyond", of(40, 100), of(61, 100), c, result.Fail, "a.p99 was 61\u00a0ms in heal, limit ≤\u00a060\u00a0ms (1.5× baseline 40\u00a0ms)"},
		{"at least", of(40, 100), of(19, 100), verdict.Metric("a.p99").In(result.Heal).AtLeastTimes(0.5), result.Fail, "limit ≥\u00a020\u00a0ms (0.5× baseline 40\u00a0ms)"},
		{"too few before", of(40, 99), of(10, 100), c, result.Inconclusive, "a.p99 rests on 99 samples in the baseline, it needs 100 to be held against"},
		{"too few after", of(40, 100), of(10, 99), c, result.Inconclusive, "it needs 100"},
		{"nothing before", of(0, 0), of(10, 100), c, result.Inconclusive, "was not measured in the baseline"},
		{"nothing after", of(40, 100), of(0, 0), c, result.NotExercised, "no samples of a.p99 in heal"},
		{"0 before", of(0, 100), of(0, 100), c, result.Inconclusive, "a.p99 was 0 in the baseline, and 1.5× of nothing is no limit"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := relative(row.check, row.before, row.after)
			require.Equal(t, row.want, got.Verdict, got.Reason)
			require.Contains(t, got.Reason, row.says)
			require.Equal(t, "a.p99 in heal "+verdict.Op(got.Op).Sign()+"\u00a0"+result.Format(got.Times, result.UnitFraction)+" baseline", got.Name)
			if r, ok := verdict.Recorded(got); ok { // judged again from what is written down
				again := verdict.Evaluate(got, r, verdict.Window{}, result.Validity{})
				require.Equal(t, got, again)
			}
		})
	}
}

func TestWhatCannotFailIsRefused(t *testing.T) {
	b := new(verdict.Registry)
	read := verdict.Source{Read: func(verdict.Window) verdict.Reading { return verdict.Reading{} }, Points: func(verdict.Window) []verdict.Point { return nil }}
	for name, unit := range map[string]string{"n": result.UnitCount, "r": result.UnitRatio, "t": result.UnitMS, "b": result.UnitBytes} {
		b.Add(verdict.Descriptor{Name: name, Unit: unit}, read)
	}
	b.Add(verdict.Descriptor{Name: "whole", Unit: result.UnitMS, Whole: true}, read)
	b.Add(verdict.Descriptor{Name: "balance", Unit: result.UnitCount, Unbounded: true}, read)
	b.Add(verdict.Descriptor{Name: "old", Unit: result.UnitSeconds}, read)
	b.Add(verdict.Descriptor{Name: "series", Unit: result.UnitCount}, verdict.Source{Points: read.Points})
	for text, want := range map[string]string{
		"n >= 0": "it can't fail: n is never less than 0", "n > -1": "it can't fail", "r >= 0%": "it can't fail: r is always from 0 to 100 %", "r <= 100%": "it can't fail",
		"r between 0% and 100%": "it can't fail", "t >= 0ms": "it can't fail", "r < 101%": "it can't fail", "r falls to 100% within 1s in heal": "it can't fail",
		"n < 0": "it can't hold", "r > 100%": "it can't hold", "n == -1": "it can't hold", "b <= -1B": "it can't hold", "r >= 101%": "it can't hold", "n between -2 and -1": "it can't hold",
		"n <= 3ms": "its limit is a time (900ms, 2.2s), and n is a count (3)", "r <= 1": "its limit is a count (3), and r is a share (99%)", "n between 1 and 5%": "its upper limit is a share",
		"n between 5 and 1": "its upper limit is below the lower one", "nn <= 1": `nothing measures "nn", did you mean n?`, "series <= 1": "say which of it, for example series.max",
		"t in heal <= 2 x baseline": "", "t <= 2 x baseline": "say which phase", "t in baseline <= 2 x baseline": "say which phase", "whole in heal <= 2 x baseline": "has no baseline", "series in heal <= 2 x baseline": "series over time",
		"n >= 1": "", "n <= 0": "", "n < 1": "", "r >= 99%": "", "r < 100%": "", "balance >= 0": "", "old <= 2s": "", "n between 0 and 5": "",
	} {
		c, err := verdict.ParseCheck(text)
		require.NoError(t, err)
		if err := b.Validate([]verdict.Check{c}); want == "" {
			require.NoError(t, err, text)
		} else {
			require.ErrorContains(t, err, want, text)
		}
	}
}

func TestALimitInMillisecondsIsHeldAgainstSeconds(t *testing.T) {
	b := new(verdict.Registry)
	b.Add(verdict.Descriptor{Name: "old", Unit: result.UnitSeconds}, verdict.Source{Read: func(verdict.Window) verdict.Reading { return verdict.Reading{Value: 3, Samples: 1} }})
	got := b.Judge([]verdict.Check{verdict.Metric("old").AtMost(verdict.Duration(2 * time.Second))}, phases, result.Validity{})[0]
	require.Equal(t, []any{result.Fail, 2.0, "s"}, []any{got.Verdict, got.Threshold, got.Unit})
}
