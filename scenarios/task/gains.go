package task

import (
	"strconv"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Promises are the source's claims about the tasks.
func Promises(p profile.Profile, one contract.Tasks, protections []harness.Protection) []harness.Promise {
	refused := refusedKey(p, &service{Tasks: one})
	refused.Name, refused.Headline, refused.Timeline = "gains/refused-key", false, profile.WithDrain(refused.Timeline, 5*time.Second)
	where := map[string]string{"tasks with a refused key": strconv.Itoa(p.Refused)}
	before := profile.Without(protections, "task.classify-errors", "task.max-retries")
	return []harness.Promise{
		{
			Name: "tasks: retries of a permanent error", Claimed: "−100 % retries without end: only temporary errors are tried again", Where: where,
			Scenario: refused, Before: before, Metric: one.Far + ".retries", Gain: 1,
		},
		{
			Name: "tasks: still in the queue 5 s after the last", Claimed: "−100 % queue saturation: the queue is clean", Where: where,
			Scenario: refused, Before: before, Metric: "tasks.unfinished", Gain: 1,
		},
	}
}
