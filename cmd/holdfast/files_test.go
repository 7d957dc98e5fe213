package main

import (
	"net"
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

// Results are put in their place whole, and never through a link or into a pipe.
func TestResultsAreKeptWholeOrNotAtAll(t *testing.T) {
	url, _ := serve(t)
	for _, row := range []struct {
		name  string
		at    string
		plant func(path string) error
		says  string
	}{
		{"a link", "results.bin", func(path string) error { return os.Symlink("precious", path) }, "symbolic link"},
		{"a link to nothing", "results.bin", func(path string) error { return os.Symlink("nowhere", path) }, "symbolic link"},
		{"a pipe that nobody reads", "results.bin", func(path string) error { return unix.Mkfifo(path, 0o600) }, "no regular file"},
		{"a folder", "results.bin", func(path string) error { return os.Mkdir(path, 0o700) }, "no regular file"},
		{"where no file can be", "precious/results.bin", func(string) error { return nil }, "not a directory"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			precious, path := filepath.Join(dir, "precious"), filepath.Join(dir, row.at)
			require.NoError(t, os.WriteFile(precious, []byte("precious"), 0o600))
			require.NoError(t, row.plant(path))
			before, err := os.ReadDir(dir)
			require.NoError(t, err)
			for _, args := range [][]string{
				{"attack", "--target", url, "--shape", "bursts of 3 every 1s for 1ms"},
				{"run", "--service", serviceIn(t, pages, ""), "--all", "--out", t.TempDir()},
			} {
				ended := make(chan string, 1)
				go func() {
					_, _, stderr := holdfast(t, nil, append(args, "--results", path)...)
					ended <- stderr
				}()
				select {
				case stderr := <-ended:
					require.Contains(t, stderr, "--results: ", args)
					require.Contains(t, stderr, row.says, args)
				case <-time.After(30 * time.Second):
					t.Fatal(args, "waits for somebody who reads")
				}
			}
			kept, err := os.ReadFile(precious)
			require.NoError(t, err)
			require.Equal(t, "precious", string(kept))
			after, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, after, len(before))
		})
	}
}

// The results of yesterday stay where today there are none.
func TestResultsStayWhereThereAreNoOthers(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	path := filepath.Join(t.TempDir(), "results.bin")
	require.NoError(t, os.WriteFile(path, []byte("of yesterday"), 0o600))
	code, _, stderr := holdfast(t, nil, "run", "--service", serviceIn(t, pages, ""), "--all", "--out", t.TempDir(), "--results", path, "--serve", taken.Addr().String())
	require.Equal(t, exitEnvironment, code, stderr)
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "of yesterday", string(kept))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
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
