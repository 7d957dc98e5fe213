package httpfault

import (
	"time"

	"holdfast.dev/holdfast/fault"
)

// delaying is [fault.Delay] in force.
type delaying struct{ fault.Delay }

// Wait draws how long.
func (d delaying) Wait(draw *Draw) time.Duration { return d.Sample(draw.Rand) }
