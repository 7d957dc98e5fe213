package harness

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/safefile"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestInputsAreTheFilesThatGlobsName(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"migrations/1.sql", "migrations/deep/2.sql", "migrations/readme.md", "seed.py", "other.py"} {
		write(t, filepath.Join(dir, name), name)
	}
	sum := func(globs ...string) string {
		t.Helper()
		sum, err := inputsOf(dir, globs)
		require.NoError(t, err)
		return sum
	}
	for _, row := range []struct {
		glob, changed string
		matters       bool
	}{
		{"migrations/*.sql", "migrations/1.sql", true},
		{"migrations/*.sql", "migrations/deep/2.sql", false},
		{"migrations/**/*.sql", "migrations/deep/2.sql", true},
		{"migrations/**/*.sql", "migrations/1.sql", true},
		{"migrations/**/*.sql", "migrations/readme.md", false},
		{"migrations", "migrations/readme.md", true},
		{"./migrations/", "migrations/deep/2.sql", true},
		{"seed.py", "seed.py", true},
		{"seed.py", "other.py", false},
		{"?eed.py", "seed.py", true},
	} {
		before := sum(row.glob)
		write(t, filepath.Join(dir, row.changed), "changed by "+row.glob+row.changed)
		require.Equal(t, row.matters, before != sum(row.glob), "%s and %s", row.glob, row.changed)
	}
	before := sum("migrations")
	require.NoError(t, os.Rename(filepath.Join(dir, "migrations/1.sql"), filepath.Join(dir, "migrations/0.sql")))
	require.NotEqual(t, before, sum("migrations"), "names count")
	_, err := inputsOf(dir, []string{"migratoins"})
	require.ErrorContains(t, err, `"migratoins" names no file`)
	for _, glob := range []string{"", "/etc/passwd", "../x"} {
		_, err := inputsOf(dir, []string{glob})
		require.ErrorContains(t, err, "is no path below")
	}
}

func TestACopyIsEqual(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	write(t, filepath.Join(from, "a/b"), "text")
	require.NoError(t, os.Chmod(filepath.Join(from, "a/b"), 0o640))
	require.NoError(t, os.Symlink("a/b", filepath.Join(from, "link")))
	require.NoError(t, unix.Mkfifo(filepath.Join(from, "pipe"), 0o600))
	require.NoError(t, copyTree(from, to))
	text, err := os.ReadFile(filepath.Join(to, "link"))
	require.NoError(t, err)
	require.Equal(t, "text", string(text))
	info, err := os.Stat(filepath.Join(to, "a/b"))
	require.NoError(t, err)
	require.EqualValues(t, 0o640, info.Mode().Perm())
	require.NoFileExists(t, filepath.Join(to, "pipe"))
}

func TestASnapshotIsThereWholeOrNotAtAll(t *testing.T) {
	s := snapshots{t.TempDir()}
	making, err := s.begin("key")
	require.NoError(t, err)
	write(t, filepath.Join(making, "redis/dump"), "data")
	_, there := s.read("key")
	require.False(t, there)
	require.NoError(t, s.put("key", making, snapshot{Token: "t", Captured: map[string]string{"token": "v"}}))
	whole, there := s.read("key")
	require.True(t, there)
	require.Equal(t, "v", whole.Captured["token"])
	making, err = s.begin("key") // of another making, which is cut short
	require.NoError(t, err)
	require.NoDirExists(t, filepath.Join(making, "redis"))
	_, there = s.read("key")
	require.True(t, there)
}

func TestOldSnapshotsGoUnlessTheyAreInUse(t *testing.T) {
	s := snapshots{t.TempDir()}
	put := func(key string, age time.Duration) {
		making, err := s.begin(key)
		require.NoError(t, err)
		require.NoError(t, s.put(key, making, snapshot{Token: key}))
		then := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(s.path(key), then, then))
	}
	put("used", 100*time.Hour)
	put("old", 99*time.Hour)
	held, err := s.lock(t.Context(), "used", safefile.Shared)
	require.NoError(t, err)
	defer held.Close()
	for n := range keepSnapshots {
		put(string(rune('a'+n)), time.Duration(n)*time.Minute)
	}
	require.NoDirExists(t, s.path("old"))
	require.DirExists(t, s.path("used"))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = s.lock(ctx, "used", safefile.Exclusive)
	require.ErrorContains(t, err, "another run does the same setup")
}

// Between the setup and the copy of what it left there is no moment in which another run
// may remove that.
func TestASnapshotIsHeldUntilItIsCopied(t *testing.T) {
	cache := t.TempDir()
	require.NoError(t, os.Chmod(cache, 0o700))
	s := &Session{cfg: Config{ID: "run", Database: database.Options{CacheDir: cache}}.withDefaults()}
	sc := Scenario{World: World{Dependencies: []Dependency{{Name: "queue", KeepsData: true}}, Once: []SetupStep{{Step: step.Step{Run: []string{"fill"}}}}}}
	key, err := s.setupKey(t.Context(), sc, nil)
	require.NoError(t, err)
	store, err := s.cfg.snapshots()
	require.NoError(t, err)
	making, err := store.begin(key)
	require.NoError(t, err)
	require.NoError(t, store.put(key, making, snapshot{Token: "t"}))

	from, err := s.origin(t.Context(), nil, sc, wanted{})
	require.NoError(t, err)
	require.ErrorIs(t, store.remove(key), safefile.ErrLocked)
	reader, err := store.tryLock(key, safefile.Shared)
	require.NoError(t, err, "others may read it, too")
	require.NoError(t, reader.Close())
	from.release()
	require.NoError(t, store.remove(key))
}

func TestWhatACopyLeavesIsUndoneAndNothingElse(t *testing.T) {
	s := snapshots{t.TempDir()}
	journal, err := undo.Open(t.TempDir(), "run")
	require.NoError(t, err)
	var all cleanups
	dir, err := s.scratch(journal, &all)
	require.NoError(t, err)
	write(t, filepath.Join(dir, "x"), "x")
	require.NoError(t, undoCopy(t.Context(), map[string]string{"dir": dir}))
	require.NoDirExists(t, dir)
	require.NoError(t, all.run(t.Context()))
	require.NoError(t, journal.Close())
	for _, other := range []string{"", "/", "/etc", s.dir, filepath.Join(s.dir, "copies"), "copies/copy-1"} {
		require.Error(t, undoCopy(t.Context(), map[string]string{"dir": other}), other)
	}
}

func FuzzGlobsNeverNameWhatIsOutside(f *testing.F) {
	for _, glob := range []string{"migrations/**/*.sql", "a?b", "**", "x/", "[", "\\", "a.b"} {
		f.Add(glob)
	}
	f.Fuzz(func(t *testing.T, glob string) {
		pattern, err := globOf(glob)
		if err != nil {
			return
		}
		require.False(t, pattern.MatchString("../secret") && !strings.ContainsAny(glob, "*?"), glob)
		if !strings.ContainsAny(glob, "*?") && glob == filepath.Clean(glob) {
			require.True(t, pattern.MatchString(glob), "a name without wildcards names itself: %q", glob)
		}
	})
}
