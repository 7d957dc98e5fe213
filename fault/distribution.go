package fault

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// Distribution is how long something takes, as a shape to draw from: a plain,
// comparable value.
type Distribution interface {
	Sample(*rand.Rand) time.Duration
	// String is its text form, as in "delay 200ms".
	String() string
	Validate() error
}

// Fixed is always the same.
type Fixed time.Duration

// Jitter is anything from By less than Each to By more, each as likely.
type Jitter struct{ Each, By time.Duration }

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

// Sample returns the fixed time.
func (f Fixed) Sample(*rand.Rand) time.Duration { return time.Duration(f) }

// Sample draws from around Each.
func (j Jitter) Sample(r *rand.Rand) time.Duration {
	return j.Each + time.Duration((2*r.Float64()-1)*float64(j.By))
}

// Sample draws from between Min and Max.
func (u Uniform) Sample(r *rand.Rand) time.Duration {
	return u.Min + time.Duration(r.Float64()*float64(u.Max-u.Min))
}

// Sample draws from the bell curve.
func (n Normal) Sample(r *rand.Rand) time.Duration {
	return bounded(float64(n.Mean)+r.NormFloat64()*float64(n.SD), 0)
}

// Sample draws from the log-normal curve.
func (l LogNormal) Sample(r *rand.Rand) time.Duration {
	return bounded(float64(l.Median)*math.Exp(l.Sigma*r.NormFloat64()), l.Max)
}

// Sample draws from the exponential curve.
func (e Exponential) Sample(r *rand.Rand) time.Duration {
	return bounded(float64(e.Mean)*r.ExpFloat64(), e.Max)
}

// Sample draws from the Pareto curve.
func (p Pareto) Sample(r *rand.Rand) time.Duration {
	return bounded(float64(p.Min)*math.Pow(1-r.Float64(), -1/p.Alpha), p.Max)
}

// Sample returns Slow or Fast.
func (b Bimodal) Sample(r *rand.Rand) time.Duration {
	if r.Float64() < b.SlowP {
		return b.Slow
	}
	return b.Fast
}

// bounded is ns, not below 0 and not above limit (0: a day).
func bounded(ns float64, limit time.Duration) time.Duration {
	if limit == 0 {
		limit = longest
	}
	return time.Duration(max(0, min(ns, float64(limit))))
}

// String returns for example "200ms".
func (f Fixed) String() string { return time.Duration(f).String() }

// String returns for example "200ms jitter 50ms".
func (j Jitter) String() string { return j.Each.String() + " jitter " + j.By.String() }

// String returns for example "uniform min=10ms max=20ms".
func (u Uniform) String() string {
	return text("uniform", named("min", timeText(u.Min)), named("max", timeText(u.Max)))
}

// String returns for example "normal mean=50ms sd=10ms".
func (n Normal) String() string {
	return text("normal", named("mean", timeText(n.Mean)), named("sd", timeText(n.SD)))
}

// String returns for example "lognormal median=80ms sigma=0.8 max=5s".
func (l LogNormal) String() string {
	return text("lognormal", named("median", timeText(l.Median)), named("sigma", shareText(l.Sigma)), named("max", timeText(l.Max)))
}

// String returns for example "exponential mean=50ms".
func (e Exponential) String() string {
	return text("exponential", named("mean", timeText(e.Mean)), named("max", timeText(e.Max)))
}

// String returns for example "pareto min=10ms alpha=1.5 max=10s".
func (p Pareto) String() string {
	return text("pareto", named("min", timeText(p.Min)), named("alpha", shareText(p.Alpha)), named("max", timeText(p.Max)))
}

// String returns for example "bimodal fast=10ms slow=2s slow-p=0.05".
func (b Bimodal) String() string {
	return text("bimodal", named("fast", timeText(b.Fast)), named("slow", timeText(b.Slow)), named("slow-p", shareText(b.SlowP)))
}

// Validate refuses a negative time.
func (f Fixed) Validate() error { return checkTimes("delay", time.Duration(f)) }

// Validate refuses negative times, and more jitter than there is to spread.
func (j Jitter) Validate() error {
	if j.By <= 0 || j.By > j.Each {
		return fmt.Errorf("jitter is between 0 and the delay, not %v", j.By)
	}
	return checkTimes("delay", j.Each)
}

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

// shapes are the words with which a distribution that has a name begins.
func shapes() map[string]func(*words) Distribution {
	return map[string]func(*words) Distribution{
		"uniform": func(w *words) Distribution { return Uniform{w.duration("min"), w.duration("max")} },
		"normal":  func(w *words) Distribution { return Normal{w.duration("mean"), w.duration("sd")} },
		"lognormal": func(w *words) Distribution {
			return LogNormal{w.duration("median"), w.number("sigma"), w.duration("max")}
		},
		"exponential": func(w *words) Distribution { return Exponential{w.duration("mean"), w.duration("max")} },
		"pareto":      func(w *words) Distribution { return Pareto{w.duration("min"), w.number("alpha"), w.duration("max")} },
		"bimodal": func(w *words) Distribution {
			return Bimodal{w.duration("fast"), w.duration("slow"), w.number("slow-p")}
		},
		"quantiles": func(w *words) Distribution { return w.quantiles() },
	}
}

// distribution reads a time, or the name of a shape with its options.
func (w *words) distribution() Distribution {
	first := w.next("a time")
	if parse, ok := shapes()[first]; ok {
		return parse(w)
	}
	each, err := time.ParseDuration(first)
	if err != nil && first != "" {
		w.errs = append(w.errs, errors.New("want a time such as 200ms, or uniform, normal, lognormal, exponential, pareto, bimodal or quantiles, not "+strings.ToValidUTF8(first, "?")))
	}
	if by := w.duration("jitter"); by != 0 {
		return Jitter{Each: each, By: by}
	}
	return Fixed(each)
}
