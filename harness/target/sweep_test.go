package target

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/undo"
)

// playHarness starts a target of that kind and waits to be killed.
func playHarness(name string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fail := func(err error) {
		if err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
	}
	journal, err := undo.Open(os.Getenv("TARGET_TEST_DIR"), "killed-"+newToken())
	fail(err)
	p := Program{Start: time.Now(), Journal: journal, Env: map[string]string{"SUBJECT_ESCAPEE": os.Getenv("SUBJECT_ESCAPEE")}}
	for _, k := range append(kinds, kind{"caged", caged}) {
		if k.name == name {
			target, err := k.make(p, os.Getenv("TARGET_TEST_SUBJECT"))
			fail(err)
			fail(target.Start(ctx))
			pid, _ := target.PID()
			fmt.Println("started", pid)
		}
	}
	<-ctx.Done()
}

func caged(p Program, binary string) (Target, error) {
	return NewProcess(ProcessConfig{Program: p, Command: binary, MemoryLimit: testLimit})
}

// killedHarness runs a harness, kills it with SIGKILL once its target is up,
// and returns the process id of the target and the journal's directory.
func killedHarness(t *testing.T, name string) (pid int, dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Cleanup(func() { // also where the test failed
		_, err := undo.Sweep(context.Background(), dir, Undoers())
		require.NoError(t, err)
	})
	harness := exec.Command(os.Args[0])
	harness.Env = append(os.Environ(), harnessVariable+"="+name, "TARGET_TEST_DIR="+dir,
		"TARGET_TEST_SUBJECT="+subject(t), "SUBJECT_ESCAPEE=1")
	out, err := harness.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, harness.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	_, err = fmt.Sscanf(line, "started %d", &pid)
	require.NoError(t, err, line)
	require.NoError(t, harness.Process.Kill())
	_ = harness.Wait()
	return pid, dir
}

// marks reads from a dead harness's journal what its processes carry.
func marks(t *testing.T, dir string) mark {
	t.Helper()
	var m mark
	_, err := undo.Sweep(t.Context(), dir, map[string]undo.Func{"process": func(_ context.Context, args map[string]string) error {
		m = mark{run: args["run"], step: args["step"]}
		return os.ErrInvalid // leave it for the real sweep
	}})
	require.NoError(t, err)
	return m
}

func TestAKilledHarnessLeavesNothingAfterTheNextSweep(t *testing.T) {
	for _, name := range []string{"process", "caged", "container"} {
		t.Run(name, func(t *testing.T) {
			if name == "container" {
				needEngine(t)
			}
			if name == "caged" && os.Getuid() != 0 {
				t.Skip("making a memory cgroup takes root")
			}
			pid, dir := killedHarness(t, name)
			if name == "container" {
				require.NoError(t, syscall.Kill(pid, 0), "a container outlives its harness")
			} else {
				m := marks(t, dir)
				require.Eventually(t, func() bool { return gone(pid) }, 5*time.Second, 5*time.Millisecond,
					"a process dies with its harness")
				left, err := markedProcesses(m)
				require.NoError(t, err)
				require.Len(t, left, 1, "its escaped child does not")
			}

			swept, err := undo.Sweep(t.Context(), dir, Undoers())
			require.NoError(t, err)
			require.NotEmpty(t, swept)
			for _, s := range swept {
				require.NoError(t, s.Err, s.Step.Kind)
			}
			require.Eventually(t, func() bool { return gone(pid) }, 5*time.Second, 5*time.Millisecond)
			left, err := filepath.Glob(filepath.Join(dir, "*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// gone is whether a process that is not our child has ended. Where the test
// itself runs without an init, nobody may reap it: a zombie has ended, too.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}

func TestAChildThatEscapedIsStoppedWithItsTarget(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		b := started(t, k, map[string]string{"SUBJECT_ESCAPEE": "1"})
		b.logged(t, "escapee")
		_, err := b.Stop(t.Context())
		require.NoError(t, err)
		left, err := markedRun(b.journal.Run())
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

// markedRun finds what carries a run's mark, whatever its step.
func markedRun(run string) ([]string, error) {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	var found []string
	for _, file := range files {
		if environ, err := os.ReadFile(file); err == nil && strings.Contains(string(environ), undo.RunVariable+"="+run+"\x00") {
			found = append(found, file)
		}
	}
	return found, err
}

func TestASweepTouchesNothingThatIsNotItsOwn(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		b := started(t, k, nil)
		for kind, args := range map[string]map[string]string{
			stepProcess:   {"run": b.journal.Run(), "step": "another"},
			stepContainer: {"run": "another", "name": "holdfast-nosuch"},
			stepImage:     {"run": "another", "name": "holdfast-target:nosuch"},
		} {
			if k.name == "process" && kind != stepProcess {
				continue
			}
			require.NoError(t, Undoers()[kind](t.Context(), args))
		}
		if c, ok := b.Target.(*Container); ok {
			own := c.current().life.(*containerLife)
			err := Undoers()[stepContainer](t.Context(), map[string]string{"run": "another", "name": own.name})
			require.ErrorContains(t, err, "left alone")
			image := c.how.(*containers).image
			err = Undoers()[stepImage](t.Context(), map[string]string{"run": "another", "name": image})
			require.ErrorContains(t, err, "left alone")
		}
		_, running := b.PID()
		require.True(t, running)
	})
	for name, args := range map[string]map[string]string{
		stepProcess:   {"run": "", "step": ""},
		stepContainer: {"run": "r", "name": "somebody-elses"},
		stepImage:     {"run": "r", "name": "postgres:17"},
		stepCgroup:    {"dir": "/sys/fs/cgroup/memory"},
	} {
		require.Error(t, Undoers()[name](t.Context(), args), "%s without a name of ours", name)
	}
}

func TestProcessesAreFoundInAListingByBothMarks(t *testing.T) {
	m := mark{run: "r1", step: "s1"}
	listing := "" +
		"  11 /bin/server -x HOLDFAST_RUN=r1 HOLDFAST_STEP=s1 HOME=/\n" +
		"  12 /bin/server HOLDFAST_RUN=r1 HOLDFAST_STEP=s11\n" +
		"  13 /bin/server HOLDFAST_RUN=r1\n" +
		"nonsense HOLDFAST_RUN=r1 HOLDFAST_STEP=s1\n" +
		"\n" +
		"14 HOLDFAST_STEP=s1 HOLDFAST_RUN=r1"
	require.Equal(t, []int{11, 14}, m.inListing([]byte(listing)))
}
