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
	return Steps(s.each, s.times(f)...), nil
}

func (s sequence) scaled(f float64) (Profile, error) { return s.changed(Scaled, f) }

func (s shaped) scaled(f float64) (Profile, error) { return s.changed(Scaled, f) }

// times are the rates, each f times as high.
func (s steps) times(f float64) []float64 {
	rates := make([]float64, len(s.rates))
	for i, rate := range s.rates {
		rates[i] = rate * f
	}
	return rates
}

// changed is the sequence with each part changed in that way.
func (s sequence) changed(change func(Profile, float64) (Profile, error), f float64) (Profile, error) {
	parts := s.profiles()
	for i, p := range parts {
		var err error
		if parts[i], err = change(p, f); err != nil {
			return nil, err
		}
	}
	return newSequence(parts), nil
}

// changed is what the shape gave, changed in a way that makes its rates f times as high.
func (s shaped) changed(change func(Profile, float64) (Profile, error), f float64) (Profile, error) {
	p, err := change(s.Profile, f)
	if err != nil {
		return nil, err
	}
	return shaped{p, s.shape.Times(f)}, nil
}

// slowable is a profile whose requests can be had over more time.
type slowable interface {
	slowed(f float64) (Profile, error)
}

// Slowed returns p with the same requests over 1/f of the time, at f times the rate.
// What has no rate cannot be slowed: bursts, and what is given request by request.
func Slowed(p Profile, f float64) (Profile, error) {
	if !(f > 0) || f > maxRate {
		return nil, fmt.Errorf("slow %s down: %v is no factor greater than 0", p, f)
	}
	s, ok := p.(slowable)
	if !ok {
		return nil, fmt.Errorf("slow %s down: it has no rate", p)
	}
	return s.slowed(f)
}

func longer(d time.Duration, f float64) time.Duration { return time.Duration(float64(d) / f) }

func (r ramp) slowed(f float64) (Profile, error) {
	return ramp{r.from * f, r.to * f, longer(r.d, f)}, nil
}

func (w waves) slowed(f float64) (Profile, error) {
	return waves{w.low * f, w.high * f, longer(w.period, f), longer(w.d, f)}, nil
}

func (s steps) slowed(f float64) (Profile, error) {
	return Steps(longer(s.each, f), s.times(f)...), nil
}

func (s sequence) slowed(f float64) (Profile, error) { return s.changed(Slowed, f) }

func (s shaped) slowed(f float64) (Profile, error) { return s.changed(Slowed, f) }
