package server_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/server"
)

func TestEveryProblemOfTheEnvironmentIsReportedAtOnce(t *testing.T) {
	values := map[string]string{"LOG_LEVEL": "loud", "DB_POOL_MAX": "0"}
	for _, v := range server.Variables() {
		if values[v.Name] == "" {
			values[v.Name] = "\x7fplenty"
		}
	}
	err := server.Run(t.Context(), getenv(values), io.Discard, io.Discard)
	require.ErrorIs(t, err, server.ErrUsage)
	for _, v := range server.Variables() {
		if v.Name != "LISTEN_ADDR" { // any text may be an address
			require.ErrorContains(t, err, v.Name+":")
		}
	}
}

func TestVariablesAreListedOnceAndExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range server.Variables() {
		require.Regexp(t, "^[A-Z][A-Z_]+$", v.Name)
		require.NotEmpty(t, v.Meaning)
		require.False(t, seen[v.Name], v.Name)
		seen[v.Name] = true
	}
	for _, name := range []string{"DATABASE_URL", "LISTEN_ADDR", "DB_POOL_MAX", "APP_MEMORY_LIMIT_BYTES", "MAX_SEARCH_RESULTS"} {
		require.True(t, seen[name], name)
	}
}

// Only what is listed is read, so that a misspelt name can be told from a real one.
func TestOnlyListedVariablesAreRead(t *testing.T) {
	listed := map[string]bool{}
	for _, v := range server.Variables() {
		listed[v.Name] = true
	}
	read := map[string]bool{}
	err := server.Run(t.Context(), func(name string) string {
		read[name] = true
		return map[string]string{"LOG_LEVEL": "loud"}[name]
	}, io.Discard, io.Discard)
	require.Error(t, err)
	require.Equal(t, listed, read)
}
