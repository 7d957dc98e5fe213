//go:build !race

package manifest_test

// slowdown is by how much the race detector may slow down what is measured.
const slowdown = 1
