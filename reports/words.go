package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

const (
	nbsp        = "\u00a0"
	notMeasured = "not measured"
	unjudged    = "no verdict: the run stopped before this scenario was judged"
	// shedByTarget is the class of answers that refuse in order and were to be
	// expected: they are counted among the errors and are no failure.
	shedByTarget = "shed_by_target"
)

// measured is a check's value as shown. Something that never came down to its
// limit is "never", which is not 0.
func measured(c result.Check) string {
	switch {
	case c.Value != nil:
		return result.Format(*c.Value, c.Unit)
	case c.Op == "falls_to" && c.Verdict == result.Fail:
		return "never"
	default:
		return notMeasured
	}
}

// usedText says how the value stands to the limit.
func usedText(used float64) string {
	switch {
	case used >= verdict.FarPast:
		return "far past the limit"
	case used >= 10:
		return result.Number(math.Round(used)) + "× the limit"
	case used >= 1.995:
		return strconv.FormatFloat(used, 'f', 1, 64) + "× the limit"
	case used > 1 && used < 1.005:
		return "just past the limit"
	case used < 0.005:
		return "under 1" + nbsp + "% of the limit"
	default:
		return strconv.FormatFloat(used*100, 'f', 0, 64) + nbsp + "% of the limit"
	}
}

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

// plural counts things in words.
func plural(n int, one, many string) string {
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

// pair is a name with what stands beside it.
type pair struct{ Name, Value string }

// pairs lists a map in the order of its keys.
func pairs(m map[string]string) []pair {
	var list []pair
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, pair{k, m[k]})
	}
	return list
}

// byCount lists counts, largest first, then by name.
func byCount(m map[string]int64) []string {
	keys := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(keys, func(a, b string) int { return int(max(min(m[b]-m[a], 1), -1)) })
	return keys
}

// lacking says in one sentence what a run lacks, if it did not come to its end.
func lacking(run *result.Run) string {
	var said []string
	if run.Interrupted != "" {
		said = append(said, "The run was ended early by a signal ("+run.Interrupted+").")
	}
	if !run.Complete {
		said = append(said, "This result is partial: the run did not reach its end. What follows was written before it stopped; what is missing was not measured.")
	}
	return strings.Join(said, " ")
}

// tally counts scenarios by verdict, worst first: "1 fail, 11 pass".
func tally(run *result.Run) []string {
	counts := map[result.Verdict]int{}
	for _, s := range run.Scenarios {
		v, _ := verdict.ShownScenario(s)
		counts[v]++
	}
	var parts []string
	for _, v := range append(result.Verdicts(), "") {
		if n := counts[v]; n > 0 {
			parts = append(parts, count(int64(n))+nbsp+strings.ToLower(v.Label()))
		}
	}
	return parts
}

// sentence is the reason for the run's verdict.
func sentence(run *result.Run) string {
	v, why := verdict.ShownRun(run)
	switch {
	case why != "":
		return why
	case run.Reason != "":
		return run.Reason
	case v == result.Pass && len(run.Gains) > 0:
		return "Every gain that was promised was measured, and holds."
	case len(run.Scenarios) == 0:
		return "No scenario was run: nothing was shown."
	}
	for _, i := range verdict.WorstFirst(run.Scenarios) {
		s := run.Scenarios[i]
		if why := reasonOf(s); why != "" {
			return s.Name + ": " + why
		}
	}
	return "The result gives no reason."
}

// reasonOf is why a scenario has its verdict.
func reasonOf(s result.Scenario) string {
	v, why := verdict.ShownScenario(s)
	switch {
	case s.Error != "" && v != result.Fail:
		return "could not be carried out: " + s.Error
	case v == "" && why == "":
		return unjudged
	default:
		return why
	}
}
