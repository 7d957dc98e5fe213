package backing_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/undo"
)

// roleVariable makes this binary a program to stand behind a dependency.
const roleVariable = "TEST_PROGRAM"

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		goleak.VerifyTestMain(m)
	case "web":
		web()
	case "seed", "astray", "count":
		command(role)
	default:
		play(role)
	}
}

// play is a server that says to each line which it was told of, and keeps in its
// folder what it was asked to.
func play(role string) {
	if role == "broken" {
		fmt.Println("cannot read broker.conf")
		os.Exit(3)
	}
	fmt.Println("advertised", os.Getenv("ADVERTISED"))
	l, err := net.Listen("tcp", os.Getenv("LISTEN"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("Server started")
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go serve(conn)
	}
}

func serve(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		kept := filepath.Join(os.Getenv("KEEP"), "kept")
		switch command, text, _ := strings.Cut(lines.Text(), " "); command {
		case "keep":
			_ = os.WriteFile(kept, []byte(text), 0o600)
			fmt.Fprintln(conn, "ok")
		case "tell":
			data, _ := os.ReadFile(kept)
			fmt.Fprintln(conn, string(data))
		case "where":
			fmt.Fprintln(conn, os.Getenv("ADVERTISED"))
		case "die":
			os.Exit(9)
		}
	}
}

// opening is what a scenario tells a dependency, with an undo journal of its own.
func opening(t *testing.T) harness.Opening {
	t.Helper()
	journal, err := undo.Open(t.TempDir(), "test")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, journal.Close()) })
	return harness.Opening{Seed: 1, Start: time.Now(), Journal: journal, Data: t.TempDir(), Say: func(line string) { t.Log(line) }}
}

func open(t *testing.T, d harness.Dependency, o harness.Opening) harness.Fake {
	t.Helper()
	f, err := d.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

// values are what a fake says of where it is.
func values(f harness.Fake) map[string]string {
	return f.(interface{ Values() map[string]string }).Values()
}

// ask sends a line on a connection of its own and returns the answer.
func ask(t *testing.T, address, line string) string {
	t.Helper()
	answer, err := asked(t.Context(), address, line)
	require.NoError(t, err)
	return answer
}

func asked(ctx context.Context, address, line string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	if _, err := fmt.Fprintln(conn, line); err != nil {
		return "", err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSuffix(answer, "\n"), err
}

// self is this binary.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}

// redis is where Debian's server is; where there is none the test is skipped on a
// developer's machine.
func redis(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("no redis-server on PATH: scripts/setup-tests.sh installs it")
	}
	require.NoError(t, err)
	return path
}
