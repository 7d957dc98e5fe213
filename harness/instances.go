package harness

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
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

// instance is one running program of the target, with what looks at it.
type instance struct {
	slot
	target.Target
	tree    *probe.Tree
	sockets *probe.Sockets
	bounded bool        // it has a limit of memory of its own
	listens []string    // host:port where it was told to listen
	coming  atomic.Bool // it is started again, and not ready yet
}

func newInstance(s slot, t target.Target, bounded bool, listens ...string) *instance {
	tree := treeOf(t)
	return &instance{slot: s, Target: t, tree: tree, sockets: probe.NewSockets(tree), bounded: bounded, listens: listens}
}

// setUpTargets starts the target: its one program, its instances, its processes, or
// nothing where somebody else runs it.
func (s *Session) setUpTargets(ctx context.Context, v Variant, st *setup, undo *cleanups, env told) error {
	launch := v.launch(s.cfg.Target).withValues(st.scenario).withSettings(st.scenario)
	var err error
	switch {
	case launch.URL != "":
		err = s.setUpURL(ctx, launch, st)
	case len(launch.Processes) > 0:
		err = s.setUpSystem(ctx, v, launch, st, undo, env)
	default:
		err = s.setUpPrograms(ctx, launch, st, undo, env.all())
	}
	if err != nil {
		return err
	}
	st.entry = st.instances
	if len(st.scenario.Parts) > 0 {
		st.entry = st.instancesOf(st.scenario.Parts[0].Name)
	}
	st.target = st.entry[0].Target
	return nil
}

// setUpPrograms starts the instances of a target of one program, one after the
// other, as a deploy does.
func (s *Session) setUpPrograms(ctx context.Context, launch Launch, st *setup, undo *cleanups, env map[string]string) error {
	for _, one := range st.scenario.slots() {
		t, err := s.newTarget(launch, env, st)
		if err != nil {
			return err
		}
		undo.add("stop "+one.nameOf(), func(ctx context.Context) error {
			_, err := t.Stop(ctx)
			return err
		})
		i := newInstance(one, t, launch.MemoryLimit > 0)
		st.instances = append(st.instances, i)
		if err := t.Start(ctx); err != nil {
			return fmt.Errorf("start %s: %w", one.nameOf(), err)
		}
		i.listens = []string{hostOf(t.URL())}
	}
	return st.placePrograms(s)
}

// setUpURL takes the service that somebody else runs as it is.
func (s *Session) setUpURL(ctx context.Context, launch Launch, st *setup) error {
	for _, f := range st.scenario.Faults {
		if len(st.scenario.slotsAt(f)) > 0 {
			return &unmetError{fmt.Errorf("fault %q: %q cannot be laid on a service that somebody else runs", f.ID, f.Kind)}
		}
	}
	t, err := target.NewURL(target.URLConfig{URL: launch.URL, ReadyPath: launch.ReadyPath, ReadyTimeout: launch.ReadyTimeout})
	if err != nil {
		return err
	}
	st.notOurs = true
	st.instances = []*instance{newInstance(st.scenario.slots()[0], t, false, hostOf(launch.URL))}
	if launch.ReadyPath == "" {
		return nil // nobody said how it tells that it is ready
	}
	return t.Start(ctx)
}

// placePrograms makes the programs the places of the faults that are for them.
func (st *setup) placePrograms(s *Session) error {
	for _, f := range st.scenario.Faults {
		var all []chaos.Place
		for _, n := range st.scenario.slotsAt(f) {
			i := st.instances[n]
			if err := i.canSuffer(f); err != nil {
				return err
			}
			all = append(all, chaos.NewSignals(i.Target, s.journal).Of(i.tree.Look))
		}
		if len(all) == 1 {
			st.places[f.place()] = st.rolling(all[0], st.instances[st.scenario.slotsAt(f)[0]])
		} else if len(all) > 1 {
			st.places[f.place()] = chaos.Each(all...)
		}
	}
	return nil
}

// instancesOf are the replicas of a process.
func (st *setup) instancesOf(process string) []*instance {
	var all []*instance
	for _, i := range st.instances {
		if i.part == process {
			all = append(all, i)
		}
	}
	return all
}

// urls are where the instances answer to which the load goes.
func (st *setup) urls() []string { return urlsOf(st.entry) }

func urlsOf(instances []*instance) []string {
	all := make([]string, len(instances))
	for i, one := range instances {
		all[i] = one.URL()
	}
	return all
}

// lives tells how each life of each instance ended, on the scenario's clock, and
// what they wrote last. Where there are several, each says whose it is.
func (st *setup) lives() (ends []result.End, log []string) {
	several := len(st.instances) > 1
	for _, i := range st.instances {
		for _, e := range i.Ends() {
			ends = append(ends, shift(i.signed(e), st.begun.Sub(st.start)))
		}
		for _, line := range i.Log() {
			if several {
				line = i.place + ": " + line
			}
			log = append(log, line)
		}
	}
	return ends, log
}

// signed is the end with whose it is.
func (s slot) signed(e result.End) result.End {
	e.Process, e.Instance = s.part, s.n
	return e
}

// begun is how often programs of the target were started.
func (st *setup) begunLives() (n int) {
	for _, i := range st.entry {
		n += len(i.Ends())
	}
	return n
}

// watched are the programs as the standing checks look at them.
func (st *setup) watched() []standing.Part {
	var all []standing.Part
	for _, i := range st.instances {
		p := standing.Part{Tree: i.tree, Sockets: i.sockets, Listens: i.listens}
		if i.part != "" || len(st.instances) > 1 {
			p.Name = i.place
		}
		all = append(all, p)
	}
	return all
}

// exits tells which instance has ended, again and again.
type exits struct {
	targets []*instance
	ended   chan int
	quit    chan struct{}
	waiting sync.WaitGroup
}

// watchExits waits for the end of each instance. The caller must call stop.
func watchExits(targets []*instance) *exits {
	e := &exits{targets: slices.Clone(targets), ended: make(chan int), quit: make(chan struct{})}
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
