package chart

import (
	"math"
	"slices"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// roundSteps are the steps that people read easily, of every size that matters.
func roundSteps() (all []float64) {
	for power := -9; power <= 15; power++ {
		for _, m := range []float64{1, 2, 2.5, 5} {
			all = append(all, m*math.Pow(10, float64(power)))
		}
	}
	return all
}

func TestStepsAreRound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := math.Pow(10, rapid.Float64Range(-6, 12).Draw(rt, "power"))
		up, near := roundUp(v), roundNear(v)
		closest, next := math.Inf(1), math.Inf(1)
		for _, r := range roundSteps() {
			closest = min(closest, max(r/v, v/r))
			if r >= v*0.999 {
				next = min(next, r)
			}
		}
		require.InEpsilon(rt, next, up, 1e-9, "the next round number after %v", v)
		require.InEpsilon(rt, closest, max(near/v, v/near), 2e-3, "%v is not the round number nearest to %v", near, v)
	})
	for _, odd := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		require.EqualValues(t, 1, roundUp(odd), "a step must be one")
	}
}

func TestMomentsOnTheAxisAreEvenlyApart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		from := rapid.Float64Range(0, 1e4).Draw(rt, "from")
		s := Span{from, from + rapid.Float64Range(0.5, 90_000).Draw(rt, "length")}
		at := timeTicks(s)
		require.NotEmpty(rt, at)
		require.LessOrEqual(rt, len(at), 16, "none has room")
		step := math.Inf(1)
		for i := 1; i < len(at); i++ {
			step = min(step, at[i]-at[i-1])
		}
		for i, v := range at {
			require.GreaterOrEqual(rt, v, s.From)
			require.LessOrEqual(rt, v, s.To*(1+1e-9))
			require.True(rt, i == 0 || math.Abs(at[i]-at[i-1]-step) < 1e-6*step, "%v", at)
		}
	})
}

func TestAQuantileIsFoundAgainOnTheAxis(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := 1 - math.Pow(10, -rapid.Float64Range(math.Log10(2), 7).Draw(rt, "nines"))
		require.InDelta(rt, q, unstretch(Stretch(q)), 1e-9)
		more := q + (1-q)*rapid.Float64Range(0.01, 0.99).Draw(rt, "more")
		require.Greater(rt, Stretch(more), Stretch(q))
	})
}

// The curve of a histogram is that of its samples, sorted.
func TestACurveIsThatOfTheSamples(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.SampledFrom([]int{1, 2, 3, 10, 99, 400}).Draw(rt, "size")
		samples := rapid.SliceOfN(rapid.Int64Range(1, 1e7), size, size).Draw(rt, "microseconds")
		h := hdr.NewPacked(1, 60_000_000, 3)
		for _, v := range samples {
			require.NoError(rt, h.RecordValue(v))
		}
		slices.Sort(samples)
		n := float64(len(samples))
		points := Quantiles(h)
		require.NotEmpty(rt, points)
		for i, p := range points {
			require.True(rt, i == 0 || p.Q > points[i-1].Q && p.MS >= points[i-1].MS, "%v", points)
			require.True(rt, p.Q >= 0.5 && p.Q <= max(0.5, 1-1/n)+1e-9, "%v of %v samples is an invention", p.Q, n)
			rank := p.Q * n // a sample on either side of it, as far as the histogram tells them apart
			low, high := samples[max(int(rank)-1, 0)], samples[min(int(rank)+1, len(samples)-1)]
			require.GreaterOrEqual(rt, p.MS*1000, float64(low)*0.998)
			require.LessOrEqual(rt, p.MS*1000, float64(high)*1.002+1)
		}
	})
	require.Empty(t, Quantiles(hdr.NewPacked(1, 100, 3)))
}

func TestLinesBesideEachOtherCanBeToldApart(t *testing.T) {
	seen := map[Style]bool{}
	for n := range MaxLines {
		require.False(t, seen[Cycle(n)], "line %d looks like another", n)
		seen[Cycle(n)] = true
	}
	require.Equal(t, Cycle(0), Cycle(MaxLines), "there is always a style")
}

// A trend of anything stays on its square, and each mark within the picture.
func TestATrendStaysInItsPicture(t *testing.T) {
	odd := rapid.SampledFrom([]float64{0, -1, 1, 3.5, 1e-300, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)})
	rapid.Check(t, func(rt *rapid.T) {
		tr := Trend{Runs: rapid.IntRange(0, 6).Draw(rt, "runs")}
		for at := range tr.Runs {
			if !rapid.Bool().Draw(rt, "has it") {
				continue
			}
			p := TrendPoint{At: at, Limit: odd.Draw(rt, "limit")}
			if rapid.Bool().Draw(rt, "measured") {
				v := odd.Draw(rt, "value")
				p.Value = &v
			}
			p.Mark = rapid.SampledFrom([]string{"", "✕"}).Draw(rt, "mark")
			tr.Points = append(tr.Points, p)
		}
		s := tr.Draw()
		for _, m := range s.Marks {
			require.True(rt, m.Y >= 8 && m.Y <= sparkHeight-8, "%+v", m)
		}
		text := render(t, "trend", s)
		wellFormed(rt, text)
		require.NotContains(rt, text, "NaN")
		require.NotContains(rt, text, "Inf")
	})
}
