package egress_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/harness/egress"
)

// callVariable makes this test program one that calls somebody: network, address.
const callVariable = "EGRESS_TEST_CALL"

func TestMain(m *testing.M) {
	if what := os.Getenv(callVariable); what != "" {
		os.Exit(call(what))
	}
	goleak.VerifyTestMain(m)
}

// call is what a service does that was not told where its outside API is: 0 when
// it got through.
func call(what string) int {
	network, address, _ := strings.Cut(what, " ")
	if network == "own" { // a conversation within the service
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 2
		}
		network, address = "tcp", l.Addr().String()
	}
	if network == "times" {
		times, where, _ := strings.Cut(address, " ")
		n, err := strconv.Atoi(times)
		if err != nil {
			return 2
		}
		return connect(where, n)
	}
	if network == "packet" {
		return sendPacket(address)
	}
	c, err := net.DialTimeout(network, address, 2*time.Second)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_ = c.Close()
	return 0
}

// sendPacket sends without a connection, as clients of statsd do.
func sendPacket(address string) int {
	to, err := net.ResolveUDPAddr("udp4", address)
	if err != nil {
		return 2
	}
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return 2
	}
	defer c.Close()
	if _, err := c.WriteTo([]byte("a charge"), to); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

const runMark = "HOLDFAST_RUN=egress-test"

// caller is a command that calls somebody; as a child of a shell where forked is set.
func caller(t testing.TB, what string, forked bool) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	if forked {
		cmd = exec.Command("sh", "-c", `"$0"; exit $?`, self)
	}
	cmd.Env = append(os.Environ(), callVariable+"="+what, runMark)
	return cmd
}

// behind runs a command behind a gate, and reports whether it succeeded.
func behind(t *testing.T, g *egress.Gate, cmd *exec.Cmd) bool {
	t.Helper()
	var err error
	over := make(chan struct{})
	go func() {
		defer close(over)
		runtime.LockOSThread() // never unlocked: the thread is behind the gate
		if err = g.Start("web", cmd.Start); err == nil {
			err = cmd.Wait()
		}
	}()
	<-over
	if _, exited := err.(*exec.ExitError); !exited {
		require.NoError(t, err)
	}
	if g.Closed() != nil {
		t.Skip("this machine cannot close the way out: ", g.Closed())
	}
	return err == nil
}

// output is what a command writes behind a gate.
func output(t testing.TB, g *egress.Gate, cmd *exec.Cmd) []byte {
	t.Helper()
	var out []byte
	over := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is behind the gate
		over <- g.Start("web", func() (err error) { out, err = cmd.Output(); return err })
	}()
	require.NoError(t, <-over)
	return out
}

// outputOfFailed is what a command writes behind a gate that does not end well there.
func outputOfFailed(t testing.TB, g *egress.Gate, cmd *exec.Cmd) []byte {
	t.Helper()
	var out []byte
	over := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is behind the gate
		over <- g.Start("web", func() error { out, _ = cmd.Output(); return nil })
	}()
	require.NoError(t, <-over)
	if g.Closed() != nil {
		t.Skip("this machine cannot close the way out: ", g.Closed())
	}
	return out
}

type contacts struct {
	mu  sync.Mutex // guards all
	all []egress.Contact
}

func (c *contacts) add(one egress.Contact) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, one)
}

// hosts are who was called, each once.
func (c *contacts) hosts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, one := range c.all {
		if len(all) == 0 || all[len(all)-1] != one.Who() {
			all = append(all, one.Who())
		}
	}
	return all
}

func open(t testing.TB) (*egress.Gate, *contacts) {
	t.Helper()
	c := new(contacts)
	g, err := egress.Open(runMark, c.add)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Close()) })
	return g, c
}

// bystander is somebody on this machine whom nobody named, say the developer's own
// Redis. It counts who comes.
func bystander(t testing.TB, network, address string) (where string, came func() int) {
	t.Helper()
	l, err := net.Listen(network, address)
	require.NoError(t, err)
	var mu sync.Mutex
	n := 0
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			n++
			mu.Unlock()
			_ = c.Close()
		}
	})
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	return l.Addr().String(), func() int { mu.Lock(); defer mu.Unlock(); return n }
}

func TestWhomNobodyNamedIsNotReached(t *testing.T) {
	for name, forked := range map[string]bool{"by the process": false, "by what it started": true} {
		t.Run(name, func(t *testing.T) {
			where, came := bystander(t, "tcp", "127.0.0.1:0")
			require.NoError(t, caller(t, "tcp "+where, forked).Run(), "the harm: without a gate it gets through")
			require.Eventually(t, func() bool { return came() == 1 }, 30*time.Second, time.Millisecond)

			g, c := open(t)
			require.False(t, behind(t, g, caller(t, "tcp "+where, forked)))
			require.Equal(t, []string{where}, c.hosts())
			require.Equal(t, 1, came(), "nothing came of it")

			g.Allow("redis", netip.MustParseAddrPort(where))
			require.True(t, behind(t, g, caller(t, "tcp "+where, forked)), "who was named is reached")
			require.Eventually(t, func() bool { return came() == 2 }, 30*time.Second, time.Millisecond)
		})
	}
}

