package search_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast/reference/internal/dbtest"
	"holdfast/reference/schema"
	"holdfast/reference/search"
)

// seededProjects is enough that the newest documents are far from all.
const seededProjects = 5000

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serverDSN names a database server for tests.
func serverDSN(t testing.TB) string {
	dsn := os.Getenv("HOLDFAST_TEST_DATABASE_URL")
	if dsn == "" {
		t.Skip("HOLDFAST_TEST_DATABASE_URL is not set")
	}
	return dsn
}

// seeded returns a pool on a database of seededProjects.
func seeded(t testing.TB) *pgxpool.Pool {
	dsn := dbtest.Fresh(t, serverDSN(t))
	require.NoError(t, schema.Seed(context.Background(), dsn, schema.Params{Projects: seededProjects, Seed: 1}))
	return open(t, dsn, 10)
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

// service returns a search with the default protections, changed by change.
func service(t testing.TB, pool *pgxpool.Pool, change func(*search.Config)) *search.Service {
	c := search.DefaultConfig()
	if change != nil {
		change(&c)
	}
	s, err := search.New(c, pool, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return s
}

// find searches and returns the page.
func find(t testing.TB, s *search.Service, query string) search.Page {
	t.Helper()
	page, err := s.Search(context.Background(), query)
	require.NoError(t, err, query)
	return page
}

// ids returns the ids of a page's results.
func ids(page search.Page) []int64 {
	all := []int64{}
	for _, p := range page.Results {
		all = append(all, p.ID)
	}
	return all
}

// example names a subtest after a query, which may be long.
func example(query string) string { return fmt.Sprintf("%.40q", query) }
