package view

import (
	"slices"
	"strconv"

	"holdfast.dev/holdfast/harness/result"
)

// Pair is a name with what stands beside it.
type Pair struct{ Name, Value string }

// facts is the run line.
func facts(run *result.Run) []Pair {
	return known([]Pair{
		{"Run", run.ID}, {"Started", moment(run.Started)}, {"Took", duration(run.DurationS)},
		{"Profile", run.Profile}, {"Seed", strconv.FormatUint(run.Seed, 10)}, {"Target", run.Environment.Target},
		{"Load", loadOf(run)},
	})
}

func loadOf(run *result.Run) string {
	total := totals(run)
	if total.Planned == 0 {
		return "none"
	}
	return count(total.Planned) + nbsp + "requests planned"
}

func setting(e result.Environment) []Pair {
	list := []Pair{{"Target", e.Target}, {"Database", e.Database}, {"Go", e.Go}, {"OS", e.OS}, {"CPU", e.CPUModel}}
	if e.CPUs > 0 {
		list = append(list, Pair{"CPUs", count(int64(e.CPUs))})
	}
	if e.MemoryBytes > 0 {
		list = append(list, Pair{"Memory", result.Bytes(float64(e.MemoryBytes))})
	}
	return known(append(list, pairs(e.Versions)...))
}

// known leaves out what has no value.
func known(list []Pair) []Pair {
	return slices.DeleteFunc(list, func(p Pair) bool { return p.Value == "" })
}

// pairs lists a map in the order of its keys.
func pairs(m map[string]string) []Pair {
	var list []Pair
	for _, k := range sortedKeys(m) {
		list = append(list, Pair{k, m[k]})
	}
	return list
}

// totals adds the streams of all scenarios.
func totals(run *result.Run) result.Counts {
	var t result.Counts
	for _, s := range run.Scenarios {
		for _, stream := range s.Streams {
			if stream.StepOf != "" {
				continue // its journey is counted
			}
			t.Planned += stream.Planned
			t.Sent += stream.Sent
		}
	}
	return t
}
