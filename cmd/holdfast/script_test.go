package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts plays the scripts in testdata/scripts: command lines, what they exit with
// and what they say. To add a case, write it into one of them, or another file beside
// them. Beyond what testscript has there are
//
//	exits CODE holdfast ARGS…   runs a command line, in this process
//
// and the variable $REPO, the root of the source. A file is named with $WORK before it,
// for a process has one working directory.
func TestScripts(t *testing.T) {
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/scripts", ContinueOnError: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("REPO", repo)
			return os.WriteFile(filepath.Join(env.WorkDir, "binary"), []byte("\x00\x01\xff"), 0o600) // no script can hold it
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a command line and holds its exit code against what is wanted. Whatever was
// wanted, no password, no stack trace and no line twice is to stand on standard error.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || args[1] != "holdfast" {
		ts.Fatalf("want exits CODE holdfast ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var errs strings.Builder
	env := environ{args: args[2:], stdout: ts.Stdout(), stderr: io.MultiWriter(ts.Stderr(), &errs), getenv: ts.Getenv}
	if code := run(context.Background(), env); code != want {
		ts.Fatalf("exit code %d, want %d\n%s", code, want, errs.String())
	}
	said := map[string]bool{}
	for line := range strings.Lines(errs.String()) {
		switch {
		case said[line]:
			ts.Fatalf("said twice: %s", line)
		case strings.Contains(line, "goroutine "):
			ts.Fatalf("a stack trace was printed: %s", line)
		case strings.Contains(line, "geheim"):
			ts.Fatalf("a password was printed: %s", line)
		}
		said[line] = true
	}
}
