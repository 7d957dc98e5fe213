package harness

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
)

// maxInstances bounds the instances of the target that a scenario has at once.
const maxInstances = 8

// instances is how many of the target there are at once.
func (s Scenario) instances() int { return max(1, s.Instances) }

// OnInstance is the place of the faults of one instance of the target, counted
// from 1: the first is [OnTarget], the second target.2.
func OnInstance(n int) string {
	if n <= 1 {
		return OnTarget
	}
	return fmt.Sprintf("%s.%d", OnTarget, n)
}

// setUpTargets starts the instances of the target, one after the other, as a
// deploy does.
func (s *Session) setUpTargets(ctx context.Context, v Variant, st *setup, undo *cleanups, env map[string]string) error {
	for i := range st.scenario.instances() {
		t, err := s.newTarget(v, env, st)
		if err != nil {
			return err
		}
		st.targets = append(st.targets, t)
		place := OnInstance(i + 1)
		undo.add("stop the "+place, func(ctx context.Context) error {
			_, err := t.Stop(ctx)
			return err
		})
		if st.scenario.has(place) {
			st.places[place] = chaos.NewSignals(t, s.journal)
		}
		if err := t.Start(ctx); err != nil {
			return fmt.Errorf("start the %s: %w", place, err)
		}
	}
	st.target = st.targets[0]
	return nil
}

// urls are where the instances answer.
func (st *setup) urls() []string {
	all := make([]string, len(st.targets))
	for i, t := range st.targets {
		all[i] = t.URL()
	}
	return all
}

// lives tells how each life of each instance ended, on the scenario's clock, and
// what they wrote last. Where there are several, each says whose it is.
func (st *setup) lives() (ends []result.End, log []string) {
	if len(st.targets) == 0 {
		return nil, nil
	}
	for i, t := range st.targets {
		for _, e := range t.Ends() {
			if len(st.targets) > 1 {
				e.Instance = i + 1
			}
			ends = append(ends, shift(e, st.begun.Sub(st.start)))
		}
		for _, line := range t.Log() {
			if len(st.targets) > 1 {
				line = OnInstance(i+1) + ": " + line
			}
			log = append(log, line)
		}
	}
	return ends, log
}

// exits tells which instance has ended, again and again.
type exits struct {
	targets []target.Target
	ended   chan int
	quit    chan struct{}
	waiting sync.WaitGroup
}

// watchExits waits for the end of each instance. The caller must call stop.
func watchExits(targets []target.Target) *exits {
	e := &exits{targets: targets, ended: make(chan int), quit: make(chan struct{})}
	for i := range targets {
		e.await(i)
	}
	return e
}

// await waits for the end of the instance's present life.
func (e *exits) await(i int) {
	exited := e.targets[i].Exited()
	e.waiting.Go(func() {
		select {
		case <-exited:
		case <-e.quit:
			return
		}
		select {
		case e.ended <- i:
		case <-e.quit:
		}
	})
}

func (e *exits) stop() {
	close(e.quit)
	e.waiting.Wait()
}

// another is a probe of another instance than the first: its series are called
// target.2 and so on where those of the first are called target.
type another struct {
	probe.Probe
	instance int
}

// Name implements [probe.Probe].
func (a another) Name() string { return a.Probe.Name() + " of " + OnInstance(a.instance) }

// Series implements [probe.Probe].
func (a another) Series() []probe.Series { return ofInstance(a.instance, a.Probe.Series()) }

// Close ends what the probe holds open.
func (a another) Close() error {
	if c, ok := a.Probe.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

// ofInstance are those of the series that are of the target, as those of another
// instance.
func ofInstance(n int, all []probe.Series) []probe.Series {
	var named []probe.Series
	for _, s := range all {
		if rest, ok := strings.CutPrefix(s.Name, OnTarget+"."); ok {
			s.Name = OnInstance(n) + "." + rest
			named = append(named, s)
		}
	}
	return named
}
