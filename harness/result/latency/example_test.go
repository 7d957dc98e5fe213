package latency_test

import (
	"fmt"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// A percentile of one phase, from what a result holds.
func Example() {
	stream := recorded()
	i := 0

	h, err := latency.Decode(stream.Phases[i].Histogram)
	p95 := latency.Percentile(h, 95) // in milliseconds, over h.TotalCount() requests

	fmt.Printf("%.0f ms over %d requests, %v\n", p95, h.TotalCount(), err)
	// Output: 95 ms over 100 requests, <nil>
}

// recorded is a stream whose requests took 1 ms, 2 ms, … 100 ms.
func recorded() result.Stream {
	var h *hdr.Histogram
	for n := range 100 {
		latency.Record(&h, time.Duration(n+1)*time.Millisecond, latency.Fine)
	}
	return result.Stream{Phases: []result.StreamPhase{{Phase: result.Inject, Histograms: result.Histograms{Histogram: latency.Encode(h)}}}}
}
