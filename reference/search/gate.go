package search

import (
	"context"
	"errors"
	"fmt"
)

// errOverloaded is in the chain of the error of a search that was refused, or
// waited in vain, because too many others were before it.
var errOverloaded = errors.New("search is overloaded")

// gate lets so many searches in at once and so many more wait. A gate without
// slots lets everyone in.
type gate struct {
	slots chan struct{} // nil: no bound
	queue chan struct{} // has room for those inside and those who wait
}

func newGate(concurrent, queued int) *gate {
	if concurrent == 0 {
		return &gate{}
	}
	return &gate{slots: make(chan struct{}, concurrent), queue: make(chan struct{}, concurrent+queued)}
}

// enter waits for a turn and returns how to end it. A full queue is an error at
// once.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	if g.slots == nil {
		return func() {}, nil
	}
	select {
	case g.queue <- struct{}{}:
	default:
		return nil, fmt.Errorf("%w: %d searches run or wait", errOverloaded, cap(g.queue))
	}
	select {
	case g.slots <- struct{}{}:
		return func() { <-g.slots; <-g.queue }, nil
	case <-ctx.Done():
		<-g.queue
		return nil, fmt.Errorf("wait for a turn: %w", ctx.Err())
	}
}
