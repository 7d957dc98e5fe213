package harness

import (
	"fmt"
	"strings"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// explainAsked leads, where every answer to a stream says that the request is at fault, to
// the line that has it: a draft begins with guesses of what a service is asked.
func explainAsked(out *result.Scenario, s Scenario, seen *LoadSeen) {
	if seen == nil {
		return
	}
	for _, o := range seen.Streams {
		text := notTaken(o, s.Asked[o.Name])
		for i, c := range out.Checks {
			if text != "" && c.Verdict == result.Fail && strings.HasPrefix(c.Metric, o.Name+".") && exampleFor(c.Metric, seen) != "" {
				out.Checks[i].Reason += "; " + text
			}
		}
	}
}

// notTaken says that a service took none of a stream's requests, in HTTP's own words: all
// answers have one status of 400 to 499, and none that time brings about. at is where they
// are written.
func notTaken(o load.Tally, at string) string {
	if at == "" || len(o.Statuses) != 1 {
		return ""
	}
	for status, n := range o.Statuses {
		if status[0] == '4' && status != "408" && status != "429" && n == o.Completed {
			return fmt.Sprintf("all %d answers are %s, so the request itself is at fault: write at %s what the service is asked", n, status, at)
		}
	}
	return ""
}
