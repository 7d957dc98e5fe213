package harness

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/egress"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/replace"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/witness"
)

// setup is what an experiment stands on, up and ready: its own copy of the data,
// its dependencies, the places of its faults, and the target.
type setup struct {
	scenario Scenario
	intact   bool               // no protection is taken away
	data     *database.Database // nil: the scenario has none
	own      *pgxpool.Pool      // the harness's sessions in it
	server   *felled            // nil: the scenario kills none
	fakes    map[string]Fake
	values   map[string]string                // what is known by name
	dsn      string                           // of the database, past any proxy; empty where there is none
	folder   func(Dependency) (string, error) // for the data of one that keeps any
	first    bool                             // it is the setup that is done once
	within   *setup                           // then: of the experiment that needs it; nil: it is done before all
	captured map[string]string                // what steps of the setup have captured
	places   map[string]chaos.Place
	// addresses are where the target's processes will listen; none where it is one
	// program, which picks its own.
	addresses target.Addresses
	processes []target.Process  // of the target, with what each is told; none where it is one program
	env       map[string]string // of a target of one program
	passEnv   []string
	instances []*instance   // of the target's programs, in the order of Scenario.slots
	entry     []*instance   // those that load goes to where it names no other
	target    target.Target // the first of them
	notOurs   bool          // somebody else runs it
	logs      *logs
	gate      *egress.Gate // nil: the target's way out is open
	authority *replace.Authority
	played    *played   // nil, as the authority: no host is replaced
	watches   *watches  // nil until the load is about to begin
	company   Companion // nil: the scenario has none
	books     *books    // nil: the scenario has no declared ledger
	seed      uint64    // of the run
	canary    witness.Calibration
	others    func() []witness.Run // the experiments that go on beside it; nil until there is load
	begun     time.Time            // the zero of the target's clock
	start     time.Time            // the zero of the scenario's clock; zero until there is load
	caller    string               // the caller's secret
	secrets   []standing.Secret    // what the target may not tell
	spills    *spills              // which of them stand in its log
}

// setUp brings all of it up. What it starts it leaves to undo, also where it
// fails, and then returns as much as there is; env is the target's environment as far as it came to be known. end is called
// with why, when the experiment may not go on.
func (s *Session) setUp(ctx context.Context, v Variant, sc Scenario, undo *cleanups, env map[string]string, end context.CancelCauseFunc) (*setup, error) {
	launch := v.launch(s.cfg.Target).withValues(sc).withSettings(sc)
	st, err := s.newSetup(launch, sc, undo)
	if err != nil {
		return nil, err
	}
	st.intact = len(v.Without) == 0
	if sc.Companion != nil {
		st.company = sc.Companion()
	}
	st.books = newBooks(sc.Ledger)
	dsn, err := s.setUpWorld(ctx, st, undo, end)
	if err != nil {
		return st, err
	}
	all := told{settings: maps.Clone(env), exports: map[string]string{}}
	if err := st.export(dsn, all.exports); err != nil {
		return st, err
	}
	st.tell(v, launch, all)
	maps.Copy(env, all.exports)
	st.caller = callersSecret()
	st.secrets = slices.Concat(secretsOf(env, st.fakes, st.caller), declared(launch.Values), launch.secretsOfProcesses())
	launch.settings(env)
	st.spills = &spills{secrets: standing.NewSecrets(unloggable(st.secrets))}
	if err := s.doEach(ctx, st, false); err != nil {
		return st, err
	}
	if err := s.setUpTargets(ctx, v, st, undo, all); err != nil {
		return st, err
	}
	s.watchWayOut(ctx, st, undo, end)
	if err := s.checkListeners(ctx, st, end); err != nil {
		return st, err
	}
	return st, s.doEach(ctx, st, true)
}

// newSetup is one of which nothing is up yet, but for which the addresses of the
// target's processes are picked.
func (s *Session) newSetup(launch Launch, sc Scenario, undo *cleanups) (*setup, error) {
	st := &setup{
		scenario: sc, fakes: map[string]Fake{}, values: map[string]string{}, captured: map[string]string{}, places: map[string]chaos.Place{},
		begun: time.Now(), canary: s.canary, seed: s.cfg.Seed, passEnv: launch.PassEnv,
	}
	st.logs = newLogs(sc, st.begun)
	return st, st.settleAddresses(launch, undo)
}

// tell notes what the target is told, for commands that are told the same.
func (st *setup) tell(v Variant, launch Launch, all told) {
	st.env = all.all()
	if len(launch.Processes) > 0 {
		st.processes = v.processes(launch, all)
	}
}

