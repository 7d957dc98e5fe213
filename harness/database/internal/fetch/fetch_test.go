package fetch

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"holdfast.dev/holdfast/harness/database/internal/mavenfake"
	"holdfast.dev/holdfast/safefile"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// programs are scripts that stand for binaries: this package only fetches them.
func programs() map[string][]byte {
	script := []byte("#!/bin/sh\necho hello\n")
	return map[string][]byte{"bin/postgres": script, "bin/initdb": script, "bin/pg_ctl": script, "share/readme": []byte("text")}
}

func TestBinariesAreFetchedOnce(t *testing.T) {
	before := goleak.IgnoreCurrent()
	repository := mavenfake.Start(t, programs())
	dir := t.TempDir()
	var said atomic.Int32
	config := Config{Dir: dir, Repository: repository.URL, Log: func(string) { said.Add(1) }}
	var all sync.WaitGroup
	for range 3 { // at once
		all.Go(func() {
			bin, err := Binaries(t.Context(), config)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := os.Stat(filepath.Join(bin, "postgres")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, repository.Jars.Load())
	require.EqualValues(t, 1, said.Load())
	repository.Close()
	bin, err := Binaries(t.Context(), config)
	require.NoError(t, err, "the next run needs no repository")
	info, err := os.Stat(filepath.Join(bin, "../share/readme"))
	require.NoError(t, err)
	require.EqualValues(t, 0o444, info.Mode().Perm()&0o444, "another user can read it")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 2, "the folder and the lock, nothing half-made")
	http.DefaultClient.CloseIdleConnections() // the library's
	goleak.VerifyNone(t, before)
}

func TestWhatCannotBeTrustedIsNotUsed(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*mavenfake.Repository)
		reason string
	}{
		"a wrong checksum":          {func(r *mavenfake.Repository) { r.Checksum = strings.Repeat("0", 64) }, "checksums do not match"},
		"no checksum":               {func(r *mavenfake.Repository) { r.Checksum = "" }, "jar.sha256: 404"},
		"no such version":           {func(r *mavenfake.Repository) { r.Jar = nil }, "jar: 404"},
		"no archive":                {func(r *mavenfake.Repository) { r.Jar = []byte("<html>") }, "zip"},
		"an archive of other files": {func(r *mavenfake.Repository) { r.Serve(map[string][]byte{"bin/ls": []byte("x")}) }, "no postgres and initdb"},
	} {
		t.Run(name, func(t *testing.T) {
			repository := mavenfake.Start(t, programs())
			row.change(repository)
			if name == "no archive" {
				repository.Sum()
			}
			dir := t.TempDir()
			_, err := Binaries(t.Context(), Config{Dir: dir, Repository: repository.URL})
			require.ErrorContains(t, err, row.reason)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, left, 1, "only the lock")
		})
	}
}

// nobody is a user that is neither us nor root.
const nobody = 65534

// What lies in the cache is run: a program, or what one loads, that somebody else may
// have put there is not, and is not replaced in silence either.
func TestPlantedBinariesAreNotRun(t *testing.T) {
	for name, row := range map[string]struct {
		plant func(t *testing.T, root string)
		root  bool // only root can plant it
		says  string
	}{
		"as they were fetched": {func(*testing.T, string) {}, false, ""},
		"a program that others may write to": {func(t *testing.T, root string) {
			require.NoError(t, os.Chmod(filepath.Join(root, "bin/postgres"), 0o777))
		}, false, "bin/postgres: it may have been planted: other users may write to it"},
		"what it loads, writable": {func(t *testing.T, root string) {
			require.NoError(t, os.Chmod(filepath.Join(root, "share/readme"), 0o666))
		}, false, "share/readme: it may have been planted"},
		"the folder of programs": {func(t *testing.T, root string) {
			require.NoError(t, os.Chmod(filepath.Join(root, "bin"), 0o777))
		}, false, "bin: it may have been planted"},
		"another's program": {func(t *testing.T, root string) {
			require.NoError(t, os.Chown(filepath.Join(root, "bin/initdb"), nobody, nobody))
		}, true, "bin/initdb: it may have been planted: it belongs to another user"},
		"another's tree": {func(t *testing.T, root string) {
			require.NoError(t, os.Chown(root, nobody, nobody))
		}, true, "it belongs to another user"},
		"another's link": {func(t *testing.T, root string) {
			program := filepath.Join(root, "bin/initdb")
			require.NoError(t, os.Remove(program))
			require.NoError(t, os.Symlink("/bin/true", program))
			require.NoError(t, os.Lchown(program, nobody, nobody))
		}, true, "a link of another user"},
	} {
		t.Run(name, func(t *testing.T) {
			if row.root && os.Geteuid() != 0 {
				t.Skip("only root can give a file away")
			}
			repository := mavenfake.Start(t, programs())
			config := Config{Dir: t.TempDir(), Repository: repository.URL}
			bin, err := Binaries(t.Context(), config)
			require.NoError(t, err)
			row.plant(t, filepath.Dir(bin))
			_, err = Binaries(t.Context(), config)
			require.EqualValues(t, 1, repository.Jars.Load())
			if row.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, safefile.ErrNotOurs)
			require.ErrorContains(t, err, row.says)
		})
	}
}

// What a lax umask, or an archive, leaves open to others is closed to them.
func TestNobodyElseWritesToWhatWasFetched(t *testing.T) {
	repository := mavenfake.Start(t, programs())
	config := Config{Dir: t.TempDir(), Repository: repository.URL}
	before := syscall.Umask(0)
	defer syscall.Umask(before)
	for range 2 {
		_, err := Binaries(t.Context(), config)
		require.NoError(t, err)
	}
}

func TestARepositoryThatNeverAnswersIsGivenUpWithTheContext(t *testing.T) {
	before := goleak.IgnoreCurrent()
	asked := make(chan struct{}, 8)
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-release
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err := Binaries(ctx, Config{Dir: t.TempDir(), Repository: server.URL})
	require.ErrorIs(t, err, context.Canceled)
	close(release)
	server.Close()
	http.DefaultClient.CloseIdleConnections()
	goleak.VerifyNone(t, before)
}

func TestARepositoryThatIsNotThereIsToldAtOnce(t *testing.T) {
	_, err := Binaries(t.Context(), Config{Dir: t.TempDir(), Repository: "http://127.0.0.1:1"})
	require.ErrorContains(t, err, "connection refused")
	_, err = Binaries(t.Context(), Config{Dir: t.TempDir(), Repository: "nowhere"})
	require.ErrorContains(t, err, "not a URL")
}

// The library leaves a log in the temporary folder each time. Ours goes; that of
// somebody else, who may be at it at the same time, stays.
func TestNoLogOfTheLibraryIsLeft(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	others := filepath.Join(temporary, "embedded_postgres_log1")
	require.NoError(t, os.WriteFile(others, nil, 0o600))
	repository := mavenfake.Start(t, programs())
	for _, change := range []func(){func() { repository.Checksum = "0" }, func() { repository.Sum() }} {
		change()
		_, _ = Binaries(t.Context(), Config{Dir: t.TempDir(), Repository: repository.URL}) // both ways leave a log
		left, err := filepath.Glob(filepath.Join(temporary, "embedded_postgres_log*"))
		require.NoError(t, err)
		require.Equal(t, []string{others}, left)
	}
}
