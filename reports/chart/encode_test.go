package chart

import (
	"math"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// decode reads a path back as a script does: see report.js.
func decode(t testing.TB, e Encoded) (at, values []float64, gaps []bool) {
	tokens := regexp.MustCompile(`[Ml]|-?\d+`).FindAllString(e.D, -1)
	require.Equal(t, e.D, regexp.MustCompile(`[^Ml0-9 -]`).ReplaceAllString(e.D, ""), "nothing but M, l and integers")
	var x, y int64
	absolute, fresh := true, false
	for i := 0; i < len(tokens); {
		if tokens[i] == "M" || tokens[i] == "l" {
			absolute = tokens[i] == "M"
			fresh = fresh || absolute
			i++
			continue
		}
		dx, err := strconv.ParseInt(tokens[i], 10, 64)
		require.NoError(t, err)
		dy, err := strconv.ParseInt(tokens[i+1], 10, 64)
		require.NoError(t, err)
		i += 2
		if !absolute && dx == 0 && dy == 0 && fresh {
			continue // the dot of a sample that stands alone
		}
		if absolute {
			x, y = dx, dy
		} else {
			x, y = x+dx, y+dy
		}
		at = append(at, e.T0+float64(x)*e.StepT)
		values = append(values, float64(y)*e.StepV)
		gaps = append(gaps, absolute)
		fresh = absolute
	}
	return at, values, gaps
}

func TestALineReadBackFromItsPathIsTheLine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 80).Draw(rt, "n")
		step := rapid.SampledFrom([]float64{0.001, 0.05, 0.1, 0.125, 0.25, 1, 7.5, 60}).Draw(rt, "step")
		size := rapid.SampledFrom([]float64{1e-3, 1, 42, 1e3, 1e8, 1e12}).Draw(rt, "size")
		height := rapid.IntRange(16, 300).Draw(rt, "height")
		now := rapid.Float64Range(0, 100).Draw(rt, "start")
		var at, v []float64
		for range n {
			now += step * float64(rapid.SampledFrom([]int{1, 1, 1, 1, 2, 6}).Draw(rt, "skip"))
			at = append(at, now+step*rapid.Float64Range(-0.04, 0.04).Draw(rt, "jitter"))
			v = append(v, size*rapid.Float64Range(-1, 1).Draw(rt, "v"))
		}
		gotT, gotV, _ := decode(t, Encode(at, v, height))
		require.Len(rt, gotT, n)
		peak, usual := 0.0, usualDistance(at)
		for _, x := range v {
			peak = max(peak, math.Abs(x))
		}
		for i := range at {
			require.InDelta(rt, at[i], gotT[i], usual/10+2e-6, "time of sample %d", i)
			require.InDelta(rt, v[i], gotV[i], peak/float64(height)/4+1e-12, "a quarter of a pixel, sample %d", i)
		}
	})
}

func TestEncode(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name string
		t, v []float64
		want string
	}{
		{"nothing is an empty path", nil, nil, ""},
		{"steps of time are single digits", []float64{2, 2.1, 2.2, 2.3}, []float64{7, 19, 16, 16}, "M0 7l1 12 1-3 1 0"},
		{"a falling line needs no spaces before minus signs", []float64{0, 1, 2}, []float64{9, 5, 1}, "M0 9l1-4 1-4"},
		{"a hole in time is a gap", []float64{0, 1, 2, 6, 7}, []float64{1, 1, 1, 5, 5}, "M0 1l1 0 1 0M6 5l1 0"},
		{"one missing sample is bridged", []float64{0, 1, 3, 4}, []float64{1, 1, 1, 1}, "M0 1l1 0 2 0 1 0"},
		{"what is not a number is a gap", []float64{0, 1, 2, 3}, []float64{1, 1, nan, 1}, "M0 1l1 0M3 1l0 0"},
		{"infinity is a gap", []float64{0, 1, 2}, []float64{1, math.Inf(1), 1}, "M0 1l0 0M1 1l0 0"},
		{"one sample is a dot", []float64{5}, []float64{3}, "M0 3l0 0"},
		{"lists of unequal length are as long as the shorter", []float64{0, 1, 2}, []float64{4, 4}, "M0 4l1 0"},
		{"nothing but what is not a number is an empty path", []float64{0, nan}, []float64{nan, 1}, ""},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, Encode(c.t, c.v, 180).D) })
	}
}

func TestWholeNumbersStayExact(t *testing.T) {
	_, v, _ := decode(t, Encode([]float64{0, 1, 2}, []float64{99_999, 1, 12_345}, 100))
	require.Equal(t, []float64{99_999, 1, 12_345}, v)
}

func TestJitterDoesNotMakeTimesLonger(t *testing.T) {
	var at, v []float64
	for i := range 600 {
		at = append(at, float64(i)*0.1+0.004*math.Sin(float64(i)*7))
		v = append(v, 50)
	}
	e := Encode(at, v, 180)
	require.InDelta(t, 0.1, e.StepT, 1e-9)
	require.Less(t, len(e.D), 600*4+8, "four bytes for a sample that does not move")
}

func TestTimesWithoutAGridStillFit(t *testing.T) {
	at := []float64{0, 0.37, 1.11, 1.52, 2.93, 3.01, 4.4}
	got, _, _ := decode(t, Encode(at, make([]float64, len(at)), 180))
	for i := range at {
		require.InDelta(t, at[i], got[i], 0.1)
	}
}

func FuzzEncode(f *testing.F) {
	f.Add(0.0, 1.0, 2.0, 3.0)
	f.Add(math.NaN(), math.Inf(1), -1e300, 1e300)
	f.Add(5.0, 5.0, 4.0, 0.0)
	f.Fuzz(func(t *testing.T, a, b, c, d float64) {
		decode(t, Encode([]float64{a, b, c, d}, []float64{d, c, b, a}, 112))
	})
}
