package probe

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACgroupIsReadInBothVersions(t *testing.T) {
	nan := math.NaN()
	cases := []struct {
		name  string
		files map[string]string
		want  []float64
	}{
		{"version 2", map[string]string{"memory.current": "100\n", "memory.peak": "300\n", "memory.max": "500\n"}, []float64{100, 300, 500}},
		{"version 2 without a limit", map[string]string{"memory.current": "100\n", "memory.peak": "300\n", "memory.max": "max\n"}, []float64{100, 300, nan}},
		{"version 2 of an older kernel", map[string]string{"memory.current": "100\n", "memory.max": "500\n"}, []float64{100, nan, 500}},
		{"version 1", map[string]string{"memory.usage_in_bytes": "100\n", "memory.max_usage_in_bytes": "300\n", "memory.limit_in_bytes": "500\n"}, []float64{100, 300, 500}},
		{"version 1 without a limit", map[string]string{"memory.usage_in_bytes": "100", "memory.max_usage_in_bytes": "300", "memory.limit_in_bytes": "9223372036854771712"}, []float64{100, 300, nan}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644))
			}
			got := one(t, Cgroup(func() (string, bool) { return dir, true }))
			for i := range c.want {
				require.InDelta(t, c.want[i], got[i], 0, "value %d", i)
			}
		})
	}
}

func TestACgroupThatIsNotThereIsAGapAndOneThatIsNoneIsAnError(t *testing.T) {
	dir := t.TempDir()
	for _, v := range append(one(t, Cgroup(func() (string, bool) { return "", false })),
		one(t, Cgroup(func() (string, bool) { return filepath.Join(dir, "removed"), true }))...) {
		require.True(t, math.IsNaN(v))
	}
	p := Cgroup(func() (string, bool) { return dir, true })
	_, err := p.Sample(t.Context())
	require.ErrorContains(t, err, "no memory cgroup")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "memory.current"), []byte("many"), 0o644))
	_, err = p.Sample(t.Context())
	require.ErrorContains(t, err, "memory.current")
}

func TestTheCgroupOfThisMachineIsRead(t *testing.T) {
	for _, dir := range []string{"/sys/fs/cgroup/memory", "/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/user.slice"} {
		if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err != nil {
			continue
		}
		v := one(t, Cgroup(func() (string, bool) { return dir, true }))
		require.Greater(t, v[0], 0.0)
		return
	}
	t.Skip("no memory cgroup is mounted here")
}

func TestALimitOnMemoryIsTheLeastOfAllAround(t *testing.T) {
	outer := t.TempDir()
	inner := filepath.Join(outer, "job")
	require.NoError(t, os.Mkdir(inner, 0o755))
	limit := func(dir, file, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text+"\n"), 0o644))
	}
	_, limited := MemoryLimit(inner)
	require.False(t, limited)
	for _, step := range []struct {
		dir, file, text string
		want            float64
	}{{inner, "memory.max", "max", 0}, {outer, "memory.max", "700", 700}, {inner, "memory.max", "500", 500}, {outer, "memory.limit_in_bytes", "300", 300}} {
		limit(step.dir, step.file, step.text)
		bytes, limited := MemoryLimit(inner)
		require.Equal(t, step.want > 0, limited, step)
		if limited {
			require.InDelta(t, step.want, bytes, 0)
		}
	}
}
