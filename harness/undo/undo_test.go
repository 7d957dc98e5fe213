package undo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func recorder(kinds ...string) (map[string]Func, *[]string) {
	undone := new([]string)
	undoers := map[string]Func{}
	for _, kind := range kinds {
		undoers[kind] = func(_ context.Context, args map[string]string) error {
			*undone = append(*undone, kind+" "+args["name"])
			return nil
		}
	}
	return undoers, undone
}

// abandon leaves a journal as SIGKILL would: lock gone, file there.
func abandon(t *testing.T, j *Journal) {
	t.Helper()
	require.NoError(t, j.file.Close())
}

func TestSweepUndoesWhatADeadRunLeftNewestFirst(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir, "dead")
	require.NoError(t, err)
	for _, name := range []string{"a", "b", "c"} {
		step, err := j.Plan("process", map[string]string{"name": name})
		require.NoError(t, err)
		if name == "b" {
			require.NoError(t, j.Done(step))
		}
	}
	abandon(t, j)

	undoers, undone := recorder("process")
	swept, err := Sweep(t.Context(), dir, undoers)
	require.NoError(t, err)
	require.Len(t, swept, 2)
	require.Equal(t, []string{"process c", "process a"}, *undone)

	swept, err = Sweep(t.Context(), dir, undoers)
	require.NoError(t, err)
	require.Empty(t, swept, "a second sweep finds nothing")
}

func TestSweepLeavesALivingRunAlone(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir, "alive")
	require.NoError(t, err)
	_, err = j.Plan("process", map[string]string{"name": "a"})
	require.NoError(t, err)

	undoers, undone := recorder("process")
	_, err = Sweep(t.Context(), dir, undoers)
	require.NoError(t, err)
	require.Empty(t, *undone)
	require.NoError(t, j.Close())
}

func TestSweepKeepsWhatCouldNotBeUndone(t *testing.T) {
	for name, undoers := range map[string]map[string]Func{
		"unknown kind": {},
		"undoing failed": {"process": func(context.Context, map[string]string) error {
			return errors.New("no permission")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j, err := Open(dir, "dead")
			require.NoError(t, err)
			_, err = j.Plan("process", nil)
			require.NoError(t, err)
			abandon(t, j)

			swept, err := Sweep(t.Context(), dir, undoers)
			require.NoError(t, err)
			require.Len(t, swept, 1)
			require.Error(t, swept[0].Err)

			again, undone := recorder("process")
			_, err = Sweep(t.Context(), dir, again)
			require.NoError(t, err)
			require.Len(t, *undone, 1)
		})
	}
}

func TestALineCutShortIsIgnored(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "dead.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(`{"plan":{"n":1,"kind":"process","args":{"name":"a"}}}`+"\n"+`{"plan":{"n":2,"ki`), 0o600))
	undoers, undone := recorder("process")
	_, err := Sweep(t.Context(), dir, undoers)
	require.NoError(t, err)
	require.Equal(t, []string{"process a"}, *undone)
}

func TestAJournalWithNothingLeftRemovesItself(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir, "clean")
	require.NoError(t, err)
	step, err := j.Plan("directory", nil)
	require.NoError(t, err)
	require.NoError(t, j.Done(step))
	require.NoError(t, j.Done(step), "crossing out twice is harmless")
	require.NoError(t, j.Close())
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Empty(t, left)
	_, err = j.Plan("directory", nil)
	require.Error(t, err, "a closed journal takes nothing more")
}

// A sweep between a journal's making and its locking must not take it for a dead
// one's.
func TestASweepNeverTakesALivingRunsJournal(t *testing.T) {
	dir := t.TempDir()
	over := make(chan struct{})
	var sweepers sync.WaitGroup
	for range 2 {
		sweepers.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					_, _ = Sweep(t.Context(), dir, nil)
				}
			}
		})
	}
	lost := 0
	for i := range 1500 {
		j, err := Open(dir, fmt.Sprintf("run-%d", i))
		require.NoError(t, err)
		if _, err := os.Stat(filepath.Join(dir, j.Run()+".jsonl")); err != nil {
			lost++
		}
		_ = j.Close()
	}
	close(over)
	sweepers.Wait()
	require.Zero(t, lost)
}

// What a full disk has cut short must not swallow what is planned when there is room
// again.
func TestAStepAfterAFullDiskIsKept(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir, "full")
	require.NoError(t, err)
	_, err = j.Plan("process", map[string]string{"name": "before"})
	require.NoError(t, err)
	full(t, j.file, func() {
		_, err := j.Plan("process", map[string]string{"name": "meanwhile"})
		require.Error(t, err)
	})
	_, err = j.Plan("process", map[string]string{"name": "after"})
	require.NoError(t, err)
	abandon(t, j)
	undoers, undone := recorder("process")
	_, err = Sweep(t.Context(), dir, undoers)
	require.NoError(t, err)
	require.Equal(t, []string{"process after", "process before"}, *undone)
}

// full has the file take only ten bytes more while do goes on.
func full(t *testing.T, f *os.File, do func()) {
	t.Helper()
	info, err := f.Stat()
	require.NoError(t, err)
	signal.Ignore(unix.SIGXFSZ)
	var was unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &was))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(info.Size()) + 10, Max: was.Max}))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &was)) }()
	do()
}

func TestJournalsThatOthersMayHavePlantedAreNotUndone(t *testing.T) {
	const planted = `{"plan":{"n":1,"kind":"process","args":{"name":"a"}}}` + "\n"
	for name, plant := range map[string]func(dir string) error{
		"a folder that all may write to":        func(dir string) error { return os.Chmod(dir, 0o777) },
		"a journal that all may write to":       func(dir string) error { return os.Chmod(filepath.Join(dir, "dead.jsonl"), 0o666) },
		"a folder that is somebody else's":      func(dir string) error { return os.Chown(dir, 65534, 65534) },
		"a journal that is somebody else's":     func(dir string) error { return os.Chown(filepath.Join(dir, "dead.jsonl"), 65534, 65534) },
		"a link to a journal in another folder": func(dir string) error { return relink(dir) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "undo")
			require.NoError(t, os.Mkdir(dir, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "dead.jsonl"), []byte(planted), 0o600))
			if err := plant(dir); errors.Is(err, os.ErrPermission) {
				t.Skip("only root can give a file away")
			}
			undoers, undone := recorder("process")
			_, err := Sweep(t.Context(), dir, undoers)
			require.Error(t, err)
			require.Empty(t, *undone)
		})
	}
}

// relink moves the journal out of the folder and leaves a link to it.
func relink(dir string) error {
	from, to := filepath.Join(dir, "dead.jsonl"), filepath.Join(filepath.Dir(dir), "elsewhere.jsonl")
	return errors.Join(os.Rename(from, to), os.Symlink(to, from))
}
