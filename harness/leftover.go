package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/safefile"
)

// Leftovers are what runs of this user have left on this machine and on the database
// server that the configuration names, and that nobody uses now: what killed runs did not
// undo, and what is kept to make the next run quicker. Nothing is changed. What cannot be
// looked at is an error beside the rest.
func Leftovers(ctx context.Context, cfg Config) ([]undo.Leftover, error) {
	cfg = cfg.withDefaults()
	var errs []error
	if cfg.UndoDir == "" {
		var err error
		cfg.UndoDir, err = undo.DefaultDir()
		errs = append(errs, err)
	}
	journals, err := undo.Leftovers(cfg.UndoDir, cfg.undoers())
	errs = append(errs, err)
	databases, err := cfg.Database.Leftovers(ctx)
	errs = append(errs, err)
	kept, err := cfg.keptSnapshots()
	errs = append(errs, err)
	return slices.Concat(journals, temporary(), databases, kept), errors.Join(errs...)
}

// temporary are the temporary files of killed programs, of which some are secret.
func temporary() (all []undo.Leftover) {
	for _, dir := range safefile.DeadTemporary() {
		all = append(all, undo.Leftover{
			What: "temporary files of a killed run: " + dir, Bytes: undo.BytesBelow(dir),
			Remove: func(context.Context) error { return safefile.RemoveScratch(dir) },
		})
	}
	return all
}

// keptSnapshots are what setups left, and nobody reads now.
func (c Config) keptSnapshots() ([]undo.Leftover, error) {
	store, err := c.snapshots()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(store.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at what setups left: %w", err)
	}
	var all []undo.Leftover
	for _, e := range entries {
		key, _, _ := strings.Cut(e.Name(), ".")
		if !e.IsDir() || e.Name() == copiesDir {
			continue
		}
		held, err := store.tryLock(key, safefile.Exclusive)
		if err != nil {
			continue // somebody's
		}
		_ = held.Close()
		path := filepath.Join(store.dir, e.Name())
		all = append(all, undo.Leftover{What: "what a setup left: " + path, Bytes: undo.BytesBelow(path), Remove: func(context.Context) error { return store.remove(e.Name()) }})
	}
	return all, nil
}

// remove removes a snapshot unless another run is at work with it.
func (s snapshots) remove(name string) error {
	key, _, _ := strings.Cut(name, ".")
	held, err := s.tryLock(key, safefile.Exclusive)
	if err != nil {
		return err
	}
	defer held.Close()
	return errors.Join(os.RemoveAll(filepath.Join(s.dir, name)), os.Remove(s.path(key)+".lock"))
}
