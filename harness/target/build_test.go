package target_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/target/internal/conformance"
)

func TestEqualBuildsAreRunOnceAndAFailureShowsItsLastLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	built := func(name, script string) target.Process {
		return target.Process{Name: name, Command: []string{"app"}, Build: []string{"sh", "-c", script}, Dir: dir, Env: map[string]string{"ONLY_FOR": "running"}}
	}
	c := target.BuildConfig{Journal: conformance.Program(t, nil).Journal, Environ: append(os.Environ(), "AWS_KEY=x", "GEM_HOME=/gems"), PassEnv: []string{"GEM_HOME"}}
	done, err := target.Build(t.Context(), []target.Process{
		built("web", "echo built >>made; echo $GEM_HOME-$AWS_KEY-$ONLY_FOR"), {Name: "db", Command: []string{"db"}},
		built("worker", "echo built >>made; echo $GEM_HOME-$AWS_KEY-$ONLY_FOR"),
	}, c)
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.Equal(t, []string{"web", "worker"}, done[0].Processes)
	require.Equal(t, []string{"/gems--"}, done[0].Log)
	made, err := os.ReadFile(filepath.Join(dir, "made"))
	require.NoError(t, err)
	require.Equal(t, "built\n", string(made))

	_, err = target.Build(t.Context(), []target.Process{built("web", "echo no such module; exit 4"), built("worker", "echo never >>made")}, c)
	require.ErrorContains(t, err, "start the build of web: sh -c echo no such module; exit 4: it exited with code 4")
	require.ErrorContains(t, err, "    no such module")
	made, err = os.ReadFile(filepath.Join(dir, "made"))
	require.NoError(t, err)
	require.NotContains(t, string(made), "never")

	_, err = target.Build(t.Context(), []target.Process{{Name: "web", Command: []string{"app"}, Build: []string{"no-such-tool"}}}, c)
	require.ErrorContains(t, err, "no-such-tool is in no folder of its PATH")
}

func TestABuildThatIsGivenUpLeavesNothing(t *testing.T) {
	t.Parallel()
	token := "build-" + strings.ReplaceAll(t.TempDir(), "/", "-")
	c := target.BuildConfig{Journal: conformance.Program(t, nil).Journal, Timeout: 200 * time.Millisecond}
	slow := target.Process{Name: "web", Command: []string{"app"}, Build: []string{"sh", "-c", "sleep 60 & sleep 60; echo " + token}}
	_, err := target.Build(t.Context(), []target.Process{slow}, c)
	require.ErrorContains(t, err, "not done within 200ms")
	require.Empty(t, commandsWith(t, token))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = target.Build(ctx, []target.Process{slow}, c)
	require.ErrorIs(t, err, context.Canceled)
}
