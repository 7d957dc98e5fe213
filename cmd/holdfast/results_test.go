package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// keep writes a run of a day below dir and returns where.
func keep(t *testing.T, dir, where, id string, day int) string {
	t.Helper()
	path := filepath.Join(dir, where, "run.json")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, result.WriteFile(path, &result.Run{Schema: result.Schema, ID: id, Started: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)}))
	return path
}

func TestRunsOfAFolder(t *testing.T) {
	dir := t.TempDir()
	keep(t, dir, "z/old", "old", 1)
	one := keep(t, dir, "a", "new", 9)
	keep(t, dir, "m/without/search.cap", "between", 5)
	keep(t, dir, "copy-of-old", "old", 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a", "other.json"), []byte("{"), 0o600))

	all, err := allRuns(dir)
	require.NoError(t, err)
	var ids []string
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	require.Equal(t, []string{"old", "between", "new"}, ids, "oldest first, a copy once, nothing but run.json")

	all, err = allRuns(one)
	require.NoError(t, err)
	require.Equal(t, "new", all[0].ID, "a file is itself")
}

// A run that was judged again lies below the run itself: it is no further run, and
// takes nobody's place.
func TestAFolderWithARunThatWasJudgedAgain(t *testing.T) {
	dir := t.TempDir()
	own := keep(t, dir, ".", "one", 1)
	again := filepath.Join(dir, "reevaluated", "run.json")
	require.NoError(t, os.MkdirAll(filepath.Dir(again), 0o755))
	require.NoError(t, result.WriteFile(again, &result.Run{Schema: result.Schema, ID: "one", Reevaluated: &result.Reevaluation{By: "slo.yaml"}}))

	all, err := findRuns(dir)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, own, all[0].path)

	_, err = findRuns(filepath.Dir(again))
	require.ErrorContains(t, err, "no run.json")
	named, err := findRuns(again)
	require.NoError(t, err)
	require.NotNil(t, named[0].run.Reevaluated, "who names the file itself means it")
}

func TestAFolderWithAFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	keep(t, dir, "good", "good", 1)
	bad := filepath.Join(dir, "bad", "run.json")
	require.NoError(t, os.MkdirAll(filepath.Dir(bad), 0o755))
	require.NoError(t, os.WriteFile(bad, []byte("{"), 0o600))

	found, err := findRuns(dir)
	require.NoError(t, err)
	require.Len(t, found, 2, "it is shown with its error")
	_, err = allRuns(dir)
	require.ErrorContains(t, err, bad, "it is not left out in silence")
}

func TestWhereThereIsNoRun(t *testing.T) {
	dir := t.TempDir()
	_, err := allRuns(dir)
	require.ErrorContains(t, err, "no run.json under "+dir)
	_, err = allRuns(filepath.Join(dir, "none"))
	require.True(t, errors.Is(err, fs.ErrNotExist), err)
	_, _, err = readRunOrRest(filepath.Join(dir, "none"))
	require.True(t, errors.Is(err, fs.ErrNotExist), err)
}

// A file that was cut off at any byte is shown as what is left of it, or refused
// by name: never as a whole one.
func TestACutFileIsNeverWhole(t *testing.T) {
	dir := t.TempDir()
	path := keep(t, dir, "whole", "whole", 1)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	run, cut, err := readRunOrRest(path)
	require.NoError(t, err)
	require.False(t, cut)
	require.Equal(t, "whole", run.ID)

	rest := filepath.Join(dir, "cut.json")
	for at := 1; at < len(data)-2; at += max(len(data)/40, 1) {
		require.NoError(t, os.WriteFile(rest, data[:at], 0o600))
		run, cut, err := readRunOrRest(rest)
		require.True(t, cut, "%s", data[:at])
		if err != nil {
			require.ErrorContains(t, err, rest)
		} else {
			require.False(t, run.Complete)
		}
	}
}
