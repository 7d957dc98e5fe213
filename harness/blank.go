package harness

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// explainBlank leads, where requests were answered wrongly, to the answers of played APIs
// that hold nothing: a draft begins with them, and a service can do little with them.
func explainBlank(out *result.Scenario, s Scenario, seen *LoadSeen) {
	if seen == nil {
		return
	}
	text := blankOf(s, out.Calls)
	for i, c := range out.Checks {
		if text != "" && c.Verdict == result.Fail && exampleFor(c.Metric, seen) != "" {
			out.Checks[i].Reason += "; " + text
		}
	}
}

// shownBlank bounds the places that are named.
const shownBlank = 3

func blankOf(s Scenario, calls map[string]int64) string {
	var all []string
	for _, d := range s.World.Dependencies {
		for _, part := range slices.Sorted(maps.Keys(d.Blank)) {
			place := d.Name + "." + part
			if calls[place] > 0 {
				all = append(all, fmt.Sprintf("%s, called %d times, has {} for an answer (%s)", place, calls[place], d.Blank[part]))
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all[:min(len(all), shownBlank)], "; ") + ": if the service needs more than that, write there what it answers"
}
