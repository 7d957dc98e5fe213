package main

import (
	"fmt"
	"math"
	"runtime"

	"github.com/shirou/gopsutil/v3/mem"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/target"
)

// What scenarios of the reference take of a machine: one that goes on takes less
// than a processor, for it waits for most of its time, and one more is set up or taken
// down meanwhile, which takes all that it gets. With more of them they make each other
// late, and what showed nothing in company is run once more. So more of them begin only
// while the processors are seen to be idle, which a fast machine's are for half of the
// time. Those that measure what a service can do have the machine to themselves, and say
// so (harness.Needs).
const (
	setUpMeanwhile = 1
	idleEach       = 3       // scenarios for a processor that is idle
	memoryEach     = 1 << 29 // bytes
	mostSideBySide = 16      // beyond it one Postgres is what they wait for
)

// standsSideBySide is how many scenarios this machine stands at the same time, and how
// many while its processors are idle.
func standsSideBySide() (usual, idle int) {
	memory := math.Inf(1)
	if machine, err := mem.VirtualMemory(); err == nil {
		memory = float64(machine.Available)
	}
	if dir, ok := target.OwnMemoryDir(); ok {
		if limit, limited := probe.MemoryLimit(dir); limited {
			memory = min(memory, limit)
		}
	}
	processors := runtime.GOMAXPROCS(0) // quotas and limits count for both
	usual = fitSideBySide(processors+setUpMeanwhile, memory)
	if processors < runtime.NumCPU() {
		return usual, usual // under a quota idle processors are not ours
	}
	return usual, fitSideBySide(idleEach*processors+setUpMeanwhile, memory)
}

// fitSideBySide is how many of so many scenarios fit into so many bytes.
func fitSideBySide(n int, memory float64) int {
	return max(1, int(min(float64(n), memory/memoryEach, mostSideBySide)))
}

// readSideBySide reads how many scenarios go on at the same time. Where nothing is
// said it is what the machine stands, but for a soak, which holds for hours what it
// takes, and for a service of one's own, which may have a port or a folder that is there
// once: that is one at a time.
func (p *plan) readSideBySide() error {
	n := p.flags.sideBySide
	if n < 0 {
		return fmt.Errorf("--side-by-side %d: at least one scenario at a time", n)
	}
	if n > 1 && p.subject.launch.URL != "" {
		return fmt.Errorf("--side-by-side %d: %s is there once, for one scenario at a time: leave the flag out", n, p.subject.launch.URL)
	}
	idle := n
	if n == 0 {
		n = 1
		if p.subject.service == nil && p.subject.profile != "soak" {
			n, idle = standsSideBySide()
		}
	}
	p.config.SideBySide, p.config.SideBySideIdle = n, idle
	return nil
}

// sideBySideAgain is the flag that says how many go on at the same time, where it was typed.
func (f runFlags) sideBySideAgain() string {
	if f.sideBySide == 0 {
		return ""
	}
	return fmt.Sprintf(" --side-by-side %d", f.sideBySide)
}
