package task

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var network = classRule{Area: areaStatus}

func TestTheCountdownsOfTheSource(t *testing.T) {
	c := defaultConfig()
	c.Jitter = 0
	for retries, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		require.Equal(t, want, c.countdown(network, retries, 0, 0.5))
		require.Equal(t, time.Minute, c.countdown(classRule{Area: areaSQLState}, retries, 0, 0.5))
		require.Equal(t, time.Minute, c.countdown(classRule{Area: areaDatabase}, retries, 0, 0.5))
	}
	c.Backoff = 1
	require.Equal(t, time.Minute, c.countdown(network, 3, 0, 0.5))
	c.Backoff, c.ClassifyErrors, c.DBCountdown = 2, false, time.Second
	require.Equal(t, time.Second, c.countdown(network, 3, 0, 0.5), "every error alike")
}

func TestRetryAfterIsAFloorWithinACeiling(t *testing.T) {
	c := defaultConfig()
	require.Equal(t, 5*time.Minute, c.countdown(network, 0, 5*time.Minute, 0))
	require.Equal(t, c.MaxRetryAfter, c.countdown(network, 0, 24*time.Hour, 0))
	require.Equal(t, 48*time.Second, c.countdown(network, 0, time.Second, 0), "a short one shortens nothing")
	c.HonourRetryAfter = false
	require.Equal(t, 48*time.Second, c.countdown(network, 0, 5*time.Minute, 0))
}

func TestCountdownsGrowAndStayWithinTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := defaultConfig()
		c.NetworkCountdown = time.Duration(rapid.Int64Range(1e6, int64(time.Hour)).Draw(t, "base"))
		c.Backoff = rapid.IntRange(0, 10).Draw(t, "factor")
		c.Jitter = rapid.Float64Range(0, 1).Draw(t, "jitter")
		retries := rapid.IntRange(0, riverMaxAttempts).Draw(t, "retries")
		random := rapid.Float64Range(0, 0.9999).Draw(t, "random")
		asked := time.Duration(rapid.Int64Range(0, 1<<62).Draw(t, "retry after"))

		wait := c.countdown(network, retries, asked, random)
		floor := min(asked, c.MaxRetryAfter)
		least := time.Duration(float64(c.NetworkCountdown) * (1 - c.Jitter))
		if wait < least-1 || wait < floor-1 { // a nanosecond for the rounding
			t.Fatalf("%v is less than %v or %v", wait, least, floor)
		}
		if most := 2 * max(maxCountdown, c.MaxRetryAfter); wait > most {
			t.Fatalf("%v is more than %v", wait, most)
		}
		if next := c.countdown(network, retries+1, asked, random); next < wait {
			t.Fatalf("the next is %v, this one %v", next, wait)
		}
		if later := c.countdown(network, retries, asked, min(1, random+0.1)); later < wait {
			t.Fatalf("a larger draw gives %v rather than %v", later, wait)
		}
	})
}

// Tasks that failed in the same moment must not come back in the same moment.
func TestJitterSpreads(t *testing.T) {
	c := defaultConfig()
	least, most := c.countdown(network, 0, 0, 0), c.countdown(network, 0, 0, 0.9999)
	require.InDelta(t, 48, least.Seconds(), 0.1)
	require.InDelta(t, 72, most.Seconds(), 0.1)
	require.InDelta(t, 660, c.countdown(network, 0, 10*time.Minute, 0.5).Seconds(), 1, "also after a Retry-After")
	c.Jitter = 0
	require.Equal(t, c.countdown(network, 0, 0, 0), c.countdown(network, 0, 0, 0.9999))
}
