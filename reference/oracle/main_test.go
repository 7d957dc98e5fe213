package oracle_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast/harness/database"
	"holdfast/reference/oracle"
	"holdfast/reference/schema"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

// databases opens the database server of this test binary: that of
// HOLDFAST_TEST_DATABASE_URL if it is set, else whichever is found.
var databases = sync.OnceValues(func() (*database.Server, error) {
	options := database.FromEnvironment(os.Getenv)
	if dsn := os.Getenv("HOLDFAST_TEST_DATABASE_URL"); dsn != "" {
		options.DSN = dsn
	}
	s, err := database.Open(context.Background(), options)
	opened = s
	return s, err
})

// opened is the server if a test opened it. A binary of which no test needs a
// database, as a fuzzing worker, starts none.
var opened *database.Server

func run(m *testing.M) int {
	code := m.Run()
	if opened != nil {
		if err := opened.Close(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// clone returns the DSN of a database of the test's own with this data.
func clone(t testing.TB, set database.DataSet) string {
	t.Helper()
	s, err := databases()
	if errors.Is(err, database.ErrNoDatabase) {
		t.Skip(err)
	}
	require.NoError(t, err)
	template, err := s.Template(context.Background(), set)
	require.NoError(t, err)
	copied, err := s.Clone(context.Background(), template)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, copied.Drop(context.Background())) })
	return copied.DSN()
}

// projects returns the DSN of a database of so many seeded projects.
func projects(t testing.TB, n int64) string {
	p := schema.Params{Projects: n, Seed: 1}
	key, err := schema.DataSetKey(p)
	require.NoError(t, err)
	return clone(t, database.DataSet{Name: fmt.Sprintf("%d projects", n), Key: key,
		Build: func(ctx context.Context, dsn string) error { return schema.Seed(ctx, dsn, p) }})
}

// open returns a pool that closes with the test.
func open(t testing.TB, dsn string, connections int) *pgxpool.Pool {
	c, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	c.MaxConns = int32(connections)
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// world returns the DSN of a database of a few projects with these oracles.
func world(t testing.TB, of map[int64][]schema.Oracle) string {
	dsn := projects(t, 20)
	for project, oracles := range of {
		require.NoError(t, schema.AddOracles(context.Background(), dsn, project, oracles))
	}
	return dsn
}

// oracles returns so many, all active: oracle-0 and so on.
func oracles(url string, n int) []schema.Oracle {
	all := make([]schema.Oracle, n)
	for i := range all {
		name := fmt.Sprint("oracle-", i)
		all[i] = schema.Oracle{Name: name, URL: url + "/oracles/" + name + "/impact", Active: true}
	}
	return all
}

// today is when all data of the oracles here are of.
var today = time.Now().UTC().Format(time.RFC3339)

// serve starts an API of oracles.
func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	api := httptest.NewServer(h)
	t.Cleanup(api.Close)
	return api
}

// good answers as an oracle should.
func good(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"project_id":%s,"oracle":%q,"data":{"as_of":%q,"beneficiaries":1234,"co2_kg":56.7,"score":0.89}}`,
		r.URL.Query().Get("project"), strings.Split(r.URL.Path, "/")[2], today)
}

// service returns an impact service with the default protections, changed by
// change.
func service(t testing.TB, pool *pgxpool.Pool, change func(*oracle.Config)) *oracle.Service {
	return logging(t, pool, io.Discard, change)
}

// logging is service with JSON logs.
func logging(t testing.TB, pool *pgxpool.Pool, logs io.Writer, change func(*oracle.Config)) *oracle.Service {
	c := oracle.DefaultConfig()
	if change != nil {
		change(&c)
	}
	logger := slog.New(slog.NewJSONHandler(logs, nil))
	s, err := oracle.New(c, pool, prometheus.NewRegistry(), logger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	return s
}

// get asks the service about a project.
func get(ctx context.Context, s *oracle.Service, id string) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	mux.Handle("GET /projects/{id}/impact", s)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/projects/"+id+"/impact", nil))
	return w
}
