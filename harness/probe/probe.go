// Package probe samples quantities over time: memory and CPU of the target and
// of the machine, connections of Postgres, any metric of a Prometheus endpoint,
// any Go func.
//
// A [Probe] measures; [Start] samples any number of them, each in a goroutine
// of its own, so that one that hangs holds up no other; [Sampler.Stop] returns
// the [Record], a plain value that answers what a series did in a window, gives
// series for the report, and tells how healthy each probe was. All times count
// from the run's start, which load and faults share.
//
// What was not measured is a gap, never a zero: a probe whose target is gone
// returns NaN. A record in which a probe failed, hung or was starved says so in
// [Health], for a verdict that must not trust it.
//
//	probe              series                                             every
//	[Memory]           target.rss, target.rss_peak                        50 ms
//	[Process]          target.cpu, target.threads, target.open_files,     500 ms
//	                   target.processes, target.restarts
//	[Sockets]          target.sockets                                     100 ms
//	[Cgroup]           target.cgroup.memory, .memory_peak, .memory_limit  100 ms
//	[Prometheus]       as configured, for example target.goroutines       1 s
//	[Postgres]         db.connections.total, .active, .idle,              250 ms
//	                   .idle_in_transaction, db.locks.waiting
//	[Machine]          machine.cpu, machine.steal, machine.load1,         500 ms
//	                   machine.memory_available, harness.cpu, harness.rss
//	[Gauge], [Gauges]  as told
//
// The package judges nothing, starts nothing but its samplers, and touches its
// targets only by looking.
package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// UnitCores is the unit of CPU use: 1 is one core fully busy.
const UnitCores = "cores"

// Series names one quantity that a probe measures.
type Series struct {
	Name string // for example target.rss; no two probes of a sampler share one
	Unit string // of package result, or [UnitCores]
	// Low says that low values matter as much as high ones, so that a reduced
	// series keeps the lowest of each bucket, too.
	Low bool
}

// Probe measures one group of quantities. A probe may keep state between
// samples (it is for one sampler, which calls it from one goroutine); one that
// holds something open is an [io.Closer] as well and is closed at the end.
type Probe interface {
	// Name is what Health calls it.
	Name() string
	// Series are the quantities, always the same.
	Series() []Series
	// Every is the time between two samples.
	Every() time.Duration
	// Sample returns one value for each of Series, in its order. NaN is "not
	// measured now", for example because the target is gone, which is no error.
	// It should end with ctx.
	Sample(ctx context.Context) ([]float64, error)
}

// At returns p with another time between samples.
func At(p Probe, every time.Duration) Probe { return paced{p, every} }

type paced struct {
	Probe
	every time.Duration
}

func (p paced) Every() time.Duration { return p.every }

func (p paced) Close() error {
	if c, ok := p.Probe.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// check reports what makes probes unusable together.
func check(probes []Probe) error {
	var errs []error
	owner := map[string]string{}
	for _, p := range probes {
		if p.Every() <= 0 {
			errs = append(errs, fmt.Errorf("probe %s: the time between samples is %v", p.Name(), p.Every()))
		}
		if len(p.Series()) == 0 {
			errs = append(errs, fmt.Errorf("probe %s measures nothing", p.Name()))
		}
		for _, s := range p.Series() {
			if other, taken := owner[s.Name]; taken {
				errs = append(errs, fmt.Errorf("series %s belongs to probe %s and to probe %s", s.Name, other, p.Name()))
			}
			owner[s.Name] = p.Name()
		}
	}
	return errors.Join(errs...)
}
