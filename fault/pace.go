package fault

import (
	"errors"
	"fmt"
	"time"
)

// Bandwidth passes so many bytes a second.
type Bandwidth struct {
	Rate      Size      // for each second
	Direction Direction // Defaults to [Both], where a place has two
}

// Name implements [Kind].
func (Bandwidth) Name() string { return "bandwidth" }

// String implements [Kind].
func (b Bandwidth) String() string {
	return text("bandwidth", b.Rate.String()+"/s", b.Direction.String())
}

// Validate reports all that is wrong with the parameters.
func (b Bandwidth) Validate() error {
	var err error
	if b.Rate < 1 || b.Rate > maxSize {
		err = fmt.Errorf("a bandwidth is between 1B/s and %v/s, not %v/s", Size(maxSize), b.Rate)
	}
	return errors.Join(err, b.Direction.validate())
}

func parseBandwidth(w *words) Kind {
	return Bandwidth{Direction: w.direction(), Rate: w.nextRate("RATE")}
}

// MaxPiece is the largest piece of a [Slicer]: 16 KiB.
const MaxPiece = 16 << 10

// Slicer writes bytes in small pieces, each on its own.
type Slicer struct {
	Bytes     Size          // the size of a piece, at most [MaxPiece]
	Gap       time.Duration // between two pieces of one connection; may be 0
	Direction Direction     // Defaults to [Down]
}

// Name implements [Kind].
func (Slicer) Name() string { return "slicer" }

// String implements [Kind].
func (s Slicer) String() string {
	return text("slicer", s.Bytes.String(), when(s.Gap != 0, "gap "+s.Gap.String()), s.Direction.String())
}

// Validate reports all that is wrong with the parameters.
func (s Slicer) Validate() error {
	var errs []error
	if s.Bytes < 1 || s.Bytes > MaxPiece {
		errs = append(errs, fmt.Errorf("a piece is between 1 and %d bytes, not %d", MaxPiece, s.Bytes))
	}
	errs = append(errs, checkTimes("gap", s.Gap), s.Direction.validate())
	return errors.Join(errs...)
}

func parseSlicer(w *words) Kind {
	return Slicer{Gap: w.duration("gap"), Direction: w.direction(), Bytes: w.nextSize("BYTES")}
}

// Drip sends the body of an answer a few bytes at a time.
type Drip struct {
	Bytes int           // at a time
	Gap   time.Duration // between two
}

// Name implements [Kind].
func (Drip) Name() string { return "drip" }

// String implements [Kind].
func (d Drip) String() string {
	return text("drip", named("bytes", countText(d.Bytes)), named("gap", timeText(d.Gap)))
}

// Validate refuses what would not drip.
func (d Drip) Validate() error {
	if d.Bytes < 1 || d.Gap <= 0 || d.Gap > longest {
		return errors.New("drip: want bytes of at least 1 and a gap above 0")
	}
	return nil
}

func parseDrip(w *words) Kind {
	return Drip{Bytes: w.countOr("bytes", 1), Gap: w.durationOr("gap", 100*time.Millisecond)}
}

// LimitData ends a connection, in order, after so many bytes.
type LimitData struct {
	Bytes     Size      // on one connection, counted from the fault's beginning; may be 0
	Direction Direction // Defaults to [Down]; with [Both] each way is counted on its own
}

// Name implements [Kind].
func (LimitData) Name() string { return "limit-data" }

// String implements [Kind].
func (l LimitData) String() string { return text("limit-data", l.Bytes.String(), l.Direction.String()) }

// Validate reports all that is wrong with the parameters.
func (l LimitData) Validate() error {
	var err error
	if l.Bytes < 0 || l.Bytes > maxSize {
		err = fmt.Errorf("a limit is between 0B and %v, not %d bytes", Size(maxSize), l.Bytes)
	}
	return errors.Join(err, l.Direction.validate())
}

func parseLimitData(w *words) Kind {
	return LimitData{Direction: w.direction(), Bytes: w.nextSize("BYTES")}
}
