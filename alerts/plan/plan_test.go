package plan_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/alerts/plan"
)

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "matrix.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func TestAPlanIsRead(t *testing.T) {
	path := written(t, `
version: 1
rules: rules.yml
clock: { factor: 120, once: [x_total] }
evaluation_interval: 30s
calm: { scenario: a/calm, at_least: 6h }
resolves: 20m
faults:
  - { scenario: a/b, fires: { Down: 5m }, also: [Slow] }
  - { scenario: a/c, fires: { Slow: 5m }, resolves: 1h }
`)
	p, err := plan.Read(path)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(filepath.Dir(path), "rules.yml"), p.Path(p.Rules))
	require.Empty(t, p.Path(""))
	require.Equal(t, []string{"a/calm", "a/b", "a/c"}, p.Scenarios())
	require.Equal(t, 20*time.Minute, time.Duration(p.Faults[0].Resolves), "the plan's, where the fault has none")
	require.Equal(t, time.Hour, time.Duration(p.Faults[1].Resolves))
	require.Equal(t, 30*time.Second, p.Every())
	require.Equal(t, 120.0, p.OnClock().Factor)
}

func TestAllThatIsWrongWithAPlanIsTold(t *testing.T) {
	_, err := plan.Read(written(t, `
version: 2
clock: { factor: -1 }
faults:
  - { scenario: a/b }
  - { scenario: a/b, fires: { Down: 0s, Slow: 1m }, also: [Slow] }
  - { fires: { Down: 5m }, resolves: 1m }
`))
	for _, want := range []string{
		"version: 2", "rules: the file of rules is missing", "factor is -1", "a/b fires no alert: nobody would hear of it", "a/b is there twice",
		"fires: Down: within which time is missing", "Slow is under fires and under also", "number 3 has no scenario", "resolves",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = plan.Read(written(t, "version: 1\nrules: a\nfault: []\n"))
	require.ErrorContains(t, err, "fault")
	_, err = plan.Read(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = plan.Read(written(t, "version: 1\nrules: a\n"))
	require.ErrorContains(t, err, "nothing would be shown")
	_, err = plan.Read(written(t, "version: 1\nrules: a\ncalm: { scenario: a/calm }\n"))
	require.ErrorContains(t, err, "calm: how long it must last is missing: at_least")
	_, err = plan.Read(written(t, "version: 1\nrules: a\ncalm: { at_least: 1h }\n"))
	require.ErrorContains(t, err, "calm: it has no scenario")
}
