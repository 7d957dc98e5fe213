package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// took is how long the scenarios of each service took together, in the runs that
// nothing disturbed: the median of these.
func took(records []Record) map[string]time.Duration {
	all := map[string][]time.Duration{}
	for _, r := range records {
		if len(r.Happened) > 0 || r.Error != "" {
			continue
		}
		one := map[string]time.Duration{}
		for _, s := range r.Scenarios {
			service, _, _ := strings.Cut(s.Name, "/")
			one[service] += s.To - s.From
		}
		for service, d := range one {
			all[service] = append(all[service], d)
		}
	}
	medians := map[string]time.Duration{}
	for service, times := range all {
		slices.Sort(times)
		medians[service] = times[len(times)/2]
	}
	return medians
}

// tookText is that as a sentence; empty where there was no such run.
func tookText(took map[string]time.Duration) string {
	var said []string
	for _, service := range slices.Sorted(maps.Keys(took)) {
		said = append(said, fmt.Sprintf("%s %.0f s", service, took[service].Seconds()))
	}
	if len(said) == 0 {
		return ""
	}
	return "An undisturbed run took (median): " + strings.Join(said, ", ") + ".\n"
}
