package engine

import (
	"context"
	"time"
)

// What tests outside the package look at. They are outside since databasetest,
// which gives them an image, stands on this package.
const (
	LockLabel    = lockLabel
	MachineLabel = machineLabel
	PlaceLabel   = placeLabel
)

func Machine() string { return machine() }
func Place() string   { return place() }

// PullWithin pulls with so much patience for an answer to begin.
func (e *Engine) PullWithin(ctx context.Context, image string, begin time.Duration) error {
	return e.pull(ctx, image, begin, begin)
}
