package httpfault

import "time"

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
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Start.IsZero() {
		c.Start = c.Now()
	}
	return c
}
