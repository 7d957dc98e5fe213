package autogroup

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/undo"
)

// machine is a /proc of which a process in autogroup 17 sees so much.
func machine(t *testing.T, enabled, group string) proc {
	p := proc(t.TempDir())
	write(t, p, "sys/kernel/sched_autogroup_enabled", enabled+"\n")
	write(t, p, "sys/kernel/random/boot_id", "the-first\n")
	write(t, p, "self/autogroup", group)
	write(t, p, "self/cgroup", "1:cpu,cpuacct:/\n0::/\n")
	write(t, p, "self/status", mayRaise)
	return p
}

// What /proc/self/status says of the capabilities of one who may raise a group, and of
// one who may not.
const (
	mayRaise = "CapEff:\t0000000000800000\n"
	mayNot   = "CapEff:\t0000000000000000\n"
)

func write(t *testing.T, p proc, path, text string) {
	t.Helper()
	path = p.path(path)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func journal(t *testing.T) (*undo.Journal, string) {
	dir := t.TempDir()
	j, err := undo.Open(dir, "run")
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j, dir
}

// written is what the kernel was told last: unlike a file, it would answer with the
// name of the group, too.
func written(t *testing.T, p proc) string {
	text, err := os.ReadFile(p.path("self", "autogroup"))
	require.NoError(t, err)
	return string(text)
}

func TestRaise(t *testing.T) {
	for _, row := range []struct{ name, enabled, group, want string }{
		{"a group that nobody looked after", "1", "/autogroup-17 nice 0\n", "-10"},
		{"a group whose weight somebody chose", "1", "/autogroup-17 nice 5\n", ""},
		{"a group that another run has raised", "1", "/autogroup-17 nice -10\n", ""},
		{"a kernel told to make none", "0", "/autogroup-17 nice 0\n", ""},
		{"a kernel that says something else", "1", "none\n", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := machine(t, row.enabled, row.group)
			j, _ := journal(t)
			lower, err := p.raise(j)
			require.NoError(t, err)
			if row.want == "" {
				require.Equal(t, row.group, written(t, p))
			} else {
				require.True(t, strings.HasPrefix(written(t, p), row.want))
			}
			require.NoError(t, lower())
		})
	}
	p := machine(t, "1", "/autogroup-17 nice 0\n")
	require.NoError(t, os.Remove(p.path("self", "autogroup")))
	j, _ := journal(t)
	lower, err := p.raise(j)
	require.NoError(t, err, "a kernel without autogroups")
	require.NoError(t, lower())

	p = machine(t, "1", "/autogroup-17 nice 0\n")
	write(t, p, "self/status", mayNot)
	j, dir := journal(t)
	before, err := os.ReadFile(filepath.Join(dir, "run.jsonl"))
	require.NoError(t, err)
	lower, err = p.raise(j)
	require.NoError(t, err)
	require.NoError(t, lower())
	require.Equal(t, "/autogroup-17 nice 0\n", written(t, p))
	after, err := os.ReadFile(filepath.Join(dir, "run.jsonl"))
	require.NoError(t, err)
	require.Equal(t, before, after, "who may not raise it plans nothing")
}

func TestWhatAKilledRunRaisedIsLowered(t *testing.T) {
	p := machine(t, "1", "/autogroup-17 nice -10\n")
	require.NoError(t, p.lowerWherever(map[string]string{"group": "/autogroup-17", "boot": "of another day"}))
	require.NoError(t, p.lowerWherever(map[string]string{"group": "/autogroup-18", "boot": "the-first"}))
	require.Equal(t, "/autogroup-17 nice -10\n", written(t, p), "not what was raised")
	require.NoError(t, p.lowerWherever(map[string]string{"group": "/autogroup-17", "boot": "the-first"}))
	require.True(t, strings.HasPrefix(written(t, p), "0"))

	p = machine(t, "1", "/autogroup-17 nice 3\n")
	require.NoError(t, p.lowerWherever(map[string]string{"group": "/autogroup-17", "boot": "the-first"}))
	require.Equal(t, "/autogroup-17 nice 3\n", written(t, p), "somebody has chosen since")
}

func TestControlGroupsTakeTheirPlace(t *testing.T) {
	for text, want := range map[string]bool{
		"3:memory:/x\n1:cpu:/\n0::/\n": true,
		"0::/\n":                       true,
		"3:memory:/x\n2:cpuset:/y\n1:cpu:/docker/1\n0::/\n": false,
		"0::/user.slice/user-1000.slice\n":                  false,
		"":                                                  false,
	} {
		p := machine(t, "1", "/autogroup-17 nice 0\n")
		write(t, p, "self/cgroup", text)
		require.Equal(t, want, p.inEffect(), fmt.Sprintf("%q", text))
	}
}

// The root of a container is none, and who may raise need not be told how.
func TestStarving(t *testing.T) {
	for _, row := range []struct {
		name, status, limits string
		contained, want      bool
	}{
		{"nobody in particular", mayNot, "Max nice priority         0                    0\n", false, true},
		{"one with the capability", mayRaise, "", false, false},
		{"one with the limit", mayNot, "Max nice priority         30                   30\n", false, false},
		{"one with half of the limit", mayNot, "Max nice priority         25                   30\n", false, true},
		{"one in a container", mayNot, "", true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := machine(t, "1", "/autogroup-17 nice 0\n")
			write(t, p, "self/cgroup", "0::/\n")
			write(t, p, "self/status", "Name:\tx\n"+row.status+"NoNewPrivs:\t0\n")
			write(t, p, "self/limits", row.limits)
			if row.contained {
				write(t, p, "self/root/sys/fs/cgroup/cpu.max", "max 100000\n")
			}
			require.Equal(t, row.want, p.starving())
			require.Equal(t, "/autogroup-17 nice 0\n", written(t, p), "nobody is raised to find that out")
		})
	}
}

// ofItsOwn is set for a process with a session of its own, which no other test shares.
const ofItsOwn = "HOLDFAST_TEST_SESSION"

// On a kernel that has them, and lets us: raised, and as it was.
func TestTheKernelItself(t *testing.T) {
	if os.Getenv(ofItsOwn) == "" {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheKernelItself$", "-test.v")
		again.Env = append(os.Environ(), ofItsOwn+"=1")
		again.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		out, err := again.CombinedOutput()
		require.NoError(t, err, "%s", out)
		if strings.Contains(string(out), "--- SKIP") {
			t.Skipf("%s", out)
		}
		return
	}
	before, ok := kernel.group("self")
	if !ok || !kernel.enabled() || before.nice != 0 || kernel.starving() {
		t.Skip("this kernel has no autogroups, or lets only root raise them")
	}
	j, dir := journal(t)
	lower, err := Raise(j)
	require.NoError(t, err)
	during, _ := kernel.group("self")
	if during == before {
		t.Skip("it may not be raised here, or not again so soon")
	}
	require.Equal(t, raised, during.nice)
	require.NoError(t, lower())
	after, _ := kernel.group("self")
	require.Equal(t, before, after)

	_, err = Raise(j)
	require.NoError(t, err)
	require.NoError(t, j.Close(), "as if it were killed")
	swept, err := undo.Sweep(t.Context(), dir, Undoers())
	require.NoError(t, err)
	for _, s := range swept {
		require.NoError(t, s.Err)
	}
	after, _ = kernel.group("self")
	require.Equal(t, before, after)
}
