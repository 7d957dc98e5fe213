//go:build fleet

package coordinator_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The network of workers in containers, and where this machine is in it.
const (
	containersNet = "10.79.0.0/24"
	containersIP  = "10.79.0.1"
)

// docker runs Docker's own command.
func docker(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	require.NoError(t, err, "docker %v: %s", args, out)
}

// fleetOfContainers is one whose workers run in containers of this very program, on a network
// of their own.
func fleetOfContainers(t *testing.T, cut func(t *testing.T)) loss {
	t.Helper()
	if out, err := exec.Command("docker", "version").CombinedOutput(); err != nil {
		t.Skipf("no Docker engine: %s", out)
	}
	const name = "holdfast-fleet-test"
	dir, keys := t.TempDir(), t.TempDir()
	program, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "worker"), program, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY worker /worker\nENTRYPOINT [\"/worker\"]\n"), 0o600))
	undo := func(args ...string) {
		t.Cleanup(func() { _ = exec.Command("docker", args...).Run() }) // it may be gone
	}
	docker(t, "build", "--tag", name, dir)
	undo("image", "rm", "--force", name)
	docker(t, "network", "create", "--subnet", containersNet, "--gateway", containersIP, name)
	undo("network", "rm", name)
	b := secured(t, keys, containersIP)
	return sentAndCut(t, b, containersIP, func() {
		for i := range 3 {
			worker := fmt.Sprintf("w%d", i+1)
			docker(t, "run", "--detach", "--rm", "--name", name+"-"+worker, "--network", name, "--volume", keys+":/keys:ro",
				"--env", roleVariable+"=worker", "--env", "URL="+b.URL, "--env", "CA=/keys/"+filepath.Base(b.CA), "--env", "NKEY=/keys/"+filepath.Base(b.NKey),
				"--env", "NAME="+worker, "--env", "ALLOW="+containersIP, name)
			undo("rm", "--force", name+"-"+worker)
		}
	}, cut)
}

func TestAContainerThatIsCutOffIsReplaced(t *testing.T) {
	l := fleetOfContainers(t, func(t *testing.T) {
		docker(t, "network", "disconnect", "--force", "holdfast-fleet-test", "holdfast-fleet-test-w1")
	})
	l.holds(t)
	l.timed(t)
	l.bounded(t)
}
