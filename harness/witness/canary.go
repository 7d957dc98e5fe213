package witness

import (
	"context"
	"crypto/sha256"
	"math"
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// The canary's series, and how often it sings.
const (
	seriesLag  = "canary.lag"
	seriesWork = "canary.work"
	seriesJump = "clock.jump"

	canaryEvery = 50 * time.Millisecond

	// canaryTurns is how often the work is done each time: the first finds a processor that
	// slept and caches that are another's, and who waits for a turn is late, not slow.
	canaryTurns = 3
)

// Calibration is how long the canary's piece of work takes on this machine.
type Calibration struct{ Work time.Duration }

// Calibrate measures the canary's piece of work: the fastest of many, for
// whatever else goes on meanwhile only adds.
func Calibrate() Calibration {
	return Calibration{Work: fastest(50)}
}

// fastest is how long the work takes, the fastest of some turns.
func fastest(turns int) time.Duration {
	best := time.Duration(math.MaxInt64)
	for range turns {
		best = min(best, timed(work))
	}
	return best
}

// Canary is a probe that does a fixed piece of work at fixed times, at most a hundredth
// or two of one core. canary.lag is how late its turn came in milliseconds,
// canary.work how many times as long as by c the work took at best, and clock.jump by how
// many milliseconds the wall clock was moved since the turn before.
func Canary(c Calibration) probe.Probe { return &canary{work: c.Work} }

type canary struct {
	work   time.Duration
	before time.Time // of the last turn, with both clocks
}

func (*canary) Name() string         { return "canary" }
func (*canary) Every() time.Duration { return canaryEvery }
func (*canary) Series() []probe.Series {
	return []probe.Series{
		{Name: seriesLag, Unit: result.UnitMS},
		{Name: seriesWork, Unit: result.UnitFraction},
		{Name: seriesJump, Unit: result.UnitMS, Low: true},
	}
}

func (c *canary) Sample(context.Context) ([]float64, error) {
	now := time.Now()
	values := []float64{math.NaN(), math.NaN(), math.NaN()}
	if !c.before.IsZero() {
		elapsed := now.Sub(c.before)
		values[0] = ms(max(0, elapsed-canaryEvery))
		values[2] = ms(jump(now.Round(0).Sub(c.before.Round(0)), elapsed))
	}
	c.before = now
	if c.work > 0 {
		values[1] = float64(fastest(canaryTurns)) / float64(c.work)
	}
	return values, nil
}

// jump is by how much the wall clock ran ahead of the monotonic one between two
// readings of both; what is below a millisecond is the reading itself.
func jump(wall, monotonic time.Duration) time.Duration {
	return (wall - monotonic).Round(time.Millisecond)
}

// block is what the canary works on; it is only read.
var block = slices.Repeat([]byte("a fixed piece of work "), 3000)

// work is a quarter of a millisecond of a core; where it has instructions for that, a fifth of it.
func work() { sha256.Sum256(block) }

func timed(do func()) time.Duration {
	begun := time.Now()
	do()
	return time.Since(begun)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
