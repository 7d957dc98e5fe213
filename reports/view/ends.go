package view

import (
	"fmt"

	"holdfast.dev/holdfast/harness/result"
)

// End is how one life of the target ended.
type End struct {
	From, To, How, Evidence, Peak, Limit string
	Bad                                  bool
}

// ends lists the target's lives.
func ends(s result.Scenario) []End {
	var rows []End
	for _, e := range s.Ends {
		r := End{From: at(e.StartS), To: "–", How: e.String(), Evidence: e.OOMEvidence, Peak: notMeasured, Limit: "none", Bad: !e.Expected && e.EndS != nil}
		switch {
		case e.Process != "":
			r.How = e.Program() + ": " + r.How
		case e.Instance > 0:
			r.How = fmt.Sprintf("instance %d: %s", e.Instance, r.How)
		}
		if e.EndS != nil {
			r.To = at(*e.EndS)
		}
		if e.PeakRSSBytes != nil {
			r.Peak = result.Bytes(float64(*e.PeakRSSBytes))
		}
		if e.LimitBytes != nil {
			r.Limit = result.Bytes(float64(*e.LimitBytes))
		}
		rows = append(rows, r)
	}
	return rows
}
