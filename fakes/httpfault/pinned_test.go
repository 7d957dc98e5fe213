package httpfault_test

import (
	"time"
)

// pinned are the draws of seed 42 as they have always been. If they change, no
// recorded run can be repeated any more.
func pinned() []string {
	return []string{"k4/1", "k18/1", "k22/1", "k29/1", "k43/1", "k66/1", "k71/1", "k94/1", "k96/1", "k99/1"}
}

// pinnedWaits are what a log-normal delay draws for attempts 1 to 3 at one key.
func pinnedWaits() []time.Duration {
	return []time.Duration{35812995, 32133758, 39546032} // ns
}
