package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

const (
	nbsp        = "\u00a0"
	notMeasured = "not measured"
	unjudged    = "no verdict: the run stopped before this scenario was judged"
	// shedByTarget is the class of answers that refuse in order and were to be
	// expected: they are counted among the errors and are no failure.
	shedByTarget = "shed_by_target"
)

// duration shows seconds as people say them.
func duration(s float64) string {
	switch {
	case s >= 3600:
		return fmt.Sprintf("%d%sh %02d%smin", int(s)/3600, nbsp, int(s)/60%60, nbsp)
	case s >= 90:
		return fmt.Sprintf("%d%smin %02d%ss", int(s)/60, nbsp, int(s)%60, nbsp)
	default:
		return result.Format(s, result.UnitSeconds)
	}
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05") + nbsp + "UTC"
}

// at shows a moment of a scenario's clock.
func at(s float64) string { return strconv.FormatFloat(s, 'f', 1, 64) + nbsp + "s" }

func count(n int64) string { return result.Number(float64(n)) }

// Plural counts things in words.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1" + nbsp + one
	}
	return count(int64(n)) + nbsp + many
}

// ratio shows a/b in percent, or that nothing was planned.
func ratio(a, b int64) string {
	if b <= 0 {
		return notMeasured
	}
	return result.Format(float64(a)/float64(b), result.UnitRatio)
}

// sortedKeys are the keys of a map in their order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// byCount lists counts, largest first, then by name.
func byCount(m map[string]int64) []string {
	keys := sortedKeys(m)
	slices.SortStableFunc(keys, func(a, b string) int { return int(max(min(m[b]-m[a], 1), -1)) })
	return keys
}

// byNumber lists keys that are numbers in their order, others after them.
func byNumber(m map[string]int64) []string {
	keys := sortedKeys(m)
	slices.SortStableFunc(keys, func(a, b string) int {
		x, errX := strconv.Atoi(a)
		y, errY := strconv.Atoi(b)
		if errX != nil || errY != nil {
			return cmp.Compare(map[bool]int{true: 1}[errX != nil], map[bool]int{true: 1}[errY != nil])
		}
		return cmp.Compare(x, y)
	})
	return keys
}

// optional is a value with its unit, or that there is none.
func optional(v *float64, unit string) string {
	if v == nil {
		return notMeasured
	}
	return result.Format(*v, unit)
}

// join puts the parts that there are together.
func join(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}
