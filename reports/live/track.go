package live

import (
	"slices"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/view"
)

// mostTicks bounds what is kept of a scenario: an hour at two a second. Of a
// longer one the end is kept.
const mostTicks = 7200

// mostFaults bounds the stretches of faults that are kept of a scenario.
const mostFaults = 100

// track is what the ticks of one scenario said, as series.
type track struct {
	order  []string
	series map[string]*result.Series
	last   map[string]Stream
	lastAt float64
	faults []view.FaultOn // in the order in which they were first seen
}

func newTrack() *track {
	return &track{series: map[string]*result.Series{}, last: map[string]Stream{}}
}

func (k *track) add(m Moment) {
	at := m.At.Seconds()
	elapsed := at - k.lastAt
	for _, st := range m.Streams {
		if st.P99MS != nil {
			k.point(st.Name+".latency.p99", result.UnitMS, at, *st.P99MS)
		}
		if before := k.last[st.Name]; elapsed > 0 {
			for _, r := range []struct {
				name string
				n    int64
			}{{"planned", st.Planned - before.Planned}, {"sent", st.Sent - before.Sent}, {"ok", st.OK - before.OK}, {"failed", st.Failed - before.Failed}} {
				k.point(st.Name+".rate."+r.name, result.UnitPerS, at, float64(r.n)/elapsed)
			}
		}
		k.point(st.Name+".in_flight", result.UnitCount, at, float64(st.InFlight))
		k.last[st.Name] = st
	}
	if m.RSSBytes > 0 {
		k.point("target.rss", result.UnitBytes, at, m.RSSBytes)
	}
	k.lastAt = at
	k.on(m.Faults, at)
}

// on enters which faults are on at a moment: a stretch of one that was on before goes on.
func (k *track) on(names []string, at float64) {
	for i := range k.faults {
		if k.faults[i].On {
			k.faults[i].On, k.faults[i].ToS = slices.Contains(names, k.faults[i].Name), at
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(k.faults, func(f view.FaultOn) bool { return f.On && f.Name == name }) && len(k.faults) < mostFaults {
			k.faults = append(k.faults, view.FaultOn{Name: name, FromS: at, ToS: at, On: true})
		}
	}
}

func (k *track) point(name, unit string, at, v float64) {
	s := k.series[name]
	if s == nil {
		s = &result.Series{Name: name, Unit: unit}
		k.series[name] = s
		k.order = append(k.order, name)
	}
	if len(s.T) == mostTicks {
		s.T, s.V = slices.Delete(s.T, 0, 1), slices.Delete(s.V, 0, 1)
	}
	s.T, s.V = append(s.T, at), append(s.V, v)
}

// put gives the series to the scenario of that name which has none yet.
func (k *track) put(run *result.Run, scenario string) {
	for i := range slices.Backward(run.Scenarios) {
		s := &run.Scenarios[i]
		if s.Name != scenario || s.Verdict != "" || len(s.Series) > 0 {
			continue
		}
		for _, name := range k.order {
			s.Series = append(s.Series, *k.series[name])
		}
		return
	}
}
