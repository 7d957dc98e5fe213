package conformance

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/undo"
)

// harnessVariable makes a test binary play a harness that starts a target and
// waits to be killed.
const harnessVariable = "TARGET_TEST_HARNESS"

// PlayHarness is for the beginning of TestMain: it reports whether this process
// was started to play a harness with one of these kinds, and has done so.
func PlayHarness(kinds ...Kind) bool {
	name := os.Getenv(harnessVariable)
	for _, k := range kinds {
		if k.Name == name {
			if err := playHarness(k); err != nil {
				fmt.Println("failed:", err)
			}
			return true
		}
	}
	return false
}

func playHarness(k Kind) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	journal, err := undo.Open(os.Getenv("TARGET_TEST_DIR"), "killed-"+newToken())
	if err != nil {
		return err
	}
	p := target.Program{Start: time.Now(), Journal: journal, Env: map[string]string{"SUBJECT_ESCAPEE": "1"}}
	made, err := k.Make(p, os.Getenv("TARGET_TEST_SUBJECT"))
	if err != nil {
		return err
	}
	if err := made.Start(ctx); err != nil {
		return err
	}
	pid, _ := made.PID()
	fmt.Println("started", pid)
	<-ctx.Done()
	return ctx.Err()
}

// killedHarness runs a harness, kills it with SIGKILL once its target is up,
// and returns the process id of the target and the journal's directory.
func killedHarness(t *testing.T, k Kind) (pid int, dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Cleanup(func() { // also where the test failed
		_, err := undo.Sweep(context.Background(), dir, k.Undoers)
		require.NoError(t, err)
	})
	harness := exec.Command(os.Args[0])
	harness.Env = append(os.Environ(), harnessVariable+"="+k.Name, "TARGET_TEST_DIR="+dir, "TARGET_TEST_SUBJECT="+Subject(t))
	out, err := harness.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, harness.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	_, err = fmt.Sscanf(line, "started %d", &pid)
	require.NoError(t, err, line)
	require.NoError(t, harness.Process.Kill())
	_ = harness.Wait()
	return pid, dir
}

// Sweep kills a harness that runs a target, and sees that the next sweep leaves
// nothing of it. The test binary's TestMain must call [PlayHarness] with k.
func Sweep(t *testing.T, k Kind) {
	pid, dir := killedHarness(t, k)
	run := strings.TrimSuffix(filepath.Base(glob(t, dir)[0]), ".jsonl")
	if k.Outlives {
		require.NoError(t, syscall.Kill(pid, 0), "it outlives its harness")
	} else {
		require.Eventually(t, func() bool { return gone(pid) }, 30*time.Second, 5*time.Millisecond, "it dies with its harness")
		require.Len(t, marked(t, run), 1, "its escaped child does not")
	}
	swept, err := undo.Sweep(t.Context(), dir, k.Undoers)
	require.NoError(t, err)
	require.NotEmpty(t, swept)
	for _, s := range swept {
		require.NoError(t, s.Err, s.Step.Kind)
	}
	require.Eventually(t, func() bool { return gone(pid) }, 30*time.Second, 5*time.Millisecond)
	require.Empty(t, marked(t, run))
	require.Empty(t, glob(t, dir))
}

func glob(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	return found
}

// gone is whether a process that is not our child has ended. Where the test
// itself runs without an init, nobody may reap it: a zombie has ended, too.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}

// marked finds the processes that carry a run's mark, whatever their step.
func marked(t *testing.T, run string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, file := range files {
		if environ, err := os.ReadFile(file); err == nil && strings.Contains(string(environ), undo.RunVariable+"="+run+"\x00") {
			found = append(found, file)
		}
	}
	return found
}

func aChildThatEscapedIsStoppedWithItsTarget(t *testing.T, k Kind) {
	b := started(t, k, map[string]string{"SUBJECT_ESCAPEE": "1"})
	b.logged(t, "escapee")
	_, err := b.Stop(t.Context())
	require.NoError(t, err)
	require.Empty(t, marked(t, b.journal.Run()))
}

// What another run planned has other names and marks; what is planned under
// none, or under a name that is not ours, is refused.
func aSweepOfAnotherRunTouchesNothing(t *testing.T, k Kind) {
	b := started(t, k, nil)
	for kind, undoIt := range k.Undoers {
		require.NoError(t, undoIt(t.Context(), map[string]string{"run": "another", "step": "another", "name": "holdfast-nosuch", "dir": "/holdfast-nosuch"}), kind)
		require.Error(t, undoIt(t.Context(), nil), kind)
		require.Error(t, undoIt(t.Context(), map[string]string{"run": "r", "name": "somebody-elses", "dir": "/sys/fs/cgroup/memory"}), kind)
	}
	_, running := b.PID()
	require.True(t, running)
}
