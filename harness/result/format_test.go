package result_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

// spaced writes no-break spaces as _, so that rows can be read.
func spaced(s string) string { return strings.ReplaceAll(s, "\u00a0", "_") }

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{1000, result.UnitMS, "1_000_ms"},
		{0, result.UnitMS, "0_ms"},
		{3.4567, result.UnitMS, "3.46_ms"},
		{98.4e6, result.UnitBytes, "98.4_MB"},
		{100e6, result.UnitBytes, "100_MB"},
		{1.5e9, result.UnitBytes, "1.5_GB"},
		{999, result.UnitBytes, "999_B"},
		{-2048, result.UnitBytes, "-2.05_kB"},
		{0.995, result.UnitRatio, "99.5_%"},
		{0.9996, result.UnitRatio, "99.96_%"},
		{0.99999, result.UnitRatio, "99.999_%"},
		{1, result.UnitRatio, "100_%"},
		{0.57, result.UnitRatio, "57_%"},
		{12345678, result.UnitCount, "12_345_678"},
		{250, result.UnitPerS, "250/s"},
		{4, result.UnitFraction, "4×"},
		{1.5, result.UnitSeconds, "1.5_s"},
		{7, "", "7"},
		{math.NaN(), result.UnitMS, "not a number_ms"},
	} {
		t.Run(c.want, func(t *testing.T) { require.Equal(t, c.want, spaced(result.Format(c.value, c.unit))) })
	}
}

func TestNumber(t *testing.T) {
	for want, v := range map[string]float64{
		"100": 99.96, "10": 9.999, "1_000": 999.7, "99.9": 99.94, "12.5": 12.5, "0.0012": 0.0012, "0.1": 0.1, "1e-06": 1e-6, "-1_234": -1234, "123": 123.4,
		"1_000_000": 1e6, "not a number": math.Inf(1), "0": 0,
	} {
		require.Equal(t, want, spaced(result.Number(v)), "%v", v)
	}
}

func TestANumberShownIsCloseToTheNumber(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := rapid.Float64Range(-1e12, 1e12).Draw(rt, "v")
		if rapid.Bool().Draw(rt, "small") {
			v = rapid.Float64Range(-1100, 1100).Draw(rt, "small v")
		}
		shown, err := strconv.ParseFloat(strings.ReplaceAll(result.Number(v), "\u00a0", ""), 64)
		require.NoError(rt, err)
		require.InDelta(rt, v, shown, math.Abs(v)*0.00501)
	})
}
