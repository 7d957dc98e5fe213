package search

import "time"

// Numbers of the source.
const (
	sourceTime = time.Second // "5-10s → 0.5-1s"
	concurrent = 50          // how many search at once in the source's own test
	sourceSays = "the source's own recommended test"
)
