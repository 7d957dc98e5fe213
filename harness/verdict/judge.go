package verdict

import (
	"fmt"
	"math"
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Experiment is what is known of the validity of the experiment when the checks
// are judged.
type Experiment struct {
	// TimingInvalid says why a missed limit on time can't be held against the target
	// (the generator was late, the machine was full); empty when it can.
	TimingInvalid string
	// Phases are the spans that took place.
	Phases []result.Phase
}

// Judge holds each check against what was measured, in order.
func (b *Registry) Judge(checks []Check, x Experiment) []result.Check {
	judged := make([]result.Check, 0, len(checks))
	primary := slices.ContainsFunc(checks, func(c Check) bool { return c.Primary })
	for i, c := range checks {
		if i == 0 && !primary {
			c.Primary = true
		}
		judged = append(judged, b.judge(c, x))
	}
	return judged
}

func (b *Registry) judge(c Check, x Experiment) result.Check {
	r := result.Check{
		Name: c.String(), Metric: c.Metric, Phase: c.Phase, Op: string(c.Op),
		Threshold: c.Limit.Value, Unit: c.Limit.Unit, Why: c.Why, Primary: c.Primary, Protections: c.Protections, Exercise: c.Exercise,
	}
	if c.Op == Between {
		r.Upper = &c.Upper.Value
	}
	if c.Within > 0 {
		s := c.Within.Seconds()
		r.WithinS = &s
	}
	e, ok := b.entries[c.Metric]
	if !ok {
		r.Verdict, r.Reason = result.Inconclusive, "nothing measured "+c.Metric
		return r
	}
	w, ok := x.window(c.Phase)
	if !ok && !e.Anytime {
		r.Verdict, r.Reason = result.NotExercised, missing(c.Phase)
		return r
	}
	if c.Op == FallsTo {
		judgeFall(&r, c, e.Points(w), w)
	} else {
		judgeValue(&r, c, e, e.Read(w))
	}
	if r.Verdict == result.Fail && timed(e) && x.TimingInvalid != "" {
		r.Verdict = result.Inconclusive
		r.Reason += "; but this can't be held against the target: " + x.TimingInvalid
	}
	if r.Verdict == result.Fail && c.Exercise {
		r.Verdict = result.NotExercised
	}
	return r
}

// timed reports whether a metric is the machine's doing as well: whatever is
// measured in time is.
func timed(e entry) bool {
	return e.Timed || e.Unit == result.UnitMS || e.Unit == result.UnitSeconds
}

func judgeValue(r *result.Check, c Check, e entry, reading Reading) {
	r.Samples = reading.Samples
	need := max(e.MinSamples, 1)
	switch {
	case reading.Samples == 0:
		r.Verdict, r.Reason = result.NotExercised, "no samples of "+c.Metric+inPhase(c.Phase)
		return
	case math.IsNaN(reading.Value) || math.IsInf(reading.Value, 0):
		r.Verdict, r.Reason = result.Inconclusive, c.Metric+" is not a number"
		return
	}
	r.Value = &reading.Value
	got := fmt.Sprintf("%s was %s%s, limit %s %s", c.Metric, result.Format(reading.Value, e.Unit), inPhase(c.Phase), c.Op.sign(), c.limitText())
	switch {
	case reading.Samples < need:
		r.Verdict = result.Inconclusive
		r.Reason = fmt.Sprintf("%s rests on %d samples, it needs %d", c.Metric, reading.Samples, need)
	case c.holds(reading.Value):
		r.Verdict, r.Reason = result.Pass, got
	default:
		r.Verdict, r.Reason = result.Fail, got
	}
}

func (c Check) limitText() string {
	if c.Op == Between {
		return c.Limit.String() + " and " + c.Upper.String()
	}
	return c.Limit.String()
}

// judgeFall looks for the moment from which the series stays at or below the
// limit. The value of such a check is that moment, in seconds after the start
// of the phase; its unit is seconds, its threshold the time allowed.
func judgeFall(r *result.Check, c Check, points []Point, w Window) {
	r.Samples = int64(len(points))
	if len(points) == 0 {
		r.Verdict, r.Reason = result.NotExercised, "no samples of "+c.Metric+inPhase(c.Phase)
		return
	}
	if last := points[len(points)-1]; last.Value > c.Limit.Value {
		r.Verdict = result.Fail
		r.Reason = fmt.Sprintf("%s was still %s at the end of %s, it should have fallen to %s within %s",
			c.Metric, result.Format(last.Value, c.Limit.Unit), c.Phase, c.Limit, c.Within)
		return
	}
	fell := points[0].At
	for i := len(points) - 1; i > 0; i-- {
		if points[i-1].Value > c.Limit.Value {
			fell = points[i].At
			break
		}
	}
	took := max(fell-w.From, 0)
	seconds := took.Seconds()
	r.Value = &seconds
	r.Unit = result.UnitSeconds
	r.Threshold = c.Within.Seconds()
	r.Reason = fmt.Sprintf("%s fell to %s after %s, allowed %s", c.Metric, c.Limit, took.Round(time.Millisecond), c.Within)
	r.Verdict = result.Pass
	if took > c.Within {
		r.Verdict = result.Fail
	}
}

func missing(phase string) string {
	if phase == "" {
		return "nothing took place after the warm-up"
	}
	return "the phase " + phase + " did not take place"
}

func inPhase(phase string) string {
	if phase == "" {
		return ""
	}
	return " in " + phase
}

// window finds the span of a phase; the empty name is all that follows the
// warm-up, the drain included: what was asked for during the load is often paid
// for after it.
func (x Experiment) window(phase string) (Window, bool) {
	w := Window{Phase: phase}
	found := false
	for _, p := range x.Phases {
		part := phase == p.Name
		if phase == "" {
			part = p.Name != result.WarmUp && p.Name != result.Verify
		}
		if !part {
			continue
		}
		from, to := p.From, p.To
		if !found {
			w.From = from
		}
		w.To = to
		found = true
	}
	return w, found
}

// Decisive returns the check that decides the verdict of a scenario: the worst,
// and among equals the primary one, then the first.
func Decisive(checks []result.Check) (result.Check, bool) {
	if len(checks) == 0 {
		return result.Check{}, false
	}
	return slices.MinFunc(checks, func(a, b result.Check) int {
		switch {
		case a.Verdict.Worse(b.Verdict):
			return -1
		case b.Verdict.Worse(a.Verdict):
			return 1
		case a.Primary != b.Primary && a.Primary:
			return -1
		case a.Primary != b.Primary:
			return 1
		}
		return 0
	}), true
}
