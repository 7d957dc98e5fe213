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
}
