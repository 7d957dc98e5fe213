package oracle

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/reference/internal/dbtest"
	"holdfast.dev/holdfast/reference/schema"
)

var databases databasetest.Server

func TestMain(m *testing.M) { os.Exit(databases.Run(m)) }

// projects returns the DSN of a database of so many seeded projects.
func projects(t testing.TB, n int64) string {
	p := schema.Params{Projects: n, Seed: 1}
	key, err := schema.DataSetKey(p)
	require.NoError(t, err)
	return databases.Clone(t, database.DataSet{Name: fmt.Sprintf("%d projects", n), Key: key,
		Build: func(ctx context.Context, dsn string) error { return schema.Seed(ctx, dsn, p) }})
}

// world returns the DSN of a database of a few projects with these oracles.
func world(t testing.TB, of map[int64][]schema.Oracle) string {
	dsn := projects(t, 20)
	for project, oracles := range of {
		require.NoError(t, schema.AddOracles(context.Background(), dbtest.Connect(t, dsn), project, oracles))
	}
	return dsn
}

// oracles returns so many, all active: oracle-0 and so on.
func oracles(url string, n int) []schema.Oracle {
	all := make([]schema.Oracle, n)
	for i := range all {
		name := fmt.Sprint("oracle-", i)
		all[i] = schema.Oracle{Name: name, URL: url + "/oracles/" + name + "/impact", Active: true, Position: i}
	}
	return all
}

// today is when all data of the oracles here are of.
var today = time.Now().UTC().Format(time.RFC3339)

// listen starts an API of oracles.
func listen(t testing.TB, h http.HandlerFunc) *httptest.Server {
	api := httptest.NewServer(h)
	t.Cleanup(api.Close)
	return api
}

// wellBehaved answers as an oracle should.
func wellBehaved(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"project_id":%s,"oracle":%q,"data":{"as_of":%q,"beneficiaries":1234,"co2_kg":56.7,"score":0.89}}`,
		r.URL.Query().Get("project"), strings.Split(r.URL.Path, "/")[2], today)
}

// service returns an impact service with the default protections, changed by
// change.
func service(t testing.TB, pool *pgxpool.Pool, change func(*Config)) *Service {
	return logging(t, pool, io.Discard, change)
}

// logging is service with JSON logs.
func logging(t testing.TB, pool *pgxpool.Pool, logs io.Writer, change func(*Config)) *Service {
	c := defaultConfig()
	if change != nil {
		change(&c)
	}
	logger := slog.New(slog.NewJSONHandler(logs, nil))
	s, err := New(c, pool, prometheus.NewRegistry(), logger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	return s
}

// get asks the service about a project.
func get(ctx context.Context, s *Service, id string) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	mux.Handle("GET /projects/{id}/impact", s)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/projects/"+id+"/impact", nil))
	return w
}
