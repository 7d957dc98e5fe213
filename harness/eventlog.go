package harness

import (
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
	return e.events
}
