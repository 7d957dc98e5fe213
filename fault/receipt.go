package fault

import "time"

// Receipt is what a fault did: counted, not declared. A fault without one, or
// with one that says it never fired, proves nothing. What a place does not count
// is 0.
type Receipt struct {
	ID   string `json:"id"`
	Text string `json:"text"` // its text form
	// Considered counts the requests that its keys and its window let through
	// to it, Selected those that it was to act on.
	Considered int64 `json:"considered"`
	Selected   int64 `json:"selected"`
	// Fired is how often it acted; what is counted stands in the place's
	// [Carried]. Missed is how often it should have acted but did not, or not
	// before it was over.
	Fired  int64 `json:"fired"`
	Missed int64 `json:"missed"`
	// Touched is how many connections, processes, sessions or requests it acted
	// on.
	Touched  int64 `json:"touched"`
	Held     int64 `json:"held"`      // in hand now
	MostHeld int64 `json:"most_held"` // the most in hand at once
	// First and Last are when it fired, as offsets from the start of the run.
	First time.Duration `json:"first_ns"`
	Last  time.Duration `json:"last_ns"`
	// Declared and Measured are its shape as asked for and as seen, in words, for
	// example "200 ms per chunk to the client" and "median 200.3 ms over 312 chunks".
	Declared string `json:"declared,omitempty"`
	Measured string `json:"measured,omitempty"`
	// Waits is how long the waits took in fact; nil if none was measured.
	Waits *Waits `json:"waits,omitempty"`
	// Lifted says that it is no longer in force; with Held 0, that nothing of
	// it is left.
	Lifted bool `json:"lifted"`
	// Err is what went wrong while the fault was on, for example a lock that was
	// lost before its time. The fault then was not what was declared.
	Err error `json:"-"`
}

// Waits is a measured distribution.
type Waits struct {
	N                       int64
	Min, P50, P90, P99, Max time.Duration
}
