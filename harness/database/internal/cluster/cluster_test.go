package cluster

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast.dev/holdfast/harness/undo"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// dirVariable makes the test binary play a harness that is going to be killed:
// it starts a cluster below that folder, says so, and waits.
const dirVariable = "HOLDFAST_TEST_CLUSTER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(dirVariable); dir != "" {
		playHarness(dir)
	}
	os.Exit(runWithWarmCache(m))
}

// warm is the folder of warmCache.
var warm string

func runWithWarmCache(m *testing.M) int {
	var err error
	if warm, err = os.MkdirTemp("/tmp", "holdfast-cluster-"); err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(warm)
	if err := os.Chmod(warm, 0o755); err != nil {
		fmt.Println(err)
		return 1
	}
	return m.Run()
}

// warmCache is a folder that the tests share one after another, since making a
// cluster takes the better part of a second and longer on a busy machine.
func warmCache(*testing.T) string { return warm }

func playHarness(dir string) {
	ctx := context.Background()
	b, err := Find(ctx)
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("starting")
	c, err := Start(ctx, Config{Binaries: b, Dir: dir})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("started", c.PID())
	_, _ = io.Copy(io.Discard, os.Stdin) // until killed, or until the test is gone
	os.Exit(1)
}

func binaries(t *testing.T) Binaries {
	t.Helper()
	b, err := Find(t.Context())
	require.NoError(t, err, "these tests start a real Postgres; install one: apt-get install postgresql postgresql-contrib")
	return b
}

// cacheDir is a folder that the server's user reaches, which t.TempDir is not.
func cacheDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "holdfast-cluster-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func start(t *testing.T, dir string) *Cluster {
	t.Helper()
	c := startReal(t, dir)
	if dir == warm && query(t, c, "SHOW fsync") == "on" {
		// The tests that share it do not depend on the disk, and a busy one would make
		// them ten times as long.
		execute(t, c, "ALTER SYSTEM SET fsync = off")
		execute(t, c, "SELECT pg_reload_conf()")
	}
	return c
}

func startReal(t *testing.T, dir string) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), Config{Binaries: binaries(t), Dir: dir, Log: func(line string) { t.Log(line) }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
	return c
}

func query(t *testing.T, c *Cluster, sql string) (value string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.Address().DSN())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

func execute(t *testing.T, c *Cluster, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.Address().DSN())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

// requireGone waits until nothing works on the data directory.
func requireGone(t *testing.T, data string) {
	t.Helper()
	require.Eventually(t, func() bool {
		pids, err := workingOn(t.Context(), data)
		return err == nil && len(pids) == 0
	}, 30*time.Second, 20*time.Millisecond)
}

func TestAClusterIsKeptForTheNextRun(t *testing.T) {
	dir := cacheDir(t)
	began := time.Now()
	first := start(t, dir)
	cold := time.Since(began)
	execute(t, first, "CREATE TABLE kept AS SELECT 'here'::text AS v")
	data := first.slot.data()
	require.NoError(t, first.Close(t.Context()))
	require.NoError(t, first.Close(t.Context()), "closing twice is harmless")
	requireGone(t, data)
	require.NoFileExists(t, filepath.Join(data, "postmaster.pid"), "it was stopped cleanly")

	began = time.Now()
	second := start(t, dir)
	reopened := time.Since(began)
	require.Equal(t, "here", query(t, second, "SELECT v FROM kept"))
	t.Logf("cold %v, warm %v", cold, reopened)
	require.Less(t, reopened, 10*time.Second, "measured at 0.1 s; the rest is slack for a busy machine")
	requireReal(t, second)
}

// requireReal sees that what is started waits for the disk, plans by the usual
// costs, and knows letters beyond ASCII.
func requireReal(t *testing.T, c *Cluster) {
	t.Helper()
	for name, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "autovacuum": "on",
		"random_page_cost": "4", "work_mem": "4MB", "jit": "on", "server_encoding": "UTF8",
	} {
		require.Equal(t, want, query(t, c, "SHOW "+name), name)
	}
	for _, s := range Settings() {
		require.Equal(t, s.Value, query(t, c, "SHOW "+s.Name), "the setting takes effect: %s", s.Name)
		require.NotEmpty(t, s.Why)
	}
	execute(t, c, "CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent")
	require.Equal(t, "ecole", query(t, c, "SELECT unaccent(lower('ÉCOLE'))"))
	require.Contains(t, query(t, c, "SELECT array_to_string(show_trgm('été'), ',')"), ",", "letters beyond ASCII have trigrams")
}

func TestTwoRunsAtOnceUseTwoClusters(t *testing.T) {
	dir := warmCache(t)
	a, b := start(t, dir), start(t, dir)
	require.NotEqual(t, a.Dir(), b.Dir())
	require.NotEqual(t, a.Address().HostPort(), b.Address().HostPort())
	require.NoError(t, a.Close(t.Context()))
	c := start(t, dir)
	require.Equal(t, filepath.Join(filepath.Dir(b.Dir()), "01"), c.Dir(), "the first free one is used")
}

