package engine_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/harness/database/internal/engine"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func connect(t *testing.T) *engine.Engine {
	t.Helper()
	e, err := engine.Connect(t.Context())
	if err != nil {
		t.Skipf("no container test: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// create makes a container that is never started: reaping looks at labels only.
func create(t *testing.T, e *engine.Engine, image string, labels map[string]string) string {
	t.Helper()
	name := "holdfast-test-" + strings.ToLower(rand.Text()[:12])
	_, err := e.Client().ContainerCreate(t.Context(), client.ContainerCreateOptions{
		Name: name, Config: &container.Config{Image: image, Labels: labels},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		_, _ = e.Client().ContainerRemove(context.Background(), name, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	})
	return name
}

func TestOnlyContainersOfDeadRunsOfThisMachineAreReaped(t *testing.T) {
	image := databasetest.Image(t)
	e := connect(t)
	dir := t.TempDir()
	held := filepath.Join(dir, "held")
	f, err := os.Create(held)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, unix.Flock(int(f.Fd()), unix.LOCK_EX))
	free := filepath.Join(dir, "free")
	require.NoError(t, os.WriteFile(free, nil, 0o600))
	gone := filepath.Join(dir, "gone")

	here, place := engine.Machine(), engine.Place()
	require.NotEmpty(t, place)
	stay := []string{
		create(t, e, image, map[string]string{engine.LockLabel: held, engine.MachineLabel: here, engine.PlaceLabel: place}),
		// of another container, which shares the engine and the machine-id with us
		create(t, e, image, map[string]string{engine.LockLabel: gone + "-there", engine.MachineLabel: here, engine.PlaceLabel: "another place"}),
		create(t, e, image, map[string]string{engine.LockLabel: gone + "-before", engine.MachineLabel: here}),
		create(t, e, image, map[string]string{engine.LockLabel: filepath.Join(dir, "nowhere", "lock"), engine.MachineLabel: here, engine.PlaceLabel: place}),
		create(t, e, image, map[string]string{engine.LockLabel: gone + "-elsewhere", engine.MachineLabel: "another machine"}),
		create(t, e, image, map[string]string{"holdfast.run": "run-1"}),
	}
	go1 := create(t, e, image, map[string]string{engine.LockLabel: free, engine.MachineLabel: here})
	go2 := create(t, e, image, map[string]string{engine.LockLabel: gone, engine.MachineLabel: here, engine.PlaceLabel: place})

	reaped, err := e.Reap(t.Context())
	require.NoError(t, err)
	require.Subset(t, reaped, []string{go1, go2})
	for _, name := range stay {
		require.NotContains(t, reaped, name)
		_, err := e.Client().ContainerInspect(t.Context(), name, client.ContainerInspectOptions{})
		require.NoError(t, err)
	}
	require.NoFileExists(t, free)
	require.FileExists(t, held)
}

func TestUndoRefusesANameThatIsNotOurs(t *testing.T) {
	require.Error(t, engine.Undo(t.Context(), map[string]string{"name": "somebody-elses"}))
	require.Error(t, engine.Undo(t.Context(), nil))
}

func TestUndoOfAContainerThatNeverCameToBeIsDone(t *testing.T) {
	connect(t)
	require.NoError(t, engine.Undo(t.Context(), map[string]string{"name": "holdfast-postgres-never"}))
}

func TestARegistryThatDoesNotAnswerIsGivenUp(t *testing.T) {
	e := connect(t)
	l, err := net.Listen("tcp", "127.0.0.1:0") // it lets in, and says nothing
	require.NoError(t, err)
	defer l.Close()
	began := time.Now()
	err = e.PullWithin(t.Context(), l.Addr().String()+"/no/such:image", 300*time.Millisecond)
	require.Error(t, err)
	require.Less(t, time.Since(began), 10*time.Second)
}

// noEngineVariable makes the test binary look for an engine where there is none:
// in a process of its own, since testcontainers looks once per process.
const noEngineVariable = "HOLDFAST_TEST_NO_ENGINE"

func TestMain(m *testing.M) {
	if os.Getenv(noEngineVariable) != "" {
		_, err := engine.Connect(context.Background())
		fmt.Println(err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestAnEngineThatIsNotThereIsToldSoon(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	for name, host := range map[string]string{
		"no socket":          "unix:///nonexistent/docker.sock",
		"nobody listens":     "tcp://127.0.0.1:1",
		"it does not answer": "tcp://" + silent.Addr().String(),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), noEngineVariable+"=1", "DOCKER_HOST="+host, "HOME="+t.TempDir(), "PATH=/nonexistent")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			t.Logf("%s after %v", strings.TrimSpace(string(out)), time.Since(began))
			require.Less(t, time.Since(began), 15*time.Second, "3 s, with slack")
			if host == "tcp://"+silent.Addr().String() { // for the others, the usual socket may answer instead
				require.Equal(t, "no Docker engine answers\n", string(out))
			}
		})
	}
}
