//go:build attack && linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// fullMount runs with a full file system under what it writes.
func fullMount(t *testing.T, a attacked) (tried int, broken []string) {
	if os.Getuid() != 0 {
		t.Skip("only root mounts a file system")
	}
	for _, what := range []string{"out", "home", "temp"} {
		small := a.folder(t, 0)
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "attack", small).CombinedOutput(); err != nil {
			t.Skipf("no file system can be mounted here: %s", out)
		}
		t.Cleanup(func() { _ = syscall.Unmount(small, syscall.MNT_DETACH) })
		full, err := os.Create(filepath.Join(small, "full"))
		require.NoError(t, err)
		for err == nil {
			_, err = full.Write(make([]byte, 1<<12))
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.NoError(t, full.Close())
		tried++
		b, out := a, a.folder(t, 0)
		switch what {
		case "out":
			out = small
		case "home":
			b.home = small
		case "temp":
			b.temp = small
		}
		code, said := b.run(t, "", shortRun(out)...)
		if code == exitFail || code < 0 || what != "temp" && code != exitEnvironment {
			broken = append(broken, fmt.Sprintf("a full file system under %s: exit %d: %s", what, code, said))
		}
		broken = append(broken, b.leftovers(out)...)
	}
	return tried, broken
}

// littleProcesses runs as a user who may have few processes: root may have as many as it likes.
func littleProcesses(t *testing.T, a attacked) (tried int, broken []string) {
	if os.Getuid() != 0 {
		t.Skip("only root becomes another user")
	}
	b := a
	b.as, b.home, b.temp = 65534, a.folder(t, 65534), a.folder(t, 65534)
	for _, processes := range []int{8, 24, 60} {
		tried++
		code, said := b.run(t, fmt.Sprintf("ulimit -u %d", processes), shortRun(a.folder(t, 65534))...)
		if code == exitFail || code < 0 || code > 5 {
			broken = append(broken, fmt.Sprintf("with %d processes: exit %d: %s", processes, code, said))
		}
	}
	b.run(t, "", shortRun(a.folder(t, 65534))...)
	return tried, append(broken, b.leftovers()...)
}
