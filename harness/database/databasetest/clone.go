package databasetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/undo"
)

// Empty is the DSN of a database without anything in it, for the length of the test:
// that of HOLDFAST_TEST_DATABASE_URL, or one of a server of this machine's own
// binaries. In CI a machine without either fails: a skipped test would be a silent
// success.
func Empty(t testing.TB) string {
	t.Helper()
	if dsn := os.Getenv("HOLDFAST_TEST_DATABASE_URL"); dsn != "" {
		return dsn
	}
	journal, err := undo.Open(t.TempDir(), fmt.Sprintf("test-%d", time.Now().UnixNano()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, journal.Close()) })
	server, err := database.Open(t.Context(), database.Options{Provider: "local", Journal: journal})
	if errors.Is(err, database.ErrNoDatabase) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close(context.Background())) })
	nothing := database.DataSet{Name: "nothing", Key: "test-nothing", Build: func(context.Context, string) error { return nil }}
	template, err := server.Template(t.Context(), nothing)
	require.NoError(t, err)
	clone, err := server.Clone(t.Context(), template)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, clone.Drop(context.Background())) })
	return clone.DSN()
}
