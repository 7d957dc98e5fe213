package container_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	osexec "os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/container"
	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/harness/database/internal/cluster"
	"holdfast.dev/holdfast/harness/database/internal/engine"
	"holdfast.dev/holdfast/harness/undo"

	"github.com/jackc/pgx/v5"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// journalsVariable makes the test binary play a run that is going to be killed;
// its value is the folder of the undo journal.
const journalsVariable = "HOLDFAST_TEST_JOURNALS"

// opened is what such a run says once it has its server.
const opened = "opened"

// hungVariable makes the test binary open a Postgres by a Docker engine that hangs, as
// the run that it names would: an engine is looked for once per process.
const hungVariable = "HOLDFAST_TEST_HUNG"

// openHung says what came of it.
func openHung(provider string) {
	next := database.Provider{Name: "next", Open: func(context.Context, database.Surroundings) (database.Instance, error) {
		return database.Instance{}, errors.New("it was asked")
	}}
	_, err := database.Open(context.Background(), database.Options{
		Provider: provider, Providers: []database.Provider{container.Provider(""), next}, CacheDir: os.Getenv(database.CacheVariable),
	})
	fmt.Println(err)
	os.Exit(0)
}

func TestMain(m *testing.M) {
	if provider := os.Getenv(hungVariable); provider != "" {
		openHung(provider)
	}
	if journals := os.Getenv(journalsVariable); journals != "" {
		playRun(journals)
	}
	goleak.VerifyTestMain(m)
}

// playRun opens a container and waits to be killed, or for the test to end.
func playRun(journals string) {
	err := func() error {
		journal, err := undo.Open(journals, fmt.Sprintf("run-%d", os.Getpid()))
		if err != nil {
			return err
		}
		o := only(os.Getenv(container.ImageVariable), os.Getenv(database.CacheVariable))
		o.Journal = journal
		if _, err := database.Open(context.Background(), o); err != nil {
			return err
		}
		fmt.Println(opened)
		_, err = io.Copy(io.Discard, os.Stdin)
		return err
	}()
	fmt.Println("error:", err)
	os.Exit(1)
}

// only are options with no other way than a container of that image.
func only(image, cache string) database.Options {
	return database.Options{Providers: []database.Provider{container.Provider(image)}, CacheDir: cache}
}

// containers returns the Postgres containers whose owner's cache directory that is.
func containers(t *testing.T, cache string) (names []string) {
	t.Helper()
	e, err := engine.Connect(t.Context())
	require.NoError(t, err)
	defer e.Close()
	list, err := e.Client().ContainerList(t.Context(), client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", "holdfast.postgres.lock"),
	})
	require.NoError(t, err)
	for _, c := range list.Items {
		if strings.HasPrefix(c.Labels["holdfast.postgres.lock"], cache) {
			names = append(names, strings.TrimPrefix(c.Names[0], "/"))
		}
	}
	return names
}

func value(t *testing.T, dsn, sql string) (text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&text))
	return text
}

