package oracle

import (
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Numbers of the source.
const (
	maxOracles    = 10  // MAX_ORACLES_PER_PROJECT
	activeOracles = 100 // the source's own test
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

// patient are the settings of a target whose calls and requests have so long.
func patient(call, overall time.Duration, more map[string]string) map[string]string {
	settings := map[string]string{"DEFAULT_API_TIMEOUT": call.String(), "ORACLE_OVERALL_DEADLINE": overall.String()}
	for name, value := range more {
		settings[name] = value
	}
	return settings
}

// noBreaker lets a failing oracle be asked each time, for scenarios about what one
// such call costs.
var noBreaker = map[string]string{"ORACLE_BREAKER_FAILURES": "0"}

// compressed says how much shorter the source's 10 s are here.
func compressed(name string, used time.Duration) []result.Compressed {
	if used >= profile.SourceCallTimeout {
		return nil
	}
	return []result.Compressed{profile.Compressed(name, profile.SourceCallTimeout, used)}
}

// soonWell is a timeline with half the time to heal, for what is well again at once.
func soonWell(t harness.Timeline) harness.Timeline {
	t.Heal /= 2
	return t
}
