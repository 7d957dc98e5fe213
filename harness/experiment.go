package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/verdict"
)

// experiment is one scenario while it is run.
type experiment struct {
	lab   *session
	s     Scenario
	out   *result.Scenario
	start time.Time // of the scenario's clock
	undo  []undoing

	db         *database.Database
	dsn        string // what the target is given: through the proxy where there is one
	target     target.Target
	places     map[string]chaos.Place
	fakes      map[string]Fake
	ledger     *result.Ledger
	reconciled map[string]func(verdict.Window) verdict.Reading
	book       *verdict.Registry

	sampler  *probe.Sampler
	attack   *load.Attack
	timeline *chaos.Schedule

	record      probe.Record
	outcomes    []load.Tally
	died        *result.End   // the target ended and no fault had ended it
	restart     error         // why a target that a fault had ended did not start again
	interrupted error         // why the load was cut short from outside
	overdue     bool          // the drain took longer than it may
	over        time.Duration // when the load had ended, on the clock
	prepared    time.Time     // the clock's zero as the target knows it

	shown   string    // the phase that was last shown
	written time.Time // when the course was last written

	eventsMu sync.Mutex // guards events
	events   []result.Annotation
}

// undoing is something to undo when the scenario is over, whatever happened.
type undoing struct {
	what string
	do   func(context.Context) error
}

func (st *experiment) later(what string, do func(context.Context) error) {
	st.undo = append(st.undo, undoing{what, do})
}

// runScenario carries out one experiment and records it.
func (l *session) runScenario(ctx context.Context, s Scenario) *result.Scenario {
	st := &experiment{lab: l, s: s, prepared: time.Now(), places: map[string]chaos.Place{}, fakes: map[string]Fake{}, book: new(verdict.Registry)}
	st.out = l.file.add(blank(l.cfg, s))
	err := st.carryOut(ctx)
	for _, late := range st.takeDown(ctx) {
		err = errors.Join(err, late)
	}
	st.conclude(err)
	l.file.update(func(*result.Run) {})
	return st.out
}

// blank is the result of a scenario of which nothing is known yet.
func blank(cfg Config, s Scenario) result.Scenario {
	out := result.Scenario{
		Name: s.Name, Claim: s.Claim, Protections: s.Protections, Without: []string{},
		Started: time.Now().UTC(), Repeat: cfg.Repeat(s.Name), World: s.World.Facts,
		Settings: settings(s, cfg.Without), Compressed: s.Compressed,
		Phases: []result.Phase{}, Streams: []result.Stream{}, Faults: []result.Fault{},
		Checks: []result.Check{}, Evidence: []result.Check{}, Series: []result.Series{},
	}
	if out.Protections == nil {
		out.Protections = []string{}
	}
	for _, p := range cfg.Without {
		out.Without = append(out.Without, p.Name)
	}
	return out
}

// settings is the target's environment: the scenario's own, with the
// protections that are to be missing taken away.
func settings(s Scenario, without []Protection) map[string]string {
	env := maps.Clone(s.Settings)
	if env == nil {
		env = map[string]string{}
	}
	for _, p := range without {
		maps.Copy(env, p.Off)
	}
	return env
}

// carryOut brings the experiment up, lets it happen and measures. What it
// starts it leaves to takeDown.
func (st *experiment) carryOut(ctx context.Context) error {
	if err := st.openFakes(); err != nil {
		return err
	}
	st.enterMetrics()
	if err := st.book.Validate(st.s.Checks); err != nil {
		return err
	}
	if err := st.prepare(ctx); err != nil {
		return err
	}
	if err := st.begin(ctx); err != nil {
		return err
	}
	st.watch(ctx)
	st.end()
	return errors.Join(st.restart, st.account(ctx))
}

