package search

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
	"holdfast.dev/holdfast/reference/schema"
)

// get asks the handler, bounded by ctx.
func get(ctx context.Context, h http.Handler, q string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/search?q="+url.QueryEscape(q), nil))
	return w
}

// requireProblem checks an error's status, code and shape.
func requireProblem(t *testing.T, w *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body.String())
	var body map[string]map[string]string
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body), w.Body.String())
	require.Len(t, body, 1)
	require.Equal(t, code, body["error"]["code"])
	require.NotEmpty(t, body["error"]["message"])
	for _, secret := range []string{"SQLSTATE", "postgres", "goroutine", "127.0.0.1", ".go:"} {
		require.NotContains(t, w.Body.String(), secret)
	}
	if status == http.StatusServiceUnavailable {
		require.Equal(t, "1", w.Header().Get("Retry-After"))
	} else {
		require.Empty(t, w.Header().Get("Retry-After"))
	}
}

// small returns a pool on a database of a few projects, and its DSN.
func small(t *testing.T, connections int) (*pgxpool.Pool, string) {
	dsn := projects(t, 150)
	return dbtest.Pool(t, dsn, connections), dsn
}

// hold acquires all of the pool's connections until the returned function is
// called, or the test ends.
func hold(t *testing.T, pool *pgxpool.Pool) (release func()) {
	var held []*pgxpool.Conn
	for range pool.Config().MaxConns {
		conn, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		held = append(held, conn)
	}
	release = sync.OnceFunc(func() {
		for _, conn := range held {
			conn.Release()
		}
	})
	t.Cleanup(release)
	return release
}

// lock keeps every reader of the search documents waiting until the test ends.
func lock(t *testing.T, dsn string) {
	conn := dbtest.Connect(t, dsn)
	dbtest.Exec(t, conn, "BEGIN")
	dbtest.Exec(t, conn, "LOCK TABLE search_documents IN ACCESS EXCLUSIVE MODE")
}

func TestTheAnswerIsAsTheContractSays(t *testing.T) {
	t.Parallel()
	pool, _ := small(t, 2)
	w := get(t.Context(), service(t, pool, nil), "PROJET")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
	var page struct {
		Query     string           `json:"query"`
		Limit     int              `json:"limit"`
		Count     int              `json:"count"`
		Truncated bool             `json:"truncated"`
		Results   []map[string]any `json:"results"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
	require.Equal(t, "PROJET", page.Query)
	require.Equal(t, []any{100, 100, 100, true}, []any{page.Limit, page.Count, len(page.Results), page.Truncated})
	for _, field := range []string{"id", "title", "description", "category", "city", "tags", "created_at"} {
		require.Contains(t, page.Results[0], field)
	}
	require.EqualValues(t, 150, page.Results[0]["id"])

	w = get(t.Context(), service(t, pool, nil), schema.TermAbsentLong)
	require.JSONEq(t, `{"query":"introuvablissime","limit":100,"count":0,"truncated":false,"results":[]}`, w.Body.String())
}

func TestBadQueriesAreRefusedBeforeTheDatabase(t *testing.T) {
	t.Parallel()
	nowhere := dbtest.Pool(t, "postgres://u@127.0.0.1:1/d", 1)
	for name, q := range map[string]string{
		"empty": "", "blank": " ", "too long": strings.Repeat("a", 201), "not UTF-8": "\xff", "zero byte": "\x00",
	} {
		t.Run(name, func(t *testing.T) {
			requireProblem(t, get(t.Context(), service(t, nowhere, nil), q), http.StatusBadRequest, "bad_query")
		})
	}
}

func TestADatabaseThatIsNotThereIsUnavailable(t *testing.T) {
	t.Parallel()
	nowhere := dbtest.Pool(t, "postgres://u@127.0.0.1:1/d", 1)
	requireProblem(t, get(t.Context(), service(t, nowhere, nil), "a"), http.StatusServiceUnavailable, "database_unavailable")
}

func TestACutConnectionIsUnavailableAndTheNextSearchWorks(t *testing.T) {
	t.Parallel()
	pool, dsn := small(t, 1)
	s := service(t, pool, nil)
	require.Equal(t, http.StatusOK, get(t.Context(), s, "projet").Code)
	dbtest.Exec(t, dbtest.Connect(t, dsn), `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	requireProblem(t, get(t.Context(), s, "projet"), http.StatusServiceUnavailable, "database_unavailable")
	require.Equal(t, http.StatusOK, get(t.Context(), s, "projet").Code)
}

func TestAnErrorOfOursIsInternal(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t, databases.Empty(t), 1) // without a schema
	requireProblem(t, get(t.Context(), service(t, pool, nil), "a"), http.StatusInternalServerError, "internal")
}

