package chaos

import "sync"

const (
	// queueBytes bounds what one direction of one connection may hold back; then
	// the proxy stops reading, and the sender feels that as a full TCP window.
	queueBytes = 1 << 20
	// chunkCost is what a chunk counts for beside its bytes, so that many small
	// ones are bounded, too.
	chunkCost = 128
)

// queue holds chunks between the goroutine that reads and the one that writes.
// It grows as it must: most flows never hold much.
type queue struct {
	filled chan struct{} // signals to the writer
	freed  chan struct{} // signals to the reader

	mu     sync.Mutex // guards all below
	chunks []chunk
	cost   int
	closed bool
}

func newQueue() *queue {
	return &queue{filled: make(chan struct{}, 1), freed: make(chan struct{}, 1)}
}

func (c chunk) cost() int { return len(c.data) + chunkCost }

// push adds c when there is room; false when ended is closed first.
func (q *queue) push(c chunk, ended <-chan struct{}) bool {
	for {
		q.mu.Lock()
		room := q.cost+c.cost() <= queueBytes
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
			q.cost -= c.cost()
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
