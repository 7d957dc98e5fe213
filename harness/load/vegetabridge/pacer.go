package vegetabridge

import (
	"errors"
	"fmt"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"holdfast.dev/holdfast/harness/load"
)

// Profile returns what a pacer plans for d. Constant, linear and sine pacers
// become the profile of the same shape; one that falls to nothing pauses from
// there on. Any other pacer is asked beforehand, as if each of its hits were sent
// exactly when it says, and its hits are those of the profile. A pacer that sends
// as fast as answers come plans nothing, and is refused.
func Profile(p vegeta.Pacer, d time.Duration) (load.Profile, error) {
	switch p := p.(type) {
	case vegeta.ConstantPacer:
		rate, err := perSecond(p)
		return load.Constant(rate, d), err
	case vegeta.LinearPacer:
		return linear(p, d)
	case vegeta.SinePacer:
		mean, err := perSecond(p.Mean)
		swing := p.Amp.Rate(0)
		if err != nil || p.Period <= 0 || swing < 0 || swing >= mean {
			return nil, fmt.Errorf("a sine pacer needs a period, a mean, and an amplitude below it: %v is none", p)
		}
		if p.StartAt == vegeta.MeanUp {
			return load.Waves(mean-swing, mean+swing, p.Period, d), nil
		}
	}
	return replay(p, d)
}

func perSecond(r vegeta.Rate) (float64, error) {
	if r.Freq <= 0 || r.Per <= 0 {
		return 0, fmt.Errorf("%v is no rate that can be planned", r)
	}
	return float64(r.Freq) / r.Per.Seconds(), nil
}

func linear(p vegeta.LinearPacer, d time.Duration) (load.Profile, error) {
	from, err := perSecond(p.StartAt)
	if err != nil {
		return nil, err
	}
	to := from + p.Slope*d.Seconds()
	if to >= 0 {
		return load.Ramp(from, to, d), nil
	}
	falls := min(time.Duration(from/-p.Slope*float64(time.Second)), d)
	return load.Sequence(load.Ramp(from, 0, falls), load.Constant(0, d-falls)), nil
}

// maxReplayed bounds the hits that a pacer is asked for beforehand, eight bytes
// each.
const maxReplayed = 5_000_000

// replay asks a pacer for each of its hits.
func replay(p vegeta.Pacer, d time.Duration) (load.Profile, error) {
	r := replayed{d: d, name: fmt.Sprintf("%v for %s", p, d)}
	for at := time.Duration(0); ; {
		wait, stop := p.Pace(at, uint64(len(r.due)))
		at += max(wait, 0)
		if stop || at >= d || at < 0 {
			break
		}
		if len(r.due) == maxReplayed {
			return nil, fmt.Errorf("the pacer %v has more than %d hits within %s", p, maxReplayed, d)
		}
		r.due = append(r.due, at)
	}
	if len(r.due) == 0 {
		return nil, errors.New("the pacer has no hit")
	}
	return r, nil
}

// replayed is a profile whose requests are given one by one.
type replayed struct {
	due  []time.Duration
	d    time.Duration
	name string
}

func (r replayed) Due(n int64) (time.Duration, bool) {
	if n < 0 || n >= int64(len(r.due)) {
		return 0, false
	}
	return r.due[n], true
}

func (r replayed) Duration() time.Duration { return r.d }

func (r replayed) String() string { return r.name }

// Pacer returns a pacer by which vegeta sends hit n when request n of the profile
// is due, and stops after the last. Vegeta's attack is given no duration then.
func Pacer(p load.Profile) vegeta.Pacer { return pacer{p} }

type pacer struct{ load.Profile }

// Pace says how long to wait for the next hit.
func (p pacer) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	due, ok := p.Due(int64(min(hits, 1<<62)))
	return max(due-elapsed, 0), !ok
}

// Rate returns how many requests are due within the second around a moment.
func (p pacer) Rate(elapsed time.Duration) float64 {
	from := max(elapsed-time.Second/2, 0)
	return float64(load.DueBefore(p.Profile, from+time.Second) - load.DueBefore(p.Profile, from))
}