func TestStatementTimeoutEndsASearchThatWaits(t *testing.T) {
	t.Parallel()
	pool, dsn := small(t, 1)
	lock(t, dsn)
	s := service(t, pool, func(c *Config) { c.StatementTimeout = 200 * time.Millisecond })
	start := time.Now()
	requireProblem(t, get(t.Context(), s, "projet"), http.StatusServiceUnavailable, "timeout")
	require.GreaterOrEqual(t, time.Since(start), 200*time.Millisecond)
	require.Zero(t, pool.Stat().AcquiredConns())

	without := service(t, pool, func(c *Config) { c.StatementTimeout = 0 })
	requireStillWaiting(t, without, "projet", 4*200*time.Millisecond)
}

func TestAcquireTimeoutEndsTheWaitForAConnection(t *testing.T) {
	t.Parallel()
	pool, _ := small(t, 2)
	hold(t, pool)
	s := service(t, pool, func(c *Config) { c.AcquireTimeout = 100 * time.Millisecond })
	start := time.Now()
	requireProblem(t, get(t.Context(), s, "projet"), http.StatusServiceUnavailable, "overloaded")
	require.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond)

	without := service(t, pool, func(c *Config) { c.AcquireTimeout = 0 })
	requireStillWaiting(t, without, "projet", 4*100*time.Millisecond)
}

// requireStillWaiting checks that a search has no answer of its own after so
// long, and that it ends when its client goes.
func requireStillWaiting(t *testing.T, s *Service, query string, after time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	w := get(ctx, s, query)
	require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded, "answered before its client went: %s", w.Body)
	requireProblem(t, w, http.StatusServiceUnavailable, "canceled")
}

func TestShedLoadRefusesAtOnceWhatCannotWait(t *testing.T) {
	t.Parallel()
	pool, _ := small(t, 4)
	release := hold(t, pool)
	s := service(t, pool, func(c *Config) { c.MaxConcurrent, c.MaxQueued, c.AcquireTimeout = 2, 1, 0 })
	answers := make(chan *httptest.ResponseRecorder, 4)
	for range 4 {
		go func() { answers <- get(t.Context(), s, "projet") }()
	}
	// Two have a turn and wait for a connection, one waits for its turn: whichever
	// comes fourth has the first answer.
	requireProblem(t, <-answers, http.StatusServiceUnavailable, "overloaded")
	require.Empty(t, answers)
	release()
	for range 3 {
		require.Equal(t, http.StatusOK, (<-answers).Code)
	}
	require.Equal(t, http.StatusOK, get(t.Context(), s, "projet").Code)
	require.Zero(t, pool.Stat().AcquiredConns())
}

func TestEveryOutcomeIsCounted(t *testing.T) {
	t.Parallel()
	pool, _ := small(t, 1)
	registry := prometheus.NewRegistry()
	s, err := New(defaultConfig(), pool, registry, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for _, q := range []string{"", "projet", "projet", schema.TermOne} {
		get(t.Context(), s, q)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	get(gone, s, "projet")
	require.Equal(t, map[string]float64{
		"search_requests_total bad_query": 1, "search_requests_total canceled": 1,
		"search_requests_total database_unavailable": 0, "search_requests_total internal": 0,
		"search_requests_total ok": 3, "search_requests_total overloaded": 0, "search_requests_total timeout": 0,
		"search_results_truncated_total": 2, "search_duration_seconds": 5,
	}, gathered(t, registry))
}

// gathered are counters, and the number of a histogram's observations, by
// name and label.
func gathered(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	families, err := registry.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, family := range families {
		for _, m := range family.Metric {
			name := family.GetName()
			for _, label := range m.Label {
				name += " " + label.GetValue()
			}
			values[name] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}

func TestABadConfigurationIsRefused(t *testing.T) {
	_, err := New(Config{MaxResults: -1}, nil, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "MAX_SEARCH_RESULTS")
}
