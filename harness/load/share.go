package load

import (
	"errors"
	"fmt"
	"time"
)

// Share is the part of a load that one of several generators sends: of each stream
// the arrivals Lane, Lane+Lanes, Lane+2·Lanes … of its one schedule. What they ask and
// when they are due is the same whoever sends them. The zero value is the whole load.
type Share struct {
	Lane, Lanes int
	// From is when the share begins on the clock of the run: what is due before is
	// nobody's concern here. It is how a lane is taken over.
	From time.Duration
}

func (s Share) validate() error {
	if s.Lanes < 0 || s.Lane < 0 || s.Lane > 0 && s.Lane >= s.Lanes {
		return fmt.Errorf("lane %d of %d is none", s.Lane, s.Lanes)
	}
	if s.From < 0 {
		return errors.New("the share begins before the run")
	}
	return nil
}

// Planned is how many requests of a stream are the share's, and are due before t.
func (s Share) Planned(stream Stream, t time.Duration) int64 {
	return DueBefore(s.deal(stream), t-stream.StartAt)
}

// deal is the share's part of a stream's schedule.
func (s Share) deal(stream Stream) dealt {
	lanes, lane := int64(max(s.Lanes, 1)), int64(s.Lane)
	d := dealt{Profile: stream.Profile, first: lane, step: lanes}
	if s.From > stream.StartAt {
		before := DueBefore(stream.Profile, s.From-stream.StartAt)
		d.first = before + ((lane-before)%lanes+lanes)%lanes
	}
	return d
}

// room is the share of what a stream may have in flight. No lane goes without.
func (s Share) room(inFlight int) int {
	lanes := max(s.Lanes, 1)
	room := inFlight / lanes
	if s.Lane < inFlight%lanes {
		room++
	}
	return max(room, 1)
}

// dealt is every step-th request of a schedule from the first on, numbered from 0. It
// is named as the whole is.
type dealt struct {
	Profile
	first, step int64
}

func (d dealt) Due(i int64) (time.Duration, bool) {
	if i < 0 {
		return 0, false
	}
	return d.Profile.Due(d.number(i))
}

// number is which request of the whole schedule the i-th of the part is.
func (d dealt) number(i int64) int64 { return d.first + i*d.step }