// setUpWorld brings up what the scenario's world consists of, with what its setup has
// left for it, closes the target's way out of it, and returns the DSN for the target.
func (s *Session) setUpWorld(ctx context.Context, st *setup, undo *cleanups, end context.CancelCauseFunc) (dsn string, err error) {
	on, err := s.serverFor(ctx, st, undo)
	if err != nil {
		return "", err
	}
	from, err := s.origin(ctx, st, st.scenario, on)
	if err != nil {
		return "", err
	}
	maps.Copy(st.values, from.captured)
	err = s.copyData(st, from, undo)
	from.release()
	if err != nil {
		return "", err
	}
	if err := s.openFakes(ctx, st, undo); err != nil {
		return "", err
	}
	if dsn, err = s.setUpData(ctx, st, on.server, from.data, undo); err != nil {
		return "", err
	}
	if err := s.closeWayOut(ctx, st, undo, end); err != nil {
		return "", err
	}
	if from.perRun {
		if err := s.onceIn(ctx, st, dsn); err != nil {
			return "", err
		}
	}
	return dsn, st.prepare(ctx)
}

// openFakes starts those who play the dependencies, in their order, so that one may
// be told where those before it are.
func (s *Session) openFakes(ctx context.Context, st *setup, undo *cleanups) error {
	var err error
	if st.authority, err = st.scenario.World.authority(); err != nil {
		return err
	}
	for _, d := range st.scenario.World.Dependencies {
		o := Opening{
			Seed: st.seed, Faults: st.scenario.faultsAt(d), First: st.first, Counted: st.writesTo(d.Name), Start: st.begun, Journal: s.journal, Values: maps.Clone(st.values), AllowLoad: s.cfg.Target.AllowLoad, Say: s.say,
		}
		if len(d.Replaces) > 0 {
			if o.Certificate, err = st.authority.Certificate(d.Replaces); err != nil {
				return err
			}
		}
		if d.KeepsData {
			if o.Data, err = st.folder(d); err != nil {
				return err
			}
		}
		fake, err := d.Open(ctx, o)
		if err != nil {
			return fmt.Errorf("start %s: %w", d.Name, err)
		}
		undo.add("stop "+d.Name, func(context.Context) error { return fake.Close() })
		st.fakes[d.Name], st.places[d.Name] = fake, fake
		if divided, ok := fake.(Divided); ok {
			for part := range d.Parts {
				st.places[d.part(part)] = divided.Part(part)
			}
		}
		for name, value := range valuesOf(fake) {
			st.values[d.Name+"."+name] = value
		}
	}
	return nil
}

// serverFor is the server for the scenario's data, one of its own where it is going to
// be killed; none where it has no data.
func (s *Session) serverFor(ctx context.Context, st *setup, undo *cleanups) (wanted, error) {
	if !st.scenario.World.hasData() {
		return wanted{}, nil
	}
	on, err := s.databaseFor(ctx, st.scenario.World.Postgres)
	if err != nil || !st.scenario.crashes() {
		return on, err
	}
	if on.server, err = ownServer(ctx, on.server, undo); err != nil {
		return wanted{}, err
	}
	st.server = &felled{Server: on.server}
	return on, nil
}

// setUpData gives the scenario its copy of the data and returns the DSN for the
// target, which leads through the proxy where a fault is applied to one; empty where
// the scenario has no data.
func (s *Session) setUpData(ctx context.Context, st *setup, server *database.Server, data database.DataSet, undo *cleanups) (string, error) {
	if !st.scenario.World.hasData() {
		return "", nil
	}
	template, err := server.Template(ctx, data)
	if err != nil {
		return "", fmt.Errorf("seed the data: %w", err)
	}
	if st.data, err = server.Clone(ctx, template); err != nil {
		return "", fmt.Errorf("clone the data: %w", err)
	}
	undo.add("drop the database", st.data.Drop)
	if st.own, err = st.data.Pool(probe.PostgresName); err != nil {
		return "", err
	}
	undo.add("close our own sessions of the database", func(context.Context) error { st.own.Close(); return nil })
	st.dsn = st.data.TargetDSN()
	return st.databasePlaces(s.cfg.Seed, undo)
}

// ownServer opens a server for a scenario that is going to kill it: others of the
// session go on beside it.
func ownServer(ctx context.Context, server *database.Server, undo *cleanups) (*database.Server, error) {
	if err := server.Killable(); err != nil {
		return nil, &unmetError{err}
	}
	own, err := server.Another(ctx)
	if err != nil {
		return nil, err
	}
	undo.add("stop the scenario's own database server", own.Close)
	return own, nil
}

