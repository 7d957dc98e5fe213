package load

import (
	"strconv"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// counted is what became of the requests that were due in one span. Everything
// in it can be added up.
type counted struct {
	sent, completed, ok, late, shed, unsent int64
	spanning                                int64 // still open when the first fault began
	errors                                  map[string]int64
	unsentWhy                               map[string]int64 // of those that could not be sent from here
	statuses                                map[int]int64

	// Absent until there is something to record.
	latency, latencyOK, fromSend, lag *hdr.Histogram
}

// takeBack counts a request as unsent that was counted as sent.
func (c *counted) takeBack(x *Exchange) {
	c.sent--
	c.unsent++
	addTo(&c.unsentWhy, map[string]int64{x.unsent: 1})
}

// finish counts what came of a request that was sent.
func (c *counted) finish(x *Exchange) {
	c.count(x)
	latency.Record(&c.fromSend, x.End-x.Sent, latency.Fine)
	if x.Unplanned {
		return
	}
	latency.Record(&c.latency, x.End-x.Due, latency.Fine)
	if x.Class == "" {
		latency.Record(&c.latencyOK, x.End-x.Due, latency.Fine)
	}
}

// cut counts a request that was still open when something began that its span knows
// nothing of: all that can be said of it there is that it had taken so long by then.
func (c *counted) cut(x *Exchange, at time.Duration) {
	c.spanning++
	latency.Record(&c.fromSend, at-x.Sent, latency.Fine)
	if !x.Unplanned {
		latency.Record(&c.latency, at-x.Due, latency.Fine)
	}
}

// count is finish without the latencies.
func (c *counted) count(x *Exchange) {
	if x.Status != 0 {
		c.completed++
		if c.statuses == nil {
			c.statuses = make(map[int]int64)
		}
		c.statuses[x.Status]++
	}
	if x.Class == "" {
		c.ok++
		return
	}
	if c.errors == nil {
		c.errors = make(map[string]int64)
	}
	c.errors[x.Class]++
}

// merge adds what other counted. The histograms of c are its own.
func (c *counted) merge(other *counted) {
	c.sent += other.sent
	c.completed += other.completed
	c.ok += other.ok
	c.late += other.late
	c.shed += other.shed
	c.unsent += other.unsent
	c.spanning += other.spanning
	addTo(&c.errors, other.errors)
	addTo(&c.unsentWhy, other.unsentWhy)
	addTo(&c.statuses, other.statuses)
	latency.Merge(&c.latency, other.latency)
	latency.Merge(&c.latencyOK, other.latencyOK)
	latency.Merge(&c.fromSend, other.fromSend)
	latency.Merge(&c.lag, other.lag)
}

func addTo[K comparable](sum *map[K]int64, more map[K]int64) {
	if *sum == nil && len(more) > 0 {
		*sum = make(map[K]int64, len(more))
	}
	for k, n := range more {
		(*sum)[k] += n
	}
}

// counts is c as the result has it. Planned comes from the profile and not from
// what was counted, so that the two can be held against each other.
func (c *counted) counts(planned int64) result.Counts {
	r := result.Counts{
		Planned: planned, Sent: c.sent, Completed: c.completed, OK: c.ok,
		Late: c.late, Shed: c.shed, Unsent: c.unsent, Spanning: c.spanning,
		Errors:          c.errors,
		UnsentWhy:       c.unsentWhy,
		Latency:         latency.Quantiles(c.latency),
		LatencyOK:       latency.Quantiles(c.latencyOK),
		LatencyFromSend: latency.Quantiles(c.fromSend),
	}
	for status, n := range c.statuses {
		if r.Statuses == nil {
			r.Statuses = make(map[string]int64)
		}
		r.Statuses[strconv.Itoa(status)] = n
	}
	if c.lag != nil {
		p99 := latency.Percentile(c.lag, 99)
		r.SendLagP99MS = &p99
	}
	return r
}

// histograms are the distributions of c as the result has them.
func (c *counted) histograms() result.Histograms {
	h := result.Histograms{
		Histogram:         latency.Encode(c.latency),
		HistogramFromSend: latency.Encode(c.fromSend),
		HistogramSendLag:  latency.Encode(c.lag),
	}
	if c.latencyOK != nil && c.latencyOK.TotalCount() != c.latency.TotalCount() {
		h.HistogramOK = latency.Encode(c.latencyOK)
	}
	return h
}