// prepare brings up the world: the data, the faults' places, the target.
func (st *experiment) prepare(ctx context.Context) error {
	template, err := st.lab.db.Template(ctx, st.s.World.Data)
	if err != nil {
		return fmt.Errorf("seed the data: %w", err)
	}
	st.db, err = st.lab.db.Clone(ctx, template)
	if err != nil {
		return fmt.Errorf("clone the data: %w", err)
	}
	st.later("drop the database", st.db.Drop)
	st.dsn = st.db.DSN()
	if err := st.preparePlaces(); err != nil {
		return err
	}
	if err := st.furnish(ctx); err != nil {
		return err
	}
	if st.target, err = st.newTarget(); err != nil {
		return err
	}
	st.later("stop the target", func(ctx context.Context) error {
		_, err := st.target.Stop(ctx)
		return err
	})
	if st.s.has(OnTarget) {
		st.places[OnTarget] = chaos.NewSignals(st.target, st.lab.journal)
	}
	if err := st.target.Start(ctx); err != nil {
		return fmt.Errorf("start the target: %w", err)
	}
	return nil
}

// furnish completes the scenario's own copy of the data and looks whether it
// has what the scenario is about.
func (st *experiment) furnish(ctx context.Context) error {
	if furnish := st.s.World.Prepare; furnish != nil {
		if err := furnish(ctx, st.observed()); err != nil {
			return fmt.Errorf("furnish the data: %w", err)
		}
	}
	if needs := st.s.World.Precondition; needs != nil {
		if err := needs(ctx, st.observed()); err != nil {
			return &lacking{err}
		}
	}
	return nil
}

// lacking is a world in which the scenario would show nothing.
type lacking struct{ what error }

func (l *lacking) Error() string {
	return "the data lacks what the scenario is about: " + l.what.Error()
}
func (l *lacking) Unwrap() error { return l.what }

// preparePlaces builds what the scenario's faults are laid on, and nothing
// else: a proxy that is not needed would only add to what is measured.
func (st *experiment) preparePlaces() error {
	if st.s.has(OnDatabase) {
		proxy, err := chaos.NewProxy(chaos.ProxyConfig{Upstream: st.db.Addr(), Seed: st.lab.cfg.Seed})
		if err != nil {
			return fmt.Errorf("put a proxy before Postgres: %w", err)
		}
		st.later("close the proxy", func(context.Context) error { return proxy.Close() })
		st.places[OnDatabase] = proxy
		if st.dsn, err = st.db.WithAddr(proxy.Addr()); err != nil {
			return err
		}
	}
	if st.s.has(OnPostgres) {
		sessions, err := chaos.NewSessions(st.db.DSN())
		if err != nil {
			return err
		}
		st.places[OnPostgres] = sessions
	}
	return nil
}

func (st *experiment) newTarget() (target.Target, error) {
	launch := st.lab.cfg.Target
	env := maps.Clone(st.out.Settings)
	for _, fake := range st.fakes {
		maps.Copy(env, fake.Settings())
	}
	env["DATABASE_URL"] = st.dsn
	program := target.Program{
		Args: launch.Args, Env: env, Start: st.prepared, Journal: st.lab.journal,
		Secrets: secrets(st.dsn), ReadyTimeout: launch.ReadyTimeout,
	}
	r, err := launch.runtime()
	if err != nil {
		return nil, err
	}
	return r.New(target.Spec{Program: program, Command: launch.Program, MemoryLimit: launch.MemoryLimit})
}

// secrets are what may not stand in the target's log: its DSN, and the password
// alone.
func secrets(dsn string) []string {
	all := []string{dsn}
	if u, err := url.Parse(dsn); err == nil {
		if password, ok := u.User.Password(); ok {
			all = append(all, password)
		}
	}
	return all
}

// takeDown undoes all that was started, newest first, also when ctx is over.
func (st *experiment) takeDown(ctx context.Context) []error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for i := len(st.undo) - 1; i >= 0; i-- {
		ctx, cancel := context.WithTimeout(ctx, stopTimeout)
		if err := st.undo[i].do(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", st.undo[i].what, err))
		}
		cancel()
	}
	st.undo = nil
	return errs
}