func TestAServerIsClosedToOthers(t *testing.T) {
	c := start(t, warmCache(t))
	_, err := pgx.Connect(t.Context(), "postgres://holdfast@"+c.Address().HostPort()+"/postgres?sslmode=disable")
	require.Error(t, err, "no password, no entry")
	require.Equal(t, "127.0.0.1", query(t, c, "SHOW listen_addresses"))
	require.Empty(t, query(t, c, "SHOW unix_socket_directories"))
	for file, mode := range map[string]os.FileMode{"data": 0o700, "password": 0o600, "log": 0o600} {
		info, err := os.Stat(filepath.Join(c.Dir(), file))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), file)
	}
}

func TestAServerDiesWithAKilledHarness(t *testing.T) {
	dir := warmCache(t)
	for _, moment := range []string{"starting", "started"} {
		t.Run(moment, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0])
			_, err := cmd.StdinPipe()
			require.NoError(t, err)
			cmd.Env = append(os.Environ(), dirVariable+"="+dir)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			var line string
			for !strings.HasPrefix(line, moment) {
				_, err := fmt.Fscanln(out, &line)
				if line == "error:" || (err != nil && line == "") {
					t.Fatal("the helper did not come so far")
				}
			}
			require.NoError(t, cmd.Process.Kill())
			require.Error(t, cmd.Wait())
			began := time.Now()
			c := start(t, dir)
			t.Logf("the next start took %v", time.Since(began))
			require.Equal(t, "01", filepath.Base(c.Dir()), "the dead run's cluster is free again")
			require.NoError(t, c.Close(t.Context()))
			requireGone(t, c.config.Dir)
		})
	}
}

func TestANewStartEndsWhatIsLeftOfACrashedServer(t *testing.T) {
	c := start(t, warmCache(t))
	execute(t, c, "DROP TABLE IF EXISTS committed; CREATE TABLE committed AS SELECT 'yes'::text AS v")
	conn, err := pgx.Connect(t.Context(), c.Address().DSN())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	busy := make(chan error, 1)
	go func() { // too busy to see that its postmaster died
		_, err := conn.Exec(context.Background(), "DO $$ BEGIN FOR i IN 1..2000000000 LOOP END LOOP; END $$")
		busy <- err
	}()
	require.Eventually(t, func() bool {
		return query(t, c, "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'") == "1"
	}, 30*time.Second, 10*time.Millisecond)

	require.NoError(t, unix.Kill(c.PID(), unix.SIGKILL))
	<-c.process.exited
	pids, err := workingOn(t.Context(), c.slot.data())
	require.NoError(t, err)
	require.NotEmpty(t, pids, "the busy session outlives its postmaster")

	require.NoError(t, c.start(t.Context()))
	require.Error(t, <-busy)
	require.Equal(t, "yes", query(t, c, "SELECT v FROM committed"))
}

func TestAReusedProcessIDIsNobodyToKill(t *testing.T) {
	dir := warmCache(t)
	c := start(t, dir)
	data := c.slot.data()
	require.NoError(t, c.Close(t.Context()))
	who, err := serverAccount()
	require.NoError(t, err)
	stranger := exec.Command("sleep", "60")
	stranger.SysProcAttr = childAttributes(who, unix.SIGKILL)
	require.NoError(t, stranger.Start())
	defer func() { _ = stranger.Process.Kill(); _ = stranger.Wait() }()
	pidFile := filepath.Join(data, "postmaster.pid")
	require.NoError(t, os.WriteFile(pidFile, fmt.Appendf(nil, "%d\n%s\n1\n1\n\n127.0.0.1\n\n\n", stranger.Process.Pid, data), 0o600))
	require.NoError(t, who.own(pidFile))

	start(t, dir)
	require.NoError(t, stranger.Process.Signal(unix.Signal(0)), "the stranger lives")
}

func TestADataDirectoryThatNoLongerStartsIsMadeAnew(t *testing.T) {
	dir := warmCache(t)
	c := start(t, dir)
	require.NoError(t, c.Close(t.Context()))
	require.NoError(t, os.RemoveAll(filepath.Join(c.config.Dir, kindOf(c.config.Binaries), "01", "data", "global")))
	var said []string
	again, err := Start(t.Context(), Config{Binaries: c.config.Binaries, Dir: dir, Log: func(line string) { said = append(said, line) }})
	require.NoError(t, err)
	defer again.Close(context.Background())
	require.Len(t, said, 1)
	require.Contains(t, said[0], "made anew")
}

func TestAHalfMadeDataDirectoryIsNotUsed(t *testing.T) {
	dir := cacheDir(t)
	half := filepath.Join(dir, kindOf(binaries(t)), "01", "data.new")
	require.NoError(t, os.MkdirAll(half, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("1"), 0o600))
	require.NoError(t, os.Chmod(filepath.Dir(filepath.Dir(half)), 0o755))
	start(t, dir)
	require.NoDirExists(t, half)
}

