package result

// Fleet tells how a load was sent by several workers in place of one process.
type Fleet struct {
	// Schedule is a digest of what was planned. It is that of one process.
	Schedule string `json:"schedule"`
	// Policy is what is done about a lost worker: take-over, shrink or fail.
	Policy string `json:"policy"`
	// TermS is for how long a worker may send that nobody has confirmed, in seconds.
	TermS   float64  `json:"term_s"`
	Workers []Worker `json:"workers"`
	// Spans tell who held which lane from when until when, by lane and time.
	Spans []LaneSpan `json:"spans"`
	// Broken is why the fleet as a whole could not go on; empty if it could.
	Broken string `json:"broken,omitempty"`
}

// Worker is one process that sends, and what it says of itself. What it did not come to
// say is absent.
type Worker struct {
	Name       string `json:"name"`
	Host       string `json:"host,omitempty"`
	Processors int    `json:"processors,omitempty"` // of its machine
	// ClockAheadMS is how far its clock is ahead of the coordinator's, ClockDoubtMS how far
	// that may be wrong (half of the best round trip), ClockDriftMS how far it has moved
	// since the start.
	ClockAheadMS *float64 `json:"clock_ahead_ms,omitempty"`
	ClockDoubtMS *float64 `json:"clock_doubt_ms,omitempty"`
	ClockDriftMS *float64 `json:"clock_drift_ms,omitempty"`
	// CPUShare is the share of its machine's processors that it used while it sent, 0..1.
	CPUShare     *float64 `json:"cpu_share,omitempty"`
	SendLagP99MS *float64 `json:"send_lag_p99_ms,omitempty"`
	// GCPauseMaxMS is the longest pause of its garbage collector.
	GCPauseMaxMS *float64 `json:"gc_pause_max_ms,omitempty"`
	// LostAtS is when it was last heard of; nil: it was not lost.
	LostAtS *float64 `json:"lost_at_s,omitempty"`
	// Problem is what it said of itself, or why it was lost; empty: nothing.
	Problem string `json:"problem,omitempty"`
}

// LaneSpan is the time in which one worker held a lane, or nobody did.
// Planned = Sent + Lost + Unknown + Never, of all streams together.
type LaneSpan struct {
	Lane   int     `json:"lane"`
	Worker string  `json:"worker"` // empty: nobody
	FromS  float64 `json:"from_s"`
	ToS    float64 `json:"to_s"` // when what it planned ends

	Planned int64 `json:"planned"`
	Sent    int64 `json:"sent"`    // with what came of it
	Lost    int64 `json:"lost"`    // sent; what came of it was lost with the worker
	Unknown int64 `json:"unknown"` // due while the worker may have sent, and nobody heard of it
	Never   int64 `json:"never"`   // not sent, for certain
	// Hole is what of Never nobody sent because the lane's worker was lost. The rest was
	// late, shed, or not sent because the run was stopped.
	Hole int64 `json:"hole,omitempty"`
	// Cut is why it ended before its lane did; empty: it did not.
	Cut string `json:"cut,omitempty"`
}