func TestAContactIsNamed(t *testing.T) {
	for call, who := range map[string]string{
		"tcp api.payments.example:443":    "api.payments.example", // by its name: no resolver is asked
		"tcp 192.0.2.7:443":               "192.0.2.7:443",        // by its address
		"tcp [2001:db8::7]:443":           "[2001:db8::7]:443",
		"packet 192.0.2.7:8125":           "192.0.2.7:8125",
		"udp 192.0.2.7:8125":              "192.0.2.7:8125",
		"tcp api.payments.example.:80":    "api.payments.example",
		"tcp 169.254.169.254:80":          "169.254.169.254:80", // the credentials of a machine in a cloud
		"tcp [::ffff:192.0.2.7]:5432":     "192.0.2.7:5432",
		"tcp metrics.vendor.example:4317": "metrics.vendor.example",
	} {
		t.Run(call, func(t *testing.T) {
			g, c := open(t)
			began := time.Now()
			require.False(t, behind(t, g, caller(t, call, false)))
			require.Less(t, time.Since(began), 5*time.Second, "it is refused at once, not after its timeout")
			require.NotEmpty(t, c.hosts())
			require.Equal(t, who, c.hosts()[0])
			text := (&egress.ContactError{Contact: c.all[0]}).Error()
			require.Contains(t, text, "web (pid ")
			require.Contains(t, text, "--allow-host "+c.all[0].Who())
		})
	}
}

// The C library asks in its own way, and most languages through it.
func TestAQuestionOfTheCLibraryIsSeen(t *testing.T) {
	getent, err := exec.LookPath("getent")
	if err != nil {
		t.Skip("no getent here")
	}
	g, c := open(t)
	require.False(t, behind(t, g, exec.Command(getent, "ahosts", "api.payments.example")))
	require.Equal(t, []string{"api.payments.example"}, c.hosts())
	require.True(t, behind(t, g, exec.Command(getent, "ahosts", "localhost")))
}

func TestAHostThatWasNamedIsReached(t *testing.T) {
	where, _ := bystander(t, "tcp", "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(where)
	g, c := open(t)
	g.AllowHost("Staging.localhost")
	require.True(t, behind(t, g, caller(t, "tcp localhost:"+port, false)) == false, "a name of this machine opens no port of it")
	g.AllowHost("127.0.0.1")
	require.True(t, behind(t, g, caller(t, "tcp "+where, false)))
	require.Len(t, c.hosts(), 1)
}

// What the processes of a service say to each other is their own business.
func TestAServiceMayTalkToItself(t *testing.T) {
	g, c := open(t)
	require.True(t, behind(t, g, caller(t, "own", false)))
	require.Empty(t, c.hosts())
}

// A database that is there already is the developer's own, also by its Unix socket.
func TestAUnixSocketOfSomebodyElse(t *testing.T) {
	dir, err := os.MkdirTemp("", "egress") // a path of a socket is short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, ".s.PGSQL.5432")
	_, came := bystander(t, "unix", path)
	require.NoError(t, caller(t, "unix "+path, false).Run(), "the harm: without a gate it gets through")
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, old, old))
	require.Eventually(t, func() bool { return came() == 1 }, 30*time.Second, time.Millisecond)
	made := time.Now()
	require.Eventually(t, func() bool { return time.Since(made) > 50*time.Millisecond }, 30*time.Second, time.Millisecond, "the clock that tells old from new has a grain")

	g, c := open(t)
	require.False(t, behind(t, g, caller(t, "unix "+path, false)))
	require.Equal(t, []string{path}, c.hosts())
	require.Equal(t, 1, came())

	younger := filepath.Join(dir, "app.sock")
	_, came = bystander(t, "unix", younger)
	require.True(t, behind(t, g, caller(t, "unix "+younger, false)), "a socket of the run's own is its own")
	require.Eventually(t, func() bool { return came() == 1 }, 30*time.Second, time.Millisecond)
}

// A gate that is closed lets nobody through.
func TestBehindAClosedGateNobodyIsReached(t *testing.T) {
	where, came := bystander(t, "tcp", "127.0.0.1:0")
	g, err := egress.Open(runMark, func(egress.Contact) {})
	require.NoError(t, err)
	g.Allow("redis", netip.MustParseAddrPort(where))
	read, write, err := os.Pipe()
	require.NoError(t, err)
	cmd := exec.Command("sh", "-c", `read line; exec "$0"`, caller(t, "", false).Path)
	cmd.Env, cmd.Stdin = caller(t, "tcp "+where, false).Env, read
	over := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := g.Start("web", cmd.Start); err != nil {
			over <- err
			return
		}
		over <- nil
		over <- cmd.Wait()
	}()
	require.NoError(t, <-over)
	why := g.Closed()
	require.NoError(t, g.Close())
	_, err = write.WriteString("go\n")
	require.NoError(t, err)
	err = <-over
	if why != nil {
		t.Skip("this machine cannot close the way out: ", why)
	}
	require.Error(t, err)
	require.Zero(t, came())
}
