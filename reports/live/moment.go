package live

import (
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/view"
)

// Moment is how things stand in a scenario that runs now.
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
	Refused                             int64 // by the target, in order
	Late, Shed                          int64 // not sent by the generator: it was too late for them, too many were open
	P99MS                               *float64
}

// tell adds how things stand here to what a view is told of all that runs.
func (m Moment) tell(n *view.Now, faults []view.FaultOn) {
	said := m.Scenario + ": " + m.Phase + ", " + clock(m.At) + " of " + clock(m.Of) + "."
	for _, st := range m.Streams {
		n.Sent, n.Failed, n.Refused, n.Late, n.Shed = n.Sent+st.Sent, n.Failed+st.Failed, n.Refused+st.Refused, n.Late+st.Late, n.Shed+st.Shed
		said += " " + st.Name + ": " + result.Number(float64(st.Sent)) + " sent, " + result.Number(float64(st.OK)) + " ok, " + result.Number(float64(st.Failed)) + " failed"
		if st.P99MS != nil {
			said += ", p99 " + result.Format(*st.P99MS, result.UnitMS)
		}
		said += "."
	}
	n.Sentence = strings.TrimSpace(n.Sentence + " " + said)
	n.Going = append(n.Going, view.Going{Scenario: m.Scenario, Faults: faults})
}

func clock(d time.Duration) string { return result.Format(d.Round(1e8).Seconds(), result.UnitSeconds) }
