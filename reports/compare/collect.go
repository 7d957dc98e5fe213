package compare

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// checkRows makes a row for each check of either side, in the order of the runs.
func checkRows(before, after []*result.Run) []Row {
	var rows []Row
	index := map[string]int{}
	for _, side := range []struct {
		runs  []*result.Run
		isNew bool
	}{{before, false}, {after, true}} {
		for _, run := range side.runs {
			for _, s := range run.Scenarios {
				seen := map[string]int{}
				for _, c := range s.Checks {
					key := checkKey(s, c)
					seen[key]++ // two checks may differ in their limits alone
					key += fmt.Sprint("\x00", seen[key])
					i, known := index[key]
					if !known {
						i = len(rows)
						index[key] = i
						rows = append(rows, Row{Scenario: s.Name, Name: nameOf(c), Unit: c.Unit})
					}
					rows[i].add(c, side.isNew)
				}
			}
		}
	}
	return rows
}

func checkKey(s result.Scenario, c result.Check) string {
	return strings.Join([]string{s.Name, c.Metric, c.Phase, c.Op, ownName(c)}, "\x00")
}

// ownName tells a check apart that has no metric. Otherwise the name holds the
// limit, which may be what changed.
func ownName(c result.Check) string {
	if c.Metric == "" {
		return c.Name
	}
	return ""
}

// nameOf is what a row is called.
func nameOf(c result.Check) string {
	if c.Op == string(verdict.FallsTo) {
		return verdict.Subject(c) + ", time to fall"
	}
	return verdict.Subject(c)
}

// add enters a check that a valid experiment judged.
func (r *Row) add(c result.Check, isNew bool) {
	side, bad, fails := &r.Old, &r.badOld, &r.failOld
	if isNew {
		side, bad, fails = &r.New, &r.badNew, &r.failNew
	}
	if c.Verdict != result.Pass && c.Verdict != result.Fail {
		return
	}
	r.Limit = verdict.LimitText(c)
	side.N++
	failed := 0.0
	if c.Verdict == result.Fail {
		failed = 1
		side.Failed++
	}
	*fails = append(*fails, failed)
	if c.Value == nil || math.IsNaN(*c.Value) || math.IsInf(*c.Value, 0) {
		return
	}
	side.values(*c.Value)
	*bad = append(*bad, badness(c))
}

// badness turns a check's value so that less is better, whichever side its
// limit is on.
func badness(c result.Check) float64 {
	v := *c.Value
	switch c.Op {
	case ">=", ">":
		return -v
	case "==":
		return math.Abs(v - c.Threshold)
	case "between":
		high := math.Inf(1)
		if c.Upper != nil {
			high = *c.Upper
		}
		return max(c.Threshold-v, v-high, 0)
	default:
		return v
	}
}

// unlike says how the sides differ in what is not compared.
func unlike(before, after []*result.Run) []string {
	facts := []struct {
		name string
		of   func(*result.Run) string
	}{
		{"profile", func(r *result.Run) string { return r.Profile }},
		{"target", func(r *result.Run) string { return r.Environment.Target }},
		{"machine", func(r *result.Run) string {
			return strings.TrimSpace(fmt.Sprintf("%s %d CPUs %s", r.Environment.OS, r.Environment.CPUs, r.Environment.CPUModel))
		}},
		{"taken away", withoutOf},
		{"pace", paceOf},
		{"Go", func(r *result.Run) string { return r.Environment.Go }},
		{"Postgres", func(r *result.Run) string { return r.Environment.Versions["postgres"] }},
	}
	var notes []string
	for _, f := range facts {
		a, b := values(before, f.of), values(after, f.of)
		if a != b {
			notes = append(notes, fmt.Sprintf("%s: %s before, %s after", f.name, a, b))
		}
	}
	for name, runs := range map[string][]*result.Run{"before": before, "after": after} {
		for _, r := range runs {
			if !r.Complete {
				notes = append(notes, "run "+r.ID+", "+name+", is partial: it did not reach its end")
			}
		}
	}
	slices.Sort(notes)
	return notes
}

// withoutOf lists the protections that were taken away: such runs are another
// experiment, and to compare them is to see what the protection gains.
func withoutOf(r *result.Run) string {
	set := map[string]bool{}
	for _, s := range r.Scenarios {
		for _, w := range s.Without {
			set[w] = true
		}
	}
	if len(set) == 0 {
		return "nothing"
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}

// paceOf lists the scenarios that were sent more slowly than planned: their times
// are those of a smaller load.
func paceOf(r *result.Run) string {
	set := map[string]bool{}
	for _, s := range r.Scenarios {
		if s.Pace != nil {
			set[fmt.Sprintf("%s at %s/s", s.Name, result.Number(s.Pace.ToPerS))] = true
		}
	}
	if len(set) == 0 {
		return "as planned"
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}

func values(runs []*result.Run, of func(*result.Run) string) string {
	set := map[string]bool{}
	for _, r := range runs {
		v := of(r)
		if v == "" {
			v = "not known"
		}
		set[v] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), " and ")
}
