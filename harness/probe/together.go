package probe

import (
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"time"
)

// whole begins the names of the series of a target's probes.
const whole = "target."

// Part is a probe of one program of a target of several: its series are called after
// the program, web.rss in the place of target.rss.
type Part struct {
	Name string
	Probe
}

// Named is a series of a target's as one of a program of it.
func Named(s Series, program string) Series {
	if rest, ok := strings.CutPrefix(s.Name, whole); ok {
		s.Name = program + "." + rest
	}
	return s
}

// Sum is several parts, by their numbers, as one.
type Sum struct {
	Name  string
	Parts []int
}

// Together samples probes of one sort of several programs at once, and has beside the
// series of each those of the sums. What is not measured of one program now is left
// out of a sum; a sum of nothing is a gap. A peak of a sum (a series that ends in
// _peak) is the most that the sum of the series before it was, and no less than the
// peak of any one program.
func Together(parts []Part, sums []Sum) Probe {
	t := &together{parts: parts, sums: sums}
	for _, p := range parts {
		for _, s := range p.Series() {
			t.series = append(t.series, Named(s, p.Name))
		}
	}
	for _, sum := range sums {
		for _, s := range parts[0].Series() {
			t.series = append(t.series, Named(s, sum.Name))
		}
		t.peaks = append(t.peaks, make([]float64, len(parts[0].Series())))
	}
	return t
}

type together struct {
	parts  []Part
	sums   []Sum
	series []Series
	peaks  [][]float64 // of each sum, of each series
}

func (t *together) Name() string         { return t.parts[0].Probe.Name() }
func (t *together) Every() time.Duration { return t.parts[0].Every() }
func (t *together) Series() []Series     { return t.series }

func (t *together) Sample(ctx context.Context) ([]float64, error) {
	var values []float64
	each := make([][]float64, len(t.parts))
	for i, p := range t.parts {
		of, err := p.Sample(ctx)
		if err != nil {
			return nil, err
		}
		each[i] = of
		values = append(values, of...)
	}
	for n, sum := range t.sums {
		values = append(values, t.sum(n, sum, each)...)
	}
	return values, nil
}

// sum is what all parts of a sum measured, together.
func (t *together) sum(n int, sum Sum, each [][]float64) []float64 {
	series := t.parts[0].Series()
	values := make([]float64, len(series))
	for i, s := range series {
		values[i] = math.NaN()
		most := math.NaN()
		for _, part := range sum.Parts {
			v := each[part][i]
			switch {
			case math.IsNaN(v):
			case math.IsNaN(values[i]):
				values[i], most = v, v
			default:
				values[i], most = values[i]+v, max(most, v)
			}
		}
		if strings.HasSuffix(s.Name, "_peak") && i > 0 && !math.IsNaN(values[i]) {
			t.peaks[n][i] = max(t.peaks[n][i], most)
			if !math.IsNaN(values[i-1]) {
				t.peaks[n][i] = max(t.peaks[n][i], values[i-1])
			}
			values[i] = t.peaks[n][i]
		}
	}
	return values
}

// Close ends what the probes hold open.
func (t *together) Close() error {
	var errs []error
	for _, p := range t.parts {
		if c, ok := p.Probe.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}
