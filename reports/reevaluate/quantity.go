package reevaluate

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// quantity reads a number in the given unit: alone, or with a unit of its kind.
func quantity(text, unit string) (float64, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\u00a0", " "))
	i := strings.LastIndexAny(text, "0123456789.") + 1
	v, err := strconv.ParseFloat(strings.ReplaceAll(text[:i], " ", ""), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("limit %q: want a number, or one with a unit (300ms, 100MB, 99%%)", text)
	}
	if err := verdict.Distinct(strings.ReplaceAll(text[:i], " ", "")); err != nil {
		return 0, fmt.Errorf("limit %q: %w", text, err)
	}
	suffix := strings.TrimSpace(text[i:])
	if suffix == "" {
		return v, nil
	}
	factor, ok := factors(unit)[suffix]
	if !ok {
		return 0, fmt.Errorf("limit %q: the metric is in %s", text, unit)
	}
	return v * factor, nil
}

// factors are the suffixes that a unit may be written with.
func factors(unit string) map[string]float64 {
	switch unit {
	case result.UnitMS:
		return map[string]float64{"us": 1e-3, "µs": 1e-3, "ms": 1, "s": 1e3, "min": 6e4}
	case result.UnitSeconds:
		return map[string]float64{"ms": 1e-3, "s": 1, "min": 60}
	case result.UnitBytes:
		return map[string]float64{"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
	case result.UnitRatio:
		return map[string]float64{"%": 0.01}
	case result.UnitPerS:
		return map[string]float64{"/s": 1}
	case result.UnitFraction:
		return map[string]float64{"x": 1, "×": 1}
	default:
		return nil
	}
}
