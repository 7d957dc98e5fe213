package harness

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/safefile"
)

// origin is what scenarios of one world begin with, once its setup was done: a data
// set for the database, and a snapshot for everything else.
type origin struct {
	data     database.DataSet
	key      string // of the snapshot; empty where there is none
	captured map[string]string
	perRun   bool // nothing keeps what the setup leaves: it is done for each scenario
	// held is the shared lock of the snapshot, without which another run may remove it;
	// nil where there is none.
	held *os.File
}

// release lets the snapshot go, once it is copied.
func (o origin) release() {
	if o.held != nil {
		_ = o.held.Close()
	}
}

// keepsData reports whether a dependency of the world keeps data.
func (w World) keepsData() bool {
	return slices.ContainsFunc(w.Dependencies, func(d Dependency) bool { return d.KeepsData })
}

// origin returns what the scenario begins with, and does the setup for it where no
// run has done so. on is the server where its database is to be, by the experiment that
// needs it; nil before all. The caller releases it.
func (s *Session) origin(ctx context.Context, by *setup, sc Scenario, on wanted) (origin, error) {
	w := sc.World
	if len(w.Once) == 0 {
		return origin{data: w.Postgres.On(w.Data, on.ofDatabase)}, nil
	}
	if !w.hasData() && !w.keepsData() {
		return origin{perRun: true}, nil
	}
	server := on.server
	key, err := s.setupKey(ctx, sc, server)
	if err != nil {
		return origin{}, fmt.Errorf("setup.once: %w", err)
	}
	store, err := s.cfg.snapshots()
	if err != nil {
		return origin{}, err
	}
	for {
		held, err := store.lock(ctx, key, safefile.Exclusive)
		if err != nil {
			return origin{}, err
		}
		from, err := s.provide(ctx, by, sc, on, store, key)
		if err != nil {
			_ = held.Close()
			return origin{}, err
		}
		if err = safefile.Share(held); err == nil {
			from.held = held
			return from, nil
		}
		_ = held.Close()
		if !errors.Is(err, safefile.ErrLocked) { // or another has removed it: it is made anew
			return origin{}, fmt.Errorf("keep what the setup left: %w", err)
		}
	}
}

// provide does the setup unless all of what it left is there. The database's template
// is made by the setup that makes the snapshot: where one of the two is gone, both
// are made anew.
func (s *Session) provide(ctx context.Context, by *setup, sc Scenario, on wanted, store snapshots, key string) (origin, error) {
	w := sc.World
	whole, there := store.read(key)
	if !there {
		whole = snapshot{Token: rand.Text()}
	}
	make := func(ctx context.Context, dsn string) error {
		making, err := store.begin(key)
		if err != nil {
			return err
		}
		if whole.Captured, err = s.doOnce(ctx, by, sc, dsn, making); err != nil {
			return err
		}
		return store.put(key, making, whole)
	}
	if !w.hasData() {
		if !there {
			if err := make(ctx, ""); err != nil {
				return origin{}, err
			}
		}
		return origin{key: key, captured: whole.Captured}, nil
	}
	var failed error
	set := w.Postgres.On(w.Data, on.ofDatabase)
	build := set.Build
	set.Key += " setup " + key + " " + whole.Token
	set.Build = func(ctx context.Context, dsn string) error {
		if err := build(ctx, dsn); err != nil {
			return err
		}
		failed = make(ctx, dsn)
		return failed
	}
	if _, err := on.server.Template(ctx, set); err != nil {
		if failed != nil {
			return origin{}, failed // who wrote the steps knows of no template
		}
		return origin{}, err
	}
	return origin{data: set, key: key, captured: whole.Captured}, nil
}

