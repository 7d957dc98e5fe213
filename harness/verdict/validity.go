package verdict

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Bounds of a valid experiment. Beyond them the verdict is inconclusive: what
// was measured says something of the generator or the machine, not of the target.
const (
	// MinDelivered is the least share of the planned requests that must be sent; one
	// may be missing in any case: see [LeastDelivered].
	MinDelivered = 0.99
	// MaxSendLag is the most that the 99th percentile of actual minus planned send may be.
	MaxSendLag = 50 * time.Millisecond
	// MaxMachineBusy is the most that all processors may have been busy, as a
	// mean over a phase, for a missed limit on time to be the target's own where
	// nobody told who used them: see [MachineFull].
	MaxMachineBusy = 0.9
)

// LeastDelivered is the least share of a stream's planned requests that must be
// sent: [MinDelivered], and in any case all but one. Of sixty requests one that is
// late is more than a hundredth, and it says nothing of the other fifty-nine.
func LeastDelivered(planned int64) float64 {
	if planned < 1 {
		return MinDelivered
	}
	return min(MinDelivered, float64(planned-1)/float64(planned))
}

// GeneratorLate says why latencies can't be held against the target; empty when
// they can.
func GeneratorLate(streams []result.Stream) string {
	var why []string
	most := float64(MaxSendLag) / float64(time.Millisecond)
	for _, s := range streams {
		if lag := s.SendLagP99MS; lag != nil && *lag > most {
			why = append(why, fmt.Sprintf("stream %s was sent late (p99 of the send lag %s, limit %s)",
				s.Name, result.Format(*lag, result.UnitMS), result.Format(most, result.UnitMS)))
		}
		if missed := s.Late; s.Planned > 0 && float64(s.Planned-missed)/float64(s.Planned) < LeastDelivered(s.Planned) {
			why = append(why, fmt.Sprintf("the generator was too far behind to send %d of stream %s's %d requests", missed, s.Name, s.Planned))
		}
	}
	return strings.Join(why, "; ")
}

// NotSendable says that too much of a load could not be sent from here for anything
// that was missed to be the target's own; empty where it was not.
func NotSendable(streams []result.Stream) string {
	var why []string
	for _, s := range streams {
		var n int64
		for _, count := range s.UnsentWhy {
			n += count
		}
		if s.Planned > 0 && float64(s.Planned-n)/float64(s.Planned) < LeastDelivered(s.Planned) {
			why = append(why, fmt.Sprintf("%d of stream %s's %d requests could not be sent from here: %s", n, s.Name, s.Planned, Reasons(s.UnsentWhy)))
		}
	}
	return strings.Join(why, "; ")
}

// Reasons are those why requests could not be sent, the most frequent first.
func Reasons(unsent map[string]int64) string {
	all := slices.Collect(maps.Keys(unsent))
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(unsent[b], unsent[a]), cmp.Compare(a, b)) })
	return strings.Join(all, ", ")
}

// MachineFull says that the machine itself had nothing left to give in some phase
// of the load; empty when it had. busy is how busy its processors were in a phase,
// as a mean, and whether that is known. It is for files of older versions, which
// don't say who used them; those of today have their disturbances.
func MachineFull(phases []result.Phase, busy func(result.Phase) (mean float64, known bool)) string {
	for _, p := range phases {
		if p.Name == result.WarmUp || p.Name == result.Drain || p.Name == result.Verify {
			continue // nothing is asked of the target in time then
		}
		if mean, known := busy(p); known && mean > MaxMachineBusy {
			return fmt.Sprintf("the machine was saturated (its processors were busy %s of %s, limit %s)",
				result.Format(mean, result.UnitRatio), p.Name, result.Format(MaxMachineBusy, result.UnitRatio))
		}
	}
	return ""
}

// Together joins the reasons that there are into one.
func Together(reasons ...string) string {
	var said []string
	for _, r := range reasons {
		if r != "" {
			said = append(said, r)
		}
	}
	return strings.Join(said, "; ")
}
