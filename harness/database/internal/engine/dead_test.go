package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/safefile"
)

// Whose owner is not certainly dead is left alone: to keep a container too long costs
// memory, to remove a living one costs somebody a run.
func TestWhoIsCertainlyDead(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	held, err := safefile.Lock(filepath.Join(dir, "held"), safefile.Exclusive)
	require.NoError(t, err)
	defer held.Close()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "free"), nil, 0o600))
	for _, row := range []struct {
		what, path  string
		here, there bool // dead for who sees the same files, and for who does not
	}{
		{"its lock is held", "held", false, false},
		{"its lock is free", "free", true, true},
		{"its lock is gone", "gone", true, false},
		{"the folder of its lock is gone", "nowhere/lock", false, false},
		{"a file stands where the folder was", "free/lock", false, false},
	} {
		require.Equal(t, row.here, dead(filepath.Join(dir, row.path), true), row.what)
		require.Equal(t, row.there, dead(filepath.Join(dir, row.path), false), row.what)
	}
	require.NotEmpty(t, place())
	require.Equal(t, place(), place())
}