// doOnce does the steps with all dependencies up, and closes those in order, so that
// what they keep is in their folders below dir. What it does that it may not is held
// against the experiment by.
func (s *Session) doOnce(ctx context.Context, by *setup, sc Scenario, dsn, dir string) (captured map[string]string, err error) {
	var undo cleanups
	defer func() { err = errors.Join(err, undo.run(ctx)) }()
	sc.Faults = nil
	st, err := s.newSetup(s.cfg.Target.withValues(sc), sc, &undo)
	if err != nil {
		return nil, err
	}
	st.dsn, st.first, st.within = dsn, true, by
	st.folder = func(d Dependency) (string, error) {
		own := filepath.Join(dir, folderOf(d))
		return own, os.MkdirAll(own, 0o700)
	}
	if err := s.openFakes(ctx, st, &undo); err != nil {
		return nil, err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if err := s.closeWayOut(ctx, st, &undo, end); err != nil {
		return nil, err
	}
	if err := s.onceIn(ctx, st, dsn); err != nil {
		return nil, err
	}
	return st.captured, context.Cause(ctx) // whom it called may have come to be known at its end
}

// onceIn does the steps with what is up, as the intact target is told of it.
func (s *Session) onceIn(ctx context.Context, st *setup, dsn string) error {
	env := told{settings: map[string]string{}, exports: map[string]string{}}
	if err := st.export(dsn, env.exports); err != nil {
		return err
	}
	if len(s.cfg.Target.Processes) == 0 {
		env.settings = st.scenario.Settings
	}
	st.tell(Variant{}, s.cfg.Target.withValues(st.scenario), env)
	for _, one := range st.scenario.World.Once {
		if err := s.carryOut(ctx, st, one); err != nil {
			return fmt.Errorf("setup.once: %w", err)
		}
	}
	return nil
}

// folderOf is what the folder of a dependency's data is called.
func folderOf(d Dependency) string { return "data-" + strings.ReplaceAll(d.Name, "/", "-") }

// setupKey stands for all that decides what the setup leaves: its steps, what the
// processes are told but addresses, the files that steps read, and where it is kept.
func (s *Session) setupKey(ctx context.Context, sc Scenario, server *database.Server) (string, error) {
	w := sc.World
	parts := []any{snapshotFormat, w.Data.Key, w.Postgres, w.DatabaseName, w.DatabaseEnv, w.Once, s.cfg.Target.withValues(sc).Values}
	if len(s.cfg.Target.Processes) == 0 {
		parts = append(parts, sc.Settings)
	}
	for _, p := range s.cfg.Target.Processes {
		parts = append(parts, p.Name, p.Dir, p.Env) // texts: addresses are not filled in
	}
	if server != nil {
		identity, err := server.Identity(ctx) // of two servers each has a template, and what was captured with it
		if err != nil {
			return "", err
		}
		parts = append(parts, identity, server.Version())
	}
	for _, d := range w.Dependencies {
		parts = append(parts, d.Name, d.keyOf(), d.Export, d.Replaces)
	}
	for _, one := range w.Once {
		if len(one.Run) == 0 {
			continue
		}
		if len(one.Inputs) == 0 {
			parts = append(parts, s.cfg.ID) // nobody knows what it reads: it holds for this run
			continue
		}
		sum, err := inputsOf(s.cfg.Target.folder(one.EnvOf), one.Inputs)
		if err != nil {
			return "", fmt.Errorf("%s: %w", one, err)
		}
		parts = append(parts, sum)
	}
	text, err := json.Marshal(parts)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))[:24], nil
}

// snapshotFormat changes with what a setup does beside its steps.
const snapshotFormat = 1

// folder is where a process of the target runs, empty for its entry.
func (l Launch) folder(process string) string {
	p, _ := l.process(cmp.Or(process, l.entry()))
	return p.Dir
}

// keyOf stands for a dependency in what is kept between runs.
func (d Dependency) keyOf() string { return cmp.Or(d.Key, d.Name) }

// copyData gives each dependency that keeps data a folder of its own, with a copy of
// what the setup left there, which the caller holds.
func (s *Session) copyData(st *setup, from origin, undo *cleanups) error {
	if !st.scenario.World.keepsData() {
		return nil
	}
	store, err := s.cfg.snapshots()
	if err != nil {
		return err
	}
	dir, err := store.scratch(s.journal, undo)
	if err != nil {
		return err
	}
	for _, d := range st.scenario.World.Dependencies {
		own := filepath.Join(dir, folderOf(d))
		if !d.KeepsData {
			continue
		}
		if err := os.MkdirAll(own, 0o700); err != nil {
			return fmt.Errorf("a folder for the data of %s: %w", d.Name, err)
		}
		if from.key == "" {
			continue
		}
		if err := copyTree(filepath.Join(store.path(from.key), folderOf(d)), own); err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	st.folder = func(d Dependency) (string, error) { return filepath.Join(dir, folderOf(d)), nil }
	return nil
}
