package coordinator

import (
	"context"
	"time"

	"holdfast.dev/holdfast/fleet"
)

// Forget takes the streams of the run away from the broker, as a restart of one does that
// keeps all in memory.
func (c *Coordinator) Forget(ctx context.Context) error {
	return c.js.DeleteStream(ctx, fleet.ToldStream(c.opts.Run))
}

// Fill leaves the broker no room for what workers tell.
func (c *Coordinator) Fill(ctx context.Context) error {
	s, err := c.js.Stream(ctx, fleet.ToldStream(c.opts.Run))
	if err != nil {
		return err
	}
	config := s.CachedInfo().Config
	config.MaxBytes = 1
	_, err = c.js.UpdateStream(ctx, config)
	return err
}

// SweptAt is o with a sweep of runs that are older than that.
func (o Options) SweptAt(age time.Duration) Options {
	o.fresh = age
	return o
}

// Vanish cuts the coordinator off from its broker, as a kill does.
func (c *Coordinator) Vanish() { c.nc.Close() }
