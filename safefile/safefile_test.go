package safefile_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/safefile"
)

// nobody is a user that is neither us nor root.
const nobody = 65534

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func TestAFolderThatOthersMayHavePlantedIsRefused(t *testing.T) {
	for _, row := range []struct {
		name  string
		plant func(t *testing.T, dir string)
		root  bool // only root can plant it
		says  string
	}{
		{"ours", func(t *testing.T, dir string) { require.NoError(t, os.Mkdir(dir, 0o700)) }, false, ""},
		{"ours, and others may look", func(t *testing.T, dir string) { require.NoError(t, os.Mkdir(dir, 0o755)) }, false, ""},
		{"not there", func(*testing.T, string) {}, false, ""},
		{"a link of ours", func(t *testing.T, dir string) { require.NoError(t, os.Symlink(t.TempDir(), dir)) }, false, ""},
		{"all may write", func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir, 0o700))
			require.NoError(t, os.Chmod(dir, 0o1777))
		}, false, "chmod go-w"},
		{"a group of others may write", func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir, 0o700))
			require.NoError(t, os.Chown(dir, os.Getuid(), nobody))
			require.NoError(t, os.Chmod(dir, 0o770))
		}, true, "chmod go-w"},
		{"a group of our own may write", func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir, 0o700))
			require.NoError(t, os.Chown(dir, os.Getuid(), os.Getuid()))
			require.NoError(t, os.Chmod(dir, 0o770))
		}, true, ""},
		{"somebody else's", func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir, 0o700))
			require.NoError(t, os.Chown(dir, nobody, nobody))
		}, true, "belongs to another user"},
		{"somebody else's link", func(t *testing.T, dir string) {
			require.NoError(t, os.Symlink(t.TempDir(), dir))
			require.NoError(t, os.Lchown(dir, nobody, nobody))
		}, true, "a link of another user"},
		{"a file", func(t *testing.T, dir string) { require.NoError(t, os.WriteFile(dir, nil, 0o600)) }, false, "not a directory"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.root && os.Geteuid() != 0 {
				t.Skip("only root can give a folder away")
			}
			dir := filepath.Join(t.TempDir(), "holdfast")
			row.plant(t, dir)
			err := safefile.Secure(dir, 0o700)
			if row.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, row.says)
		})
	}
}

// Programs that are started at once on a fresh machine all find a folder as it is to be.
func TestAFolderIsThereAsItIsToBe(t *testing.T) {
	defer unix.Umask(unix.Umask(0o022))
	for range 100 {
		dir := filepath.Join(t.TempDir(), "a", "b")
		var work errgroup.Group
		for range 4 {
			work.Go(func() error {
				if err := safefile.Secure(dir, 0o755); err != nil {
					return err
				}
				info, err := os.Stat(filepath.Dir(dir))
				if err == nil && info.Mode().Perm() != 0o755 {
					err = fmt.Errorf("it is there as %v", info.Mode())
				}
				return err
			})
		}
		require.NoError(t, work.Wait())
	}
}

func TestWithoutAHomeNoFolderOfAllIsTaken(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "relative")
	_, err := safefile.Cache()
	require.ErrorContains(t, err, "XDG_CACHE_HOME")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	if dir, err := safefile.Cache(); err == nil {
		require.NotContains(t, dir, os.TempDir())
	}
}

// A lock is of the file at its name: one that was removed before it was locked locks
// nothing.
func TestTheHolderOfALockIsAlwaysOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var mu sync.Mutex
	holders, most, taken := 0, 0, 0
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 300 {
				f, err := safefile.Lock(path, safefile.Exclusive)
				if errors.Is(err, safefile.ErrLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				holders++
				taken++
				most = max(most, holders)
				mu.Unlock()
				mu.Lock()
				holders--
				mu.Unlock()
				_ = os.Remove(path) // while it is held
				_ = f.Close()
			}
		})
	}
	work.Wait()
	require.Equal(t, 1, most)
	require.Positive(t, taken)
}

// Whoever has written goes on to read without a moment in which nobody has the lock.
func TestALockIsSharedByWhoHadItAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := safefile.Lock(path, safefile.Exclusive)
	require.NoError(t, err)
	defer f.Close()
	_, err = safefile.Lock(path, safefile.Shared)
	require.ErrorIs(t, err, safefile.ErrLocked)
	require.NoError(t, safefile.Share(f))
	other, err := safefile.Lock(path, safefile.Shared)
	require.NoError(t, err)
	require.NoError(t, other.Close())
	_, err = safefile.Lock(path, safefile.Exclusive)
	require.ErrorIs(t, err, safefile.ErrLocked)
	require.NoError(t, os.Remove(path))
	require.ErrorIs(t, safefile.Share(f), safefile.ErrLocked, "it is of no file any more")
}

