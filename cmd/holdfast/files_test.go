package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/safefile"
)

func TestTwoRunsDoNotWriteToOneFolder(t *testing.T) {
	out, dir := t.TempDir(), serviceIn(t, pages, "")
	first, err := safefile.Claim(out)
	require.NoError(t, err)
	defer first.Close()
	for _, args := range [][]string{{"run", "--service", dir, "--all"}, {"run", "--service", dir, "page/steady"}} {
		code, _, stderr := holdfast(t, nil, append(args, "--out", out)...)
		require.Equal(t, exitEnvironment, code, stderr)
		require.Contains(t, stderr, "another run writes there")
	}
	entries, err := os.ReadDir(out)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// A pipe that nobody writes to holds nobody up.
func TestAPipeIsNoResult(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "run.json")
	require.NoError(t, unix.Mkfifo(pipe, 0o600))
	for _, args := range [][]string{{"history", dir}, {"report", pipe}, {"compare", pipe, pipe}, {"report", aRun(t), "--slo", pipe}, {"fake", "http", "--file", pipe}} {
		ended := make(chan string, 1)
		go func() {
			_, out, errs := holdfast(t, nil, args...)
			ended <- out + errs
		}()
		select {
		case said := <-ended:
			require.Contains(t, said, "no regular file", args)
		case <-time.After(10 * time.Second):
			t.Fatal(args, "waits for somebody who writes")
		}
	}
}

// A report goes to its own name, and not to whatever a link there leads to.
func TestNoReportIsWrittenThroughALink(t *testing.T) {
	for _, name := range []string{"report.html", "junit.xml", "summary.md"} {
		out := t.TempDir()
		victim := filepath.Join(t.TempDir(), "precious")
		require.NoError(t, os.WriteFile(victim, []byte("precious"), 0o600))
		require.NoError(t, os.Symlink(victim, filepath.Join(out, name)))
		code, _, stderr := holdfast(t, nil, "report", aRun(t), "--out", out)
		require.Equal(t, exitEnvironment, code, stderr)
		require.Contains(t, stderr, "symbolic link")
		kept, err := os.ReadFile(victim)
		require.NoError(t, err)
		require.Equal(t, "precious", string(kept))
	}
}

// A table goes into a document whole, or the document stays as it was.
func TestADocumentThatCannotBeReplacedStays(t *testing.T) {
	begins, ends := blockMarks("table")
	document := "before\n" + begins + "old\n" + ends + "\nafter\n"
	real := filepath.Join(t.TempDir(), "README.md")
	link := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(real, []byte(document), 0o644))
	require.NoError(t, os.Symlink(real, link))
	require.ErrorContains(t, replaceBlock(link, "table", []byte("new\n")), "symbolic link")
	kept, err := os.ReadFile(real)
	require.NoError(t, err)
	require.Equal(t, document, string(kept))
	require.NoError(t, replaceBlock(real, "table", []byte("new\n")))
	now, err := os.ReadFile(real)
	require.NoError(t, err)
	require.Equal(t, "before\n"+begins+"new\n"+ends+"\nafter\n", string(now))
}

// aRun is a result on disk.
func aRun(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.json")
	writeRun(t, path, 1, 1)
	return path
}

// GitHub shows nothing of a summary that is too long: it is cut after a line.
func TestASummaryFitsWhereItIsShown(t *testing.T) {
	line := "| a row with an ä |\n"
	long := []byte(strings.Repeat(line, 1000))
	for _, room := range []int{len(long), len(long) - 1, 500, 100} {
		got := shortened(long, room)
		require.LessOrEqual(t, len(got), room)
		require.True(t, utf8.Valid(got))
		if room < len(long) {
			require.Contains(t, string(got), "the summary is cut here")
		}
	}
	require.Empty(t, shortened(long, -5), "what others have written fills it")
}
