package harness

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/safefile"
)

// Whoever is started next clears the temporary files of a killed run, and not only who
// makes such files: there may be a secret in them.
func TestTemporaryFilesOfAKilledRunGoWithTheNext(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	living, remove, err := safefile.Temporary(safefile.TempKey)
	require.NoError(t, err)
	dead := filepath.Join(temp, "holdfast-key-4711")
	require.NoError(t, os.Mkdir(dead, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dead, "key"), []byte("re_123\n"), 0o600))
	var said []string
	s := &Session{cfg: Config{UndoDir: t.TempDir(), Observe: func(e Event) { said = append(said, e.Text) }}.withDefaults()}
	s.sweep(t.Context())
	require.Equal(t, []string{"cleared temporary files that a killed run left behind: " + dead}, said)
	require.NoDirExists(t, dead)
	require.DirExists(t, living)
	require.NoError(t, remove())
}