// databasePlaces builds what faults of the database are applied to, and nothing
// else: a proxy that is not needed would only add to what is measured.
func (st *setup) databasePlaces(seed uint64, undo *cleanups) (dsn string, err error) {
	dsn = st.data.TargetDSN()
	if st.scenario.has(OnDatabase) {
		proxy, err := chaos.NewProxy(chaos.ProxyConfig{Upstream: st.data.Addr(), Seed: seed})
		if err != nil {
			return "", fmt.Errorf("put a proxy before Postgres: %w", err)
		}
		undo.add("close the proxy", func(context.Context) error { return proxy.Close() })
		st.places[OnDatabase] = proxy
		if dsn, err = st.data.WithAddr(proxy.Addr()); err != nil {
			return "", err
		}
	}
	if st.scenario.has(OnPostgres) {
		sessions, err := chaos.NewSessions(st.data.DSN())
		if err != nil {
			return "", err
		}
		if sessions, err = sessions.HoldingAs(st.data.TargetDSN()); err != nil {
			return "", err
		}
		if st.server != nil {
			sessions = sessions.On(st.server)
		}
		st.places[OnPostgres] = sessions
	}
	return dsn, nil
}

// prepare completes the scenario's own copy of the data and looks whether it
// has what the scenario is about.
func (st *setup) prepare(ctx context.Context) error {
	state := st.state()
	if prepare := st.scenario.World.Prepare; prepare != nil {
		if err := st.asTarget(ctx, prepare); err != nil {
			return fmt.Errorf("prepare the data: %w", err)
		}
	}
	if precondition := st.scenario.World.Precondition; precondition != nil {
		if err := precondition(ctx, state); err != nil {
			return &unmetError{fmt.Errorf("the data lacks what the scenario is about: %w", err)}
		}
	}
	return nil
}

// asTarget does something by sessions of the target's role: what is made is its own.
func (st *setup) asTarget(ctx context.Context, do func(context.Context, State) error) error {
	state := st.state()
	if st.data != nil {
		sessions, err := st.data.TargetPool(probe.PostgresName)
		if err != nil {
			return err
		}
		defer sessions.Close()
		state.Data = sessions
	}
	return do(ctx, state)
}

// unmetError is a world in which the scenario would show nothing.
type unmetError struct{ what error }

// Unmet marks an error of [Scenario.Reconcile] as one of what the scenario takes for granted:
// nothing that it saw means anything, and it is not exercised.
func Unmet(err error) error { return &unmetError{err} }

func (e *unmetError) Error() string { return e.what.Error() }
func (e *unmetError) Unwrap() error { return e.what }

// state is what there is of the experiment by now, but what became of the load.
func (st *setup) state() State {
	s := State{Start: st.start, Fakes: st.fakes, Seed: st.seed, Data: st.own, Companion: st.company, Values: maps.Clone(st.values)}
	if st.watches != nil {
		s.Tell = st.watches.answered()
	}
	if st.target != nil {
		s.Target, s.Targets = st.target.URL(), st.urls()
	}
	return s
}

// scene is what the standing checks may look at.
func (st *setup) scene() (standing.Scene, error) {
	promised, err := st.scenario.World.Contract.Compile()
	if err != nil {
		return standing.Scene{}, fmt.Errorf("the contract: %w", err)
	}
	state := st.state()
	return standing.Scene{
		Phases: st.scenario.Timeline.Phases(), Target: state.Target, Data: state.Data,
		Contract: promised, Secrets: st.secrets, OnlyRead: st.scenario.World.OnlyRead, News: st.scenario.World.News,
		Parts: st.watched(), Outside: st.outside(), Allowed: st.allowed(),
	}, nil
}

func (s *Session) newTarget(launch Launch, env map[string]string, st *setup) (target.Target, error) {
	program := target.Program{
		Args: launch.Args, Env: env, Start: st.begun, Journal: s.journal,
		Secrets: texts(unloggable(st.secrets)), ReadyTimeout: launch.ReadyTimeout, ReadyPath: launch.ReadyPath,
	}
	place := st.scenario.slots()[len(st.instances)].place
	program.Line = func(line string) {
		st.spills.line(line)
		st.logs.line(place, line)
	}
	if st.gate != nil {
		program.Gate = st.gate
	}
	r, err := launch.runtime()
	if err != nil {
		return nil, err
	}
	return r.New(target.Spec{Program: program, Command: launch.Program, MemoryLimit: launch.MemoryLimit, PassEnv: launch.PassEnv})
}