func TestAFolderThatTheServersUserCannotEnterIsNamed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root starts the server as another user")
	}
	closed := filepath.Join(cacheDir(t), "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	_, err := Start(t.Context(), Config{Binaries: binaries(t), Dir: filepath.Join(closed, "cache")})
	require.ErrorContains(t, err, "cannot enter "+closed)
}

func TestTheJournalKnowsAServerUntilItIsGone(t *testing.T) {
	journals := t.TempDir()
	journal, err := undo.Open(journals, "run-1")
	require.NoError(t, err)
	c, err := Start(t.Context(), Config{Binaries: binaries(t), Dir: warmCache(t), Journal: journal})
	require.NoError(t, err)
	defer c.Close(context.Background())
	args := map[string]string{"data": c.slot.data()}

	require.NoError(t, Undo(t.Context(), args), "a server whose run lives is left alone")
	require.NoError(t, ping(t.Context(), c.Address()))
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", c.PID()))
	if err == nil { // Linux
		require.Contains(t, string(env), undo.RunVariable+"=run-1")
	}
	c.slot.release() // as the death of the run does
	require.NoError(t, Undo(t.Context(), args))
	<-c.process.exited
	require.NoError(t, Undo(t.Context(), args), "undoing twice is harmless")

	require.NoError(t, c.Close(t.Context()))
	require.NoError(t, journal.Close())
	left, err := filepath.Glob(filepath.Join(journals, "*"))
	require.NoError(t, err)
	require.Empty(t, left, "nothing is left to undo")
}

func TestUndoTouchesNothingThatIsNotAClusterOfOurs(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Undo(t.Context(), map[string]string{"data": filepath.Join(dir, "data")}))
	require.Error(t, Undo(t.Context(), map[string]string{"data": filepath.Join(dir, "other")}))
	require.Error(t, Undo(t.Context(), nil))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestClustersThatNobodyUsedForLongAreRemoved(t *testing.T) {
	root := t.TempDir()
	now := time.Now()
	old := now.Add(-keepUnused - time.Hour)
	make := func(name string, used time.Time) *slot {
		s := &slot{dir: filepath.Join(root, "15-x", name)}
		require.NoError(t, os.MkdirAll(s.data(), 0o700))
		locked, err := s.lock()
		require.NoError(t, err)
		require.True(t, locked)
		require.NoError(t, os.Chtimes(s.held.Name(), used, used))
		return s
	}
	unused, recent, inUse := make("01", old), make("02", now), make("03", old)
	unused.release()
	recent.release()
	removeUnused(root, now)
	require.NoDirExists(t, unused.dir)
	require.DirExists(t, recent.dir)
	require.DirExists(t, inUse.dir, "whoever holds the lock keeps it")
	inUse.release()
}

func TestAPortTakenMeanwhileIsNotTheEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	c := start(t, warmCache(t))
	require.NoError(t, c.process.stop(t.Context()))
	err = c.launchAt(t.Context(), uint16(l.Addr().(*net.TCPAddr).Port))
	require.ErrorIs(t, err, errDied)
	require.ErrorContains(t, err, "could not bind", "this is what a second attempt is made on")
}

func TestBinariesAreFoundOnPathFirstThenTheNewest(t *testing.T) {
	root := t.TempDir()
	install := func(dir, version string) string {
		dir = filepath.Join(root, dir)
		require.NoError(t, os.MkdirAll(dir, 0o755))
		for _, program := range []string{"postgres", "initdb"} {
			script := "#!/bin/sh\necho '" + program + " (PostgreSQL) " + version + "'\n"
			require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755))
		}
		return dir
	}
	nowhere := func(string) (string, error) { return "", exec.ErrNotFound }
	_, err := find(t.Context(), nowhere, []string{root + "/*/bin"})
	require.ErrorIs(t, err, ErrNoBinaries)

	install("9/bin", "9.6.24")
	_, err = find(t.Context(), nowhere, []string{root + "/*/bin"})
	require.ErrorIs(t, err, ErrNoBinaries, "too old does not count")

	install("15/bin", "15.18 (Debian 15.18-0+deb12u1)")
	newest := install("18/bin", "18beta1")
	b, err := find(t.Context(), nowhere, []string{root + "/*/bin"})
	require.NoError(t, err)
	require.Equal(t, Binaries{Dir: newest, Version: "18beta1", Major: 18}, b)

	onPath := install("path", "14.2")
	link := filepath.Join(root, "postgres")
	require.NoError(t, os.Symlink(filepath.Join(onPath, "postgres"), link))
	b, err = find(t.Context(), func(string) (string, error) { return link, nil }, []string{root + "/*/bin"})
	require.NoError(t, err)
	require.Equal(t, 14, b.Major)
}

func TestSettingsAreNamedOnce(t *testing.T) {
	var names []string
	for _, s := range append(placement(18, 1), Settings()...) {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	require.Len(t, slices.Compact(slices.Clone(names)), len(names))
}
