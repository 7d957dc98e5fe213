//go:build race

package vegetabridge_test

// underRace is whether the race detector is at work, which takes memory.
const underRace = true
