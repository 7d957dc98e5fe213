package compare

import "holdfast.dev/holdfast/harness/result"

// Course is one scenario on both sides, as the last valid run of each side recorded it over
// time. It judges nothing: one run is no evidence of what others would do.
type Course struct {
	Scenario string
	Old, New Recorded
}

// Recorded is what one run recorded of a scenario.
type Recorded struct {
	Run      string
	Scenario result.Scenario
}

// courses pairs the scenarios of which both sides have something over time, in the order of
// the newer side.
func courses(before, after []*result.Run) []Course {
	_, old := recorded(before)
	order, newer := recorded(after)
	var all []Course
	for _, name := range order {
		if was, both := old[name]; both {
			all = append(all, Course{name, was, newer[name]})
		}
	}
	return all
}

// recorded is the last that the runs of a side have of each scenario.
func recorded(runs []*result.Run) (order []string, last map[string]Recorded) {
	last = map[string]Recorded{}
	for _, run := range runs {
		for _, s := range run.Scenarios {
			if !valid(s) || len(s.Series) == 0 {
				continue
			}
			if _, known := last[s.Name]; !known {
				order = append(order, s.Name)
			}
			last[s.Name] = Recorded{run.ID, s}
		}
	}
	return order, last
}
