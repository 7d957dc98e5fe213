package task

import (
	"sync"
	"time"
)

// hands are the attempts that this process has in hand. One that has just ended
// stays there for a while: what became of it is written a little later.
type hands struct {
	mu    sync.Mutex          // guards ended
	ended map[given]time.Time // when each did; zero while it is under way
}

// given is an attempt at a task, by River's count.
type given struct {
	task    int64
	attempt int
}

func newHands() *hands { return &hands{ended: map[given]time.Time{}} }

// take notes that an attempt is under way, until the function that it returns is
// called.
func (h *hands) take(g given) (done func()) {
	h.note(g, time.Time{})
	return func() { h.note(g, time.Now()) }
}

func (h *hands) note(g given, ended time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended[g] = ended
}

// missing returns the tasks of those attempts that are not in hand, and lets go
// of those that ended before a time.
func (h *hands) missing(all []given, before time.Time) []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	for g, ended := range h.ended {
		if !ended.IsZero() && ended.Before(before) {
			delete(h.ended, g)
		}
	}
	var tasks []int64
	for _, g := range all {
		if _, held := h.ended[g]; !held {
			tasks = append(tasks, g.task)
		}
	}
	return tasks
}
