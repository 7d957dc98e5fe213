package oracle

import (
	"strconv"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/profile"
)

// activeOracles is how many the source's own test has; many and more are what it is good
// for.
const (
	activeOracles = 100
	many          = 1_000
	more          = 10_000
)

// latest is when the last answer may come: the deadline and 5 %, and a moment
// for the machine where the deadline is compressed to a fraction of itself.
func latest(deadline time.Duration) verdict.Quantity {
	slack := deadline / 20
	if deadline < profile.SourceCallTimeout {
		slack = max(slack, 200*time.Millisecond)
	}
	return verdict.Duration(deadline + slack)
}

// hanging is a timeline whose fault outlasts the longest wait for an answer.
func hanging(p profile.Profile, deadline time.Duration) harness.Timeline {
	p.CallTimeout = deadline
	return p.Hanging()
}

// count is a number as a sentence has it.
func count(n int) string {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
	if n < 0 || n >= len(words) {
		return strconv.Itoa(n)
	}
	return words[n]
}

// soonWell is a timeline with half the time to heal, for what is well again at once.
func soonWell(t harness.Timeline) harness.Timeline {
	t.Heal /= 2
	return t
}
