package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/autogroup"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/harness/witness"
	"holdfast.dev/holdfast/safefile"
)

// Session is what experiments have in common while they go on: an undo journal, a
// database server, and what the load generator itself can do.
type Session struct {
	cfg      Config
	journal  *undo.Journal
	ceiling  ceiling
	canary   witness.Calibration
	cleanups cleanups
	breach   breach
	company  company

	server  sync.Mutex // held while a database server is brought up
	db      *database.Server
	servers map[string]wanted // by what is wanted of them, where that is something
}

// wanted is a server as a world wants it.
type wanted struct {
	server     *database.Server
	ofDatabase map[string]string // the settings that are set of each database on it
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
	if cfg.UndoDir == "" {
		var err error
		if cfg.UndoDir, err = undo.DefaultDir(); err != nil {
			return nil, err
		}
	}
	s := &Session{cfg: cfg}
	s.sayUnseen(scenarios)
	if err := s.open(ctx, scenarios); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	return s, nil
}

func (s *Session) open(ctx context.Context, scenarios []Scenario) error {
	s.sweep(ctx)
	journal, err := undo.Open(s.cfg.UndoDir, s.cfg.ID)
	if err != nil {
		return err
	}
	s.journal = journal
	s.cleanups.add("close the undo journal", func(context.Context) error { return journal.Close() })
	lower, err := autogroup.Raise(journal)
	if err != nil {
		return err
	}
	s.cleanups.add("share the processors as before", func(context.Context) error { return lower() })
	if err := s.build(ctx); err != nil {
		return err
	}
	for _, sc := range scenarios {
		if err := s.foundation(ctx, sc); err != nil {
			return err
		}
		if s.breach.seen() != nil {
			break // it ends the run, and is held against this scenario
		}
	}
	return s.calibrate(ctx, scenarios)
}

// foundation brings up the server for a scenario's data, and does the setup that is
// done once: what is wrong there is wrong for the run. Whom it calls that it may not is a
// finding, see [breach].
func (s *Session) foundation(ctx context.Context, sc Scenario) error {
	var on wanted
	if sc.World.hasData() {
		var err error
		if on, err = s.databaseFor(ctx, sc.World.Postgres); err != nil {
			return err
		}
	}
	if len(sc.World.Once) == 0 {
		return nil
	}
	from, err := s.origin(ctx, nil, s.cfg.Target.For(sc), on)
	from.release()
	if s.breach.seen() != nil {
		s.breach.before(sc.Name)
		return nil
	}
	return err
}

// Close takes down what Open brought up, also when ctx is over.
func (s *Session) Close(ctx context.Context) error { return s.cleanups.run(ctx) }

// databaseFor is a server as it is wanted, brought up when it is first needed: that
// of the session, unless an image or settings of the server ask for another.
func (s *Session) databaseFor(ctx context.Context, w database.Wants) (wanted, error) {
	s.server.Lock()
	defer s.server.Unlock()
	if there, ok := s.servers[w.Key()]; ok {
		return there, nil
	}
	opts, err := w.From(s.cfg.Database)
	if err != nil {
		return wanted{}, err
	}
	server := s.db
	if server == nil || w.Image != "" {
		opts.Journal = s.journal
		opts.Log = s.say
		if server, err = database.Open(ctx, opts); err != nil {
			return wanted{}, err
		}
		s.cleanups.add("close the database server", server.Close)
		if s.db == nil && w.Image == "" {
			s.db = server
		}
	}
	ofDatabase, ofServer, err := server.Place(ctx, w.Settings)
	if err == nil && len(ofServer) > 0 {
		if server, err = server.With(ctx, ofServer); err == nil {
			s.cleanups.add("close the database server with settings of its own", server.Close)
		}
	}
	if err != nil {
		return wanted{}, err
	}
	if s.servers == nil {
		s.servers = map[string]wanted{}
	}
	s.servers[w.Key()] = wanted{server, ofDatabase}
	return s.servers[w.Key()], nil
}

// describe says of a result where it was measured, as far as it is known by now.
func (s *Session) describe(r *result.Run) {
	s.server.Lock()
	defer s.server.Unlock()
	for _, key := range slices.Sorted(maps.Keys(s.servers)) {
		db := s.servers[key].server
		r.Environment.Database = db.Describe()
		r.Environment.Versions["postgres"] = db.Version()
	}
}

// sweep undoes what runs that were killed left behind.
func (s *Session) sweep(ctx context.Context) {
	swept, err := undo.Sweep(ctx, s.cfg.UndoDir, s.cfg.undoers())
	s.note(err)
	for _, step := range swept {
		if step.Err != nil {
			s.say(fmt.Sprintf("could not clear a %s that run %s left behind: %v", step.Step.Kind, step.Run, step.Err))
		} else {
			s.say(fmt.Sprintf("cleared a %s that run %s left behind", step.Step.Kind, step.Run))
		}
	}
	for _, dir := range safefile.DeadTemporary() {
		if err := safefile.RemoveScratch(dir); err != nil {
			s.say(fmt.Sprintf("could not clear temporary files that a killed run left behind: %s: %v", dir, err))
		} else {
			s.say("cleared temporary files that a killed run left behind: " + dir)
		}
	}
}

// undoers are how to undo whatever a run with these ways may have planned.
func (c Config) undoers() map[string]undo.Func {
	undoers := map[string]undo.Func{}
	maps.Copy(undoers, c.Database.Undoers())
	maps.Copy(undoers, chaos.Undoers())
	maps.Copy(undoers, autogroup.Undoers())
	undoers[stepData] = undoCopy
	for _, r := range c.Target.Runtimes {
		maps.Copy(undoers, r.Undoers)
	}
	return undoers
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
