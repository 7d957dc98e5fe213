package undo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
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
