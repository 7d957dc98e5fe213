package fault

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Distribution is how long something takes, as a shape to draw from.
type Distribution interface {
	Sample(*rand.Rand) time.Duration
	// String is its text form, as in "delay 200ms".
	String() string
	Validate() error
}

// Fixed is always the same.
type Fixed time.Duration

// Uniform is anything between Min and Max, each as likely.
type Uniform struct{ Min, Max time.Duration }

// Normal is the bell curve, cut off at 0.
type Normal struct{ Mean, SD time.Duration }

// LogNormal is the usual shape of a service's latency: half of it below Median,
// a long tail above, the longer the larger Sigma. Max cuts it off; 0 does not.
type LogNormal struct {
	Median time.Duration
	Sigma  float64
	Max    time.Duration
}

// Exponential is the time between events that know nothing of each other. Max
// cuts it off; 0 does not.
type Exponential struct{ Mean, Max time.Duration }

// Pareto has the heaviest tail: at least Min, and beyond x with a probability of
// (Min/x)^Alpha. Max cuts it off; 0 does not.
type Pareto struct {
	Min   time.Duration
	Alpha float64
	Max   time.Duration
}

// Bimodal is Fast, and Slow with a probability of SlowP.
type Bimodal struct {
	Fast, Slow time.Duration
	SlowP      float64
}

// Quantiles is measured elsewhere: points of a distribution, with straight lines
// between them. The first is quantile 0 and the last is quantile 1.
type Quantiles []Quantile

// Quantile says that a share Q of all takes at most At.
type Quantile struct {
	Q  float64
	At time.Duration
}

// Sample returns the fixed time.
func (f Fixed) Sample(*rand.Rand) time.Duration { return time.Duration(f) }

// Sample draws from between Min and Max.
func (u Uniform) Sample(r *rand.Rand) time.Duration {
	return u.Min + time.Duration(r.Float64()*float64(u.Max-u.Min))
}

// Sample draws from the bell curve.
func (n Normal) Sample(r *rand.Rand) time.Duration {
	return duration(float64(n.Mean)+r.NormFloat64()*float64(n.SD), 0)
}

// Sample draws from the log-normal curve.
func (l LogNormal) Sample(r *rand.Rand) time.Duration {
	return duration(float64(l.Median)*math.Exp(l.Sigma*r.NormFloat64()), l.Max)
}

// Sample draws from the exponential curve.
func (e Exponential) Sample(r *rand.Rand) time.Duration {
	return duration(float64(e.Mean)*r.ExpFloat64(), e.Max)
}

// Sample draws from the Pareto curve.
func (p Pareto) Sample(r *rand.Rand) time.Duration {
	return duration(float64(p.Min)*math.Pow(1-r.Float64(), -1/p.Alpha), p.Max)
}

// Sample returns Slow or Fast.
func (b Bimodal) Sample(r *rand.Rand) time.Duration {
	if r.Float64() < b.SlowP {
		return b.Slow
	}
	return b.Fast
}

// Sample draws from between the points.
func (q Quantiles) Sample(r *rand.Rand) time.Duration {
	p := r.Float64()
	i, _ := slices.BinarySearchFunc(q, p, func(at Quantile, p float64) int {
		if at.Q <= p {
			return -1
		}
		return 1
	})
	if i == 0 || i == len(q) {
		return q[min(i, len(q)-1)].At
	}
	low, high := q[i-1], q[i]
	share := (p - low.Q) / (high.Q - low.Q)
	return low.At + time.Duration(share*float64(high.At-low.At))
}

// duration is ns, not below 0 and not above limit (0: a day).
func duration(ns float64, limit time.Duration) time.Duration {
	if limit == 0 {
		limit = 24 * time.Hour
	}
	return time.Duration(max(0, min(ns, float64(limit))))
}

// String returns for example "200ms".
func (f Fixed) String() string { return time.Duration(f).String() }