func TestAFolderIsClaimedByOne(t *testing.T) {
	dir := t.TempDir()
	first, err := safefile.Claim(dir)
	require.NoError(t, err)
	_, err = safefile.Claim(dir)
	require.ErrorIs(t, err, safefile.ErrLocked)
	require.NoError(t, first.Close())
	second, err := safefile.Claim(dir)
	require.NoError(t, err)
	require.NoError(t, second.Close())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAFileIsWrittenWholeOrNotAtAll(t *testing.T) {
	for _, row := range []struct {
		name  string
		plant func(t *testing.T, path string)
		write func(io.Writer) error
		says  string
		holds string // what is read there afterwards
	}{
		{"new", nil, text("new"), "", "new"},
		{"in the place of an old one", func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte("old"), 0o600)) }, text("new"), "", "new"},
		{"the writer gives up", func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte("old"), 0o600)) }, func(w io.Writer) error {
			_, _ = io.WriteString(w, "half")
			return errors.New("no more")
		}, "no more", "old"},
		{"through a link", func(t *testing.T, path string) {
			victim := filepath.Join(filepath.Dir(path), "victim")
			require.NoError(t, os.WriteFile(victim, []byte("old"), 0o600))
			require.NoError(t, os.Symlink(victim, path))
		}, text("new"), "symbolic link", "old"},
		{"through a link to nothing", func(t *testing.T, path string) { require.NoError(t, os.Symlink("/nowhere/at/all", path)) }, text("new"), "symbolic link", ""},
		{"a pipe", func(t *testing.T, path string) { require.NoError(t, unix.Mkfifo(path, 0o600)) }, text("new"), "no regular file", ""},
		{"a folder", func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o700)) }, text("new"), "no regular file", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "deep", "file")
			if row.plant != nil {
				require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
				row.plant(t, path)
			}
			err := safefile.Write(path, row.write)
			if row.says != "" {
				require.ErrorContains(t, err, row.says)
			} else {
				require.NoError(t, err)
			}
			if row.holds != "" {
				got, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Equal(t, row.holds, string(got))
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// A part is nothing until it is taken, and takes the place of a file whole.
func TestAPartIsTakenOrDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o640))
	for _, take := range []bool{false, true} {
		part, err := safefile.Create(path)
		require.NoError(t, err)
		require.NoError(t, text("ne")(part))
		require.NoError(t, safefile.Write(filepath.Join(filepath.Dir(path), "other"), text("")), "whoever writes beside it leaves it alone")
		require.NoError(t, text("w")(part))
		want := "old"
		if take {
			require.NoError(t, part.Take())
			want = "new"
		}
		part.Drop()
		part.Drop()
		require.Error(t, text("more")(part))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o640), info.Mode().Perm())
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// What it costs to wait for the disk, of a small report and of a long one.
func BenchmarkWrite(b *testing.B) {
	for name, write := range map[string]func(string, func(io.Writer) error) error{"ToDisk": safefile.Write, "SoFar": safefile.WriteSoFar} {
		for _, size := range []int{2 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%dkB", name, size>>10), func(b *testing.B) {
				path, content := filepath.Join(b.TempDir(), "file"), text(strings.Repeat("x", size))
				for b.Loop() {
					require.NoError(b, write(path, content))
				}
			})
		}
	}
}

func TestAFileKeepsItsPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o640))
	require.NoError(t, safefile.Write(path, text("x")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o640), info.Mode().Perm())
}

// What a killed program left beside a file goes with the next that is written there;
// what another is writing stays.
func TestPartsOfTheDeadGo(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".holdfast-DEAD.part"), []byte("half"), 0o600))
	require.NoError(t, safefile.Write(filepath.Join(dir, "a"), func(w io.Writer) error {
		return safefile.Write(filepath.Join(dir, "b"), text("b"))
	}))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, fmt.Sprint(entries))
}

func TestOnlyPlainFilesAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	ended := make(chan error)
	go func() {
		_, err := safefile.Open(path)
		ended <- err
	}()
	select {
	case err := <-ended:
		require.ErrorContains(t, err, "no regular file")
	case <-time.After(30 * time.Second):
		t.Fatal("it waits for somebody who writes")
	}
}

// A temporary folder lives as long as its program; that of a dead one goes.
func TestScratchOfTheDeadGoes(t *testing.T) {
	parent := t.TempDir()
	living, remove, err := safefile.Scratch(parent, "key-")
	require.NoError(t, err)
	dead := filepath.Join(parent, "key-12345")
	require.NoError(t, os.Mkdir(dead, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dead, "key"), []byte("secret"), 0o600))
	for _, name := range []string{"other", "key-of-mine", "key-12345.bak"} {
		require.NoError(t, os.Mkdir(filepath.Join(parent, name), 0o700))
	}
	_, removeNext, err := safefile.Scratch(parent, "key-")
	require.NoError(t, err)
	require.NoDirExists(t, dead)
	require.DirExists(t, living)
	require.ErrorIs(t, safefile.RemoveScratch(living), safefile.ErrLocked)
	for _, name := range []string{"other", "key-of-mine", "key-12345.bak"} {
		require.DirExists(t, filepath.Join(parent, name), "somebody has named it so")
	}
	require.NoError(t, remove())
	require.NoError(t, removeNext())
	require.NoDirExists(t, living)
}

// What a killed program left in the folder of temporary files is known to all others.
func TestTemporaryFilesOfTheDeadAreKnown(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)
	living, remove, err := safefile.Temporary(safefile.TempKey)
	require.NoError(t, err)
	require.Equal(t, parent, filepath.Dir(living))
	var dead []string
	for _, name := range []string{"holdfast-alerts-1", "holdfast-broker-22", "holdfast-key-333", "holdfast-mutants-4444"} {
		dead = append(dead, filepath.Join(parent, name))
		require.NoError(t, os.Mkdir(filepath.Join(parent, name), 0o700))
	}
	for _, name := range []string{"holdfast-5", "holdfast-source-6", "holdfast-key-of-mine", "key-7"} {
		require.NoError(t, os.Mkdir(filepath.Join(parent, name), 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(parent, "holdfast-key-8"), nil, 0o600))
	require.NoError(t, os.Symlink(living, filepath.Join(parent, "holdfast-key-9")))
	require.Equal(t, dead, safefile.DeadTemporary())
	require.NoError(t, safefile.RemoveScratch(dead[0]))
	require.NoDirExists(t, dead[0])
	require.Equal(t, dead[1:], safefile.DeadTemporary())
	require.NoError(t, remove())
}
