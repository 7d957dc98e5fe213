package server_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/server"
	"holdfast.dev/holdfast/reference/settings"
)

func TestEveryProblemOfTheEnvironmentIsReportedAtOnce(t *testing.T) {
	values := map[string]string{"LOG_LEVEL": "loud", "DB_POOL_MAX": "0"}
	for _, v := range settings.All() {
		if values[v.Name] == "" {
			values[v.Name] = "\x7fplenty"
		}
	}
	err := server.Run(t.Context(), getenv(values), io.Discard, io.Discard)
	require.ErrorIs(t, err, server.ErrUsage)
	for _, v := range settings.All() {
		if v.Name != "LISTEN_ADDR" { // any text may be an address
			require.ErrorContains(t, err, v.Name+":")
		}
	}
}

// Only what is listed is read, so that a misspelt name can be told from a real one.
func TestOnlyListedVariablesAreRead(t *testing.T) {
	listed := map[string]bool{}
	for _, v := range settings.All() {
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
