package undo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast.dev/holdfast/safefile"
)

// Leftover is something of ours that nobody uses now: kept for the next run, or left by
// one that was killed.
type Leftover struct {
	What  string // in one line, for people
	Bytes int64  // on disk; 0: not known
	// Remove removes it, unless somebody has come to use it meanwhile: then it is an
	// error and it stays.
	Remove func(context.Context) error
}

// BytesBelow is how much the files of a folder hold together; what cannot be read counts
// nothing.
func BytesBelow(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// Leftovers are what dead runs left behind, one for each journal, and change nothing.
func Leftovers(dir string, undoers map[string]Func) ([]Leftover, error) {
	folder, err := safefile.Existing(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for what killed runs left: %w", err)
	}
	defer folder.Close()
	names, err := fs.Glob(folder.FS(), "*"+extension)
	if err != nil {
		return nil, fmt.Errorf("look for what killed runs left: %w", err)
	}
	var all []Leftover
	var errs []error
	for _, name := range names {
		steps, dead, err := deadSteps(folder, name)
		errs = append(errs, err)
		if !dead {
			continue
		}
		kinds := map[string]bool{}
		for _, s := range steps {
			kinds[s.Kind] = true
		}
		what := "journal of the killed run " + strings.TrimSuffix(name, extension)
		if len(kinds) > 0 {
			what += ", which left: " + strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")
		}
		all = append(all, Leftover{What: what, Remove: func(ctx context.Context) error { return undoOne(ctx, dir, name, undoers) }})
	}
	return all, errors.Join(errs...)
}

// deadSteps are the steps of a journal that were not undone, if its run is dead.
func deadSteps(folder *os.Root, name string) (steps []Step, dead bool, err error) {
	f, err := safefile.LockIn(folder, name, 0, safefile.Exclusive)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, safefile.ErrLocked) {
		return nil, false, nil // its owner has finished, or is alive
	}
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	steps, err = readOpenSteps(f)
	return steps, err == nil, err
}

// undoOne is [Sweep] of one journal.
func undoOne(ctx context.Context, dir, name string, undoers map[string]Func) error {
	folder, err := safefile.Existing(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	swept, err := sweepOne(ctx, folder, name, undoers)
	errs := []error{err}
	for _, s := range swept {
		if s.Err != nil {
			errs = append(errs, fmt.Errorf("undo a %s: %w", s.Step.Kind, s.Err))
		}
	}
	return errors.Join(errs...)
}
