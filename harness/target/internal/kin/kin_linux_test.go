package kin

import (
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// started starts a process with that environment, as the leader of a group or in one.
func started(t *testing.T, group int, env ...string) Process {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.Env = env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: group}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p, alive := See(int32(cmd.Process.Pid))
	require.True(t, alive)
	return p
}

// A worker that shows a title in ps has written over its environment.
func TestOfAGroupThoseAreOursThatSaySoOrNothing(t *testing.T) {
	ours := func(environ [][]byte) bool {
		return slices.ContainsFunc(environ, func(v []byte) bool { return string(v) == "MARK=ours" })
	}
	leader := started(t, 0, "MARK=ours")
	worker := started(t, int(leader.PID), "worker [app]")
	stranger := started(t, int(leader.PID), "HOME=/root")
	var found []int32
	for _, p := range OfGroup(leader.PID, leader.Start, ours) {
		found = append(found, p.PID)
	}
	require.ElementsMatch(t, []int32{leader.PID, worker.PID}, found)
	require.NotContains(t, found, stranger.PID)
	require.Empty(t, OfGroup(leader.PID, leader.Start+1, ours), "the id is another process's")
	require.NotEmpty(t, Boot())
}

func TestRelatedAreChildrenAndThoseOfTheGroup(t *testing.T) {
	leader := started(t, 0, "A=b")
	other := started(t, int(leader.PID), "A=b")
	marked := started(t, 0, "MARK=ours")
	stranger := started(t, 0, "A=b")
	var found []int32
	for _, p := range Related(leader.PID, func(_ Process, environ [][]byte) bool { return len(environ) > 0 && string(environ[0]) == "MARK=ours" }) {
		found = append(found, p.PID)
	}
	require.ElementsMatch(t, []int32{leader.PID, other.PID, marked.PID}, found)

	require.NoError(t, Send(stranger, syscall.SIGSTOP))
	wrong := stranger
	wrong.Start++
	require.Error(t, Send(wrong, syscall.SIGKILL), "an id that was given to another is not hit")
	_, alive := See(stranger.PID)
	require.True(t, alive)
}
