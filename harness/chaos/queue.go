package chaos

import (
	"sync"
	"sync/atomic"
)

const (
	// queueBytes bounds what one direction of one connection may hold back; then
	// the proxy stops reading, and the sender feels that as a full TCP window.
	queueBytes = 1 << 20
	// chunkCost is what a chunk counts for beside its bytes, so that many small
	// ones are bounded, too.
	chunkCost = 128
	// lineBytes bounds it where bytes are only delayed: what is under way on a long
	// line is its throughput times its delay, and too little room would make the line
	// slow instead of long. 32 MiB are 640 MB/s at 50 ms.
	lineBytes = 32 << 20
	// spareBytes bounds what all directions of all connections of a proxy hold beyond
	// queueBytes each.
	spareBytes = 256 << 20
)

// spare is the room beyond queueBytes that all queues of a proxy share.
type spare struct{ used atomic.Int64 }

// take takes n bytes, if there are as many.
func (s *spare) take(n int) bool {
	if s.used.Add(int64(n)) <= spareBytes {
		return true
	}
	s.give(n)
	return false
}

func (s *spare) give(n int) { s.used.Add(-int64(n)) }

// queue holds chunks between the goroutine that reads and the one that writes.
// It grows as it must: most flows never hold much.
type queue struct {
	filled chan struct{} // signals to the writer
	freed  chan struct{} // signals to the reader
	spare  *spare

	mu     sync.Mutex // guards all below
	chunks []chunk
	cost   int
	closed bool
}

func newQueue(spare *spare) *queue {
	return &queue{filled: make(chan struct{}, 1), freed: make(chan struct{}, 1), spare: spare}
}

func (c chunk) cost() int { return len(c.data) + chunkCost }

// push adds c when there is room for it among at most so many bytes; false when ended
// is closed first.
func (q *queue) push(c chunk, most int, ended <-chan struct{}) bool {
	for {
		q.mu.Lock()
		total := q.cost + c.cost()
		c.spared = total > queueBytes
		room := total <= most && (!c.spared || q.spare.take(c.cost()))
		if room {
			q.chunks = append(q.chunks, c)
			q.cost += c.cost()
		}
		q.mu.Unlock()
		if room {
			wake(q.filled)
			return true
		}
		select {
		case <-q.freed:
		case <-ended:
			return false
		}
	}
}

// pop takes the oldest chunk; false when ended is closed, or when the queue is
// and nothing is left in it.
func (q *queue) pop(ended <-chan struct{}) (chunk, bool) {
	for {
		q.mu.Lock()
		if len(q.chunks) > 0 {
			c := q.chunks[0]
			q.chunks[0] = chunk{} // lets go of its bytes
			q.chunks = q.chunks[1:]
			q.release(c)
			q.mu.Unlock()
			wake(q.freed)
			return c, true
		}
		closed := q.closed
		q.mu.Unlock()
		if closed {
			return chunk{}, false
		}
		select {
		case <-q.filled:
		case <-ended:
			return chunk{}, false
		}
	}
}

// release gives the room of c back.
func (q *queue) release(c chunk) {
	q.cost -= c.cost()
	if c.spared {
		q.spare.give(c.cost())
	}
}

// drop lets go of all that is left.
func (q *queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range q.chunks {
		q.release(c)
	}
	q.chunks = nil
}

// close says that nothing more will be pushed.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	wake(q.filled)
}

// wake wakes the other side; a signal that is there already will do.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
