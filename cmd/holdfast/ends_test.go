//go:build !slim

package main

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// Only a person asks once more. Who closes a terminal is told of by several, and has not
// asked for a run that leaves something behind.
func TestWhoAsksOnceMore(t *testing.T) {
	const soon, later = onePress / 2, 3 * onePress
	for _, row := range []struct {
		name    string
		earlier os.Signal
		after   time.Duration
		s       os.Signal
		more    bool
	}{
		{"Ctrl-C, read, Ctrl-C", syscall.SIGINT, later, syscall.SIGINT, true},
		{"SIGTERM by hand, twice", syscall.SIGTERM, later, syscall.SIGTERM, true},
		{"a job is cancelled: SIGINT, then SIGTERM", syscall.SIGINT, later, syscall.SIGTERM, true},
		{"SIGTERM by hand, then Ctrl-C", syscall.SIGTERM, later, syscall.SIGINT, true},
		{"a hangup by hand, then Ctrl-C", syscall.SIGHUP, later, syscall.SIGINT, true},
		{"head has read enough, then Ctrl-C", syscall.SIGPIPE, later, syscall.SIGINT, true},
		{"the terminal and npm hand on one Ctrl-C", syscall.SIGINT, soon, syscall.SIGINT, false},
		{"the kernel and the shell end the terminal", syscall.SIGHUP, soon, syscall.SIGHUP, false},
		{"the shell takes its time", syscall.SIGHUP, later, syscall.SIGHUP, false},
		{"the terminal, then who ends the session", syscall.SIGHUP, later, syscall.SIGTERM, false},
		{"who ends the session, then the terminal", syscall.SIGTERM, later, syscall.SIGHUP, false},
		{"the reader is gone, and the terminal", syscall.SIGPIPE, later, syscall.SIGHUP, false},
		{"the reader is gone, and who ends the session", syscall.SIGPIPE, later, syscall.SIGTERM, false},
		{"each line that nobody reads", syscall.SIGINT, later, syscall.SIGPIPE, false},
	} {
		began := time.Now()
		require.Equal(t, row.more, onceMore(map[os.Signal]time.Time{row.earlier: began}, row.s, began.Add(row.after)), row.name)
	}
	began := time.Now()
	require.True(t, onceMore(map[os.Signal]time.Time{syscall.SIGHUP: began, syscall.SIGTERM: began.Add(later)}, syscall.SIGTERM, began.Add(2*later)))
}

// A run whose terminal is closed, or whose reader is gone, writes its report and leaves
// nothing behind, however often it is told.
func TestARunThatNobodyWatchesEndsInOrder(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("the test itself is to outlive its terminal")
	}
	for name, row := range map[string]struct {
		arg   string
		start func(*exec.Cmd) (screen *os.File, err error)
		again []os.Signal // sent until it has ended
	}{
		"its terminal": {"--seed=1", pty.Start, []os.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGHUP}},
		"its pipe":     {"--json", intoPipe, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := serviceIn(t, strings.NewReplacer(`"{port}"]`, `"{port}", --bind, 127.0.0.1]`, "baseline: 1s", "baseline: 5m").Replace(goodService), "")
			out, home := filepath.Join(dir, "out"), t.TempDir()
			self, err := os.Executable()
			require.NoError(t, err)
			cmd := exec.Command(self, "run", "--service", dir, "--all", "--out", out, row.arg)
			cmd.Env = append(os.Environ(), asProgram+"=1", "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"), "CI=", "TERM=xterm")
			screen, err := row.start(cmd)
			require.NoError(t, err)
			stuck := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
			defer stuck.Stop()
			shown := readUntil(screen, "baseline")
			journals := filepath.Join(home, "cache", "holdfast", "undo", "*")
			open, err := filepath.Glob(journals)
			require.NoError(t, err)
			require.Len(t, open, 1, "%s", shown)
			require.NoError(t, screen.Close())
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			for again := row.again; len(again) > 0; {
				select {
				case err = <-ended:
					ended <- err
					again = nil
				case <-time.After(20 * time.Millisecond):
					_ = cmd.Process.Signal(again[0])
					again = append(again[1:], syscall.SIGHUP)
				}
			}
			require.Error(t, <-ended)
			require.Equal(t, exitTerminated, cmd.ProcessState.ExitCode(), "%v", cmd.ProcessState)
			file, err := readRun(filepath.Join(out, "run.json"))
			require.NoError(t, err)
			require.NotEmpty(t, file.Scenarios)
			require.FileExists(t, filepath.Join(out, "report.html"))
			left, err := filepath.Glob(journals)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// intoPipe starts a program that prints into a pipe, and returns the reader's end.
func intoPipe(cmd *exec.Cmd) (*os.File, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = writer, writer
	return reader, cmp.Or(cmd.Start(), writer.Close())
}

// readUntil reads until a text was shown, or all there is.
func readUntil(from io.Reader, text string) string {
	var shown bytes.Buffer
	some := make([]byte, 4096)
	for !strings.Contains(shown.String(), text) {
		n, err := from.Read(some)
		shown.Write(some[:n])
		if err != nil {
			break
		}
	}
	return shown.String()
}
