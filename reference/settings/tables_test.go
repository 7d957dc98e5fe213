package settings

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEverySettingIsListedOnceAndExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		require.Regexp(t, "^[A-Z]+(_[A-Z]+)+$", s.Name)
		require.Contains(t, goType, s.kind, s.Name)
		require.Regexp(t, `^[A-Z].*\.$`, s.Meaning, "%s: one sentence", s.Name)
		require.False(t, seen[s.Name], s.Name)
		seen[s.Name] = true
	}
	for _, name := range []string{"DATABASE_URL", "LISTEN_ADDR", "DB_POOL_MAX", "MAX_SEARCH_RESULTS", "MAX_ORACLES_PER_PROJECT", "MAX_RETRIES_TASKS"} {
		require.True(t, seen[name], name)
	}
}

func TestDefaultsAndBoundsAreValuesOfTheirSetting(t *testing.T) {
	for _, s := range All() {
		if s.Default != "" {
			_, err := s.read(s.Default)
			require.NoError(t, err, "the default")
		}
		for _, bound := range []string{s.min, s.max} {
			if bound != "" {
				require.Contains(t, []kind{number, duration}, s.kind, "%s: of what has no size there is no bound", s.Name)
				_, err := s.read(bound)
				require.NoError(t, err, "a bound is within")
			}
		}
		if s.form != nil || s.required != "" {
			require.Equal(t, text, s.kind, s.Name)
		}
	}
}

// Which setting protects is said in full or not at all; what takes the
// protection away is a value that the service takes, and another than the default,
// but for the one protection that has to be asked for.
func TestEachProtectionHasOneSettingThatTakesItAway(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		if s.Protection == "" {
			require.Empty(t, s.Off+s.About, "%s names no protection", s.Name)
			continue
		}
		require.False(t, seen[s.Protection], s.Protection)
		seen[s.Protection] = true
		require.NotEmpty(t, s.About, s.Protection)
		off, err := s.read(s.Off)
		require.NoError(t, err)
		byDefault, err := s.read(s.Default)
		require.NoError(t, err)
		require.Equal(t, s.Protection == "task.park-refused-key", off == byDefault, s.Protection)
	}
}

func TestProtectionsAreNamedAfterTheirService(t *testing.T) {
	for service, table := range map[string]Table{"search": Search(), "oracle": Oracle(), "task": Task()} {
		require.NotEmpty(t, table.Protections())
		for _, s := range table.Protections() {
			require.True(t, strings.HasPrefix(s.Protection, service+"."), s.Protection)
		}
	}
	require.Empty(t, Server().Protections())
}
