package search

import (
	"math/rand/v2"
	"net/url"
	"time"

	"holdfast.dev/holdfast/harness/load"
)

// Numbers of the source, and the clock slack that limits on time are given.
const (
	maxResults     = 100         // MAX_SEARCH_RESULTS
	maxSearchTime  = time.Second // "5-10s → 0.5-1s"
	concurrent     = 50          // how many search at once in the source's own test
	maxQueryLength = 200         // characters
	sourceSays     = "the source's own recommended test"
)

// Requests asks the queries in turn, from a place that the run's seed decides.
func Requests(queries ...string) func(int64, *rand.Rand) load.Request {
	paths := make([]string, len(queries))
	for i, q := range queries {
		paths[i] = "/search?q=" + url.QueryEscape(q)
	}
	return func(_ int64, r *rand.Rand) load.Request {
		return load.Request{Path: paths[r.IntN(len(paths))]}
	}
}
