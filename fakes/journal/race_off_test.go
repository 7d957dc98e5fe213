//go:build !race

package journal_test

// raced says that the race detector slows everything down.
const raced = false
