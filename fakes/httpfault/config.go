package httpfault

import (
	"time"

	"holdfast.dev/holdfast/fault"
)

// Config is how a set draws and what time it is.
type Config struct {
	// Seed is where every draw comes from.
	Seed uint64
	// Start is the moment that the windows of selectors count from. Defaults to
	// now.
	Start time.Time
	// Now is the clock. Defaults to time.Now. A fault that holds a request until
	// its window ends waits in real time.
	Now func() time.Time
	// Support says which faults it takes, where who asks for a plan carries them out by
	// [Plan.Acts]. Defaults to those that this package carries out.
	Support fault.Support
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Start.IsZero() {
		c.Start = c.Now()
	}
	if c.Support.Place == "" {
		c.Support = Support()
	}
	return c
}
