package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// How far a disturbance reaches, beyond the time that it lasted.
const (
	// inFlight is how long after the end of a phase what was due in it may be under
	// way at least. A check on a time allows for the time that was measured.
	inFlight = 2 * time.Second
	// recovery is what it takes at least until nothing is felt of a disturbance any
	// more. One that lasts longer takes as long again: what has piled up meanwhile
	// is done by and by.
	recovery = time.Second
	// explains is how many times as long a latency may have become as something was
	// felt meanwhile. Nothing from outside adds more than the time that it takes;
	// twice of it allows for what the witnesses did not see. As many times its limit
	// memory may have become, for what was under way for longer.
	explains = 2
	// hampered is what is added at most to a latency by others who left the run room
	// (see [result.Disturbance]), beyond as much again as its limit: turns that were
	// waited for while the processors were busy for a moment.
	hampered = 500 * time.Millisecond
)

// excuse says why a check that was missed can't be held against the target; empty
// where it can. Only what depends on time is excused, and only by what did not come
// from the run itself; but in an experiment that is void, all is.
func excuse(c result.Check, w Window, v result.Validity) string {
	switch felt := disturbing(c, w, v.Disturbances); {
	case v.Void != "":
		return v.Void
	case c.ByClock && slices.ContainsFunc(felt, ofClock):
		return Disturbed(slices.DeleteFunc(felt, func(d result.Disturbance) bool { return !ofClock(d) }))
	case !OfTime(c):
		return ""
	case len(felt) > 0 && !unexplained(c, w, felt):
		return Disturbed(felt)
	case v.TimingInvalid != "" && (c.FromSend == nil || holds(c, *c.FromSend)):
		return v.TimingInvalid
	}
	return ""
}

func ofClock(d result.Disturbance) bool { return d.Clock }

// OfTime reports whether a want of time alone can be why a check was missed.
func OfTime(c result.Check) bool {
	without := regardless(c)
	return c.Timed && (without == nil || holds(c, *without))
}

// regardless is what the value of a check would have been had nothing been late; nil
// where that says nothing of its limit: what it can have been at most explains only what
// fell short.
func regardless(c result.Check) *float64 {
	switch op := Op(c.Op); {
	case c.Most == nil:
		return c.Regardless
	case op == AtMost, op == Below, c.Value != nil && beyond(c, *c.Value):
		return nil
	}
	return c.Most
}

// Disturbed tells of the longest disturbances in a sentence.
func Disturbed(all []result.Disturbance) string {
	const most = 3
	byLength := slices.Clone(all)
	slices.SortStableFunc(byLength, func(a, b result.Disturbance) int { return cmp.Compare(b.ToS-b.FromS, a.ToS-a.FromS) })
	var said []string
	for _, d := range byLength[:min(most, len(all))] {
		said = append(said, disturbanceText(d))
	}
	if more := len(all) - most; more > 0 {
		said = append(said, fmt.Sprintf("and %d shorter ones", more))
	}
	return strings.Join(said, "; ")
}

func disturbanceText(d result.Disturbance) string {
	return fmt.Sprintf("%s (from %s to %s)", d.Cause, result.Format(d.FromS, result.UnitSeconds), result.Format(d.ToS, result.UnitSeconds))
}

// disturbing are the disturbances that had an effect on what a check speaks of:
// from before it, if the recovery reached into it, to the end of what was still in
// flight after it.
func disturbing(c result.Check, w Window, all []result.Disturbance) []result.Disturbance {
	until := lastEnd(c, w)
	var felt []result.Disturbance
	for _, d := range all {
		if from, to := reach(d); from < until && to > w.From {
			felt = append(felt, d)
		}
	}
	return felt
}

// lastEnd is when the last of what a check speaks of was over.
func lastEnd(c result.Check, w Window) time.Duration {
	if w.Phase == "" {
		return w.To // its end is that of the last answer
	}
	return w.To + max(inFlight, duration(c))
}

// reach is from when until when a disturbance was felt.
func reach(d result.Disturbance) (from, to time.Duration) {
	from, to = result.Seconds(d.FromS), result.Seconds(d.ToS)
	return from, to + max(recovery, to-from)
}

// unexplained reports whether a latency misses its limit by more than all that was
// felt can have added to it: of what kept the run from running, the time that it
// lasted; of others who left it room, much less. So it is of memory beyond a multiple of
// its limit.
func unexplained(c result.Check, w Window, felt []result.Disturbance) bool {
	if c.Unit == result.UnitBytes && c.Value != nil {
		return beyond(c, *c.Value/explains)
	}
	if c.FromSend == nil || c.Unit != result.UnitMS {
		return false
	}
	roomy, full := byRoom(felt)
	least := *c.FromSend - float64(explains*lasted(full, w.From, lastEnd(c, w)))/float64(time.Millisecond)
	if c.Undisturbed != nil {
		least = max(least, *c.Undisturbed)
	}
	if len(roomy) > 0 {
		least -= upper(c) + float64(hampered)/float64(time.Millisecond)
	}
	return beyond(c, least)
}

// byRoom tells those that left room from those that did not, each in order of time.
func byRoom(all []result.Disturbance) (roomy, full []result.Disturbance) {
	inOrder := slices.Clone(all)
	slices.SortFunc(inOrder, func(a, b result.Disturbance) int { return cmp.Compare(a.FromS, b.FromS) })
	for _, d := range inOrder {
		if d.Roomy {
			roomy = append(roomy, d)
		} else {
			full = append(full, d)
		}
	}
	return roomy, full
}

// lasted is for how long between two moments disturbances, in order of time, were felt.
func lasted(inOrder []result.Disturbance, counted, until time.Duration) (sum time.Duration) {
	for _, d := range inOrder {
		from, to := reach(d)
		from, to = max(from, counted), min(to, until)
		if to > from {
			sum, counted = sum+to-from, to
		}
	}
	return sum
}

// duration is the value of a check on a time; zero of any other.
func duration(c result.Check) time.Duration {
	switch {
	case c.Value == nil:
		return 0
	case c.Unit == result.UnitMS:
		return result.Seconds(*c.Value / 1000)
	case c.Unit == result.UnitSeconds:
		return result.Seconds(*c.Value)
	}
	return 0
}
