// Package undo remembers, outside this process, how to undo what it is about
// to start, so that whatever a killed run leaves behind is cleared by the next.
//
// Enter at [Open]: one journal for a run. Before anything is started (a
// process, a container, a directory, a fault), [Journal.Plan] writes how to
// undo it and returns once that is on disk; after it was undone,
// [Journal.Done] crosses it out. [Sweep] replays the journals of runs that are
// dead. A run is alive as long as it holds the lock on its journal, so a reused
// process id is never mistaken for it.
//
// The package starts and stops nothing itself: each kind of step is undone by
// the package that knows how, which must be idempotent and must touch only what
// carries this run's mark.
package undo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/safefile"
)

// RunVariable is the environment variable by which every process that a run
// starts carries the run's id. Containers carry it as a label, [RunLabel].
const (
	RunVariable = "HOLDFAST_RUN"
	RunLabel    = "holdfast.run"
)

// Step is one thing that was about to be started, with all that is needed to
// undo it. Args hold no secret: the journal is a plain file.
type Step struct {
	N    int               `json:"n"`
	Kind string            `json:"kind"` // process, container, database, directory …
	Args map[string]string `json:"args,omitempty"`
}

// Func undoes one kind of step. It returns nil when the thing is gone, also
// when it never came to be.
type Func func(ctx context.Context, args map[string]string) error

// line is one entry of the file: a step that was planned, or the number of one
// that was undone.
type line struct {
	Plan *Step `json:"plan,omitempty"`
	Done int   `json:"done,omitempty"`
}

// Journal is the undo journal of one run. Its methods may be called from
// several goroutines.
type Journal struct {
	run string

	mu   sync.Mutex // guards all below
	dir  *os.Root
	file *os.File
	size int64 // of what is whole in it
	next int
	open map[int]bool
}

// DefaultDir is where journals are kept: below the user's cache directory. What they
// say is done, so no folder that anybody could have made takes its place.
func DefaultDir() (string, error) {
	cache, err := safefile.Cache()
	if err != nil {
		return "", fmt.Errorf("keep an undo journal: %w", err)
	}
	return filepath.Join(cache, "holdfast", "undo"), nil
}

// Open starts the journal of the run with that id in dir, and locks it for as
// long as this process lives. A folder that others may write to is refused.
func Open(dir, run string) (*Journal, error) {
	folder, err := safefile.Folder(dir, 0o700)
	if err != nil {
		return nil, fmt.Errorf("open undo journal: %w", err)
	}
	f, err := create(folder, run+extension)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open undo journal: %w", err), folder.Close())
	}
	return &Journal{run: run, dir: folder, file: f, open: map[int]bool{}}, nil
}

// extension is that of journals.
const extension = ".jsonl"

// createPatience is how long a sweep may look at a journal that was just made.
const createPatience = 5 * time.Second

// create makes a journal and locks it. Whoever sweeps meanwhile takes it for that of a
// dead run, and removes it: then it is made again.
func create(folder *os.Root, name string) (*os.File, error) {
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		f, err := safefile.LockIn(folder, name, os.O_CREATE|os.O_APPEND, safefile.Exclusive)
		if errors.Is(err, safefile.ErrLocked) && time.Since(began) < createPatience {
			continue
		}
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err == nil && info.Size() > 0 {
			err = fmt.Errorf("%s: %w", f.Name(), fs.ErrExist)
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return f, nil
	}
}

// Run returns the id of the run whose journal this is.
func (j *Journal) Run() string { return j.run }

// Plan records that a thing is about to be started and how to undo it. It
// returns when the record is on disk; only then may the thing be started.
func (j *Journal) Plan(kind string, args map[string]string) (Step, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.next++
	step := Step{N: j.next, Kind: kind, Args: args}
	if err := j.append(line{Plan: &step}); err != nil {
		return Step{}, fmt.Errorf("plan undoing of %s: %w", kind, err)
	}
	j.open[step.N] = true
	return step, nil
}

// Done records that the step was undone and seen to be undone.
func (j *Journal) Done(step Step) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.open[step.N] {
		return nil
	}
	if err := j.append(line{Done: step.N}); err != nil {
		return fmt.Errorf("record undoing of %s: %w", step.Kind, err)
	}
	delete(j.open, step.N)
	return nil
}

// Close ends the journal. Where everything was undone its file goes too;
// otherwise it stays for the next [Sweep].
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	var err error
	if len(j.open) == 0 {
		err = j.dir.Remove(j.run + extension) // while it is locked
	}
	err = errors.Join(err, j.file.Close(), j.dir.Close())
	j.file = nil
	return err
}

func (j *Journal) append(l line) error {
	if j.file == nil {
		return errors.New("the journal is closed")
	}
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if _, err = j.file.Write(append(data, '\n')); err == nil {
		err = j.file.Sync()
	}
	if err != nil { // what is left of the line would swallow the next one
		return errors.Join(err, j.file.Truncate(j.size))
	}
	j.size += int64(len(data)) + 1
	return nil
}

// Swept is one leftover that [Sweep] found.
type Swept struct {
	Run  string
	Step Step
	Err  error // nil: it is gone
}

// Sweep undoes, newest first, what dead runs left behind. A journal is removed
// once all of its steps are gone; steps that could not be undone, or whose kind
// is not among undoers, stay and are tried again by the next sweep. The error
// speaks of the journals themselves; each step's own is in its Swept.
func Sweep(ctx context.Context, dir string, undoers map[string]Func) ([]Swept, error) {
	folder, err := safefile.Existing(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sweep leftovers: %w", err)
	}
	defer folder.Close()
	names, err := fs.Glob(folder.FS(), "*"+extension)
	if err != nil {
		return nil, fmt.Errorf("sweep leftovers: %w", err)
	}
	var swept []Swept
	var errs []error
	for _, name := range names {
		found, err := sweepOne(ctx, folder, name, undoers)
		swept = append(swept, found...)
		if err != nil {
			errs = append(errs, fmt.Errorf("sweep leftovers in %s: %w", filepath.Join(dir, name), err))
		}
	}
	return swept, errors.Join(errs...)
}

func sweepOne(ctx context.Context, folder *os.Root, name string, undoers map[string]Func) ([]Swept, error) {
	f, err := safefile.LockIn(folder, name, 0, safefile.Exclusive)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, safefile.ErrLocked) {
		return nil, nil // its owner has finished, or is alive
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	steps, err := readOpenSteps(f)
	if err != nil {
		return nil, err
	}
	run := strings.TrimSuffix(name, extension)
	var swept []Swept
	left := 0
	for _, step := range slices.Backward(steps) {
		s := Swept{Run: run, Step: step}
		if undo, ok := undoers[step.Kind]; ok {
			s.Err = undo(ctx, step.Args)
		} else {
			s.Err = fmt.Errorf("nothing here knows how to undo a %q", step.Kind)
		}
		if s.Err != nil {
			left++
		}
		swept = append(swept, s)
	}
	if left > 0 {
		return swept, nil
	}
	return swept, folder.Remove(name)
}

// readOpenSteps reads the steps that were planned and not undone. A last line
// that was cut short by a crash is ignored: its thing was never started.
func readOpenSteps(f *os.File) ([]Step, error) {
	var steps []Step
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		var l line
		if err := json.Unmarshal(bytes.TrimSpace(scan.Bytes()), &l); err != nil {
			continue
		}
		if l.Plan != nil {
			steps = append(steps, *l.Plan)
		} else {
			steps = slices.DeleteFunc(steps, func(s Step) bool { return s.N == l.Done })
		}
	}
	return steps, scan.Err()
}
