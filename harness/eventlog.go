package harness

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// eventLog collects moments that are worth a line in the report.
type eventLog struct {
	mu     sync.Mutex
	events []result.Annotation
}

func (e *eventLog) add(at time.Duration, what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, result.Annotation{AtS: at.Seconds(), What: what})
}

func (e *eventLog) all() []result.Annotation {
	e.mu.Lock()
	defer e.mu.Unlock()
	slices.SortStableFunc(e.events, func(a, b result.Annotation) int { return cmp.Compare(a.AtS, b.AtS) }) // some are known later
	return e.events
}
