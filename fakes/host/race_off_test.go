//go:build !race

package host_test

// raced says that the race detector slows everything down.
const raced = false
