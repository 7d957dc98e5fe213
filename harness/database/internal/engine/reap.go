package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/internal/dockerclient"
	"holdfast.dev/holdfast/harness/undo"

	"github.com/moby/moby/client"

	"holdfast.dev/holdfast/safefile"
)

// The labels of a container that this package started. The first names a file
// that its owner keeps locked while it lives, the second the machine where that
// file is, the third from where its owner sees files.
const (
	lockLabel    = "holdfast.postgres.lock"
	machineLabel = "holdfast.postgres.machine"
	placeLabel   = "holdfast.postgres.place"
)

// lock is the file by which others know that the owner of a container lives.
type lock struct {
	path string
	file *os.File
}

func newLock(dir, name string) (*lock, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("lock a container: %w", err)
	}
	if err := safefile.Secure(dir, 0o700); err != nil {
		return nil, fmt.Errorf("lock a container: %w", err)
	}
	path := filepath.Join(dir, name+".lock")
	f, err := safefile.Lock(path, safefile.Exclusive)
	if err != nil {
		return nil, fmt.Errorf("lock a container: %w", err)
	}
	return &lock{path: path, file: f}, nil
}

func (l *lock) remove() {
	_ = os.Remove(l.path)
	_ = l.file.Close()
}

// dead says whether the owner of a lock is certainly dead: its file is there and nobody
// holds it, or was removed by somebody who saw it as we do. That a file, or its folder,
// is not there says nothing where its owner may see other files than we: two containers
// with one machine-id may share an engine.
func dead(path string, seenAsHere bool) bool {
	dir, err := safefile.Existing(filepath.Dir(path))
	if err != nil {
		return false
	}
	defer dir.Close()
	f, err := safefile.LockIn(dir, filepath.Base(path), 0, safefile.Exclusive)
	if err != nil {
		return seenAsHere && errors.Is(err, fs.ErrNotExist)
	}
	return f.Close() == nil
}

// Reap removes the containers that killed runs of this machine left, and returns
// their names. Those of living runs, of other machines, and all that this
// package did not start are left alone.
func (e *Engine) Reap(ctx context.Context) ([]string, error) {
	list, err := e.client.ContainerList(ctx, client.ContainerListOptions{
		All:     true,
		Filters: make(client.Filters).Add("label", lockLabel, machineLabel+"="+machine()),
	})
	if err != nil {
		return nil, fmt.Errorf("look for containers of killed runs: %w", err)
	}
	var reaped []string
	var errs []error
	here := place()
	for _, c := range list.Items {
		path := c.Labels[lockLabel]
		if !dead(path, here != "" && c.Labels[placeLabel] == here) {
			continue
		}
		if err := e.remove(ctx, c.ID); err != nil {
			errs = append(errs, err)
			continue
		}
		_ = os.Remove(path)
		reaped = append(reaped, strings.TrimPrefix(strings.Join(c.Names, ","), "/"))
	}
	return reaped, errors.Join(errs...)
}

// machine names this machine, for as long as its lock files are the same ones.
func machine() string {
	if id, err := os.ReadFile("/etc/machine-id"); err == nil && len(strings.TrimSpace(string(id))) > 0 {
		return strings.TrimSpace(string(id))
	}
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

// place names from where this process sees files: the mounts of a process are others in
// another container, and after a start of the machine. Empty: not known.
func place() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	mounts, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + " " + mounts
}

// Undoers returns how to undo what Run plans in the journal. An engine that does not
// answer is asked once, and not for each container: those stay for the next run.
func Undoers() map[string]undo.Func {
	var mu sync.Mutex // guards silent
	var silent error
	return map[string]undo.Func{undoKind: func(ctx context.Context, args map[string]string) error {
		mu.Lock()
		defer mu.Unlock()
		if silent != nil {
			return silent
		}
		err := Undo(ctx, args)
		if errors.Is(err, dockerclient.ErrSilent) || errors.Is(err, context.DeadlineExceeded) {
			silent = err
		}
		return err
	}}
}

// undoPatience bounds the undoing of one container.
const undoPatience = 20 * time.Second

// Undo removes the container of a dead run. Where no engine answers it fails, so
// that the next sweep tries again.
func Undo(ctx context.Context, args map[string]string) error {
	name := args["name"]
	if !strings.HasPrefix(name, "holdfast-postgres-") {
		return fmt.Errorf("undo a container: %q is not a name of ours", name)
	}
	ctx, cancel := context.WithTimeout(ctx, undoPatience)
	defer cancel()
	e, err := Connect(ctx)
	if err != nil {
		return fmt.Errorf("undo container %s: %w", name, err)
	}
	defer e.Close()
	return e.remove(ctx, name)
}
