//go:build attack && linux

package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// attacked is the program under attack, with a home and temporary files of its own.
type attacked struct {
	program, home, temp string
	as                  uint32                // the user who runs it
	env                 []string              // beside the usual
	tell                func(sentence string) // takes what is to stand below the table
}

// attackKind is one way to do the program harm: it tries a number of times and says what
// did not hold.
type attackKind struct {
	name  string
	holds string // what must hold
	try   func(t *testing.T, a attacked) (tried int, broken []string)
}

func attackKinds() []attackKind {
	return []attackKind{
		{"SIGKILL at a random moment, the process or its group, of each kind of target and database below", "after the next run no process, file, cgroup, container, database or role is left", killed},
		{"a Docker engine that takes connections and never answers, or answers that it is there and then hangs", "a run of processes ends, and says what is kept", silentEngine},
		{"a full disk under a report", "exit 4, and no half file", fullDisk},
		{"a full file system under the results, the journals or the temporary files", "exit 4 where something is to be kept there; nothing is left", fullMount},
		{"8 to 60 processes and threads", "never held against the target, nothing is left", littleProcesses},
		{"24 to 64 open files", "never held against the target, nothing is left", littleFiles},
		{"an undo journal in a folder that all may write to", "nothing of it is done", plantedJournal},
		{"two runs with one --out", "one of them is refused", twoRuns},
		{"a result with terminal escapes and CI commands", "none of them is printed raw", hostileResult},
	}
}

// TestAttacks is `make attack`. ATTACK_KILLS is how many kills there are, ATTACK_INTO
// the document whose table is replaced: by one of all that was tried, or not at all.
func TestAttacks(t *testing.T) {
	var a attacked
	a.home, a.temp = a.folder(t, 0), a.folder(t, 0)
	a.program = filepath.Join(a.folder(t, 0), "holdfast")
	out, err := exec.Command("go", "build", "-o", a.program, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	var all []attackTried
	for _, kind := range attackKinds() {
		done := attackTried{name: kind.name, holds: kind.holds}
		a.tell = func(sentence string) { done.more = sentence }
		t.Run(kind.name, func(t *testing.T) {
			done.tried, done.broken = kind.try(t, a)
			done.over = !t.Failed()
			require.Empty(t, done.broken)
		})
		all = append(all, done)
	}
	if into := os.Getenv("ATTACK_INTO"); into != "" {
		require.NoError(t, publishAttacks(into, all))
	}
}

// command is the program with a home of its own, bounded, in a group of its own.
func (a attacked) command(t *testing.T, before string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	script := cmp.Or(before, ":") + `; exec "$0" "$@"`
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", script, a.program}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+a.home, "XDG_CACHE_HOME=", "TMPDIR="+a.temp)
	cmd.Env = append(cmd.Env, a.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a.as != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.as, Gid: a.as}
	}
	said := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = said, said
	return cmd, said
}

// run runs the program to its end and returns its exit code and what it said.
func (a attacked) run(t *testing.T, before string, args ...string) (int, string) {
	t.Helper()
	cmd, said := a.command(t, before, args...)
	_ = cmd.Run() // the code says it
	return cmd.ProcessState.ExitCode(), said.String()
}

// shortRun is a run against a database and a fake, of a few seconds.
func shortRun(out string) []string {
	return []string{"run", "search/popular-term", "--profile", "smoke", "--database", "local", "--out", out}
}

func (a attacked) undo() string { return filepath.Join(a.home, ".cache", "holdfast", "undo") }

// leftovers are journals and temporary files of runs that are over.
func (a attacked) leftovers(dirs ...string) (left []string) {
	for _, pattern := range []string{filepath.Join(a.undo(), "*"), filepath.Join(a.temp, "holdfast-*")} {
		found, _ := filepath.Glob(pattern)
		left = append(left, found...)
	}
	for _, dir := range dirs {
		found, _ := filepath.Glob(filepath.Join(dir, ".holdfast-*"))
		left = append(left, found...)
	}
	return append(left, a.marked()...)
}

// marked are living processes that a run with this home has started: others may run on
// the same machine.
func (a attacked) marked() (found []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range all {
		if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, []byte("HOLDFAST_RUN=")) && (bytes.Contains(text, []byte(a.home)) || bytes.Contains(text, []byte(a.temp))) {
			found = append(found, filepath.Dir(path))
		}
	}
	return found
}

func silentEngine(t *testing.T, a attacked) (tried int, broken []string) {
	for _, answers := range []bool{false, true} {
		socket := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", socket)
		require.NoError(t, err)
		defer l.Close()
		if answers { // that it is there, and no more
			engine := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if path.Base(r.URL.Path) != "_ping" {
					<-r.Context().Done()
				}
			})}
			go func() { _ = engine.Serve(l) }()
			defer engine.Close()
		}
		n, found := heldUpBy(t, a, socket)
		tried += n
		broken = append(broken, found...)
	}
	return tried, broken
}

