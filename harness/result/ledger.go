package result

// Ledger is the two-sided account of work that must be neither lost nor doubled.
type Ledger struct {
	Accepted        int64            `json:"accepted"`
	Delivered       int64            `json:"delivered"`
	FailedPermanent int64            `json:"failed_permanent"`
	FailedExhausted int64            `json:"failed_exhausted"`
	Unfinished      int64            `json:"unfinished,omitempty"` // still to be done when time was over, and known
	Lost            int64            `json:"lost"`
	Duplicated      int64            `json:"duplicated"`
	Attempts        map[string]int64 `json:"attempts,omitempty"` // attempts -> tasks
	// Arrived is how many keys were done at the far side, where a scenario declares its
	// ledger as data. Absent: it does not, and all below is.
	Arrived *int64 `json:"arrived,omitempty"`
	// Unknown are keys of requests without an answer: nobody can know whether they
	// should have been done. Phantom were refused and done all the same, Strangers done
	// and asked for by nobody.
	Unknown   int64 `json:"unknown,omitempty"`
	Phantom   int64 `json:"phantom,omitempty"`
	Strangers int64 `json:"strangers,omitempty"`
	// DelayP99MS is the 99th percentile of the time from the answer until it was done,
	// in milliseconds. Absent: it is not known when.
	DelayP99MS *float64 `json:"delay_p99_ms,omitempty"`
	// Examples are a few keys of lost, doubled, unknown, phantom and strangers.
	Examples map[string][]string `json:"examples,omitempty"`
}
