package host_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/host"

	"github.com/stretchr/testify/require"
)

// These tests come in two sizes: a small one that always runs, and the real one,
// which runs when HOLDFAST_HEAVY is set.
const heavyVariable, helperVariable = "HOLDFAST_HEAVY", "HOLDFAST_TEST_FAULTS"

func heavy() bool { return os.Getenv(heavyVariable) != "" }

// helperAddress is what this process is to listen on, if it was started to be
// a fake and not to test one.
func helperAddress() string {
	if os.Getenv(helperVariable) == "" {
		return ""
	}
	return "127.0.0.1:0"
}

// serveAsHelper is a fake in a process of its own, until its input ends.
func serveAsHelper(address string) {
	h, err := host.Start(host.Config{Addresses: []string{address}}, &plainAPI{})
	if err == nil {
		err = h.Faults().AddText(strings.Split(os.Getenv(helperVariable), "\n")...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(strings.TrimPrefix(h.URL(0), "http://"))
	for line := bufio.NewScanner(os.Stdin); line.Scan(); {
		fmt.Println(h.Journal().Gauge("").InFlight, h.Connections().Open)
	}
	h.Close()
}

// helper starts this test binary as a fake with faults.
type helper struct {
	cmd     *exec.Cmd
	address string
	in      io.WriteCloser
	out     *bufio.Scanner
}

func startHelper(t *testing.T, faults ...string) *helper {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"="+strings.Join(faults, "\n"))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	h := &helper{cmd: cmd, in: in, out: bufio.NewScanner(out)}
	t.Cleanup(func() {
		_ = in.Close()
		require.NoError(t, cmd.Wait(), "the fake ends in order when it is told to")
	})
	require.True(t, h.out.Scan())
	h.address = h.out.Text()
	return h
}

// state is how many requests and connections the fake has open.
func (h *helper) state(t *testing.T) (requests, connections int) {
	t.Helper()
	_, err := fmt.Fprintln(h.in)
	require.NoError(t, err)
	require.True(t, h.out.Scan())
	_, err = fmt.Sscan(h.out.Text(), &requests, &connections)
	require.NoError(t, err)
	return requests, connections
}

// memory is the most resident memory that the fake had so far, in bytes.
func (h *helper) memory(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
	require.NoError(t, err)
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			require.NoError(t, err)
			return kb << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}

// TestTenThousandHangingRequestsFitInto256MB: the fake, in a process of its own,
// under each way of hanging.
func TestTenThousandHangingRequestsFitInto256MB(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("memory is read from /proc")
	}
	n, limit := 300, int64(96<<20)
	if heavy() {
		n, limit = 10_000, 256_000_000
	}
	if raced { // which takes memory of its own
		limit *= 4
	}
	raiseFiles(t, n+1000)
	for _, fault := range []string{"hang headers", "hang body", "lost hang", "hang accept", "delay 1h", "drip gap=1h", "endless"} {
		t.Run(fault, func(t *testing.T) {
			h := startHelper(t, fault)
			conns := make([]net.Conn, 0, n)
			defer func() {
				for _, c := range conns {
					_ = c.Close()
				}
			}()
			for i := range n {
				c, err := net.Dial("tcp", h.address)
				require.NoError(t, err)
				conns = append(conns, c)
				_, err = fmt.Fprintf(c, "POST /%d HTTP/1.1\r\nHost: fake\r\nContent-Length: 5\r\n\r\nhello", i)
				require.NoError(t, err)
			}
			require.Eventually(t, func() bool {
				requests, connections := h.state(t)
				return connections == n && (requests == n || fault == "hang accept")
			}, time.Minute, 20*time.Millisecond)
			t.Logf("%d at once: %.0f MB", n, float64(h.memory(t))/1e6)
			require.Less(t, h.memory(t), limit)
			for _, c := range conns {
				require.NoError(t, c.Close())
			}
			if fault != "hang accept" { // which never reads, and so can't see it
				require.Eventually(t, func() bool {
					requests, connections := h.state(t)
					return requests == 0 && connections == 0
				}, time.Minute, 20*time.Millisecond, "all is given back")
			}
		})
	}
}

func raiseFiles(t *testing.T, n int) {
	t.Helper()
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	if limit.Max < uint64(n) {
		t.Skipf("needs %d open files, and this machine allows %d", n, limit.Max)
	}
	limit.Cur = limit.Max
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
}

// TestRandomBytesOnThePortDoNoHarm: what comes in is noise, halves of requests,
// requests with noise in them. The fake answers a good request afterwards, and
// holds nothing.
func TestRandomBytesOnThePortDoNoHarm(t *testing.T) {
	lasting := 2 * time.Second
	if heavy() {
		lasting = 30 * time.Second
	}
	h := startHelper(t, "reset body p=0.2", "cut chunked p=0.2", "drip bytes=64 gap=1ms p=0.2", "json types p=0.5", "idleclose p=0.5", "garbage p=0.1")
	const seed = 1
	end := time.Now().Add(lasting)
	var clients sync.WaitGroup
	total := make([]int, 8)
	for client := range total {
		clients.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(client)))
			for time.Now().Before(end) {
				if throw(h.address, noise(r)) {
					total[client]++
				}
			}
		})
	}
	clients.Wait()
	sent := 0
	for _, n := range total {
		sent += n
	}
	t.Logf("%d connections, at most %.0f MB", sent, float64(h.memory(t))/1e6)
	require.Greater(t, sent, 100)
	require.Eventually(t, func() bool {
		requests, connections := h.state(t)
		return requests == 0 && connections == 0
	}, 30*time.Second, 10*time.Millisecond)
	require.Less(t, h.memory(t), int64(256_000_000))
}

// throw sends bytes and reads a little of what comes back.
func throw(address string, b []byte) bool {
	c, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Millisecond))
	_, _ = c.Write(b)
	_, _ = io.CopyN(io.Discard, c, 4096)
	return true
}

// noise is a request with something wrong in it, or no request at all.
func noise(r *rand.Rand) []byte {
	good := fmt.Appendf(nil, "POST /%d HTTP/1.1\r\nHost: fake\r\nX-Attempt: %d\r\nIdempotency-Key: k%d\r\nContent-Length: %d\r\n\r\n%s",
		r.IntN(100), r.Int64(), r.IntN(100), r.IntN(40), strings.Repeat("x", r.IntN(40)))
	switch r.IntN(5) {
	case 0:
		good = make([]byte, r.IntN(4096))
		for i := range good {
			good[i] = byte(r.Uint32())
		}
	case 1:
		good = good[:r.IntN(len(good))]
	case 2:
		for range 1 + r.IntN(8) {
			good[r.IntN(len(good))] = byte(r.Uint32())
		}
	case 3:
		good = bytes.Repeat(good, 1+r.IntN(20))
	case 4:
		good = append([]byte("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: "), good...)
	}
	return good
}

// FuzzRequest: no request brings the fake down, and a good one is still answered.
func FuzzRequest(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		f.Add(noise(r))
	}
	h, err := host.Start(host.Config{}, &plainAPI{})
	require.NoError(f, err)
	f.Cleanup(h.Close)
	address := strings.TrimPrefix(h.URL(0), "http://")
	f.Fuzz(func(t *testing.T, b []byte) {
		require.True(t, throw(address, b))
		require.True(t, throw(address, []byte("GET / HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n\r\n")))
	})
}
