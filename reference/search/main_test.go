package search

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/databasetest"
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

// service returns a search with the default protections, changed by change.
func service(t testing.TB, pool *pgxpool.Pool, change func(*Config)) *Service {
	c := defaultConfig()
	if change != nil {
		change(&c)
	}
	s, err := New(c, pool, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return s
}

// find searches and returns the page.
func find(t testing.TB, s *Service, query string) resultPage {
	t.Helper()
	page, err := s.Search(context.Background(), query)
	require.NoError(t, err, query)
	return page
}

// ids returns the ids of a page's results.
func ids(page resultPage) []int64 {
	all := []int64{}
	for _, p := range page.Results {
		all = append(all, p.ID)
	}
	return all
}

// example names a subtest after a query, which may be long.
func example(query string) string { return fmt.Sprintf("%.40q", query) }
