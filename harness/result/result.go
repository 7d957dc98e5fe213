// Package result is what a run leaves behind: the types of run.json, schema
// "holdfast.run/2". It is a leaf: it imports nothing else of this module, so
// that reports, comparisons and other people's tools need only this package.
//
// Enter at [Run]. [Write] and [Read] are the file's two ends; [Worst] is the
// one place where verdicts are put together.
//
// Units are in the names: _s is seconds, _ms milliseconds, _bytes bytes. All
// times of a scenario are seconds since that scenario's own start, one clock
// for load, faults and probes. A number that was not measured is absent (a nil
// pointer, an empty list), never 0.
package result

import "time"

// Schema is the version that this code writes.
const Schema = "holdfast.run/2"

// Run is the result of one invocation: the root of run.json.
type Run struct {
	Schema  string    `json:"schema"`
	ID      string    `json:"id"`
	Started time.Time `json:"started"` // RFC 3339, UTC
	Seed    uint64    `json:"seed"`    // every random draw of the run comes from it
	Profile string    `json:"profile"` // smoke, bench, soak
	// Verdict is the worst of the scenarios'. It is empty while the run is going on.
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"` // one sentence; names the decisive check
	// Complete is false in a file that was left by a run which did not reach its
	// end (a crash, SIGKILL). Such a file is partial and is reported as such.
	Complete bool `json:"complete"`
	// Interrupted is the signal that ended the run early, for example "interrupt".
	Interrupted string      `json:"interrupted,omitempty"`
	DurationS   float64     `json:"duration_s"`
	Command     string      `json:"command"` // what to type to repeat this run
	Environment Environment `json:"environment"`
	Scenarios   []Scenario  `json:"scenarios"`
	// Gains are promises of gain held against measurement, Detections the rows
	// of the detection matrix; most runs have neither.
	Gains      []Gain      `json:"gains,omitempty"`
	Curves     []Curve     `json:"curves,omitempty"`
	Detections []Detection `json:"detections,omitempty"`
	// Reevaluated says that the verdicts were found later, by other limits.
	Reevaluated *Reevaluation `json:"reevaluated,omitempty"`
}

// Environment is where the run took place.
type Environment struct {
	Go          string            `json:"go"`
	OS          string            `json:"os"`
	CPUs        int               `json:"cpus"`
	CPUModel    string            `json:"cpu_model,omitempty"`
	MemoryBytes uint64            `json:"memory_bytes,omitempty"`
	Database    string            `json:"database,omitempty"` // which provider and why, without credentials
	Target      string            `json:"target,omitempty"`   // process, container, url
	Versions    map[string]string `json:"versions,omitempty"` // holdfast, postgres, …
}

// Scenario is the result of one experiment.
type Scenario struct {
	Name        string   `json:"name"`  // service/what, for example search/popular-term
	Claim       string   `json:"claim"` // one sentence
	Protections []string `json:"protections"`
	Without     []string `json:"without"` // protections that were taken away
	Verdict     Verdict  `json:"verdict,omitempty"`
	Reason      string   `json:"reason,omitempty"` // one sentence; names the decisive check
	// Error is why the experiment could not be carried out at all, if it could not.
	Error      string            `json:"error,omitempty"`
	Started    time.Time         `json:"started"`
	DurationS  float64           `json:"duration_s"`
	Repeat     string            `json:"repeat"`               // what to type to repeat this scenario alone
	World      map[string]string `json:"world,omitempty"`      // what was seeded, for example projects: 10000
	Settings   map[string]string `json:"settings,omitempty"`   // the target's configuration as it was given, without secrets
	Compressed []Compressed      `json:"compressed,omitempty"` // times that are shorter here than in production
	Phases     []Phase           `json:"phases"`
	Streams    []Stream          `json:"streams"`
	Faults     []Fault           `json:"faults"`
	// Checks are what must hold; Evidence is what makes the experiment valid
	// (load delivered, generator healthy, faults fired and undone, probes alive).
	Checks   []Check `json:"checks"`
	Evidence []Check `json:"evidence"`
	// Validity is what was known of the experiment when the checks were judged.
	// Absent: it was not recorded, or nothing was judged.
	Validity *Validity `json:"validity,omitempty"`
	Ledger   *Ledger   `json:"ledger,omitempty"`
	Series   []Series  `json:"series"`
	// Ends tells how each start of the target ended, in order. More than one
	// means that it was restarted.
	Ends   []End        `json:"ends,omitempty"`
	Events []Annotation `json:"events,omitempty"`
	Log    []string     `json:"log,omitempty"` // the target's last log lines
}

// Compressed is a time that the profile shortened, with what it stands for.
type Compressed struct {
	Name     string  `json:"name"`   // for example oracle call timeout
	RealS    float64 `json:"real_s"` // in production
	UsedS    float64 `json:"used_s"` // here
	FactorBy float64 `json:"factor"` // RealS / UsedS
	Because  string  `json:"because,omitempty"`
}

// Names of the phases, in the order in which they happen. A phase of no
// length is left out.
const (
	WarmUp   = "warm-up"
	Baseline = "baseline"
	Inject   = "inject"
	Heal     = "heal"
	Drain    = "drain"
	Verify   = "verify"
)

// Phase is a span of the scenario's clock: from From, before To. In JSON its
// bounds are seconds, start_s and end_s.
type Phase struct {
	Name string        `json:"name"`
	From time.Duration `json:"start_s"`
	To   time.Duration `json:"end_s"`
}

// Length is how long the phase lasted.
func (p Phase) Length() time.Duration { return p.To - p.From }

