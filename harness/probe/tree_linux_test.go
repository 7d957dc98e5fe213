package probe

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A supervisor is small, whatever its worker holds.
func TestWhatAChildHoldsIsTheTargets(t *testing.T) {
	c := startChild(t)
	tree := NewTree(TreeConfig{Root: c.pid})
	m, p := Memory(tree), Process(tree)
	closed(t, m)
	alone, threads := one(t, m)[0], one(t, p)[1]
	c.tell(t, "worker")
	tree.Look()
	v := one(t, m)
	require.Greater(t, v[0], alone+0.9*peakBytes)
	require.GreaterOrEqual(t, v[1], v[0])
	v = one(t, p)
	require.Greater(t, v[1], threads)
	require.InDelta(t, 2, v[3], 0, "processes")
	require.Zero(t, v[4], "restarts")
	tree.stays = 0
	c.tell(t, "end worker")
	tree.Look()
	v = one(t, m)
	require.Less(t, v[0], alone+0.5*peakBytes)
	require.Greater(t, v[1], alone+0.9*peakBytes, "it was that much")
	v = one(t, p)
	require.InDelta(t, 1, v[3], 0)
	require.InDelta(t, 1, v[4], 0, "one came and went")
	tree.stays = time.Minute
	c.tell(t, "worker")
	tree.Look()
	c.tell(t, "end worker")
	tree.Look()
	require.EqualValues(t, 1, tree.Gone(), "what is there for a moment is not missed")
}

// A daemon's parent is init: it is known by the mark that it has inherited.
func TestADaemonIsOfTheTree(t *testing.T) {
	cmd := exec.Command("sh", "-c", "(setsid sh -c 'echo up >&3; exec sleep 60' &) ; exec sleep 60")
	mark := fmt.Sprintf("PROBE_TEST_MARK=%d", os.Getpid())
	cmd.Env = []string{mark, "PATH=" + os.Getenv("PATH")}
	up, w, err := os.Pipe()
	require.NoError(t, err)
	cmd.ExtraFiles = []*os.File{w}
	require.NoError(t, cmd.Start())
	require.NoError(t, w.Close())
	root := func() (int32, bool) { return int32(cmd.Process.Pid), true }
	tree := NewTree(TreeConfig{Root: root, Mark: func() string { return mark }})
	t.Cleanup(func() {
		for _, pid := range tree.Look() {
			_ = syscall.Kill(int(pid), syscall.SIGKILL)
		}
		_ = cmd.Wait()
	})
	_, err = bufio.NewReader(up).ReadString('\n')
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(tree.Look()) == 2 }, 30*time.Second, 5*time.Millisecond)
	unmarked := NewTree(TreeConfig{Root: root})
	require.LessOrEqual(t, len(unmarked.Look()), 2, "without a mark its parent tells, as long as it lives")
}

func TestOneThatDoesNotRunHasNoMembers(t *testing.T) {
	running := true
	tree := NewTree(TreeConfig{Root: func() (int32, bool) { return int32(os.Getpid()), running }})
	require.Contains(t, tree.Look(), int32(os.Getpid()))
	running = false
	require.Empty(t, tree.Members())
}

func TestWhereSocketsLeadIsSeen(t *testing.T) {
	far, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer far.Close()
	c := startChild(t)
	s := NewSockets(NewTree(TreeConfig{Root: c.pid}))
	closed(t, s)
	none, err := s.Look()
	require.NoError(t, err)
	require.Empty(t, none)
	c.tell(t, "listen 127.0.0.1:0")
	_, err = s.Look()
	require.NoError(t, err)
	require.Zero(t, s.Holders(), "who listens holds no connection")
	c.tell(t, "dial "+far.Addr().String())
	c.tell(t, "udp 127.0.0.53:53")
	now, err := s.Look()
	require.NoError(t, err)
	require.Len(t, now, 3)
	require.Equal(t, 1, s.Holders())
	byKind := map[string]Socket{}
	for _, one := range now {
		byKind[fmt.Sprint(one.Network, one.Listening)] = one
	}
	require.Equal(t, far.Addr().String(), byKind["tcpfalse"].Remote.String())
	require.Equal(t, "127.0.0.53:53", byKind["udpfalse"].Remote.String())
	require.True(t, byKind["tcptrue"].Local.Addr().IsLoopback())
	require.Len(t, s.Seen(), 3)
	require.InDelta(t, one(t, s)[0], 3, 0)
	c.kill()
	again, err := s.Look()
	require.NoError(t, err)
	require.Empty(t, again)
	require.Len(t, s.Seen(), 3, "what was seen was seen")
}

// An address where nobody answers keeps a caller waiting, and is seen as long.
func TestACallThatNobodyAnswersIsSeen(t *testing.T) {
	// A listener whose backlog is full answers no more.
	full, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	syscall.CloseOnExec(full)
	defer syscall.Close(full)
	require.NoError(t, syscall.Bind(full, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, syscall.Listen(full, 0))
	name, err := syscall.Getsockname(full)
	require.NoError(t, err)
	address := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(name.(*syscall.SockaddrInet4).Port))
	first, err := net.Dial("tcp", address.String())
	require.NoError(t, err)
	defer first.Close()
	c := startChild(t)
	s := NewSockets(NewTree(TreeConfig{Root: c.pid}))
	closed(t, s)
	c.tell(t, "call "+address.String())
	require.Eventually(t, func() bool {
		_, err := s.Look()
		require.NoError(t, err)
		seen := s.Seen()
		return len(seen) == 1 && seen[0].Opening && seen[0].Remote == address
	}, 30*time.Second, 50*time.Millisecond)
}

func TestARowOfTheKernelsTables(t *testing.T) {
	for row, want := range map[string]Socket{
		"0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0 7 x": {Network: "tcp", Local: netip.MustParseAddrPort("127.0.0.1:8080"), Listening: true},
		"1: 0100007F:9C40 0200000A:01BB 02 0:0 0:0 0 0 0 7 x": {Network: "tcp", Local: netip.MustParseAddrPort("127.0.0.1:40000"),
			Remote: netip.MustParseAddrPort("10.0.0.2:443"), Opening: true},
		"2: 0000000000000000FFFF00000100007F:0016 00000000000000000000000001000000:0017 01 0:0 0:0 0 0 0 7 x": {Network: "tcp",
			Local: netip.MustParseAddrPort("127.0.0.1:22"), Remote: netip.MustParseAddrPort("[::1]:23")},
	} {
		inode, got, ok := parseRow("tcp", []byte(row))
		require.True(t, ok, row)
		require.EqualValues(t, 7, inode)
		require.Equal(t, want, got)
	}
	for _, row := range []string{"", "sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", "0: x y 0A 0:0 0:0 0 0 0 7 x"} {
		_, _, ok := parseRow("tcp", []byte(row))
		require.False(t, ok, row)
	}
}
