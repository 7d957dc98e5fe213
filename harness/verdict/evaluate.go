package verdict

import (
	"fmt"
	"math"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Reading is what was measured of one metric in one window. Samples is 0 when
// nothing was; Value then means nothing.
type Reading struct {
	Value   float64
	Samples int64
	// Never says of what must fall to a level that it did not; Value is then the
	// last that was seen, in the level's unit, or not a number where that is not
	// known. Otherwise Value is the time that the fall took, in seconds.
	Never bool
	// Regardless is what the value would have been had nothing been late: what of it
	// time did not break. Nil: it is not known, or all of it is time's.
	Regardless *float64
	// Most is Regardless of what lateness takes from and never adds to, as of answers
	// that were expected: it excuses no value that is too high. There a disturbance may
	// have come between, which made a fault late. Nil: it is not known, or there is
	// Regardless.
	Most *float64
	// FromSend is the value of a latency, counted from the actual send; of too few
	// samples the least that it can be. Nil: it is none.
	FromSend *float64
	// Undisturbed is the least that a latency would have been without what kept the
	// run from running (see [Undisturbed]). Nil: it is not known.
	Undisturbed *float64
	// Least is the least that the value of too few samples can be, whatever those
	// that are missing would have been. Nil: it is not known.
	Least *float64
}

// Point is one sample of a series.
type Point struct {
	At    time.Duration
	Value float64
}

// Fall looks in a series for the moment from which it stays at or below a level,
// and says how long after from that was.
func Fall(points []Point, from time.Duration, level float64) Reading {
	r := Reading{Samples: int64(len(points))}
	if len(points) == 0 {
		return r
	}
	if last := points[len(points)-1]; !(last.Value <= level) {
		r.Never, r.Value = true, last.Value
		return r
	}
	fell := points[0].At
	for i := len(points) - 1; i > 0; i-- {
		if !(points[i-1].Value <= level) {
			fell = points[i].At
			break
		}
	}
	r.Value = max(fell-from, 0).Seconds()
	return r
}

// Evaluate judges what was measured in a window against a check's limit: it fills
// in what was read, verdict and reason. All else of the check must be there: its
// limit, and whether its metric is timed and how many samples that needs.
func Evaluate(c result.Check, r Reading, w Window, v result.Validity) result.Check {
	c.Value, c.Samples = nil, r.Samples
	c.Regardless, c.Most, c.FromSend, c.Undisturbed, c.Least = r.Regardless, r.Most, r.FromSend, r.Undisturbed, r.Least
	c.Verdict, c.Reason = weigh(&c, r)
	c = Excused(c, w, v)
	if c.Verdict == result.Fail && c.Exercise {
		c.Verdict = result.NotExercised
	}
	return c
}

// Excused is the check as it was judged; inconclusive where it failed for what was not
// the target's doing in its window.
func Excused(c result.Check, w Window, v result.Validity) result.Check {
	if c.Verdict != result.Fail {
		return c
	}
	if why := excuse(c, w, v); why != "" {
		c.Verdict = result.Inconclusive
		c.Reason += "; but this can't be held against the target: " + why
	}
	return c
}

// weigh is the verdict on a value in a valid experiment.
func weigh(c *result.Check, r Reading) (result.Verdict, string) {
	unlimited := relate(c)
	switch {
	case r.Samples == 0:
		return result.NotExercised, "no samples of " + Subject(*c)
	case r.Never:
		return result.Fail, neverFell(*c, r)
	case math.IsNaN(r.Value) || math.IsInf(r.Value, 0):
		return result.Inconclusive, c.Metric + " is not a number"
	}
	c.Value = &r.Value
	switch {
	case unlimited != "":
		return result.Inconclusive, unlimited
	case r.Samples < c.MinSamples && r.Least != nil && beyond(*c, *r.Least):
		return result.Fail, fmt.Sprintf("%s rests on %d samples, it needs %d, and whatever the others would have been it was at least %s, limit %s",
			Subject(*c), r.Samples, c.MinSamples, result.Format(*r.Least, c.Unit), LimitText(*c))
	case r.Samples < c.MinSamples:
		return result.Inconclusive, fmt.Sprintf("%s rests on %d samples, it needs %d", c.Metric, r.Samples, c.MinSamples)
	case holds(*c, r.Value):
		return result.Pass, Finding(*c)
	default:
		return result.Fail, Finding(*c)
	}
}

// relate gives a check that depends on the baseline its limit. It says why there is
// none where the baseline cannot be one; empty of every other check.
func relate(c *result.Check) (unlimited string) {
	if c.Times == 0 {
		return ""
	}
	c.Threshold = 0
	switch {
	case c.Baseline == nil:
		return fmt.Sprintf("%s was not measured in the baseline, so there is nothing to hold it against", c.Metric)
	case c.BaselineSamples < c.MinSamples:
		return fmt.Sprintf("%s rests on %d samples in the baseline, it needs %d to be held against", c.Metric, c.BaselineSamples, c.MinSamples)
	case *c.Baseline == 0:
		return fmt.Sprintf("%s was 0 in the baseline, and %s of nothing is no limit", c.Metric, result.Format(c.Times, result.UnitFraction))
	}
	c.Threshold = c.Times * *c.Baseline
	return ""
}

func neverFell(c result.Check, r Reading) string {
	last := "over it"
	if !math.IsNaN(r.Value) {
		last = result.Format(r.Value, c.LevelUnit)
	}
	return fmt.Sprintf("%s was still %s at the end of %s, it should have fallen to %s within %s",
		c.Metric, last, c.Phase, levelText(c), result.Format(c.Threshold, c.Unit))
}

func levelText(c result.Check) string {
	if c.Level == nil {
		return "its level" // a file of an older version does not say which
	}
	return result.Format(*c.Level, c.LevelUnit)
}

// Finding says in a sentence what was measured and what the limit was. It is the
// reason of a check that passed or failed; of one without a value it is empty.
func Finding(c result.Check) string {
	if c.Value == nil {
		return ""
	}
	got := result.Format(*c.Value, c.Unit)
	if Op(c.Op) == FallsTo {
		return fmt.Sprintf("%s fell to %s after %s, allowed %s", c.Metric, levelText(c), got, result.Format(c.Threshold, c.Unit))
	}
	in := ""
	if c.Phase != "" {
		in = " in " + c.Phase
	}
	return fmt.Sprintf("%s was %s%s, limit %s", c.Metric, got, in, LimitText(c))
}

// Recorded is the reading that a check in a file rests on. ok is false where it
// rests on none, and stays as it is by whatever limit: its phase did not take
// place, nothing measured its metric, or what did was no number.
func Recorded(c result.Check) (r Reading, ok bool) {
	switch {
	case c.Value != nil:
		return Reading{Value: *c.Value, Samples: max(c.Samples, 1), Regardless: c.Regardless, Most: c.Most, FromSend: c.FromSend, Undisturbed: c.Undisturbed, Least: c.Least}, true
	case Op(c.Op) == FallsTo && c.Samples > 0:
		return Reading{Value: math.NaN(), Samples: c.Samples, Never: true}, true
	default:
		return Reading{}, false
	}
}
