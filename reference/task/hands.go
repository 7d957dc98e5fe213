package task

import (
	"sync"
	"time"
)

// hands are the tasks that this process has in hand. One that has just ended
// stays there for a while: what became of it is written a little later.
type hands struct {
	mu    sync.Mutex          // guards ended
	ended map[int64]time.Time // when each did; zero while it is worked
}

func newHands() *hands { return &hands{ended: map[int64]time.Time{}} }

// take notes that a task is being worked, until the function that it returns is
// called.
func (h *hands) take(id int64) (done func()) {
	h.note(id, time.Time{})
	return func() { h.note(id, time.Now()) }
}

func (h *hands) note(id int64, ended time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended[id] = ended
}

// empty returns which of the tasks are not in hand, and lets go of those that
// ended before a time.
func (h *hands) empty(ids []int64, before time.Time) []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, ended := range h.ended {
		if !ended.IsZero() && ended.Before(before) {
			delete(h.ended, id)
		}
	}
	var missing []int64
	for _, id := range ids {
		if _, held := h.ended[id]; !held {
			missing = append(missing, id)
		}
	}
	return missing
}
