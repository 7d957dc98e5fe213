package fault

import (
	"errors"
	"time"
)

// Drip sends the body a few bytes at a time.
type Drip struct {
	Bytes int           // at a time
	Gap   time.Duration // between two
}

// String returns for example "drip bytes=1 gap=100ms".
func (d Drip) String() string { return words("drip", "bytes", d.Bytes, "gap", d.Gap) }

// Validate refuses what would not drip.
func (d Drip) Validate() error {
	if d.Bytes < 1 || d.Gap <= 0 || d.Gap > 24*time.Hour {
		return errors.New("drip: want bytes of at least 1 and a gap above 0")
	}
	return nil
}

// Send drips.
func (d Drip) Send(x *Exchange) (bool, error) {
	return x.paced(d.Bytes, func(int) time.Duration { return d.Gap })
}

// paced sends the headers, and the body in pieces with a gap before each, which
// may depend on the piece's size.
func (x *Exchange) paced(piece int, gap func(n int) time.Duration) (bool, error) {
	if _, err := x.Write(x.Whole()); err != nil {
		return false, err
	}
	due := time.Now()
	for rest := x.Answer.Body; len(rest) > 0; {
		n := min(piece, len(rest))
		due = due.Add(gap(n))
		lifted, err := x.Pause(time.Until(due))
		switch {
		case err != nil:
			return false, errOutlasted
		case lifted:
			return true, x.Rest(rest)
		}
		if _, err := x.Write(rest[:n]); err != nil {
			return false, errOutlasted
		}
		rest = rest[n:]
	}
	return true, nil
}

// Bandwidth sends the body at a limited rate.
type Bandwidth struct {
	PerSecond int64 // bytes
}

// String returns for example "bandwidth 16KiB".
func (b Bandwidth) String() string { return "bandwidth " + size(b.PerSecond).String() }

// Validate refuses a rate that is not above 0.
func (b Bandwidth) Validate() error {
	if b.PerSecond < 1 {
		return errors.New("bandwidth: want a number of bytes per second above 0")
	}
	return nil
}

// Send sends a piece every twentieth of a second, or byte by byte if the rate is
// lower than that.
func (b Bandwidth) Send(x *Exchange) (bool, error) {
	const perSecond = 20
	piece := max(1, b.PerSecond/perSecond)
	return x.paced(int(piece), func(n int) time.Duration {
		return time.Duration(float64(n) / float64(b.PerSecond) * float64(time.Second))
	})
}

func parseDrip(a *args) (Kind, error) {
	return Drip{Bytes: a.intOr("bytes", 1), Gap: a.durationOr("gap", 100*time.Millisecond)}, nil
}

func parseBandwidth(a *args) (Kind, error) {
	rate, err := parseSize(a.word())
	return Bandwidth{PerSecond: int64(rate)}, err
}
