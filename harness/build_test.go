package harness_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
)

func TestATargetIsBuiltOnceInARun(t *testing.T) {
	t.Parallel()
	cfg := shop(t)
	dir := t.TempDir()
	web := &cfg.Target.Processes[1]
	require.NoError(t, os.Symlink(web.Command[0], filepath.Join(dir, "made-already")))
	web.Dir, web.Build = dir, []string{"sh", "-c", "echo built >> builds && cp -P made-already app"}
	web.Command = []string{"./app"}
	cfg.Retries = patience
	s, again := selling(), selling()
	again.Name = "shop/selling-more"
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s, again})
	require.NoError(t, err)
	for _, s := range run.Scenarios {
		undisturbed(t, s)
	}
	require.Equal(t, result.Pass, run.Verdict, run.Reason)
	builds, err := os.ReadFile(filepath.Join(dir, "builds"))
	require.NoError(t, err)
	require.Equal(t, "built\n", string(builds))

	cfg = shop(t)
	cfg.Target.Processes[1].Build = []string{"sh", "-c", "echo no such header; exit 2"}
	_, err = harness.Run(t.Context(), cfg, []harness.Scenario{s})
	require.ErrorContains(t, err, "no such header", "a build that fails is told with its last lines, and nothing is run")
}
