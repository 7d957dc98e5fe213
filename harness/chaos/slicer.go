package chaos

import (
	"errors"
	"fmt"
	"time"
)

// Slicer writes bytes in small pieces, each on its own.
type Slicer struct {
	Bytes     int64         // the size of a piece
	Gap       time.Duration // between two pieces of one connection; may be 0
	Direction Direction     // Defaults to [Down]
}

func slicerSpec() Spec {
	return Spec{
		Name: "slicer", Form: "slicer BYTES [gap GAP] [up|down|both]", Place: OnProxy,
		Example: Slicer{Bytes: 1, Gap: 2 * time.Millisecond},
		Models:  "a dripping link, small segments: answers that arrive byte by byte",
		Acts:    "all bytes written from now on, on open and new connections; undone, the rest goes whole",
		Counts:  "pieces written",
		Correct: "puts messages together whatever their pieces; its deadline covers the whole answer, not the time between two bytes",
		Undoing: "the setting is off and a new connection through the proxy is answered",
		parse: func(w *words) Kind {
			s := Slicer{Bytes: w.bytes("BYTES", "")}
			if w.keyword("gap") {
				s.Gap = w.duration("GAP")
			}
			s.Direction = w.direction()
			return s
		},
	}
}

// String implements [Kind].
func (s Slicer) String() string {
	return text("slicer", formatBytes(s.Bytes), when(s.Gap != 0, "gap "+s.Gap.String()), s.Direction.String())
}

// Validate reports all that is wrong with the parameters.
func (s Slicer) Validate() error {
	var errs []error
	if s.Bytes < 1 || s.Bytes > chunkBytes {
		errs = append(errs, fmt.Errorf("a piece is between 1 and %d bytes, not %d", chunkBytes, s.Bytes))
	}
	if s.Gap < 0 {
		errs = append(errs, fmt.Errorf("a gap is not negative, as %v is", s.Gap))
	}
	return errors.Join(append(errs, s.Direction.validate())...)
}

func (s Slicer) direction() Direction { return s.Direction.or(Down) }

func (s Slicer) effect() effect { return &slicing{Slicer: s} }

// slicing is a [Slicer] in force.
type slicing struct {
	Slicer
	tally
}

func (s *slicing) covers(dir Direction) bool { return s.direction().covers(dir) }

func (s *slicing) next(f *flow, n int) (int, time.Time, bool) {
	return min(n, int(s.Bytes)), f.wrote.Add(s.Gap), false
}

func (s *slicing) writes(f *flow, _ int, _ time.Time) { s.hit(f.link) }

func (s *slicing) receipt() Receipt {
	r := Receipt{Declared: fmt.Sprintf("pieces of %d bytes, %v apart, %s", s.Bytes, s.Gap, s.direction().towards())}
	r.Fired, r.Touched = s.counts()
	if r.Fired > 0 {
		r.Measured = fmt.Sprintf("%d pieces on %d connections", r.Fired, r.Touched)
	}
	return r
}
