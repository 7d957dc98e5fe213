package result

// Stream is one open-model sequence of requests, over its whole life.
// Planned = Sent + Late + Shed + Unsent.
type Stream struct {
	Name string `json:"name"`
	// StepOf names the stream of whose journeys this is one step. Its requests were not
	// planned one by one: Planned is what was sent, or could not be.
	StepOf string `json:"step_of,omitempty"`
	// Shape says what was planned, for example "200/s for 10s". Of a step it is empty.
	Shape string `json:"shape"`
	Counts
	Histograms
	MaxInFlight int64 `json:"max_in_flight"` // the most requests open at once
	// Slowest are the few requests after the warm-up that took longest.
	Slowest []Request `json:"slowest,omitempty"`
	// SlowestTraced are the same of those that carried a traceparent. Absent where none did.
	SlowestTraced []Request `json:"slowest_traced,omitempty"`
	// Heat is how long requests took over time; absent where none ended, in files from
	// before it was measured, and of loads that were put together.
	Heat   *Heat         `json:"heat,omitempty"`
	Phases []StreamPhase `json:"phases"`
}

// Request is one request of a stream, and what came of it.
type Request struct {
	N      int64   `json:"n"` // which request of its stream, from 0
	Path   string  `json:"path"`
	DueS   float64 `json:"due_s"`           // when it was due, on the scenario's clock
	Status int     `json:"status"`          // of an answer that arrived whole; 0: none did
	Class  string  `json:"class,omitempty"` // of what went wrong; absent: the expected answer
	// LatencyMS counts from the moment it was due, LatencyFromSendMS from the actual send.
	LatencyMS         float64 `json:"latency_ms"`
	LatencyFromSendMS float64 `json:"latency_from_send_ms"`
	// TraceID is that of the traceparent that it carried; absent where it carried none.
	TraceID string `json:"trace_id,omitempty"`
}

// StreamPhase is what a stream did of the requests that were due in one phase.
type StreamPhase struct {
	Phase string `json:"phase"`
	Counts
	Histograms
}

// Histograms are the distributions behind the quantiles of [Counts], from which
// any percentile can be had, and those of several phases or runs together:
// package latency reads them. Each is absent where nothing was counted.
type Histograms struct {
	// Histogram is of the latencies from the planned send, in microseconds: HDR
	// histogram, V2 compressed, base64.
	Histogram string `json:"histogram,omitempty"`
	// HistogramOK is the same over the expected answers alone. It is absent, too,
	// where there were no others: it would be Histogram.
	HistogramOK string `json:"histogram_ok,omitempty"`
	// HistogramFromSend counts from the actual send.
	HistogramFromSend string `json:"histogram_from_send,omitempty"`
	// HistogramSendLag is of actual minus planned send.
	HistogramSendLag string `json:"histogram_send_lag,omitempty"`
}

// Counts are the numbers of a stream over some span, by the time at which a
// request was due.
type Counts struct {
	Planned   int64 `json:"planned"`
	Sent      int64 `json:"sent"`
	Completed int64 `json:"completed"` // an answer arrived whole, whatever it said
	OK        int64 `json:"ok"`        // an answer arrived and was the expected one
	Late      int64 `json:"late"`      // not sent: the generator was too far behind
	Shed      int64 `json:"shed"`      // not sent: too many were in flight already
	Unsent    int64 `json:"unsent"`    // not sent: the run was stopped first, or it could not be sent from here
	// UnsentWhy counts, by reason, what of Unsent could not be sent from here: that is
	// nothing that the target has done.
	UnsentWhy map[string]int64 `json:"unsent_why,omitempty"`
	// Spanning counts, of one phase, the requests sent that were still open when the
	// first fault of a later one began. They are in its latencies with the time that
	// they had taken until then; how they ended is in none of its other numbers.
	Spanning int64 `json:"spanning,omitempty"`
	// Errors counts by class: timeout, refused, reset, eof, dns, canceled,
	// status_503, check_NAME …
	Errors   map[string]int64 `json:"errors,omitempty"`
	Statuses map[string]int64 `json:"statuses,omitempty"` // HTTP status -> answers
	// SendLagP99MS is the 99th percentile of actual minus planned send.
	SendLagP99MS *float64 `json:"send_lag_p99_ms,omitempty"`
	// Latency counts from the moment a request was due; all requests sent.
	Latency *Quantiles `json:"latency_ms,omitempty"`
	// LatencyOK is the same over the expected answers alone.
	LatencyOK *Quantiles `json:"latency_ok_ms,omitempty"`
	// LatencyFromSend counts from the actual send: what other tools report.
	LatencyFromSend *Quantiles `json:"latency_from_send_ms,omitempty"`
}

// Quantiles of a distribution, in milliseconds, with its number of samples.
type Quantiles struct {
	N   int64   `json:"n"`
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	// P95 is absent in files that were written before it was measured.
	P95  *float64 `json:"p95,omitempty"`
	P99  float64  `json:"p99"`
	P999 float64  `json:"p99_9"`
	Max  float64  `json:"max"`
	Mean float64  `json:"mean"`
}
