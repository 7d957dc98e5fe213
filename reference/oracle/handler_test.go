package oracle

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
	"holdfast.dev/holdfast/reference/schema"
)

func TestTheAnswerIsAsTheContractSays(t *testing.T) {
	t.Parallel()
	api := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "oracle-1") {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		wellBehaved(w, r)
	})
	dsn := world(t, map[int64][]schema.Oracle{7: oracles(api.URL, 2)})
	s := service(t, dbtest.Pool(t, dsn, 2), nil)
	w := get(t.Context(), s, "7")
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
	require.JSONEq(t, fmt.Sprintf(`{"project_id":7,"active":2,"queried":2,"truncated":false,"results":{
		"oracle-0":{"status":"ok","data":{"as_of":%q,"beneficiaries":1234,"co2_kg":56.7,"score":0.89}},
		"oracle-1":{"status":"error","error":"status","detail":"status 503"}}}`, today), w.Body.String())
	require.JSONEq(t, `{"project_id":8,"active":0,"queried":0,"truncated":false,"results":{}}`, get(t.Context(), s, "8").Body.String())
	requireProblem(t, get(t.Context(), s, "999999"), http.StatusNotFound, "no_such_project")
}

func TestIdsThatAreNoneAreRefusedBeforeTheDatabase(t *testing.T) {
	t.Parallel()
	s := service(t, dbtest.Pool(t, "postgres://u@127.0.0.1:1/d", 1), nil)
	for _, id := range []string{"0", "-7", "seven", "7.0", "0x7", "+", "9223372036854775808", "7%00"} {
		requireProblem(t, get(t.Context(), s, id), http.StatusBadRequest, "bad_id")
	}
}

func TestTheFirstTenInOrderAreAsked(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	api := listen(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, strings.Split(r.URL.Path, "/")[2])
		wellBehaved(w, r)
	})
	dsn := world(t, map[int64][]schema.Oracle{7: oracles(api.URL, 100), 8: oracles(api.URL, 10_000)})
	conn := dbtest.Connect(t, dsn)
	dbtest.Exec(t, conn, "UPDATE oracles SET active = false WHERE name IN ('oracle-2', 'oracle-5')")
	dbtest.Exec(t, conn, "UPDATE oracles SET position = -1 WHERE name = 'oracle-77'")
	dbtest.Exec(t, conn, "UPDATE oracles SET position = 0 WHERE name = 'oracle-66'") // by id, after oracle-0
	want := []string{"oracle-77", "oracle-0", "oracle-66", "oracle-1", "oracle-3", "oracle-4", "oracle-6", "oracle-7", "oracle-8", "oracle-9"}

	logs := &strings.Builder{}
	s := logging(t, dbtest.Pool(t, dsn, 2), logs, func(c *Config) { c.ConcurrentCalls = 1 })
	for project, active := range map[int64]int{7: 98, 8: 9_998} {
		asked = nil
		impact, err := s.Impact(t.Context(), project)
		require.NoError(t, err)
		require.Equal(t, []any{active, 10, true, 10}, []any{impact.Active, impact.Queried, impact.Truncated, len(impact.Results)})
		require.Equal(t, want, asked)
		require.Contains(t, logs.String(), fmt.Sprintf(`"level":"WARN","msg":"not all oracles are asked","project":%d,"active":%d,"asked":10}`, project, active))
	}

	asked = nil
	s = service(t, dbtest.Pool(t, dsn, 2), func(c *Config) { c.Cap = 0 })
	impact, err := s.Impact(t.Context(), 7)
	require.NoError(t, err)
	require.Equal(t, []any{98, 98, false, 98}, []any{impact.Active, impact.Queried, impact.Truncated, len(impact.Results)})
	require.Len(t, asked, 98, "without the cap, all of them")
}

func TestTheDeadlineBoundsTheWholeRequest(t *testing.T) {
	t.Parallel()
	const deadline = 400 * time.Millisecond
	api := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "oracle-3/") {
			<-r.Context().Done()
			return
		}
		wellBehaved(w, r)
	})
	dsn := world(t, map[int64][]schema.Oracle{7: oracles(api.URL, 10)})
	s := service(t, dbtest.Pool(t, dsn, 2), func(c *Config) { c.OverallDeadline = deadline })
	start := time.Now()
	impact, err := s.Impact(t.Context(), 7)
	took := time.Since(start)
	require.NoError(t, err)
	require.GreaterOrEqual(t, took, deadline)
	require.Less(t, took, 8*time.Second, "the call alone may take 10")
	for name, result := range impact.Results {
		if name == "oracle-3" {
			require.Equal(t, classTimeout, result.Error)
		} else {
			require.Equal(t, statusOK, result.Status, name)
		}
	}

	lock(t, dsn)
	s = service(t, dbtest.Pool(t, dsn, 2), func(c *Config) { c.OverallDeadline, c.StatementTimeout = deadline, 0 })
	start = time.Now()
	requireProblem(t, get(t.Context(), s, "7"), http.StatusServiceUnavailable, "timeout")
	require.Less(t, time.Since(start), 8*time.Second, "with its time in the database")
}

func TestWithoutIsolationAnErrorIsTheAnswer(t *testing.T) {
	t.Parallel()
	api := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("project") == "8" {
			<-r.Context().Done()
		}
		w.WriteHeader(http.StatusTeapot)
	})
	dsn := world(t, map[int64][]schema.Oracle{7: oracles(api.URL, 1), 8: oracles(api.URL, 1)})
	s := service(t, dbtest.Pool(t, dsn, 2), func(c *Config) { c.IsolateErrors, c.CallTimeout = false, 100*time.Millisecond })
	w := get(t.Context(), s, "7")
	requireProblem(t, w, http.StatusBadGateway, "oracle_status")
	require.Contains(t, w.Body.String(), "oracle oracle-0: status: status 418")
	requireProblem(t, get(t.Context(), s, "8"), http.StatusGatewayTimeout, "oracle_timeout")
}

