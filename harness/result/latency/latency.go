// Package latency reads and writes the distributions of latencies that a result
// holds: HDR histograms of microseconds, V2 compressed, base64.
//
// A percentile of one phase, from a file alone, is
//
//	h, err := latency.Decode(stream.Phases[i].Histogram)
//	p95 := latency.Percentile(h, 95) // in milliseconds, over h.TotalCount() requests
//
// Several phases, or several runs, are put together with [Merge] first:
// percentiles do not add up, histograms do.
package latency

import (
	"errors"
	"fmt"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
)

// Precision is how many digits of a latency are told apart.
type Precision int

// The precisions in use.
const (
	Fine   Precision = 3 // of what is judged: 0.1 %
	Coarse Precision = 2 // of what is drawn, and of the send lag: 1 %
)

// Longest is what a histogram can hold; a longer latency is counted as that.
const Longest = time.Hour

const longest = int64(Longest / time.Microsecond)

// New returns an empty histogram.
func New(p Precision) *hdr.Histogram { return hdr.New(1, longest, int(p)) }

// Record adds d to *h, which is made when it is first needed.
func Record(h **hdr.Histogram, d time.Duration, p Precision) {
	if *h == nil {
		*h = New(p)
	}
	// The value is within the histogram's range, so this cannot fail.
	_ = (*h).RecordValue(min(max(d.Microseconds(), 1), longest))
}

// Merge adds to *to what from counted. What from points to is not kept.
func Merge(to **hdr.Histogram, from *hdr.Histogram) {
	switch {
	case from == nil:
	case *to == nil:
		*to = from.Clone()
	default:
		(*to).Merge(from)
	}
}

// Percentile returns the latency that p per cent do not exceed, in milliseconds;
// 0 where nothing was counted.
func Percentile(h *hdr.Histogram, p float64) float64 {
	if h == nil {
		return 0
	}
	return Millis(h.ValueAtPercentile(p))
}

// Least is the least that [Percentile] of n latencies can be of which only some were
// measured: what it would be if none of the others had taken any time.
func Least(h *hdr.Histogram, p float64, n int64) float64 {
	if h == nil {
		return 0
	}
	measured := h.TotalCount()
	rank := int64(p/100*float64(max(n, measured))+0.5) - max(n-measured, 0)
	if rank <= 0 {
		return 0
	}
	return Percentile(h, 100*float64(rank)/float64(measured))
}

// Quantiles are the numbers that a result names; nil where nothing was counted.
func Quantiles(h *hdr.Histogram) *result.Quantiles {
	if h == nil {
		return nil
	}
	v := h.ValueAtPercentilesSlice([]float64{50, 90, 95, 99, 99.9})
	p95 := Millis(v[2])
	return &result.Quantiles{
		N: h.TotalCount(), P50: Millis(v[0]), P90: Millis(v[1]), P95: &p95, P99: Millis(v[3]), P999: Millis(v[4]),
		Max: Millis(h.Max()), Mean: h.Mean() / 1000,
	}
}

// Completed are the numbers of a distribution with those that a file of an older
// version does not name, from the histogram beside them. Where there is none they stay absent.
func Completed(q *result.Quantiles, histogram string) *result.Quantiles {
	if q == nil || q.P95 != nil {
		return q
	}
	h, err := Decode(histogram)
	if err != nil || h == nil || h.TotalCount() != q.N {
		return q
	}
	all := *q
	p95 := Percentile(h, 95)
	all.P95 = &p95
	return &all
}

// Millis are microseconds as a result writes them.
func Millis(us int64) float64 { return float64(us) / 1000 }

// Encode writes a histogram; nothing for none.
func Encode(h *hdr.Histogram) string {
	if h == nil {
		return ""
	}
	// Encoding fails for an unknown version alone. The bytes are base64 already.
	data, err := h.Encode(hdr.V2CompressedEncodingCookieBase)
	if err != nil {
		return ""
	}
	return string(data)
}

// MaxText bounds what is decoded of a file: a histogram of three digits over an
// hour is a few kilobytes.
const MaxText = 1 << 20

// Decode reads what [Encode] wrote; nil for nothing. A histogram that could not
// be merged with those of this package is refused.
func Decode(text string) (*hdr.Histogram, error) {
	switch {
	case text == "":
		return nil, nil
	case len(text) > MaxText:
		return nil, errors.New("read a histogram: it is longer than 1 MiB")
	}
	h, err := hdr.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("read a histogram: %w", err)
	}
	if h.LowestTrackableValue() != 1 || h.HighestTrackableValue() != longest ||
		h.SignificantFigures() != int64(Fine) && h.SignificantFigures() != int64(Coarse) {
		return nil, fmt.Errorf("read a histogram: it counts %d to %d with %d digits, not microseconds of an hour",
			h.LowestTrackableValue(), h.HighestTrackableValue(), h.SignificantFigures())
	}
	return h, nil
}
