// Package witnesstest keeps tests that skip where a machine is too busy from being green
// wherever a run only says that it was disturbed.
package witnesstest

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// What a machine has at most to do that is idle.
const idlePressure = 10 // percent of the last ten seconds in which somebody waited for a processor

// TooBusy skips a test that the machine kept from showing anything, as a run says. Where
// the kernel says that the machine is idle, the run is wrong, and the test fails.
func TooBusy(t testing.TB, why string) {
	t.Helper()
	pressure, _ := os.ReadFile("/proc/pressure/cpu")
	load, _ := os.ReadFile("/proc/loadavg")
	if Idle(string(pressure), string(load), runtime.NumCPU()) {
		t.Fatalf("the run says that it was disturbed, on a machine that is idle (pressure %s, load %s): %s", pressure, load, why)
	}
	t.Skipf("this machine is too busy: %s", why)
}

// Idle reports whether a machine has little to do: by the pressure on its processors and
// by its load of the last minute, as the kernel's files tell them. What cannot be read says
// nothing.
func Idle(pressure, load string, processors int) bool {
	var waiting, running float64
	if _, err := fmt.Sscanf(pressure, "some avg10=%f", &waiting); err != nil {
		return false
	}
	if _, err := fmt.Sscanf(load, "%f", &running); err != nil {
		return false
	}
	return waiting < idlePressure && running < float64(processors)
}
