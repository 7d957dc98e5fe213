package target_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/target/internal/conformance"
	"holdfast.dev/holdfast/harness/undo"
)

// killsVariable says how many harnesses are killed, for more than a few.
const killsVariable = "TARGET_TEST_KILLS"

// What a harness that is going to be killed is told: the folder of its journal, the
// test program, and the text in the command of a daemon, if there is to be one.
const (
	victimDir     = "TARGET_TEST_VICTIM"
	victimSubject = "TARGET_TEST_VICTIM_SUBJECT"
	victimDaemon  = "TARGET_TEST_VICTIM_DAEMON"
	victimTitled  = "TARGET_TEST_VICTIM_TITLED" // it stops its service once, and is not killed
)

// playVictim reports whether this process was started to be a harness that is
// killed, and was one.
func playVictim() bool {
	dir := os.Getenv(victimDir)
	if dir == "" {
		return false
	}
	run := victim
	if os.Getenv(victimTitled) != "" {
		run = stopOnce
	}
	if err := run(dir); err != nil {
		fmt.Println("failed:", err)
	}
	return true
}

// victim starts and stops a service of four programs that fork, again and again.
func victim(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	journal, err := undo.Open(dir, "victim-"+strconv.Itoa(os.Getpid()))
	if err != nil {
		return err
	}
	binary := os.Getenv(victimSubject)
	process := func(name string, restart target.Restart, env ...string) target.Process {
		p := target.Process{
			Name: name, Command: []string{binary}, Env: map[string]string{"LISTEN_ADDR": "{address}", "SUBJECT_WORKERS": "2"}, Restart: restart, Grace: time.Second,
		}
		for i := 0; i < len(env); i += 2 {
			p.Env[env[i]] = env[i+1]
		}
		return p
	}
	web := process("web", target.RestartAlways, "SUBJECT_DAEMON", os.Getenv(victimDaemon))
	worker := process("worker", target.RestartOnFailure, "SUBJECT_ESCAPEE", "1")
	worker.DependsOn = []string{"web"}
	loop := process("loop", target.RestartAlways, "SUBJECT_CRASH_AFTER", "30ms")
	loop.Ready.Started = true
	s, err := target.NewSystem(target.SystemConfig{
		Processes: []target.Process{worker, web, loop, process("mail", target.RestartNo, "SUBJECT_IGNORE_TERM", "1")},
		Start:     time.Now(), Journal: journal,
	})
	if err != nil {
		return err
	}
	fmt.Println("begun")
	for ctx.Err() == nil {
		if err := s.Start(ctx); err != nil {
			return err
		}
		i, _ := s.Instance("web")
		if _, err := i.SignalTo(syscall.SIGSTOP, target.ToTree); err != nil {
			return err
		}
		fmt.Println("standing still")
		time.Sleep(200 * time.Millisecond) // the time in which it is killed with a service that stands still
		if err := s.Stop(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// stopOnce starts a service with a worker that nothing betrays but its parent and a
// daemon that has not even that, and stops it.
func stopOnce(dir string) error {
	journal, err := undo.Open(dir, "stops-once")
	if err != nil {
		return err
	}
	web := target.Process{
		Name: "web", Command: []string{os.Getenv(victimSubject)}, Grace: time.Second,
		Env: map[string]string{"LISTEN_ADDR": "{address}", "SUBJECT_TITLED": os.Getenv(victimTitled), "SUBJECT_DAEMON": os.Getenv(victimTitled)},
	}
	s, err := target.NewSystem(target.SystemConfig{Processes: []target.Process{web}, Start: time.Now(), Journal: journal})
	if err != nil {
		return err
	}
	if err := s.Start(context.Background()); err != nil {
		return err
	}
	i, _ := s.Instance("web")
	fmt.Println("members", len(i.Members()))
	if err := i.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-i.Exited()
	return errors.Join(s.Stop(context.Background()), journal.Close())
}

func TestAWorkerThatHidesIsStoppedWithItsProcess(t *testing.T) {
	how := map[string]*syscall.SysProcAttr{"with the right to make cgroups, or without": nil}
	if os.Getuid() == 0 {
		how["as nobody"] = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	for name, as := range how {
		t.Run(name, func(t *testing.T) {
			dir, token := dirOf(t, as), fmt.Sprintf("titled-%d-%d", os.Getpid(), time.Now().UnixNano())
			harness := exec.Command("/proc/self/exe")
			harness.SysProcAttr = as
			harness.Env = append(os.Environ(), victimDir+"="+dir, victimSubject+"="+conformance.Subject(t), victimTitled+"="+token)
			out, err := harness.CombinedOutput()
			require.NoError(t, err)
			require.Equal(t, "members 3\n", string(out))
			require.Empty(t, commandsWith(t, token))
			left, err := filepath.Glob(dir + "/*")
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// dirOf is a folder of the user that a harness is started as.
func dirOf(t *testing.T, as *syscall.SysProcAttr) string {
	t.Helper()
	dir := t.TempDir()
	if as != nil {
		require.NoError(t, os.Chown(dir, int(as.Credential.Uid), int(as.Credential.Gid)))
	}
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	return dir
}

// takeOver makes the folder and its journals ours: those of another user are not swept.
func takeOver(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, os.Getuid(), os.Getgid()))
	}))
}

func TestHarnessesKilledAtAnyMomentLeaveNothingAfterTheNextSweep(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv(killsVariable))
	if err != nil {
		kills = 2
	}
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	t.Run("while it stands still", func(t *testing.T) { killOne(t, standsStill, nil, true) })
	for n := range kills {
		after := time.Duration(random.Int64N(int64(1200 * time.Millisecond)))
		t.Run(fmt.Sprintf("%d after %v", n+1, after), func(t *testing.T) { killOne(t, after, nil, true) })
	}
	if os.Getuid() == 0 {
		after := time.Duration(random.Int64N(int64(1200 * time.Millisecond)))
		nobody := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		t.Run(fmt.Sprintf("without cgroups after %v", after), func(t *testing.T) { killOne(t, after, nobody, true) })
		t.Run("without cgroups while it stands still", func(t *testing.T) { killOne(t, standsStill, nobody, true) })
	}
}

// standsStill is the moment when there is most to undo.
const standsStill = -1

// killOne kills a harness after that time and looks what is left after a sweep. A
// daemon without an environment is found by its cgroup, or by its brand alone.
func killOne(t *testing.T, after time.Duration, as *syscall.SysProcAttr, daemon bool) {
	dir, token := dirOf(t, as), fmt.Sprintf("daemon-%d-%d", os.Getpid(), time.Now().UnixNano())
	undoers := target.AsProcess().Undoers
	t.Cleanup(func() { _, _ = undo.Sweep(context.Background(), dir, undoers) }) // also where the test failed
	harness := exec.Command("/proc/self/exe")
	harness.SysProcAttr = as
	harness.Env = append(os.Environ(), victimDir+"="+dir, victimSubject+"="+conformance.Subject(t))
	if daemon {
		harness.Env = append(harness.Env, victimDaemon+"="+token)
	}
	out, err := harness.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, harness.Start())
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "begun\n", line)
	if after == standsStill {
		_, err := lines.ReadString('\n')
		require.NoError(t, err)
	} else {
		time.Sleep(after) // the moment is what is tried
	}
	require.NoError(t, harness.Process.Kill())
	rest, _ := io.ReadAll(lines)
	require.NotContains(t, string(rest), "failed")
	_ = harness.Wait()
	takeOver(t, dir)

	journals, err := filepath.Glob(dir + "/*.jsonl")
	require.NoError(t, err)
	require.Len(t, journals, 1)
	run := strings.TrimSuffix(filepath.Base(journals[0]), ".jsonl")
	groups := plannedGroups(t, journals[0])
	if after == standsStill {
		require.NotEmpty(t, markedWith(t, run), "what was forked outlives the harness")
		if daemon {
			require.NotEmpty(t, commandsWith(t, token))
			require.True(t, len(groups) > 0 || as != nil || os.Getuid() != 0, "cgroups")
		}
	}
	swept, err := undo.Sweep(t.Context(), dir, undoers)
	require.NoError(t, err)
	for _, s := range swept {
		require.NoError(t, s.Err, "%+v", s.Step)
	}
	left, err := filepath.Glob(dir + "/*")
	require.NoError(t, err)
	require.Empty(t, left, "files")
	require.Empty(t, commandsWith(t, token), "daemons")
	require.Empty(t, markedWith(t, run), "processes, also stopped ones")
	for _, group := range groups {
		require.NoDirExists(t, group)
	}
}

// plannedGroups are the cgroups that a journal knows of, undone or not.
func plannedGroups(t *testing.T, journal string) (dirs []string) {
	t.Helper()
	text, err := os.ReadFile(journal)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		var entry struct{ Plan undo.Step }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Plan.Kind == "cgroup" {
			for _, dir := range entry.Plan.Args {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

// markedWith are the living processes whose environment carries a run's mark.
func markedWith(t *testing.T, run string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, file := range files {
		if environ, err := os.ReadFile(file); err == nil && strings.Contains("\x00"+string(environ), "\x00"+undo.RunVariable+"="+run+"\x00") {
			found = append(found, file)
		}
	}
	return found
}

// state is what the kernel says that a process does, for example T for stopped;
// empty if it is gone or nobody has waited for it.
func state(pid int32) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) == 0 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return strings.ToUpper(fields[0])
}

// commandsWith are the living processes whose command holds a text.
func commandsWith(t *testing.T, text string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range files {
		if command, err := os.ReadFile(file); err == nil && strings.Contains(string(command), text) {
			found = append(found, file+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}
