package written

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// lookEvery is between two looks at what a command has open.
	lookEvery = 10 * time.Millisecond
	// maxFiles bounds the files of a working directory that are looked at, maxSeen
	// what is remembered of any sort.
	maxFiles, maxSeen = 20_000, 64
)

// Instead is what a command had to do with beside what it should have written to.
type Instead struct {
	// Files are those in its working directory that it made or changed, and those
	// that it had open to write, without devices, logs of its own output and what it
	// only read.
	Files []string
	// Addresses are where its connections led, host:port, or the path of a socket.
	Addresses []string
}

// String names it in a sentence; empty where nothing was seen.
func (i Instead) String() string {
	var parts []string
	if len(i.Files) > 0 {
		parts = append(parts, "it wrote "+list(i.Files))
	}
	if len(i.Addresses) > 0 {
		parts = append(parts, "it connected to "+list(i.Addresses))
	}
	return strings.Join(parts, "; ")
}

// list names a few.
func list(all []string) string {
	const few = 5
	if len(all) > few {
		return strings.Join(all[:few], ", ") + " and more"
	}
	return strings.Join(all, ", ")
}

// Watch follows a command while it runs.
type Watch struct {
	dir    string
	before map[string]state
	stop   context.CancelFunc
	wg     sync.WaitGroup

	mu   sync.Mutex // guards below
	seen Instead
}

// state is what tells that a file was changed.
type state struct {
	size int64
	at   time.Time
}

// Look begins to follow the processes that carry the environment variable mark,
// NAME=VALUE, and the files below dir. The caller must call [Watch.Stop].
//
// What a process has open for less than a look is seen only where it is a file
// below dir. On other systems than Linux, that is all that is seen.
func Look(dir, mark string) *Watch {
	if dir == "" {
		dir = "."
	}
	ctx, stop := context.WithCancel(context.Background())
	w := &Watch{dir: dir, before: filesBelow(dir), stop: stop}
	w.wg.Go(func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			w.note(openedBy(mark))
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return w
}

// Stop ends the looking and returns what was seen.
func (w *Watch) Stop() Instead {
	w.stop()
	w.wg.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for path, now := range filesBelow(w.dir) {
		if was, there := w.before[path]; !there || was != now {
			w.seen.Files = add(w.seen.Files, path)
		}
	}
	slices.Sort(w.seen.Files)
	slices.Sort(w.seen.Addresses)
	return w.seen
}

func (w *Watch) note(seen Instead) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range seen.Files {
		w.seen.Files = add(w.seen.Files, f)
	}
	for _, a := range seen.Addresses {
		w.seen.Addresses = add(w.seen.Addresses, a)
	}
}

func add(all []string, one string) []string {
	if len(all) >= maxSeen || slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}

// filesBelow are the files of a folder, by their whole path, without what tools keep
// there for themselves.
func filesBelow(dir string) map[string]state {
	files := map[string]state{}
	root, err := filepath.Abs(dir)
	if err != nil {
		return files
	}
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // what cannot be read is not looked at
		case len(files) >= maxFiles:
			return filepath.SkipAll
		case entry.IsDir() && path != root && isToolsOwn(entry.Name()):
			return filepath.SkipDir
		case !entry.Type().IsRegular() || strings.HasSuffix(path, ".pyc"):
			return nil
		}
		if info, err := entry.Info(); err == nil {
			files[path] = state{info.Size(), info.ModTime()}
		}
		return nil
	})
	return files
}

// isToolsOwn reports whether a folder is of no interest: no service keeps its data
// there.
func isToolsOwn(name string) bool {
	return slices.Contains([]string{".git", ".hg", "node_modules", ".venv", "venv", "__pycache__", "vendor", ".cache", ".tox"}, name)
}

// isData reports whether a file that is open to write may hold data.
func isData(path string) bool {
	if !filepath.IsAbs(path) || strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/") || strings.HasPrefix(path, "/memfd:") {
		return false
	}
	info, err := os.Stat(strings.TrimSuffix(path, " (deleted)"))
	return err == nil && info.Mode().IsRegular()
}

// Sees reports whether a connection to an address was seen by now.
func (w *Watch) Sees(address string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.seen.Addresses, address)
}
