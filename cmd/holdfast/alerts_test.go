package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// script is a program of that name in a folder of its own.
func script(t *testing.T, text string) (folder, path string) {
	t.Helper()
	folder = t.TempDir()
	path = filepath.Join(folder, alertsProgram)
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	return folder, path
}

func TestTheProgramOfAlertsIsFoundBesideOrInPath(t *testing.T) {
	folder, path := script(t, "exit 0")
	elsewhere, other := script(t, "exit 0")
	t.Setenv("PATH", elsewhere)
	found, err := beside(filepath.Join(folder, "holdfast"))
	require.NoError(t, err)
	require.Equal(t, path, found, "beside comes first")
	found, err = beside(filepath.Join(t.TempDir(), "holdfast"))
	require.NoError(t, err)
	require.Equal(t, other, found)

	t.Setenv("PATH", t.TempDir())
	_, err = beside(filepath.Join(t.TempDir(), "holdfast"))
	require.ErrorContains(t, err, "holdfast-alerts is missing")
	require.ErrorContains(t, err, "make build builds both")
}

func TestTheProgramOfAlertsGetsItsArgumentsAndGivesItsExitCode(t *testing.T) {
	var out, problems bytes.Buffer
	env := environ{stdout: &out, stderr: &problems}
	_, path := script(t, `echo "$@"; echo bad >&2; exit 5`)
	err := runAlerts(t.Context(), env, path, []string{"lint", "a b", "--help"})
	require.Equal(t, 5, codeOf(err))
	require.Empty(t, err.Error(), "it has said all itself")
	require.Equal(t, "lint a b --help\n", out.String())
	require.Equal(t, "bad\n", problems.String())

	_, fine := script(t, "exit 0")
	require.NoError(t, runAlerts(t.Context(), env, fine, nil))
	require.Equal(t, exitEnvironment, codeOf(runAlerts(t.Context(), env, filepath.Join(t.TempDir(), "none"), nil)))
}
