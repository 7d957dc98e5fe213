package main

import (
	"testing"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/manifest"
)

// The same service by the file beside it: with its timeout, all of its scenarios hold.
func TestTheFileOfTheService(t *testing.T) {
	t.Setenv("RATES_TIMEOUT", "200ms")
	manifest.Test(t, "holdfast.yaml", func(c *harness.Config) {
		c.Seed, c.Out, c.UndoDir = 1, t.TempDir(), t.TempDir()
	})
}
