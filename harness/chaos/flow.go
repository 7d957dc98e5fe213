package chaos

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/fault"
)

// chunkBytes is the most that is read at once.
const chunkBytes = fault.MaxPiece

// chunk is what one read gave, or the end of the stream.
type chunk struct {
	data []byte
	read time.Time
	luck uint64 // drawn once
	end  error  // io.EOF or what else ended the stream; then there are no data
	gone bool   // let through by the gates
	held gate   // the last gate that was shut to it
	// spared: it takes of the room that all queues share
	spared bool
}

// flow carries the bytes of one direction of a link, in order. While no fault
// shapes bytes the reading goroutine writes them itself; from the first chunk
// that may have to wait on there is a second goroutine that writes.
type flow struct {
	link  *link
	dir   fault.Direction // Up or Down
	from  *net.TCPConn
	to    *net.TCPConn
	total *atomic.Int64 // bytes written, of the whole proxy

	queue   *queue       // nil until something has to wait
	pending atomic.Int64 // chunks that wait or are being written
	luck    *rand.Rand   // nil until something has to wait
	wrote   time.Time    // when the writing goroutine last wrote
}

// run reads until the stream ends and returns when all was written or the link ended.
func (f *flow) run() {
	var writer sync.WaitGroup
	defer func() {
		if f.queue != nil {
			f.queue.close()
			writer.Wait()
			f.queue.drop()
		}
	}()
	buf := make([]byte, chunkBytes)
	for first := true; ; first = false {
		n, err := f.from.Read(buf)
		if n > 0 {
			if first && f.dir == fault.Up && f.link.cancelLost(buf[:n]) {
				return
			}
			if !f.pass(&writer, buf[:n]) {
				return
			}
		}
		if err != nil {
			f.forward(&writer, chunk{end: err})
			return
		}
	}
}

// pass passes on what was read, or what is said in its place. It reports whether
// there is more to read.
func (f *flow) pass(writer *sync.WaitGroup, data []byte) bool {
	over := false
	if f.dir == fault.Up {
		data, over = f.link.talk.hear(data)
	} else {
		data = f.link.talk.hush(data)
	}
	if len(data) > 0 && !f.forward(writer, chunk{data: data}) {
		return false
	}
	if over && f.forward(writer, chunk{end: io.EOF}) {
		_, _ = io.Copy(io.Discard, f.from) // until the client has heard its last word and goes
	}
	return !over
}

// forward passes c on, at once or through the queue. It reports whether the
// link is still alive.
func (f *flow) forward(writer *sync.WaitGroup, c chunk) bool {
	if f.link.cutting.Load() {
		return true // what comes after the cut is thrown away
	}
	if f.pending.Load() == 0 && f.link.proxy.settings.Load().clear() {
		if c.end != nil {
			return f.finish(c.end)
		}
		return f.write(c.data)
	}
	if f.queue == nil {
		f.queue = newQueue(&f.link.proxy.spare)
		f.luck = rand.New(rand.NewPCG(f.link.proxy.cfg.Seed, f.link.id<<1|uint64(f.dir&1)))
		writer.Go(f.deliverAll)
	}
	c.read, c.luck = time.Now(), f.luck.Uint64()
	c.data = bytes.Clone(c.data) // the reader's buffer is about to be used again
	f.pending.Add(1)
	return f.queue.push(c, f.link.proxy.settings.Load().room(f.dir), f.link.ended)
}

func (f *flow) deliverAll() {
	for {
		c, ok := f.queue.pop(f.link.ended)
		if !ok || !f.deliver(&c) {
			return
		}
		f.pending.Add(-1)
	}
}

// deliver takes c through the faults that are on, however they change
// meanwhile. It reports whether the link is still alive.
func (f *flow) deliver(c *chunk) bool {
	for (len(c.data) > 0 || c.end != nil) && !f.link.cutting.Load() {
		s := f.link.proxy.settings.Load()
		at, ever, lose := s.opens(f, c)
		if lose && c.end == nil {
			return true
		}
		if !f.link.wait(at, ever, s.changed) {
			s.released(f, c, nil) // its client has given up while it was held
			return false
		}
		if now := f.link.proxy.settings.Load(); now != s {
			if time.Now().Before(at) {
				s.released(f, c, now)
			}
			continue // of what was just asked nothing may hold any more
		}
		if !c.gone {
			c.gone = true
			s.passed(f, c, time.Now())
		}
		if c.end != nil {
			return f.finish(c.end)
		}
		if !f.piece(s, c) {
			return false
		}
	}
	return true
}

// piece writes the next piece of c as the faults of s want it, or nothing if
// they change while it waits.
func (f *flow) piece(s *settings, c *chunk) bool {
	n, at, cut := s.piece(f, len(c.data))
	if !f.link.wait(at, true, s.changed) {
		return false
	}
	if f.link.proxy.settings.Load() != s {
		return true
	}
	// Recorded first: whoever has seen the bytes arrive finds them counted.
	f.wrote = time.Now()
	s.writes(f, n, f.wrote)
	if !f.write(c.data[:n]) {
		return false
	}
	c.data = c.data[n:]
	if cut {
		f.link.cut()
	}
	return true
}

// write writes b. Where the other end is gone the link ends.
func (f *flow) write(b []byte) bool {
	f.total.Add(int64(len(b))) // whoever has seen the bytes arrive finds them counted
	n, err := f.to.Write(b)
	f.total.Add(int64(n - len(b)))
	if err == nil || f.link.cutting.Load() {
		return true
	}
	f.link.end(true)
	return false
}

// finish passes the end of the stream on: an orderly one as a half-close, any
// other as a reset.
func (f *flow) finish(end error) bool {
	if word := f.link.talk.ending.Load(); word != nil && f.dir == fault.Down {
		_ = f.write(*word)
		end = io.EOF
	}
	if errors.Is(end, io.EOF) {
		// Where this fails the other end is gone, which its own flow finds out.
		_ = f.to.CloseWrite()
		return true
	}
	f.link.end(true)
	return false
}