func TestAConnectionIsNotHeldWhileOraclesAreAsked(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	api := listen(t, func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-leave
		wellBehaved(w, r)
	})
	dsn := world(t, map[int64][]schema.Oracle{7: oracles(api.URL, 1)})
	for _, release := range []bool{true, false} {
		pool := dbtest.Pool(t, dsn, 2)
		s := service(t, pool, func(c *Config) { c.ReleaseConnection = release })
		done := make(chan error)
		go func() {
			_, err := s.Impact(t.Context(), 7)
			done <- err
		}()
		<-entered
		held := pool.Stat().AcquiredConns()
		leave <- struct{}{}
		require.NoError(t, <-done)
		require.Equal(t, map[bool]int32{true: 0, false: 1}[release], held)
		require.Zero(t, pool.Stat().AcquiredConns())
	}
}

func TestACallerWhoHasGoneIsNotWorkedFor(t *testing.T) {
	t.Parallel()
	entered, gone, answer := make(chan struct{}), make(chan bool), make(chan struct{})
	api := listen(t, func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		select {
		case <-r.Context().Done():
			gone <- true
		case <-answer:
			wellBehaved(w, r)
			gone <- false
		}
	})
	dsn := world(t, map[int64][]schema.Oracle{7: oracles(api.URL, 1)})
	for _, cancels := range []bool{true, false} {
		s := service(t, dbtest.Pool(t, dsn, 2), func(c *Config) { c.CancelAbandoned = cancels })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); get(ctx, s, "7") }()
		<-entered
		cancel()
		if !cancels {
			answer <- struct{}{} // it is still there to take it
		}
		select {
		case was := <-gone:
			require.Equal(t, cancels, was)
		case <-time.After(30 * time.Second):
			require.Fail(t, "the oracle still has the call open")
		}
		<-done
	}
}

func TestADatabaseThatIsNotThereIsUnavailable(t *testing.T) {
	t.Parallel()
	s := service(t, dbtest.Pool(t, "postgres://u@127.0.0.1:1/d", 1), nil)
	requireProblem(t, get(t.Context(), s, "7"), http.StatusServiceUnavailable, "database_unavailable")
}

func TestTheWaitForTheDatabaseIsBounded(t *testing.T) {
	t.Parallel()
	dsn := world(t, nil)
	pool := dbtest.Pool(t, dsn, 1)
	held, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	s := service(t, pool, func(c *Config) { c.AcquireTimeout = 50 * time.Millisecond })
	requireProblem(t, get(t.Context(), s, "7"), http.StatusServiceUnavailable, "overloaded")
	off := service(t, pool, func(c *Config) { c.AcquireTimeout = 0 })
	requireWaits(t, off)
	held.Release()

	lock(t, dsn)
	s = service(t, pool, func(c *Config) { c.StatementTimeout = 50 * time.Millisecond })
	requireProblem(t, get(t.Context(), s, "7"), http.StatusServiceUnavailable, "timeout")
	require.EqualValues(t, 1, pool.Stat().TotalConns(), "the database's own timeout keeps the connection")
	requireWaits(t, service(t, pool, func(c *Config) { c.StatementTimeout = 0 }))
}

// requireWaits shows that a request waits until its caller goes.
func requireWaits(t *testing.T, s *Service) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	start := time.Now()
	requireProblem(t, get(ctx, s, "7"), http.StatusServiceUnavailable, "canceled")
	require.GreaterOrEqual(t, time.Since(start), 400*time.Millisecond)
}

// lock keeps every reader of the oracles waiting until the test ends.
func lock(t *testing.T, dsn string) {
	conn := dbtest.Connect(t, dsn)
	dbtest.Exec(t, conn, "BEGIN")
	dbtest.Exec(t, conn, "LOCK TABLE oracles IN ACCESS EXCLUSIVE MODE")
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

// The reading of ten oracles is bounded: it touches as many rows of 10,000 as of
// 100.
func TestReadingTheFirstTenIsBounded(t *testing.T) {
	t.Parallel()
	dsn := world(t, map[int64][]schema.Oracle{7: oracles("http://127.0.0.1:1", 10_000)})
	pool := dbtest.Pool(t, dsn, 1)
	s := service(t, pool, nil)
	before := rowsRead(t, pool)
	for range 10 { // as many as a generic plan needs to be chosen, and more
		_, err := s.Impact(t.Context(), 7)
		require.NoError(t, err)
	}
	read := rowsRead(t, pool) - before
	require.GreaterOrEqual(t, read, int64(100), "the database counts what is read")
	require.LessOrEqual(t, read, int64(110), "10 for each request, and one or so more")
}

// rowsRead is how many rows of oracles were read so far, by any plan.
func rowsRead(t *testing.T, pool *pgxpool.Pool) (n int64) {
	// Only the session that has read knows, until it reports; so it is made to.
	_, err := pool.Exec(t.Context(), "SELECT pg_stat_force_next_flush()")
	require.NoError(t, err)
	err = pool.QueryRow(t.Context(), `SELECT seq_tup_read + coalesce(idx_tup_fetch, 0)
		FROM pg_stat_user_tables WHERE relname = 'oracles'`).Scan(&n)
	require.NoError(t, err)
	return n
}