func TestAContainerServesARun(t *testing.T) {
	cache := t.TempDir()
	o := only(databasetest.Image(t), cache)
	o.Settings = map[string]string{"max_worker_processes": "5"}
	o.Log = func(line string) { t.Log(line) }
	began := time.Now()
	s, err := database.Open(t.Context(), o)
	require.NoError(t, err)
	defer s.Close(context.Background())
	t.Logf("up in %v", time.Since(began))
	require.Contains(t, s.Describe(), "container: PostgreSQL ")
	require.Len(t, containers(t, cache), 1)
	require.Equal(t, "5", value(t, s.DSN(), "SHOW max_worker_processes"))

	set := database.DataSet{Name: "one", Key: "one", Build: func(ctx context.Context, dsn string) error {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, "CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent; CREATE TABLE project AS SELECT 'École' AS title")
		return err
	}}
	template, err := s.Template(t.Context(), set)
	require.NoError(t, err)
	clone, err := s.Clone(t.Context(), template)
	require.NoError(t, err)
	require.Equal(t, "ecole", value(t, clone.DSN(), "SELECT unaccent(lower(title)) FROM project"))
	for _, setting := range cluster.Settings() {
		require.Equal(t, setting.Value, value(t, clone.DSN(), "SHOW "+setting.Name))
	}
	require.Equal(t, "on", value(t, clone.DSN(), "SHOW fsync"))

	require.NoError(t, s.Close(t.Context()))
	require.Empty(t, containers(t, cache))
	left, err := os.ReadDir(filepath.Join(cache, "containers"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// An engine that says that it is there and then hangs costs seconds, and the next way is
// tried where one may be.
func TestAnEngineThatHangsIsNoWay(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	engine := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.47")
		switch path.Base(r.URL.Path) {
		case "_ping":
		case "info":
			_, _ = io.WriteString(w, "{}")
		default:
			<-r.Context().Done()
		}
	})}
	var serving sync.WaitGroup
	serving.Go(func() { _ = engine.Serve(l) })
	defer func() { require.NoError(t, engine.Close()); serving.Wait() }()
	var asking sync.WaitGroup
	for provider, want := range map[string][]string{"container": {"container: the Docker engine does not answer"}, database.Auto: {"container: the Docker engine does not answer", "next: it was asked"}} {
		asking.Go(func() {
			began := time.Now()
			cmd := osexec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), hungVariable+"="+provider, "DOCKER_HOST=unix://"+socket, "DOCKER_CERT_PATH=", database.CacheVariable+"="+t.TempDir(), "HOME="+t.TempDir())
			out, err := cmd.CombinedOutput()
			assert.NoError(t, err)
			for _, says := range want {
				assert.Contains(t, string(out), says, provider)
			}
			assert.Less(t, time.Since(began), time.Minute, "13 s, with slack")
		})
	}
	asking.Wait()
}

func TestTheUndoJournalRemovesTheContainerOfAKilledRun(t *testing.T) {
	cache, journals := t.TempDir(), t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := osexec.CommandContext(ctx, os.Args[0])
	_, err := cmd.StdinPipe() // the helper ends when it is closed
	require.NoError(t, err)
	cmd.Env = append(os.Environ(), journalsVariable+"="+journals,
		database.CacheVariable+"="+cache, container.ImageVariable+"="+databasetest.Image(t))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	scan := bufio.NewScanner(out)
	for scan.Scan() && scan.Text() != opened {
		require.NotContains(t, scan.Text(), "error:")
	}
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Len(t, containers(t, cache), 1, "Docker keeps it alive")

	swept, err := undo.Sweep(t.Context(), journals, container.Provider("").Undoers)
	require.NoError(t, err)
	require.Len(t, swept, 1)
	require.NoError(t, swept[0].Err)
	require.Empty(t, containers(t, cache))
}

func TestAContainerThatEndsSaysWhy(t *testing.T) {
	image := databasetest.Image(t)
	e, err := engine.Connect(t.Context())
	require.NoError(t, err)
	defer e.Close()
	began := time.Now()
	_, err = e.Run(t.Context(), engine.Config{Image: image, Settings: []string{"no_such_setting=1"}, LockDir: t.TempDir()})
	require.ErrorContains(t, err, "no_such_setting")
	require.Less(t, time.Since(began), 40*time.Second, "it does not wait for what ended")
}

func TestAnImageThatIsNotToBeHadIsToldSoon(t *testing.T) {
	databasetest.Image(t) // skips where there is no engine
	began := time.Now()
	_, err := database.Open(t.Context(), only("127.0.0.1:1/no/such:image", t.TempDir()))
	require.ErrorIs(t, err, database.ErrNoDatabase)
	require.ErrorContains(t, err, "127.0.0.1:1/no/such:image is not here and cannot be pulled")
	require.Less(t, time.Since(began), 20*time.Second)
}
