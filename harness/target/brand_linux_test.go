package target

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/target/internal/kin"
)

// A child that is killed while it is held has started, and who waits for it is told how
// it ended: it is not reaped behind its back.
func TestAChildThatIsKilledWhileItIsHeldIsLeftToWhoWaitsForIt(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	m := mark{"run", "step"}
	held := func() *exec.Cmd {
		cmd := exec.Command("sleep", "60")
		cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL}
		require.NoError(t, cmd.Start())
		return cmd
	}
	t.Run("it lives", func(t *testing.T) {
		cmd := held()
		require.NoError(t, m.brandHeld(cmd.Process.Pid))
		p, alive := kin.See(int32(cmd.Process.Pid))
		require.True(t, alive)
		require.True(t, m.brands().has(p))
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		require.Equal(t, "signal: killed", cmd.ProcessState.String())
	})
	t.Run("it is dead", func(t *testing.T) {
		cmd := held()
		require.NoError(t, cmd.Process.Kill())
		require.NoError(t, unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil))
		require.NoError(t, m.brandHeld(cmd.Process.Pid))
		require.Error(t, cmd.Wait())
		require.NotNil(t, cmd.ProcessState)
		require.Equal(t, "signal: killed", cmd.ProcessState.String())
	})
}

// Of a program that is held the kernel keeps back what its file would give it.
func TestWhatRaisesRights(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
		return path
	}
	plain, raised := file("plain", "\x7fELF"), file("raised", "\x7fELF")
	require.NoError(t, os.Chmod(raised, 0o755|os.ModeSetuid))
	require.False(t, raisesRights(plain))
	require.True(t, raisesRights(raised))
	require.True(t, raisesRights(file("script", "#! "+raised+" -x\n")))
	require.True(t, raisesRights(file("script-of-script", "#!"+filepath.Join(dir, "script")+"\n")))
	require.False(t, raisesRights(file("plain-script", "#!"+plain)))
	require.False(t, raisesRights(file("round", "#!"+filepath.Join(dir, "round")+"\n")))
	require.False(t, raisesRights(filepath.Join(dir, "absent")))

	capable := file("capable", "\x7fELF")
	// cap_net_bind_service, permitted and effective, as setcap writes it.
	caps := []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	if err := unix.Setxattr(capable, "security.capability", caps, 0); err != nil {
		t.Skip("no capability can be given to a file here:", err)
	}
	require.True(t, raisesRights(capable))
	require.True(t, raisesRights(file("script-of-capable", "#!"+capable+"\n")))
}

// A machine may have many processes, and each is asked once.
func TestWhoWasBornWithoutABrandIsNotAskedAgain(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	require.NoError(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	p, alive := kin.See(int32(cmd.Process.Pid))
	require.True(t, alive)
	m := mark{"run", "step"}
	branded := m.brands()
	require.False(t, branded.has(p))
	m.apply(cmd.Process.Pid)
	require.True(t, m.brands().has(p))
	require.False(t, branded.has(p), "it was asked")
	p.Start++
	require.True(t, branded.has(p), "its id is another's")
}
