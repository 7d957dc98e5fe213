package live

import (
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Moment is how things stand in the scenario that runs now.
type Moment struct {
	Scenario, Phase string
	At, Of          time.Duration // on the scenario's clock, and of how much
	Streams         []Stream
	RSSBytes        float64 // 0: not known
	Faults          []string
}

// Stream is how far one stream of requests has come.
type Stream struct {
	Name                                string
	Planned, Sent, OK, Failed, InFlight int64
	P99MS                               *float64
}

// words says how things stand in one sentence. Nil is between two scenarios.
func (m *Moment) words() string {
	if m == nil {
		return "No scenario runs at this moment: the next one is being prepared, or the last one judged."
	}
	said := m.Scenario + ": " + m.Phase + ", " + result.Format(m.At.Round(1e8).Seconds(), result.UnitSeconds) + " of " + result.Format(m.Of.Round(1e8).Seconds(), result.UnitSeconds) + "."
	for _, st := range m.Streams {
		said += " " + st.Name + ": " + result.Number(float64(st.Sent)) + " sent, " + result.Number(float64(st.OK)) + " ok, " + result.Number(float64(st.Failed)) + " failed"
		if st.P99MS != nil {
			said += ", p99 " + result.Format(*st.P99MS, result.UnitMS)
		}
		said += "."
	}
	if len(m.Faults) > 0 {
		said += " Faults on now: " + strings.Join(m.Faults, ", ") + "."
	}
	return said
}
