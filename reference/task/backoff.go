package task

import (
	"math"
	"time"
)

// maxCountdown is where a growing countdown stops.
const maxCountdown = 24 * time.Hour

// countdown is the wait before a task's next attempt. Random is a draw from
// [0, 1); retries is how many there were before, and retryAfter what the answer
// asked for, 0 for nothing.
//
// The base grows by the factor Backoff with each retry, except after an error of
// the database, and is spread by Jitter to both sides. A Retry-After is a floor
// and is spread upwards only, so that nobody comes too early.
func (c Config) countdown(rule classRule, retries int, retryAfter time.Duration, random float64) time.Duration {
	base, factor := c.NetworkCountdown, float64(max(1, c.Backoff))
	if !c.ClassifyErrors || rule.Area == areaSQLState || rule.Area == areaDatabase {
		base, factor = c.DBCountdown, 1
	}
	wait := min(float64(base)*math.Pow(factor, float64(retries)), float64(maxCountdown))
	wait *= 1 + c.Jitter*(2*random-1)
	if c.HonourRetryAfter {
		floor := float64(min(retryAfter, c.MaxRetryAfter))
		wait = max(wait, floor*(1+c.Jitter*random))
	}
	return time.Duration(wait)
}
