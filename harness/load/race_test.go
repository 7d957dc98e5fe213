//go:build race

package load_test

// underRace is whether the race detector is at work, which takes memory.
const underRace = true
