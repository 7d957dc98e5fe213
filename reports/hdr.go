package reports

import (
	"io"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
	"holdfast.dev/holdfast/reports/visible"
)

// HDR writes the latencies of a run, from the moments at which requests were due, as a
// log of HdrHistogram: an interval for each stream and phase, with the tag
// SCENARIO/STREAM/PHASE, on the scenario's clock. What was not measured has none.
func HDR(w io.Writer, run *result.Run) error {
	var all []latency.Interval
	for _, s := range visible.Copy(run).Scenarios {
		span := map[string]result.Phase{}
		for _, p := range s.Phases {
			span[p.Name] = p
		}
		for _, stream := range s.Streams {
			for _, p := range stream.Phases {
				if p.Histogram != "" {
					during := span[p.Phase]
					all = append(all, latency.Interval{Tag: s.Name + "/" + stream.Name + "/" + p.Phase, From: during.From, To: during.To, Histogram: p.Histogram})
				}
			}
		}
	}
	return latency.WriteLog(w, all)
}
