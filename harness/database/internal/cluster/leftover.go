package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"holdfast.dev/holdfast/harness/undo"
)

// Leftovers are the clusters that are kept in a folder and that nobody uses now.
func Leftovers(dir string) ([]undo.Leftover, error) {
	locks, err := filepath.Glob(filepath.Join(dir, "*", "[0-9][0-9]", "lock"))
	if err != nil {
		return nil, fmt.Errorf("look for clusters: %w", err)
	}
	var all []undo.Leftover
	for _, path := range locks {
		s := &slot{dir: filepath.Dir(path)}
		if locked, err := s.lock(); err != nil || !locked {
			continue // somebody's, or another user's
		}
		s.release()
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		all = append(all, undo.Leftover{
			What:   fmt.Sprintf("Postgres cluster with its data sets, last used %s: %s", info.ModTime().Format("2006-01-02"), s.dir),
			Bytes:  undo.BytesBelow(s.dir),
			Remove: func(ctx context.Context) error { return remove(ctx, s.dir) },
		})
	}
	return all, nil
}

// remove removes a cluster unless somebody uses it.
func remove(ctx context.Context, dir string) error {
	s := &slot{dir: dir}
	locked, err := s.lock()
	if err != nil {
		return err
	}
	if !locked {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return errors.New("somebody uses it")
	}
	defer s.release()
	if err := clearOrphans(ctx, s.data()); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
