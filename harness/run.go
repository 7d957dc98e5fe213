package harness

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/harness/verdict"
)

// Config is all that the scenarios of one run share.
type Config struct {
	// ID names the run, its files and what it starts. Defaults to [NewID].
	ID string
	// Seed is what every random draw of the run comes from.
	Seed uint64
	// Profile is recorded in the result.
	Profile string
	// Repeat is what to type to repeat the run; with names of scenarios, spaces
	// between them, those alone.
	Repeat func(scenario string) string
	// Versions are recorded in the result, for example holdfast: its own.
	Versions map[string]string
	// Database says where Postgres comes from.
	Database database.Options
	// Target says how the service under test is started.
	Target Launch
	// Without lists the protections to take away.
	Without []Protection
	// ProvenChecks are the checks that were seen to fail in a proof.
	ProvenChecks result.ProvenChecks
	// Out is the directory in which run.json grows. Defaults to none: the
	// result is returned only.
	Out string
	// UndoDir is where undo journals live. Defaults to undo.DefaultDir.
	UndoDir string
	// Observe is told of what happens, from one goroutine at a time. Defaults to nobody.
	Observe func(Event)
}

// Launch is how the service under test is started.
type Launch struct {
	// Kind is the name of one of Runtimes. Defaults to process.
	Kind LaunchKind
	// Runtimes are the ways to run it that the program knows; what a killed run
	// left of any of them is swept. Defaults to target.AsProcess alone; the package
	// target/docker has another.
	Runtimes []target.Runtime
	// Program is the binary and its arguments. It takes LISTEN_ADDR and
	// DATABASE_URL from its environment, and answers GET /readyz with 200.
	Program string
	Args    []string
	// MemoryLimit in bytes; 0 is none.
	MemoryLimit uint64
	// ReadyTimeout bounds its start. Defaults to target.DefaultReadyTimeout.
	ReadyTimeout time.Duration
}

// LaunchKind is where the target runs.
type LaunchKind string

// The kinds of launch.
const (
	AsProcess   LaunchKind = "process"
	AsContainer LaunchKind = "container"
)

// runtime is the one that Kind names.
func (l Launch) runtime() (target.Runtime, error) {
	for _, r := range l.Runtimes {
		if r.Name == string(l.Kind) {
			return r, nil
		}
	}
	return target.Runtime{}, fmt.Errorf("the target is to run as a %s, and no such runtime was chosen for this program", l.Kind)
}

// NewID returns a name for a run: its start and four random digits, for
// example 20260102-150405-9f3a. It sorts by time.
func NewID(now time.Time) string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails, by its contract
	return now.UTC().Format("20060102-150405-") + hex.EncodeToString(b[:])
}

func (c Config) withDefaults() Config {
	if c.ID == "" {
		c.ID = NewID(time.Now())
	}
	if c.Repeat == nil {
		c.Repeat = func(string) string { return "" }
	}
	if c.Target.Kind == "" {
		c.Target.Kind = AsProcess
	}
	if len(c.Target.Runtimes) == 0 {
		c.Target.Runtimes = []target.Runtime{target.AsProcess()}
	}
	if c.UndoDir == "" {
		c.UndoDir = undo.DefaultDir()
	}
	if c.Observe == nil {
		c.Observe = func(Event) {}
	}
	return c
}

// session is what the scenarios of a run share while it goes on.
type session struct {
	cfg     Config
	journal *undo.Journal
	db      *database.Server
	ceiling load.Ceiling // what the generator itself can send
	file    *resultFile
}

// Run runs the scenarios one after another and returns the result, also when
// ctx is cancelled half-way: what was measured until then is judged. The error
// speaks of what kept the run from taking place at all (no database, an
// unwritable directory, a scenario that is wrong as data); what went wrong in
// one scenario is in its result.
func Run(ctx context.Context, cfg Config, scenarios []Scenario) (*result.Run, error) {
	l, closeLab, err := openLab(ctx, cfg, scenarios)
	defer closeLab()
	if err != nil {
		return nil, err
	}
	for i, s := range scenarios {
		if ctx.Err() != nil {
			break
		}
		l.runShown(ctx, s, Event{Text: s.Claim, N: i + 1, All: len(scenarios)})
	}
	return l.file.finish(context.Cause(ctx))
}

// openLab validates the scenarios and opens a lab for them: see [lab.open]. The
// function that it returns closes the lab and is never nil.
func openLab(ctx context.Context, cfg Config, scenarios []Scenario) (*session, func(), error) {
	cfg = cfg.withDefaults()
	if err := validateAll(scenarios); err != nil {
		return nil, func() {}, err
	}
	if _, err := cfg.Target.runtime(); err != nil {
		return nil, func() {}, err
	}
	l := &session{cfg: cfg, file: newResultFile(cfg)}
	if err := l.file.write(); err != nil {
		return nil, func() {}, err
	}
	closeLab, err := l.open(ctx)
	return l, closeLab, err
}

// with is the same lab with another configuration and a result of its own.
func (l *session) with(change func(*Config)) *session {
	other := *l
	change(&other.cfg)
	other.file = newResultFile(other.cfg)
	return &other
}

