package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/harness/witness"
)

// Session is what experiments have in common while they go on: an undo journal, a
// database server, and what the load generator itself can do.
type Session struct {
	cfg      Config
	journal  *undo.Journal
	ceiling  load.Ceiling // what the generator itself can send
	canary   witness.Calibration
	cleanups cleanups
	breach   breach

	server sync.Mutex // held while the database server is brought up
	db     *database.Server
}

// Open clears what dead runs left behind and brings up what the scenarios need:
// a database server only where one of them has data. The caller must call
// [Session.Close]. An [*InvalidError] means that a scenario is wrong and nothing
// was started.
func Open(ctx context.Context, cfg Config, scenarios ...Scenario) (*Session, error) {
	return openFor(ctx, cfg, scenarios, []Variant{{Without: cfg.Without}})
}

// openFor is Open for experiments with these variants of the target: that a
// scenario is wrong for one of them is seen before anything starts.
func openFor(ctx context.Context, cfg Config, scenarios []Scenario, variants []Variant) (*Session, error) {
	cfg = cfg.withDefaults()
	cfg.Observe = oneAtATime(cfg.Observe)
	if err := cfg.validateAll(scenarios, variants); err != nil {
		return nil, err
	}
	if _, err := cfg.Target.runtime(); err != nil {
		return nil, err
	}
	s := &Session{cfg: cfg}
	if err := s.open(ctx, slices.ContainsFunc(scenarios, func(s Scenario) bool { return s.World.hasData() })); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	return s, nil
}

func (s *Session) open(ctx context.Context, withDatabase bool) error {
	s.sweep(ctx)
	journal, err := undo.Open(s.cfg.UndoDir, s.cfg.ID)
	if err != nil {
		return err
	}
	s.journal = journal
	s.cleanups.add("close the undo journal", func(context.Context) error { return journal.Close() })
	if withDatabase {
		if _, err := s.database(ctx); err != nil {
			return err
		}
	}
	return s.calibrate(ctx)
}

// Close takes down what Open brought up, also when ctx is over.
func (s *Session) Close(ctx context.Context) error { return s.cleanups.run(ctx) }

// database is the server of the session, brought up when it is first needed.
func (s *Session) database(ctx context.Context) (*database.Server, error) {
	s.server.Lock()
	defer s.server.Unlock()
	if s.db != nil {
		return s.db, nil
	}
	opts := s.cfg.Database
	opts.Journal = s.journal
	opts.Log = s.say
	db, err := database.Open(ctx, opts)
	if err != nil {
		return nil, err
	}
	s.db = db
	s.cleanups.add("close the database server", db.Close)
	return db, nil
}

// describe says of a result where it was measured, as far as it is known by now.
func (s *Session) describe(r *result.Run) {
	s.server.Lock()
	defer s.server.Unlock()
	if s.db != nil {
		r.Environment.Database = s.db.Describe()
		r.Environment.Versions["postgres"] = s.db.Version()
	}
}

// sweep undoes what runs that were killed left behind.
func (s *Session) sweep(ctx context.Context) {
	undoers := map[string]undo.Func{}
	maps.Copy(undoers, s.cfg.Database.Undoers())
	maps.Copy(undoers, chaos.Undoers())
	for _, r := range s.cfg.Target.Runtimes {
		maps.Copy(undoers, r.Undoers)
	}
	swept, err := undo.Sweep(ctx, s.cfg.UndoDir, undoers)
	s.note(err)
	for _, step := range swept {
		if step.Err != nil {
			s.say(fmt.Sprintf("could not clear a %s that run %s left behind: %v", step.Step.Kind, step.Run, step.Err))
		} else {
			s.say(fmt.Sprintf("cleared a %s that run %s left behind", step.Step.Kind, step.Run))
		}
	}
}

func (s *Session) say(text string) { s.cfg.Observe(Event{Kind: Note, Text: text}) }

func (s *Session) note(err error) {
	if err != nil {
		s.say(err.Error())
	}
}

// cleanups are the undoings of what was started, newest last.
type cleanups struct{ all []cleanup }

type cleanup struct {
	what string
	do   func(context.Context) error
}

// cleanupTimeout bounds each undoing once a run is over or cancelled.
const cleanupTimeout = 30 * time.Second

func (c *cleanups) add(what string, do func(context.Context) error) {
	c.all = append(c.all, cleanup{what, do})
}

// run undoes all, newest first, also when ctx is over; what was undone is not
// undone again.
func (c *cleanups) run(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for ; len(c.all) > 0; c.all = c.all[:len(c.all)-1] {
		last := c.all[len(c.all)-1]
		bounded, cancel := context.WithTimeout(ctx, cleanupTimeout)
		if err := last.do(bounded); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", last.what, err))
		}
		cancel()
	}
	return errors.Join(errs...)
}
