package chaos

import (
	"slices"
	"time"

	"holdfast.dev/holdfast/fault"
)

// Shaper does to the bytes of a [Proxy] what a program of one's own decides, one
// connection and direction at a time: the way of tools whose faults are others than
// those of package fault. It is no [Place] and keeps no receipt, so that nothing is
// proved by it. It must be comparable.
type Shaper interface {
	// Begin is told of each direction of each connection, open or new. Nil leaves it
	// alone. It must not call [Stream.End]. It may be asked once more after the shaper
	// was taken off, by bytes that were on their way.
	Begin(Stream) Shape
}

// Stream is one direction of one connection.
type Stream struct {
	Direction  fault.Direction // Up or Down
	Connection uint64          // the same for both directions
	// End ends the connection, both ways: in order, or with a reset. It may be called
	// at any time.
	End func(reset bool)
}

// Shape is what is done to one stream. Its methods are called by one goroutine at a
// time, but for Ended.
type Shape interface {
	// Arrives says when n bytes that came at a time go on, or for 0 the end of the
	// stream, and what then becomes of them. It may be asked again of the same; luck is
	// what was drawn for them.
	Arrives(at time.Time, n int, luck uint64) (leaves time.Time, then Fate)
	// Piece says how many of n bytes are written next, when, and whether the connection
	// then ends in order. It may be asked again of the same.
	Piece(n int) (most int, at time.Time, ends bool)
	// Wrote records n bytes that are about to be written.
	Wrote(n int, now time.Time)
	// Ended is told that the connection has ended, or that its shaper acts no more.
	Ended()
}

// Fate is what becomes of bytes, or of the end of a stream.
type Fate int

// What may become of bytes.
const (
	Passes Fate = iota
	// Lost bytes are thrown away, at once. The end of a stream is not lost.
	Lost
	// Resets the connection, when it is their time.
	Resets
)

// Shape has the shapers, in this order, act on all connections from now on, open and
// new, in place of those that did. One that stays goes on where it was.
func (p *Proxy) Shape(shapers ...Shaper) {
	p.change.Lock()
	defer p.change.Unlock()
	if p.shaped == nil && len(shapers) == 0 {
		return
	}
	s := p.settings.Load()
	if p.shaped != nil {
		s = s.without(p.shaped)
		p.shaped = nil
	}
	if len(shapers) > 0 {
		p.shaped = &shaping{shapers}
		s = s.with(p.shaped)
	}
	p.swap(s)
	p.mu.Lock()
	links := make([]*link, 0, len(p.links))
	for _, l := range p.links {
		links = append(links, l)
	}
	p.mu.Unlock()
	for _, l := range links {
		l.begin(shapers)
		l.drop(shapers)
	}
}

// shapers are those that are on.
func (s *settings) shapers() []Shaper {
	for _, e := range s.effects {
		if shaping, ok := e.(*shaping); ok {
			return shaping.shapers
		}
	}
	return nil
}

// shaping is what [Proxy.Shape] put on.
type shaping struct{ shapers []Shaper }

func (s *shaping) receipt() fault.Receipt { return fault.Receipt{} }

func (s *shaping) covers(fault.Direction) bool { return true }

func (s *shaping) loses() bool { return true }

// through takes a chunk through all shapes, each after the one before.
func (s *shaping) through(f *flow, c *chunk) (at time.Time, then Fate) {
	at = c.read
	for _, by := range s.shapers {
		shape := f.link.shape(by, f.dir)
		if shape == nil {
			continue
		}
		if at, then = shape.Arrives(at, len(c.data), c.luck); then != Passes {
			return at, then
		}
	}
	return at, Passes
}

func (s *shaping) opens(f *flow, c *chunk) (time.Time, bool) {
	at, then := s.through(f, c)
	return at, then != Lost || c.end != nil
}

func (s *shaping) passed(f *flow, c *chunk, _ time.Time) {
	if _, then := s.through(f, c); then == Resets {
		f.link.end(true)
	}
}

func (s *shaping) next(f *flow, n int) (most int, at time.Time, cut bool) {
	most = n
	for _, by := range s.shapers {
		shape := f.link.shape(by, f.dir)
		if shape == nil {
			continue
		}
		allowed, t, ends := shape.Piece(most)
		if allowed < most || allowed == most && ends {
			most, cut = allowed, ends
		}
		if t.After(at) {
			at = t
		}
	}
	return most, at, cut
}

func (s *shaping) writes(f *flow, n int, now time.Time) {
	for _, by := range s.shapers {
		if shape := f.link.shape(by, f.dir); shape != nil {
			shape.Wrote(n, now)
		}
	}
}

// shaped is a shaper's own part in a link.
type shaped struct {
	by  Shaper
	dir fault.Direction
}

// shape is what a shaper does to a direction; nil is nothing.
func (l *link) shape(by Shaper, dir fault.Direction) Shape {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return nil
	}
	key := shaped{by, dir}
	shape, begun := l.shapes[key]
	if !begun {
		if l.shapes == nil {
			l.shapes = map[shaped]Shape{}
		}
		shape = by.Begin(Stream{dir, l.id, func(reset bool) { l.end(reset) }})
		l.shapes[key] = shape
	}
	return shape
}

// begin has shapers begin with both directions, before any byte comes.
func (l *link) begin(shapers []Shaper) {
	for _, by := range shapers {
		_, _ = l.shape(by, fault.Up), l.shape(by, fault.Down)
	}
}

// drop ends the shapes of all shapers but these.
func (l *link) drop(but []Shaper) {
	l.mu.Lock()
	var ended []Shape
	for key, shape := range l.shapes {
		if slices.Contains(but, key.by) {
			continue
		}
		delete(l.shapes, key)
		if shape != nil {
			ended = append(ended, shape)
		}
	}
	l.mu.Unlock()
	for _, shape := range ended {
		shape.Ended()
	}
}

// endShapes tells all shapes that the link has ended.
func (l *link) endShapes() { l.drop(nil) }
