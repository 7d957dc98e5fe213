package soak

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Kind is a way to disturb a run from outside of it.
type Kind string

// The kinds. A fake runs inside the harness and is stopped with it.
const (
	Neighbour    Kind = "neighbour"     // other processes keep Size processors busy
	Quota        Kind = "quota"         // the run may use no more than Size processors
	StopHarness  Kind = "stop-harness"  // the harness, its fakes and its proxy are stopped
	StopPostgres Kind = "stop-postgres" // every process of the database is stopped
	FsyncStorm   Kind = "fsync-storm"   // Size writers write and sync as fast as they can
	Memory       Kind = "memory"        // Size (0..1) of what memory is available is taken
	ClockStep    Kind = "clock-step"    // the wall clock jumps by Size seconds, and back at the end
)

// Kinds lists all of them.
func Kinds() []Kind {
	return []Kind{Neighbour, Quota, StopHarness, StopPostgres, FsyncStorm, Memory, ClockStep}
}

// Disturbance is one trouble that a run meets.
type Disturbance struct {
	Kind Kind `json:"kind"`
	// Scenario is the place in the suite of the one in which it begins, After how
	// long from its start.
	Scenario int           `json:"scenario"`
	After    time.Duration `json:"after_ns"`
	For      time.Duration `json:"for_ns"`
	// Size is how much of it, in the unit of its kind.
	Size float64 `json:"size,omitempty"`
}

// String says what it does, for example "neighbour on 2 cores for 8 s".
func (d Disturbance) String() string {
	long := d.For.Round(100 * time.Millisecond)
	switch d.Kind {
	case Neighbour:
		return fmt.Sprintf("neighbour on %.0f cores for %v", d.Size, long)
	case Quota:
		return fmt.Sprintf("quota of %.2f cores for %v", d.Size, long)
	case FsyncStorm:
		return fmt.Sprintf("%.0f writers that sync for %v", d.Size, long)
	case Memory:
		return fmt.Sprintf("%.0f %% of the available memory taken for %v", 100*d.Size, long)
	case ClockStep:
		return fmt.Sprintf("clock %+.1f s for %v", d.Size, long)
	default:
		return fmt.Sprintf("%s for %v", d.Kind, long)
	}
}

// Draw returns the disturbances of a run of that many scenarios, in the order in
// which they begin: none, one or two, each as likely, of these kinds. The same
// seed and kinds give the same.
func Draw(seed uint64, scenarios int, kinds []Kind) []Disturbance {
	draw := rand.New(rand.NewPCG(seed, 0x64697374757262))
	n := draw.IntN(3)
	if len(kinds) == 0 || scenarios == 0 {
		return nil
	}
	all := make([]Disturbance, n)
	for i := range all {
		all[i] = drawOne(draw, scenarios, kinds[draw.IntN(len(kinds))])
	}
	if n == 2 && before(all[1], all[0]) {
		all[0], all[1] = all[1], all[0]
	}
	return all
}

// DrawDense returns one disturbance for each of that many scenarios, of these
// kinds: more than a machine ever sees, to find what does not stand it.
func DrawDense(seed uint64, scenarios int, kinds []Kind) []Disturbance {
	draw := rand.New(rand.NewPCG(seed, 0x64656e7365))
	if len(kinds) == 0 {
		return nil
	}
	all := make([]Disturbance, scenarios)
	for i := range all {
		all[i] = drawOne(draw, scenarios, kinds[draw.IntN(len(kinds))])
		all[i].Scenario = i
	}
	return all
}

func before(a, b Disturbance) bool {
	return a.Scenario < b.Scenario || a.Scenario == b.Scenario && a.After < b.After
}

// drawOne draws where, when, how long and how much. Those that stop a process are
// short and fall into any phase; those that take something away outlast scenarios.
func drawOne(draw *rand.Rand, scenarios int, kind Kind) Disturbance {
	d := Disturbance{Kind: kind, Scenario: draw.IntN(scenarios), After: between(draw, 0, 3*time.Second)}
	switch kind {
	case Neighbour:
		d.For, d.Size = between(draw, 5*time.Second, 30*time.Second), float64(1+draw.IntN(2))
	case Quota:
		d.For, d.Size = between(draw, 5*time.Second, 30*time.Second), 0.6+0.2*draw.Float64()
	case FsyncStorm:
		d.For, d.Size = between(draw, 5*time.Second, 20*time.Second), float64(1+draw.IntN(4))
	case Memory:
		d.For, d.Size = between(draw, 5*time.Second, 20*time.Second), 0.6+0.2*draw.Float64()
	case ClockStep:
		d.For, d.Size = between(draw, time.Second, 7*time.Second), (0.5+2.5*draw.Float64())*float64(1-2*draw.IntN(2))
	default:
		d.For = between(draw, time.Second, 7*time.Second)
	}
	return d
}

// between draws a time, in whole milliseconds.
func between(draw *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(draw.Int64N(int64((most-least)/time.Millisecond)))*time.Millisecond
}
