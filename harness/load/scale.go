package load

import (
	"fmt"
	"time"
)

// scaler is a profile that can be had with another rate.
type scaler interface {
	scaled(f float64) (Profile, error)
}

// Scaled returns p with f times the rate over the same time. Bursts get f times
// as many requests, rounded, and one at least. A profile that is not of this
// package can be scaled if a shape gave it, and is refused otherwise.
func Scaled(p Profile, f float64) (Profile, error) {
	if !(f > 0) || f > maxRate {
		return nil, fmt.Errorf("scale %s: %v is no factor greater than 0", p, f)
	}
	s, ok := p.(scaler)
	if !ok {
		return nil, fmt.Errorf("scale %s: it is given request by request", p)
	}
	return s.scaled(f)
}

func (r ramp) scaled(f float64) (Profile, error) { return ramp{r.from * f, r.to * f, r.d}, nil }

func (b bursts) scaled(f float64) (Profile, error) {
	return bursts{scaledCount(b.size, f), b.every, b.d}, nil
}

func (w waves) scaled(f float64) (Profile, error) {
	return waves{w.low * f, w.high * f, w.period, w.d}, nil
}

func (s steps) scaled(f float64) (Profile, error) {
	rates := make([]float64, len(s.rates))
	for i, rate := range s.rates {
		rates[i] = rate * f
	}
	return Steps(s.each, rates...), nil
}

func (s sequence) scaled(f float64) (Profile, error) {
	parts := s.profiles()
	for i, p := range parts {
		var err error
		if parts[i], err = Scaled(p, f); err != nil {
			return nil, err
		}
	}
	return newSequence(parts), nil
}

func (s shaped) scaled(f float64) (Profile, error) {
	p, err := Scaled(s.Profile, f)
	if err != nil {
		return nil, err
	}
	return shaped{p, s.shape.Times(f)}, nil
}

// Slowed returns p with the same requests over 1/f of the time, at f times the rate.
// Only a rate that is given can be slowed: a constant one, or one that changes
// evenly.
func Slowed(p Profile, f float64) (Profile, error) {
	if !(f > 0) || f > maxRate {
		return nil, fmt.Errorf("slow %s down: %v is no factor greater than 0", p, f)
	}
	r, ok := p.(ramp)
	if !ok {
		return nil, fmt.Errorf("slow %s down: it is not one rate", p)
	}
	return ramp{r.from * f, r.to * f, time.Duration(float64(r.d) / f)}, nil
}
