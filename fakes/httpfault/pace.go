package httpfault

import (
	"time"

	"holdfast.dev/holdfast/fault"
)

// dripping is [fault.Drip] in force.
type dripping struct{ fault.Drip }

// Send drips.
func (d dripping) Send(x *Exchange) (bool, error) {
	return x.paced(d.Bytes, func(int) time.Duration { return d.Gap })
}

// paced sends the headers, and the body in pieces with a gap before each, which
// may depend on the piece's size.
func (x *Exchange) paced(piece int, gap func(n int) time.Duration) (bool, error) {
	if lifted, err := x.through(x.Whole(), x.Answer.Body); lifted || err != nil {
		return lifted, err
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
		switch lifted, err := x.through(rest[:n], rest[n:]); {
		case lifted:
			return true, err
		case err != nil:
			return false, errOutlasted
		}
		rest = rest[n:]
	}
	return true, nil
}

// narrowing is [fault.Bandwidth] in force.
type narrowing struct{ fault.Bandwidth }

// Send sends a piece every twentieth of a second, or byte by byte if the rate is
// lower than that.
func (b narrowing) Send(x *Exchange) (bool, error) {
	const perSecond = 20
	piece := max(1, b.Rate/perSecond)
	return x.paced(int(piece), func(n int) time.Duration {
		return time.Duration(float64(n) / float64(b.Rate) * float64(time.Second))
	})
}