// Stream is one open-model sequence of requests, over its whole life.
// Planned = Sent + Late + Shed + Unsent.
type Stream struct {
	Name string `json:"name"`
	// Shape says what was planned, for example "200/s for 10s".
	Shape string `json:"shape"`
	Counts
	Histograms
	MaxInFlight int64 `json:"max_in_flight"` // the most requests open at once
	// Slowest are the few requests after the warm-up that took longest.
	Slowest []Request     `json:"slowest,omitempty"`
	Phases  []StreamPhase `json:"phases"`
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
	Unsent    int64 `json:"unsent"`    // not sent: the run was stopped first
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
	N    int64   `json:"n"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
}

// Fault is the receipt of one fault: what was done, what it touched, and that
// it was undone.
type Fault struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"` // the fault's text form, for example "delay 200ms"
	On     string   `json:"on"`   // the dependency, for example database
	StartS float64  `json:"start_s"`
	EndS   *float64 `json:"end_s,omitempty"`  // absent: it was never undone
	Fired  int64    `json:"fired"`            // how often it acted
	Missed int64    `json:"missed,omitempty"` // calls that it should have touched but did not
	// Declared and Measured are the shape as asked for and as seen, in words,
	// for example "delay 200 ms" and "median 200.4 ms over 312 reads".
	Declared string `json:"declared,omitempty"`
	Measured string `json:"measured,omitempty"`
	// Undone is whether its undoing was read back. Absent: not looked at.
	Undone *bool  `json:"undone,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Check is one judgement: a metric of one phase against a threshold.
type Check struct {
	Name   string `json:"name"` // reads as a sentence: "search.latency.p99 in baseline ≤ 1 000 ms"
	Metric string `json:"metric"`
	Phase  string `json:"phase,omitempty"` // empty: all that follows the warm-up
	Op     string `json:"op"`              // <=, >=, ==, <, >, falls_to, between
	// Threshold is the limit; Upper is set for "between" alone. Of what must fall to
	// a level the limit, as the value, is the time that it takes, in seconds.
	Threshold float64  `json:"threshold"`
	Upper     *float64 `json:"upper,omitempty"`
	// Level is what must be fallen to, in the metric's own unit. Absent in a file of
	// an older version where it was fallen to in time.
	Level     *float64 `json:"level,omitempty"`
	LevelUnit string   `json:"level_unit,omitempty"`
	Value     *float64 `json:"value,omitempty"` // what was measured; absent if nothing was, or it never fell
	Unit      string   `json:"unit"`            // ms, bytes, count, ratio, per_s …
	Samples   int64    `json:"samples"`         // what the value rests on
	// MinSamples is how many samples the value needs to mean anything; absent: one.
	MinSamples int64 `json:"min_samples,omitempty"`
	// Timed says that the value is the machine's doing as well: where the timing of
	// the experiment was invalid, a missed limit proves nothing against the target.
	Timed   bool   `json:"timed,omitempty"`
	Why     string `json:"why,omitempty"`     // why the limit is what it is
	Primary bool   `json:"primary,omitempty"` // the decisive check of its scenario
	// Protections names the protections that this check watches.
	Protections []string `json:"protections,omitempty"`
	// Exercise says that the check is one of the experiment: past its limit it is
	// not exercised, and never failed.
	Exercise bool `json:"exercise,omitempty"`
	// Seen is when this check was last proved able to fail. Absent: it never was.
	Seen    *ProvenFailure `json:"seen_failing,omitempty"`
	Verdict Verdict        `json:"verdict"`
	Reason  string         `json:"reason"`
}

// Validity says what of an experiment can be held against the target.
type Validity struct {
	// TimingInvalid is why a missed limit on what is timed can't be (the generator
	// was late, the machine was full); empty when it can.
	TimingInvalid string `json:"timing_invalid,omitempty"`
}

// Ledger is the two-sided account of work that must be neither lost nor doubled.
type Ledger struct {
	Accepted        int64            `json:"accepted"`
	Delivered       int64            `json:"delivered"`
	FailedPermanent int64            `json:"failed_permanent"`
	FailedExhausted int64            `json:"failed_exhausted"`
	Lost            int64            `json:"lost"`
	Duplicated      int64            `json:"duplicated"`
	Attempts        map[string]int64 `json:"attempts,omitempty"` // attempts -> tasks
}

// Series is one quantity over time. T and V have the same length; where
// nothing was measured there is no point.
type Series struct {
	Name string    `json:"name"`
	Unit string    `json:"unit"`
	T    []float64 `json:"t_s"`
	V    []float64 `json:"v"`
	// Limit is a line to draw, for example a container's memory limit.
	Limit *float64 `json:"limit,omitempty"`
	// Reduced says how a longer series was reduced, for example "max per 0.25 s".
	Reduced string `json:"reduced,omitempty"`
}

// End is how one life of the target ended.
type End struct {
	StartS    float64  `json:"start_s"`
	EndS      *float64 `json:"end_s,omitempty"`
	ExitCode  *int     `json:"exit_code,omitempty"`
	Signal    string   `json:"signal,omitempty"` // for example killed
	OOMKilled bool     `json:"oom_killed"`
	// OOMEvidence names what showed it: docker inspect, cgroup memory.events …
	OOMEvidence string `json:"oom_evidence,omitempty"`
	// Expected is true when the harness ended it.
	Expected bool `json:"expected"`
	// PeakRSSBytes is the kernel's own high-water mark.
	PeakRSSBytes *uint64 `json:"peak_rss_bytes,omitempty"`
	// LimitBytes is the memory limit it ran under, if any.
	LimitBytes *uint64 `json:"limit_bytes,omitempty"`
}

// String says how it ended in words, for example "killed by the kernel for memory (limit 100 MiB)".
func (e End) String() string { return e.describe() }

// Annotation is a moment worth a vertical line: a restart, a kill, an abort.
type Annotation struct {
	AtS  float64 `json:"at_s"`
	What string  `json:"what"`
}
