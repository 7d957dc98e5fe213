package load_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMemoryAndSendLagOfTheGenerator runs the generator alone at 2,000/s: a few
// seconds, or as long as HOLDFAST_LOAD_FOR says.
func TestMemoryAndSendLagOfTheGenerator(t *testing.T) {
	d := os.Getenv("HOLDFAST_LOAD_FOR")
	if d == "" {
		d = "2s"
	}
	g, used, rss := generate(t, exec.Command(os.Args[0]), serve(t).base, "2000", d, "2000")
	t.Logf("%s at 2,000/s: %d sent, %d ok, %d in flight at most, send lag p99 %.2f ms, %.1f MB, %.1f s of processor",
		d, g.Sent, g.OK, g.MaxInFlight, g.LagP99MS, float64(rss)/1e6, used.Seconds())
	require.Positive(t, g.OK)
	if underRace {
		return // the detector takes several times the memory
	}
	// On a machine that is too busy to answer, hundreds are in flight.
	require.Less(t, rss, int64(64e6)+50e3*max(0, g.MaxInFlight-100))
}

// pinned is a command on one core, where the machine lets us choose.
func pinned(core string, name string, args ...string) *exec.Cmd {
	if taskset, err := exec.LookPath("taskset"); err == nil {
		args, name = append([]string{"-c", core, name}, args...), taskset
	}
	return exec.Command(name, args...)
}

// server is the trivial server as a process of its own.
type server struct {
	base string
	ask  io.Writer
	says *bufio.Reader
}

// served is how many requests it has answered until now.
func (s server) served(t *testing.T) (n int64) {
	t.Helper()
	_, err := fmt.Fprintln(s.ask)
	require.NoError(t, err)
	_, err = fmt.Fscanln(s.says, &n)
	require.NoError(t, err)
	return n
}

func serve(t *testing.T) server {
	t.Helper()
	cmd := pinned("1", os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"=server", "GOMAXPROCS=1")
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close() // which ends it
		_ = cmd.Wait()
	})
	says := bufio.NewReader(out)
	line, err := says.ReadString('\n')
	require.NoError(t, err)
	return server{"http://" + strings.TrimSpace(line), in, says}
}

// generate runs this package's generator and returns what it did, the processor
// time that it took and its peak memory in bytes.
func generate(t *testing.T, cmd *exec.Cmd, base, rate, d, inFlight string) (g generated, used time.Duration, rss int64) {
	t.Helper()
	cmd.Env = append(os.Environ(), helperVariable+"=generator",
		"BASE="+base, "RATE="+rate, "FOR="+d, "IN_FLIGHT="+inFlight)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &g))
	if rss = g.PeakBytes; rss == 0 {
		rss = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss * 1024
	}
	return g, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), rss
}