// String returns for example "uniform min=10ms max=20ms".
func (u Uniform) String() string { return words("uniform", "min", u.Min, "max", u.Max) }

// String returns for example "normal mean=50ms sd=10ms".
func (n Normal) String() string { return words("normal", "mean", n.Mean, "sd", n.SD) }

// String returns for example "lognormal median=80ms sigma=0.8 max=5s".
func (l LogNormal) String() string {
	return words("lognormal", "median", l.Median, "sigma", l.Sigma, "max", l.Max)
}

// String returns for example "exponential mean=50ms".
func (e Exponential) String() string { return words("exponential", "mean", e.Mean, "max", e.Max) }

// String returns for example "pareto min=10ms alpha=1.5 max=10s".
func (p Pareto) String() string {
	return words("pareto", "min", p.Min, "alpha", p.Alpha, "max", p.Max)
}

// String returns for example "bimodal fast=10ms slow=2s slow-p=0.05".
func (b Bimodal) String() string {
	return words("bimodal", "fast", b.Fast, "slow", b.Slow, "slow-p", b.SlowP)
}

// String returns for example "quantiles 0:10ms,0.5:50ms,1:2s".
func (q Quantiles) String() string {
	points := make([]string, len(q))
	for i, p := range q {
		points[i] = strconv.FormatFloat(p.Q, 'g', -1, 64) + ":" + p.At.String()
	}
	return "quantiles " + strings.Join(points, ",")
}

// Validate refuses a negative time.
func (f Fixed) Validate() error { return checkTimes("delay", time.Duration(f)) }

// Validate refuses negative times and Min above Max.
func (u Uniform) Validate() error {
	if u.Min > u.Max {
		return fmt.Errorf("uniform: min %v is above max %v", u.Min, u.Max)
	}
	return checkTimes("uniform", u.Min, u.Max)
}

// Validate refuses negative times.
func (n Normal) Validate() error { return checkTimes("normal", n.Mean, n.SD) }

// Validate refuses negative times, and a sigma that is no usable number.
func (l LogNormal) Validate() error {
	if !(l.Sigma >= 0 && l.Sigma <= 10) {
		return fmt.Errorf("lognormal: sigma %v is not between 0 and 10", l.Sigma)
	}
	return checkTimes("lognormal", l.Median, l.Max)
}

// Validate refuses negative times.
func (e Exponential) Validate() error { return checkTimes("exponential", e.Mean, e.Max) }

// Validate refuses negative times, and an alpha that is no usable number.
func (p Pareto) Validate() error {
	if !(p.Alpha > 0 && p.Alpha <= 100) {
		return fmt.Errorf("pareto: alpha %v is not between 0 and 100", p.Alpha)
	}
	return checkTimes("pareto", p.Min, p.Max)
}

// Validate refuses negative times and what is no probability.
func (b Bimodal) Validate() error {
	if !(b.SlowP >= 0 && b.SlowP <= 1) {
		return fmt.Errorf("bimodal: slow-p %v is not between 0 and 1", b.SlowP)
	}
	return checkTimes("bimodal", b.Fast, b.Slow)
}

// Validate refuses fewer than two points, and points out of order.
func (q Quantiles) Validate() error {
	if len(q) < 2 || q[0].Q != 0 || q[len(q)-1].Q != 1 {
		return errors.New("quantiles: need at least two points, the first at 0 and the last at 1")
	}
	for i, p := range q {
		if err := checkTimes("quantiles", p.At); err != nil {
			return err
		}
		if i > 0 && !(p.Q > q[i-1].Q && p.At >= q[i-1].At) {
			return fmt.Errorf("quantiles: %v:%v does not come after %v:%v", p.Q, p.At, q[i-1].Q, q[i-1].At)
		}
	}
	return nil
}

func checkTimes(what string, times ...time.Duration) error {
	for _, t := range times {
		if t < 0 || t > 24*time.Hour {
			return fmt.Errorf("%s: %v is not between 0 and 24h", what, t)
		}
	}
	return nil
}
