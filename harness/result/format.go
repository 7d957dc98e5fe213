package result

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Units of metrics and thresholds. A unit is part of a metric's name in
// run.json and decides how a value is shown.
const (
	UnitMS       = "ms"
	UnitBytes    = "bytes"
	UnitCount    = "count"
	UnitRatio    = "ratio" // 0..1, shown in percent
	UnitPerS     = "per_s"
	UnitSeconds  = "s"
	UnitFraction = "x" // how many times
)

const noBreak = "\u00a0" // between thousands and before a unit

// Format shows a value with its unit as people read it: three significant
// digits, no-break spaces between thousands and before the unit. Bytes are
// decimal (1 MB = 1,000,000 bytes).
func Format(v float64, unit string) string {
	switch unit {
	case UnitBytes:
		return Bytes(v)
	case UnitRatio:
		return percent(v*100) + noBreak + "%"
	case UnitCount, "":
		return Number(v)
	case UnitPerS:
		return Number(v) + "/s"
	case UnitFraction:
		return Number(v) + "×"
	default:
		return Number(v) + noBreak + unit
	}
}

// Bytes shows a size in decimal units, for example "98.4 MB".
func Bytes(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if math.Abs(v) >= u.size {
			return Number(v/u.size) + noBreak + u.name
		}
	}
	return Number(v) + noBreak + "B"
}

// Number shows whole numbers exactly and others with three significant digits,
// thousands set apart.
func Number(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "not a number"
	case v == math.Trunc(v) && math.Abs(v) < 1e15:
		return group(strconv.FormatFloat(v, 'f', 0, 64))
	case math.Abs(v) >= 100:
		return group(strconv.FormatFloat(v, 'f', 0, 64))
	case math.Abs(v) >= 0.001:
		s := strconv.FormatFloat(v, 'g', 3, 64)
		if !strings.Contains(s, ".") { // 99.96 is written 100: its zeros count
			return s
		}
		return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

// percent is [Number], but never shows 100 for what falls short of it: 99.96
// stays 99.96, because a limit may lie between.
func percent(v float64) string {
	s := Number(v)
	for digits := 4; s == "100" && v < 100 && digits <= 7; digits++ {
		s = strconv.FormatFloat(v, 'g', digits, 64)
	}
	return s
}

func group(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + noBreak + digits[i:]
	}
	return sign + digits
}

// Words writes a few facts as one text, sorted: "oracles 100, projects 10000".
func Words(facts map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		parts = append(parts, name+" "+facts[name])
	}
	return strings.Join(parts, ", ")
}