// runShown carries out a scenario and tells the observer of its beginning, as
// started says it, and of its end.
func (l *session) runShown(ctx context.Context, s Scenario, started Event) *result.Scenario {
	started.Kind, started.Scenario = ScenarioStarted, s.Name
	l.cfg.Observe(started)
	out := l.runScenario(ctx, s)
	l.cfg.Observe(Event{Kind: ScenarioEnded, Scenario: s.Name, Result: result.Redacted(out)})
	return out
}

func validateAll(scenarios []Scenario) error {
	errs := make([]error, 0, len(scenarios))
	for _, s := range scenarios {
		errs = append(errs, s.Validate())
	}
	return errors.Join(errs...)
}

// open clears what dead runs left behind, then brings up the database and
// measures the generator's own ceiling. The function that it returns undoes all
// of that and is never nil.
func (l *session) open(ctx context.Context) (func(), error) {
	var closers []func()
	closeAll := func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	l.sweep(ctx)
	journal, err := undo.Open(l.cfg.UndoDir, l.cfg.ID)
	if err != nil {
		return closeAll, err
	}
	l.journal = journal
	closers = append(closers, func() { l.note(journal.Close()) })

	opts := l.cfg.Database
	opts.Journal = journal
	opts.Log = l.say
	db, err := database.Open(ctx, opts)
	if err != nil {
		return closeAll, err
	}
	l.db = db
	closers = append(closers, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		l.note(db.Close(ctx))
	})
	l.file.update(func(r *result.Run) {
		r.Environment.Database = db.Describe()
		r.Environment.Versions["postgres"] = db.Version()
	})
	if l.ceiling, err = load.Calibrate(ctx, load.Calibration{}); err != nil {
		return closeAll, fmt.Errorf("calibrate the load generator: %w", err)
	}
	l.say(fmt.Sprintf("generator: %s requests/s against a target that does nothing", result.Number(l.ceiling.PerSecond)))
	return closeAll, nil
}

// sweep undoes what runs that were killed left behind.
func (l *session) sweep(ctx context.Context) {
	undoers := map[string]undo.Func{}
	maps.Copy(undoers, l.cfg.Database.Undoers())
	maps.Copy(undoers, chaos.Undoers())
	for _, r := range l.cfg.Target.Runtimes {
		maps.Copy(undoers, r.Undoers)
	}
	swept, err := undo.Sweep(ctx, l.cfg.UndoDir, undoers)
	l.note(err)
	for _, s := range swept {
		if s.Err != nil {
			l.say(fmt.Sprintf("could not clear a %s that run %s left behind: %v", s.Step.Kind, s.Run, s.Err))
		} else {
			l.say(fmt.Sprintf("cleared a %s that run %s left behind", s.Step.Kind, s.Run))
		}
	}
}

// stopTimeout bounds each undoing once a run is over or cancelled.
const stopTimeout = 30 * time.Second

func (l *session) say(text string) { l.cfg.Observe(Event{Kind: Note, Text: text}) }

func (l *session) note(err error) {
	if err != nil {
		l.say(err.Error())
	}
}

// environment is where this run takes place, as far as it is known at the start.
func environmentOf(cfg Config) result.Environment {
	env := result.Environment{
		Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(),
		Target: string(cfg.Target.Kind), Versions: map[string]string{},
	}
	if cfg.Target.MemoryLimit > 0 {
		env.Target += ", memory limit " + result.Bytes(float64(cfg.Target.MemoryLimit))
	}
	for k, v := range cfg.Versions {
		env.Versions[k] = v
	}
	return env
}

// resultFile is run.json while it grows: replaced whole at each step, so that a
// run that is killed leaves what it knew until then.
type resultFile struct {
	path string // empty: nowhere
	run  *result.Run
}

func newResultFile(cfg Config) *resultFile {
	f := &resultFile{run: &result.Run{
		Schema: result.Schema, ID: cfg.ID, Started: time.Now().UTC(), Seed: cfg.Seed, Profile: cfg.Profile,
		Command: cfg.Repeat(""), Environment: environmentOf(cfg), Scenarios: []result.Scenario{},
	}}
	if cfg.Out != "" {
		f.path = filepath.Join(cfg.Out, "run.json")
	}
	return f
}

// add enters a scenario and returns it, to be filled in.
func (f *resultFile) add(s result.Scenario) *result.Scenario {
	f.update(func(run *result.Run) { run.Scenarios = append(run.Scenarios, s) })
	return &f.run.Scenarios[len(f.run.Scenarios)-1]
}

// update changes the run and writes it.
func (f *resultFile) update(change func(*result.Run)) {
	change(f.run)
	_ = f.write() // the last write, in finish, reports what is wrong with the directory
}

func (f *resultFile) write() error {
	f.run.DurationS = time.Since(f.run.Started).Seconds()
	if f.path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return result.WriteFile(f.path, f.run)
}

// finish gives the run its verdict and returns it as it was written, without
// credentials. cause is why it ended early, or nil.
func (f *resultFile) finish(cause error) (*result.Run, error) {
	run := f.run
	run.Complete = true
	if interrupted := new(Interrupted); errors.As(cause, &interrupted) {
		run.Interrupted = interrupted.Signal.String()
	}
	run.Verdict, run.Reason = verdict.OfRun(run)
	return result.Redacted(run), f.write()
}
