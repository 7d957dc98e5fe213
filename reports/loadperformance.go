package reports

import (
	"encoding/json"
	"fmt"
	"io"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// loadPerformance is what GitLab reads of a load_performance report: some of what k6
// writes as its summary.
type loadPerformance struct {
	Metrics struct {
		Checks    passRate      `json:"checks"`
		Requests  throughput    `json:"http_reqs"`
		Waiting   *distribution `json:"http_req_waiting,omitempty"`
		Durations *distribution `json:"http_req_duration,omitempty"`
	} `json:"metrics"`
}

type passRate struct {
	Passes int     `json:"passes"`
	Fails  int     `json:"fails"`
	Value  float64 `json:"value"` // passes out of all
}

type throughput struct {
	Count int64   `json:"count"`
	Rate  float64 `json:"rate"` // a second
}

// distribution is in milliseconds.
type distribution struct {
	Avg float64 `json:"avg"`
	Min float64 `json:"min"`
	Med float64 `json:"med"`
	Max float64 `json:"max"`
	P90 float64 `json:"p(90)"`
	P95 float64 `json:"p(95)"`
}

// LoadPerformance writes what a merge request of GitLab shows of a run, as a
// load_performance report: all scenarios together. A check that did not pass counts as
// failed, whatever else it was. Latencies count from the moment a request was due until
// its whole answer was there: the first byte by itself is not measured.
func LoadPerformance(w io.Writer, run *result.Run) error {
	var out loadPerformance
	var all *hdr.Histogram
	var lasted float64
	for _, s := range run.Scenarios {
		for _, c := range s.Checks {
			if c.Verdict == result.Pass {
				out.Metrics.Checks.Passes++
			} else {
				out.Metrics.Checks.Fails++
			}
		}
		for _, p := range s.Phases {
			if p.Name != result.Drain {
				lasted += p.Length().Seconds()
			}
		}
		for _, stream := range s.Streams {
			if stream.StepOf != "" {
				continue // its journey is counted
			}
			out.Metrics.Requests.Count += stream.Sent
			h, err := latency.Decode(stream.Histogram)
			if err != nil {
				return fmt.Errorf("write the load performance report: %s: %w", s.Name, err)
			}
			latency.Merge(&all, h)
		}
	}
	if n := out.Metrics.Checks.Passes + out.Metrics.Checks.Fails; n > 0 {
		out.Metrics.Checks.Value = float64(out.Metrics.Checks.Passes) / float64(n)
	}
	if lasted > 0 {
		out.Metrics.Requests.Rate = float64(out.Metrics.Requests.Count) / lasted
	}
	if all != nil {
		at := func(p float64) float64 { return latency.Percentile(all, p) }
		out.Metrics.Durations = &distribution{Avg: all.Mean() / 1000, Min: latency.Millis(all.Min()), Med: at(50), Max: latency.Millis(all.Max()), P90: at(90), P95: at(95)}
		out.Metrics.Waiting = out.Metrics.Durations
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("write the load performance report: %w", err)
	}
	return nil
}
