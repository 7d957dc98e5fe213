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
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
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
	file *os.File
	next int
	open map[int]bool
}

// DefaultDir is where journals are kept: below the user's cache directory, or
// below the system's temporary directory where the user has none.
func DefaultDir() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "holdfast", "undo")
}

// Open starts the journal of the run with that id in dir, and locks it for as
// long as this process lives.
func Open(dir, run string) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open undo journal: %w", err)
	}
	path := filepath.Join(dir, run+".jsonl")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open undo journal: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock undo journal %s: %w", path, err)
	}
	return &Journal{run: run, file: f, open: map[int]bool{}}, nil
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
	f := j.file
	j.file = nil
	if len(j.open) == 0 {
		_ = os.Remove(f.Name())
	}
	return f.Close()
}

func (j *Journal) append(l line) error {
	if j.file == nil {
		return errors.New("the journal is closed")
	}
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(data, '\n')); err != nil {
		return err
	}
	return j.file.Sync()
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
	paths, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("sweep leftovers: %w", err)
	}
	var swept []Swept
	var errs []error
	for _, path := range paths {
		found, err := sweepOne(ctx, path, undoers)
		swept = append(swept, found...)
		if err != nil {
			errs = append(errs, fmt.Errorf("sweep leftovers in %s: %w", path, err))
		}
	}
	return swept, errors.Join(errs...)
}

func sweepOne(ctx context.Context, path string, undoers map[string]Func) ([]Swept, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // its owner finished meanwhile
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, nil // its owner is alive
	}
	steps, err := readOpenSteps(f)
	if err != nil {
		return nil, err
	}
	run := strings.TrimSuffix(filepath.Base(path), ".jsonl")
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
	return swept, os.Remove(path)
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
