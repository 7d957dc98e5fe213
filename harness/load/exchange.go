package load

import "time"

// Exchange is one request that was sent, and what came of it. Its times are on
// the clock of the run.
type Exchange struct {
	Stream string
	N      int64 // which request of the stream, from 0
	// Due is when it was to be sent, Sent when it was, End when its answer had
	// arrived or was given up.
	Due, Sent, End time.Duration
	// Unplanned says that it is not known when the request was due: Due is Sent,
	// and only the latency from the send is known.
	Unplanned bool
	Status    int    // of an answer that arrived whole, otherwise 0
	Class     string // why it is not the expected answer; empty: it is
	Method    string // empty: GET
	Path      string // what was asked
	// BytesOut and BytesIn are the lengths of the bodies.
	BytesOut, BytesIn int64
}
