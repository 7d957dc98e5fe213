//go:build !linux

package soak

import (
	"errors"
	"time"
)

var errClock = errors.New("the clock is stepped on Linux alone")

func stepClock(time.Duration) (end, error) { return nil, errClock }

func clockAllowed() error { return errClock }
