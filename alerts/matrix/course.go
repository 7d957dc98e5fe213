package matrix

import (
	"cmp"
	"slices"
	"time"

	"holdfast.dev/holdfast/alerts/replay"
	"holdfast.dev/holdfast/harness/result"
)

// window is when a scenario's fault acted, on the rules' clock.
type window struct {
	from, to time.Duration
	endless  bool // a fault was never undone: to is the recording's end
}

// windowOf is from the first fault's begin to the last one's end; without receipts of
// faults the phase in which load or actions are other than before. A fault that acted and
// was never undone acts to the end of the recording.
func windowOf(s result.Scenario, factor float64, end time.Duration) (window, bool) {
	scaled := func(seconds float64) time.Duration { return result.Seconds(seconds * factor) }
	var w window
	found := false
	for _, f := range s.Faults {
		if f.EndS == nil && f.Fired == 0 {
			continue
		}
		from, to := max(scaled(f.StartS), 0), end
		if f.EndS != nil {
			to = scaled(*f.EndS)
		} else {
			w.endless = true
		}
		if !found || from < w.from {
			w.from = from
		}
		w.to, found = max(w.to, to), true
	}
	if found {
		return w, true
	}
	i := slices.IndexFunc(s.Phases, func(p result.Phase) bool { return p.Name == result.Inject })
	if len(s.Faults) > 0 || i < 0 {
		return w, false
	}
	p := s.Phases[i]
	return window{from: scaled(p.From.Seconds()), to: scaled(p.To.Seconds())}, true
}

// course is what one alert did about one fault.
type course struct {
	early    bool           // it fired and was resolved before the fault began: a false alarm
	before   bool           // it was firing when the fault began
	fired    *time.Duration // after the fault's begin; nil: it did not
	resolved *time.Duration // after its end; nil: it was firing to the end of what is known
}

// courseOf reads a timeline against the window of a fault. What began to fire after the
// window's end counts as well: the budget judges that.
func courseOf(t replay.Timeline, w window, end time.Duration) course {
	var c course
	var spans [][2]time.Duration // those of the fault
	for _, s := range t.Spans(replay.Firing, end) {
		if s[1] <= w.from {
			c.early = true
			continue
		}
		spans = append(spans, s)
		if s[0] <= w.from {
			c.before = true
			continue
		}
		if c.fired == nil {
			after := s[0] - w.from
			c.fired = &after
		}
	}
	if len(spans) == 0 {
		return c
	}
	last := slices.MaxFunc(spans, func(a, b [2]time.Duration) int { return cmp.Compare(a[1], b[1]) })
	if last[1] < end {
		after := max(last[1]-w.to, 0)
		c.resolved = &after
	}
	return c
}

// series is a timeline as a series of 0, 1 and 2: inactive, pending, firing.
func series(t replay.Timeline, from, to time.Duration) result.Series {
	s := result.Series{Name: "alert." + t.Alert + ".state", Unit: result.UnitCount}
	point := func(at time.Duration, v replay.State) {
		s.T, s.V = append(s.T, max(at, 0).Seconds()), append(s.V, float64(v))
	}
	is := replay.Inactive
	point(from, is)
	for _, c := range t.Changes {
		point(c.At, is)
		is = c.State
		point(c.At, is)
	}
	point(to, is)
	return s
}
