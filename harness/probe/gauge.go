package probe

import (
	"context"
	"time"
)

// Gauge measures whatever read returns, for example how many calls a fake has
// in flight. read must not block; NaN is "not measured now".
func Gauge(series Series, every time.Duration, read func() float64) Probe {
	return Gauges(series.Name, every, []Series{series}, func(context.Context) ([]float64, error) {
		return []float64{read()}, nil
	})
}

// Gauges measures several quantities at one moment. read returns one value for
// each of series and should end with its context.
func Gauges(name string, every time.Duration, series []Series, read func(ctx context.Context) ([]float64, error)) Probe {
	return gauges{name, every, series, read}
}

type gauges struct {
	name   string
	every  time.Duration
	series []Series
	read   func(ctx context.Context) ([]float64, error)
}

func (g gauges) Name() string                                  { return g.name }
func (g gauges) Every() time.Duration                          { return g.every }
func (g gauges) Series() []Series                              { return g.series }
func (g gauges) Sample(ctx context.Context) ([]float64, error) { return g.read(ctx) }
