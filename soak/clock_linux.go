package soak

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// stepClock moves the wall clock, and moves it back by as much.
func stepClock(by time.Duration) (end, error) {
	if err := moveClock(by); err != nil {
		return nil, err
	}
	return func() error { return moveClock(-by) }, nil
}

// moveClock adds to the wall clock in one step.
func moveClock(by time.Duration) error {
	seconds := by.Truncate(time.Second)
	rest := by - seconds
	if rest < 0 { // the fraction may not be negative
		seconds, rest = seconds-time.Second, rest+time.Second
	}
	step := unix.Timex{Modes: unix.ADJ_SETOFFSET | unix.ADJ_NANO, Time: unix.Timeval{Sec: int64(seconds / time.Second), Usec: int64(rest)}}
	if _, err := unix.Adjtimex(&step); err != nil {
		return fmt.Errorf("step the clock by %v: %w", by, err)
	}
	return nil
}

// clockAllowed says why the clock cannot be set here.
func clockAllowed() error { return moveClock(0) }
