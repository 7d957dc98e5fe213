package oracle

import (
	"strconv"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
)

// unheard counts, by project, the requests of a load that had no whole answer,
// whether they were sent or not.
func unheard(state harness.State, streams []load.Stream) (map[string]int, error) {
	answered := map[string]bool{}
	l := state.Companion.(*listener)
	l.mu.Lock()
	for _, h := range l.heard {
		answered[h.Stream+"/"+strconv.FormatInt(h.N, 10)] = true
	}
	l.mu.Unlock()
	missing := map[string]int{}
	for _, s := range streams {
		if tally, ok := state.Stream(s.Name); ok && tally.Sent == tally.Completed && tally.Sent == load.Planned(s.Profile) {
			continue
		}
		request, err := load.Requests(state.Seed, s)
		if err != nil {
			return nil, err
		}
		for n := range load.Planned(s.Profile) {
			project, asks := l.impact.AskedAbout(request(n).Path)
			if asks && project != "" && !answered[s.Name+"/"+strconv.FormatInt(n, 10)] {
				missing[project]++
			}
		}
	}
	return missing, nil
}

// refusedPlaces are those where a fault keeps calls from arriving at all.
func refusedPlaces(faults []harness.Fault) map[string]bool {
	places := map[string]bool{}
	for _, f := range faults {
		for _, kind := range fault.Steps(f.Kind) {
			if _, ok := kind.(fault.Refuse); ok {
				places[f.On] = true
			}
		}
	}
	return places
}
