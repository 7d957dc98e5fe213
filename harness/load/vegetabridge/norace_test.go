//go:build !race

package vegetabridge_test

const underRace = false
