package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/harness/undo"
)

// harnessVariable makes this test binary play a harness that starts a target
// and waits to be killed.
const harnessVariable = "TARGET_TEST_HARNESS"

func TestMain(m *testing.M) {
	if kind := os.Getenv(harnessVariable); kind != "" {
		playHarness(kind)
		return
	}
	goleak.VerifyTestMain(m)
}

// kind is one way to run the test program.
type kind struct {
	name string
	// make prepares a target that runs binary.
	make func(p Program, binary string) (Target, error)
}

func process(p Program, binary string) (Target, error) {
	return NewProcess(ProcessConfig{Program: p, Command: binary})
}

func inContainer(p Program, binary string) (Target, error) {
	return NewContainer(ContainerConfig{Program: p, Binary: binary, MemoryLimit: testLimit})
}

const testLimit = 64 << 20

var kinds = []kind{{"process", process}, {"container", inContainer}}

// each runs test for every kind that this machine has.
func each(t *testing.T, test func(t *testing.T, k kind)) {
	t.Helper()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			if k.name == "container" {
				needEngine(t)
			}
			test(t, k)
		})
	}
}

// needEngine skips where no engine is. In CI the machine is supposed to have
// one, and a skipped test would be a silent success.
func needEngine(t *testing.T) {
	t.Helper()
	e, err := dialEngine("")
	if err == nil {
		defer e.close()
		_, err = e.check(t.Context())
	}
	if errors.Is(err, ErrNoEngine) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
}

// subject is the test program, static so that it can be a whole image.
func subject(t *testing.T) string {
	t.Helper()
	path, err := buildSubject()
	require.NoError(t, err)
	return path
}

var buildSubject = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(os.TempDir(), "holdfast-target-test")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "subject") // kept: the build cache makes the next one instant
	build := exec.Command("go", "build", "-o", path, "./internal/subject")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the test program: %w\n%s", err, out)
	}
	return path, nil
})

// bench is what a test of one target has at hand.
type bench struct {
	Target
	journal *undo.Journal
	dir     string // the journal's
}

// program is a Program for tests, with a journal of its own, which must be
// empty at the end.
func program(t *testing.T, env map[string]string) (Program, string) {
	t.Helper()
	dir := t.TempDir()
	journal, err := undo.Open(dir, "test-"+newToken())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, journal.Close())
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Empty(t, left, "everything that was started was undone")
	})
	return Program{
		Env: env, Start: time.Now(), Journal: journal,
		ReadyTimeout: 20 * time.Second, Grace: 5 * time.Second,
	}, dir
}

// prepare makes a target of that kind; it is stopped at the end.
func prepare(t *testing.T, k kind, env map[string]string, change ...func(*Program)) *bench {
	t.Helper()
	p, dir := program(t, env)
	for _, c := range change {
		c(&p)
	}
	target, err := k.make(p, subject(t))
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := target.Stop(context.Background())
		require.NoError(t, err)
	})
	return &bench{Target: target, journal: p.Journal, dir: dir}
}

func started(t *testing.T, k kind, env map[string]string, change ...func(*Program)) *bench {
	t.Helper()
	b := prepare(t, k, env, change...)
	require.NoError(t, b.Start(t.Context()))
	return b
}

// tell asks the test program to do something; that it dies of it is fine.
func (b *bench) tell(t *testing.T, path string) {
	t.Helper()
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(b.URL() + path)
	if err == nil {
		_ = resp.Body.Close()
	}
}

// ended waits until the current life is over.
func (b *bench) ended(t *testing.T) {
	t.Helper()
	select {
	case <-b.Exited():
	case <-time.After(20 * time.Second):
		require.FailNow(t, "it should have ended", "log: %q", b.Log())
	}
}

// logged waits until it has written a line that holds text.
func (b *bench) logged(t *testing.T, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return holds(b.Log(), text) }, 10*time.Second, 5*time.Millisecond, "log: %q", b.Log())
}
