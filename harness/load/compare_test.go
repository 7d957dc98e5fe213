package load_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// vegetaVariable names the vegeta command line to compare with:
//
//	go install github.com/tsenart/vegeta/v12@v12.13.0
//	HOLDFAST_VEGETA=$(go env GOPATH)/bin/vegeta go test ./harness/load -run Compare -v
const vegetaVariable = "HOLDFAST_VEGETA"

// TestCompareWithVegeta measures what one core of generator yields, beside
// vegeta's own command line: each in turn on one core, the trivial server on
// another, 64 requests in flight at most. Requests per second of processor are
// compared, which other work on the machine disturbs less than the clock.
func TestCompareWithVegeta(t *testing.T) {
	vegeta := os.Getenv(vegetaVariable)
	if vegeta == "" {
		t.Skip("set " + vegetaVariable + " to vegeta's command line")
	}
	base := serve(t)
	for _, row := range []struct {
		name, ours, theirs string
		least              float64
	}{
		// Here this package wakes for each request, and vegeta each millisecond
		// for two: the price of a send lag of a tenth.
		{"at 2,000 per second", "2000", "2000", 0.75},
		{"at 20,000 per second", "20000", "20000", 0.9},
		// More is planned than a core can send, so this package sheds the rest.
		{"as fast as they go", "100000", "0", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			var ours, theirs []float64
			for range 3 {
				g, used, _ := generate(t, pinned("0", os.Args[0]), base, row.ours, "6s", "64")
				ours = append(ours, float64(g.OK)/used.Seconds())
				n, used := attackWith(t, vegeta, base, row.theirs)
				theirs = append(theirs, float64(n)/used.Seconds())
			}
			t.Logf("requests per second of processor: this package %.0f, vegeta %.0f", ours, theirs)
			ratio := quantile(ours, 0.5) / quantile(theirs, 0.5)
			t.Logf("median: this package %.2f times vegeta", ratio)
			require.Greater(t, ratio, row.least)
		})
	}
}

// TestMemoryAndSendLagOfTheGenerator runs the generator alone at 2,000/s: a few
// seconds, or as long as HOLDFAST_LOAD_FOR says.
func TestMemoryAndSendLagOfTheGenerator(t *testing.T) {
	d := os.Getenv("HOLDFAST_LOAD_FOR")
	if d == "" {
		d = "2s"
	}
	g, used, rss := generate(t, exec.Command(os.Args[0]), serve(t), "2000", d, "2000")
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

func serve(t *testing.T) (base string) {
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
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return "http://" + strings.TrimSpace(line)
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
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return g, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss * 1024
}

// attackWith runs vegeta, with a rate of 0 as fast as it goes.
func attackWith(t *testing.T, vegeta, base, rate string) (ok int64, used time.Duration) {
	t.Helper()
	results := t.TempDir() + "/results"
	cmd := pinned("0", vegeta, "attack", "-rate="+rate, "-max-workers=64", "-workers=64", "-duration=6s", "-output="+results)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stdin = strings.NewReader("GET " + base + "/\n")
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Run())
	report, err := exec.Command(vegeta, "report", "-type=json", results).Output()
	require.NoError(t, err)
	var said struct {
		Requests int64   `json:"requests"`
		Success  float64 `json:"success"`
	}
	require.NoError(t, json.NewDecoder(bytes.NewReader(report)).Decode(&said))
	require.Greater(t, said.Success, 0.99)
	return said.Requests, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}
