package soak

import (
	"fmt"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// String is a record in one line: how many of each verdict, and what disturbed it.
func (r Record) String() string {
	n := map[result.Verdict]int{}
	for _, s := range r.Scenarios {
		n[s.Verdict]++
	}
	parts := []string{fmt.Sprintf("seed %d, %d pass, %d fail, %d inconclusive, %d not-exercised", r.Seed,
		n[result.Pass], n[result.Fail], n[result.Inconclusive], n[result.NotExercised])}
	for _, h := range r.Happened {
		parts = append(parts, h.String())
	}
	if r.Error != "" {
		parts = append(parts, r.Error)
	}
	return strings.Join(parts, "; ")
}
