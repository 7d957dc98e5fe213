package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/safefile"
)

const (
	// keepSnapshots is how many snapshots are kept between runs: those used last.
	keepSnapshots = 8
	// stepData is the undo step of a copy of a dependency's data.
	stepData = "data-copy"
	// wholeFile is written last into a snapshot.
	wholeFile = "whole.json"
	lockPause = 50 * time.Millisecond
	// copiesDir is the folder with the copies of scenarios that go on.
	copiesDir = "copies"
)

// snapshots is the folder in which what a setup left is kept between runs.
type snapshots struct{ dir string }

// snapshot is what a setup left beside the database: a folder for each dependency
// that keeps data, and what was captured.
type snapshot struct {
	// Token stands for this making of it: the template of the database that belongs
	// to it has it in its key.
	Token    string            `json:"token"`
	Captured map[string]string `json:"captured,omitempty"`
}

// snapshots are those of a session.
func (c Config) snapshots() (snapshots, error) {
	dir, err := c.Database.CacheFolder("setup", true)
	if err != nil {
		return snapshots{}, fmt.Errorf("keep what the setup leaves: %w", err)
	}
	return snapshots{dir}, nil
}

func (s snapshots) path(key string) string { return filepath.Join(s.dir, key) }

// read returns the snapshot of that key; false where there is none that is whole.
func (s snapshots) read(key string) (snapshot, bool) {
	data, err := os.ReadFile(filepath.Join(s.path(key), wholeFile))
	var found snapshot
	if err != nil || json.Unmarshal(data, &found) != nil || found.Token == "" {
		return snapshot{}, false
	}
	now := time.Now()
	_ = os.Chtimes(s.path(key), now, now) // of several the one used last stays
	return found, true
}

// begin makes an empty folder in which a snapshot is made; [snapshots.put] puts it in
// its place.
func (s snapshots) begin(key string) (string, error) {
	making := s.path(key) + ".making"
	if err := errors.Join(os.RemoveAll(making), os.Mkdir(making, 0o700)); err != nil {
		return "", fmt.Errorf("keep what the setup leaves: %w", err)
	}
	return making, nil
}

func (s snapshots) put(key string, making string, whole snapshot) error {
	data, err := json.Marshal(whole)
	if err == nil {
		err = os.WriteFile(filepath.Join(making, wholeFile), data, 0o600)
	}
	if err == nil {
		err = errors.Join(os.RemoveAll(s.path(key)), os.Rename(making, s.path(key)))
	}
	if err != nil {
		return fmt.Errorf("keep what the setup leaves: %w", err)
	}
	s.prune(key)
	return nil
}

// prune removes the snapshots that were not used for long, but keep; one that another
// run is at work with stays.
func (s snapshots) prune(keep string) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	used := func(e fs.DirEntry) time.Time {
		info, err := e.Info()
		if err != nil {
			return time.Time{}
		}
		return info.ModTime()
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() || e.Name() == keep || e.Name() == copiesDir })
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return used(b).Compare(used(a)) })
	for _, old := range entries[min(len(entries), keepSnapshots-1):] {
		_ = s.remove(old.Name())
	}
}

// lock waits until the snapshot of that key is ours alone, or shared with others who
// only read it, for as long as the file is open.
func (s snapshots) lock(ctx context.Context, key string, how safefile.How) (*os.File, error) {
	tick := time.NewTicker(lockPause)
	defer tick.Stop()
	for {
		held, err := s.tryLock(key, how)
		if !errors.Is(err, safefile.ErrLocked) {
			return held, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("another run does the same setup: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func (s snapshots) tryLock(key string, how safefile.How) (*os.File, error) {
	f, err := safefile.Lock(s.path(key)+".lock", how)
	if err != nil {
		return nil, fmt.Errorf("lock what the setup leaves: %w", err)
	}
	return f, nil
}

// scratch makes a folder for a dependency's data, which is gone with the scenario,
// and with the next run where this one is killed.
func (s snapshots) scratch(journal *undo.Journal, undo *cleanups) (string, error) {
	dir := filepath.Join(s.dir, copiesDir, "copy-"+NewID(time.Now())+fmt.Sprintf("-%d", time.Now().UnixNano()))
	step, err := journal.Plan(stepData, map[string]string{"dir": dir})
	if err != nil {
		return "", err
	}
	undo.add("remove the copy of the data", func(context.Context) error {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		return journal.Done(step)
	})
	return dir, os.MkdirAll(dir, 0o700)
}

// undoCopy removes a copy that a killed run left.
func undoCopy(_ context.Context, args map[string]string) error {
	dir := filepath.Clean(args["dir"])
	if !filepath.IsAbs(dir) || !strings.HasPrefix(filepath.Base(dir), "copy-") || filepath.Base(filepath.Dir(dir)) != copiesDir {
		return fmt.Errorf("remove %q: that is no copy of ours", args["dir"])
	}
	return os.RemoveAll(dir)
}
