package witness

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// serverOf starts a process that goes by the name of a database server.
func serverOf(t *testing.T, script string) *os.Process {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this system does not tell of processes in /proc")
	}
	shell, err := exec.LookPath("sh")
	require.NoError(t, err)
	in, err := os.Open(shell)
	require.NoError(t, err)
	defer in.Close()
	name := filepath.Join(t.TempDir(), "postgres")
	out, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o700)
	require.NoError(t, err)
	_, err = io.Copy(out, in)
	require.NoError(t, err)
	require.NoError(t, out.Close())
	server := exec.Command(name, "-c", script)
	require.NoError(t, server.Start())
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	return server.Process
}

// silence is what is seen of a server's processes while it is silent.
func silence(t *testing.T, until func(cpu, stopped float64) bool) {
	t.Helper()
	h := &heartbeat{heart: Heart{Name: "db", Run: Run{Target: func() (int32, bool) { return 0, false }}}}
	require.Eventually(t, func() bool { return until(h.examine(time.Now())) }, 30*time.Second, 50*time.Millisecond)
}

// A server that is busy uses a processor, and no signal keeps it from one: what
// it does is its own.
func TestABusyServerIsNotStopped(t *testing.T) {
	serverOf(t, "while :; do :; done")
	silence(t, func(cpu, stopped float64) bool {
		require.Zero(t, stopped)
		return cpu > idleCores
	})
}

func TestAServerThatASignalStopped(t *testing.T) {
	server := serverOf(t, "while :; do :; done")
	require.NoError(t, server.Signal(syscall.SIGSTOP))
	silence(t, func(cpu, stopped float64) bool { return stopped == 1 && cpu < idleCores })
}
