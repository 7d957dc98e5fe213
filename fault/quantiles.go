package fault

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Quantiles is a distribution that was measured elsewhere, as its points in the
// text form, for example "0:10ms,0.5:50ms,1:2s", with straight lines between
// them. [NewQuantiles] makes one of points.
type Quantiles string

// Quantile says that a share Q of all takes at most At.
type Quantile struct {
	Q  float64
	At time.Duration
}

// NewQuantiles makes a distribution of points, of which the first is quantile 0
// and the last is quantile 1.
func NewQuantiles(points ...Quantile) Quantiles {
	texts := make([]string, len(points))
	for i, p := range points {
		texts[i] = strconv.FormatFloat(p.Q, 'g', -1, 64) + ":" + p.At.String()
	}
	return Quantiles(strings.Join(texts, ","))
}

// Points are the points of the distribution.
func (q Quantiles) Points() ([]Quantile, error) {
	var points []Quantile
	for point := range strings.SplitSeq(string(q), ",") {
		share, at, _ := strings.Cut(point, ":")
		p, err := strconv.ParseFloat(share, 64)
		d, atErr := time.ParseDuration(at)
		if errors.Join(err, atErr) != nil {
			return nil, fmt.Errorf("%q is not a point such as 0.99:1s", point)
		}
		points = append(points, Quantile{p, d})
	}
	return points, nil
}

// String returns for example "quantiles 0:10ms,0.5:50ms,1:2s".
func (q Quantiles) String() string { return "quantiles " + string(q) }

// Validate refuses fewer than two points, and points out of order.
func (q Quantiles) Validate() error {
	points, err := q.Points()
	if err != nil {
		return fmt.Errorf("quantiles: %w", err)
	}
	if len(points) < 2 || points[0].Q != 0 || points[len(points)-1].Q != 1 {
		return errors.New("quantiles: need at least two points, the first at 0 and the last at 1")
	}
	for i, p := range points {
		if err := checkTimes("quantiles", p.At); err != nil {
			return err
		}
		if i > 0 && !(p.Q > points[i-1].Q && p.At >= points[i-1].At) {
			return fmt.Errorf("quantiles: %v:%v does not come after %v:%v", p.Q, p.At, points[i-1].Q, points[i-1].At)
		}
	}
	return nil
}

// Sample draws from between the points.
func (q Quantiles) Sample(r *rand.Rand) time.Duration {
	p := r.Float64()
	points, err := q.Points()
	if err != nil {
		return 0 // Validate has refused it
	}
	i, _ := slices.BinarySearchFunc(points, p, func(at Quantile, p float64) int {
		if at.Q <= p {
			return -1
		}
		return 1
	})
	if i == 0 || i == len(points) {
		return points[min(i, len(points)-1)].At
	}
	low, high := points[i-1], points[i]
	share := (p - low.Q) / (high.Q - low.Q)
	return low.At + time.Duration(share*float64(high.At-low.At))
}

// quantiles reads the points, and writes them as [NewQuantiles] does.
func (w *words) quantiles() Quantiles {
	points, err := Quantiles(w.next("the points of the distribution")).Points()
	if err != nil {
		w.errs = append(w.errs, err)
	}
	return NewQuantiles(points...)
}