// heldUpBy has the journal of a dead run lead to the engine at a socket.
func heldUpBy(t *testing.T, a attacked, socket string) (tried int, broken []string) {
	journal := filepath.Join(a.undo(), "dead.jsonl")
	require.NoError(t, os.MkdirAll(a.undo(), 0o700))
	for n := range 3 {
		step := fmt.Sprintf(`{"plan":{"n":%d,"kind":"container","args":{"engine":"unix://%s","run":"dead","name":"holdfast-x"}}}`+"\n", n+1, socket)
		require.NoError(t, os.WriteFile(journal, []byte(step), 0o600))
	}
	defer os.Remove(journal)
	for _, args := range [][]string{shortRun(t.TempDir()), {"doctor"}} {
		tried++
		began := time.Now()
		_, said := a.run(t, "export DOCKER_HOST=unix://"+socket, args...)
		if took := time.Since(began); took > time.Minute {
			broken = append(broken, fmt.Sprintf("%s took %v", args[0], took))
		}
		if args[0] == "run" && !strings.Contains(said, "could not clear a container") {
			broken = append(broken, "it does not say what is kept: "+said)
		}
	}
	if _, err := os.Stat(journal); err != nil {
		broken = append(broken, "what could not be undone was forgotten")
	}
	return tried, broken
}

func fullDisk(t *testing.T, a attacked) (tried int, broken []string) {
	path := filepath.Join(t.TempDir(), "run.json")
	writeRun(t, path, 1, 1)
	for _, blocks := range []int{0, 1, 2, 8} {
		tried++
		out := t.TempDir()
		code, said := a.run(t, fmt.Sprintf("trap '' XFSZ; ulimit -f %d", blocks), "report", path, "--out", out)
		if code != exitEnvironment {
			broken = append(broken, fmt.Sprintf("with %d blocks: exit %d: %s", blocks, code, said))
		}
		entries, _ := os.ReadDir(out)
		for _, e := range entries {
			if info, err := e.Info(); err == nil && (info.Size() == 0 || strings.HasPrefix(e.Name(), ".")) {
				broken = append(broken, "half a file is left: "+e.Name())
			}
		}
	}
	return tried, broken
}

func littleFiles(t *testing.T, a attacked) (tried int, broken []string) {
	for _, files := range []int{24, 40, 64} {
		tried++
		out := t.TempDir()
		code, said := a.run(t, fmt.Sprintf("ulimit -n %d", files), shortRun(out)...)
		if code == exitFail || code < 0 || code > 5 {
			broken = append(broken, fmt.Sprintf("with %d files: exit %d: %s", files, code, said))
		}
	}
	a.run(t, "", shortRun(t.TempDir())...)
	return tried, append(broken, a.leftovers()...)
}

func plantedJournal(t *testing.T, a attacked) (tried int, broken []string) {
	b := attacked{program: a.program, home: t.TempDir(), temp: a.temp}
	victim := exec.Command("sleep", "120")
	victim.Env = append(os.Environ(), "HOLDFAST_RUN=planted", "HOLDFAST_STEP=1")
	require.NoError(t, victim.Start())
	defer func() { _ = victim.Process.Kill(); _ = victim.Wait() }()
	require.NoError(t, os.MkdirAll(b.undo(), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(b.undo(), "planted.jsonl"), []byte(`{"plan":{"n":1,"kind":"process","args":{"run":"planted","step":"1"}}}`+"\n"), 0o666))
	require.NoError(t, os.Chmod(b.undo(), 0o777))
	code, said := b.run(t, "", shortRun(t.TempDir())...)
	tried++
	if code != exitEnvironment || !strings.Contains(said, "chmod go-w") {
		broken = append(broken, fmt.Sprintf("exit %d: %s", code, said))
	}
	if victim.Process.Signal(syscall.Signal(0)) != nil {
		broken = append(broken, "the process was killed")
	}
	return tried, broken
}

func twoRuns(t *testing.T, a attacked) (tried int, broken []string) {
	out := t.TempDir()
	first, _ := a.command(t, "", shortRun(out)...)
	require.NoError(t, first.Start())
	require.Eventually(t, func() bool { _, err := os.Stat(filepath.Join(out, "run.json")); return err == nil }, time.Minute, 50*time.Millisecond)
	code, said := a.run(t, "", shortRun(out)...)
	tried++
	if code != exitEnvironment || !strings.Contains(said, "another run writes there") {
		broken = append(broken, fmt.Sprintf("exit %d: %s", code, said))
	}
	_ = first.Wait()
	return tried, broken
}

func hostileResult(t *testing.T, a attacked) (tried int, broken []string) {
	dir := t.TempDir()
	hostile := "x\x1b]0;owned\a\x1b[31m\n::error file=a::b\r\u202e"
	check := result.Check{Name: hostile, Metric: "web.latency.p99", Op: "<=", Verdict: result.Fail, Reason: hostile}
	for n := range 2 {
		require.NoError(t, result.WriteFile(filepath.Join(dir, strconv.Itoa(n), "run.json"), &result.Run{
			Schema: result.Schema, ID: hostile + strconv.Itoa(n), Started: time.Unix(int64(n), 0), Complete: true, Verdict: result.Fail, Reason: hostile,
			Scenarios: []result.Scenario{{Name: hostile, Verdict: result.Fail, Reason: hostile, Checks: []result.Check{check}}},
		}))
	}
	one := filepath.Join(dir, "0", "run.json")
	for _, args := range [][]string{{"report", one}, {"history", dir}, {"compare", one, filepath.Join(dir, "1", "run.json"), "--out", t.TempDir()}} {
		tried++
		_, said := a.run(t, "export GITHUB_ACTIONS=true", args...)
		for line := range strings.Lines(said) {
			if strings.ContainsAny(line, "\x1b\a\r\u202e") || strings.HasPrefix(line, "::error file=a") {
				broken = append(broken, fmt.Sprintf("%s prints %q", args[0], line))
			}
		}
	}
	return tried, broken
}
