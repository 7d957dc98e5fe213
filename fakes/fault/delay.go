package fault

import (
	"errors"
	"time"
)

// Delay lets time pass before the answer's first byte. The work is done at once;
// only the answer is late.
type Delay struct{ Distribution }

// String returns for example "delay 200ms".
func (d Delay) String() string {
	if d.Distribution == nil {
		return "delay"
	}
	return "delay " + d.Distribution.String()
}

// Validate checks the distribution.
func (d Delay) Validate() error {
	if d.Distribution == nil {
		return errors.New("delay without a time")
	}
	return d.Distribution.Validate()
}

// Wait draws how long.
func (d Delay) Wait(draw *Draw) time.Duration { return d.Sample(draw.Rand) }

func parseDelay(a *args) (Kind, error) {
	shape := a.word()
	switch shape {
	case "uniform":
		return Delay{Uniform{a.duration("min"), a.duration("max")}}, nil
	case "normal":
		return Delay{Normal{a.duration("mean"), a.duration("sd")}}, nil
	case "lognormal":
		return Delay{LogNormal{a.duration("median"), a.float("sigma"), a.duration("max")}}, nil
	case "exponential":
		return Delay{Exponential{a.duration("mean"), a.duration("max")}}, nil
	case "pareto":
		return Delay{Pareto{a.duration("min"), a.float("alpha"), a.duration("max")}}, nil
	case "bimodal":
		return Delay{Bimodal{a.duration("fast"), a.duration("slow"), a.float("slow-p")}}, nil
	case "quantiles":
		q, err := parseQuantiles(a.word())
		return Delay{q}, err
	default:
		d, err := time.ParseDuration(shape)
		if err != nil {
			return nil, errors.New("want a time such as 200ms, or uniform, normal, lognormal, exponential, pareto, bimodal or quantiles")
		}
		return Delay{Fixed(d)}, nil
	}
}
