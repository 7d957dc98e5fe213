package coordinator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"holdfast.dev/holdfast/fleet"
)

// fresh is how long what a run has at the broker is left alone: its coordinator may not
// have come to listen yet.
const fresh = time.Minute

// looks are how often, and how far apart, a coordinator is looked for that asks for what
// its workers tell. One that lives asks all the time, but for the moment between two
// questions.
const (
	looks    = 4
	nextLook = 250 * time.Millisecond
)

// sweep takes away what runs have left at the broker whose coordinators were killed. What
// cannot be looked at stays.
func (c *Coordinator) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	all := c.js.StreamNames(ctx)
	for name := range all.Name() {
		run, told := strings.CutPrefix(name, fleet.ToldStream(""))
		if !told || run == c.opts.Run || !c.dead(ctx, name) {
			continue
		}
		if c.clear(run) == nil {
			c.opts.Say(fmt.Sprintf("cleared what run %s left at the broker", run))
		}
	}
}

// dead reports whether nobody has asked for long for what the workers of a run tell.
func (c *Coordinator) dead(ctx context.Context, told string) bool {
	stream, err := c.js.Stream(ctx, told)
	if err != nil || time.Since(stream.CachedInfo().Created) < c.opts.fresh {
		return false
	}
	for look := range looks {
		if look > 0 {
			select {
			case <-time.After(nextLook):
			case <-ctx.Done():
				return false
			}
		}
		if listened, err := listenedTo(ctx, stream); listened || err != nil {
			return false
		}
	}
	return true
}

// listenedTo reports whether a coordinator waits for what is told.
func listenedTo(ctx context.Context, told jetstream.Stream) (bool, error) {
	consumer, err := told.Consumer(ctx, fleet.Coordinator)
	if err != nil {
		return false, err
	}
	info, err := consumer.Info(ctx)
	if err != nil {
		return false, err
	}
	return info.NumWaiting > 0, nil
}
