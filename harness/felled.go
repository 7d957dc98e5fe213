package harness

import (
	"context"
	"io"
	"math"
	"slices"
	"sync/atomic"

	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/probe"
)

// felled is the database server of a scenario that kills it. It knows when it is down.
type felled struct {
	chaos.Server
	down atomic.Bool
}

func (f *felled) Kill(ctx context.Context) (processes int, err error) {
	f.down.Store(true)
	return f.Server.Kill(ctx)
}

func (f *felled) Restart(ctx context.Context) error {
	err := f.Server.Restart(ctx)
	f.down.Store(err != nil)
	return err
}

// whileUp is a probe of a server that is going to be killed: while it is down there is
// nothing to measure, which says nothing against the probe.
type whileUp struct {
	probe.Probe
	server *felled
}

func (w whileUp) Sample(ctx context.Context) ([]float64, error) {
	down := w.server.down.Load()
	values, err := w.Probe.Sample(ctx)
	if err != nil && (down || w.server.down.Load()) {
		return slices.Repeat([]float64{math.NaN()}, len(w.Series())), nil
	}
	return values, err
}

// Close implements [io.Closer], as the probe does.
func (w whileUp) Close() error {
	if c, ok := w.Probe.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
