package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/reference/server"
)

// program is a running server.
type program struct {
	url  string
	logs *buffer
	stop func() error // ends its context, waits, and returns what Run returned
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// getenv returns an environment of these values.
func getenv(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// start runs the program on a free port and waits for its URL.
func start(t *testing.T, values map[string]string) program {
	values["LISTEN_ADDR"] = "127.0.0.1:0"
	ctx, cancel := context.WithCancel(context.Background())
	read, write := io.Pipe()
	p := program{logs: &buffer{}}
	ended := make(chan error, 1)
	go func() {
		err := server.Run(ctx, getenv(values), write, p.logs)
		write.CloseWithError(err)
		ended <- err
	}()
	p.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { p.stop(); http.DefaultClient.CloseIdleConnections() })
	line, err := bufio.NewReader(read).ReadString('\n')
	require.NoError(t, err, p.logs.String())
	p.url = strings.TrimSpace(line)
	return p
}

// get returns status and body of an answer.
func get(t *testing.T, address string) (int, string) {
	t.Helper()
	answer, err := http.Get(address)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(body)
}

func TestTheProgramMigratesAndServes(t *testing.T) {
	t.Parallel()
	p := start(t, map[string]string{"DATABASE_URL": databases.Empty(t)})
	for path, want := range map[string]string{
		"/healthz":           `200 {"status":"ok"}`,
		"/readyz":            `200 {"status":"ready"}`,
		"/search?q=ab":       `200 {"query":"ab","limit":100,"count":0,"truncated":false,"results":[]}`,
		"/search":            `400 {"error":{"code":"bad_query","message":"the query is empty"}}`,
		"/projects/7/impact": `404 {"error":{"code":"no_such_project","message":"there is no such project"}}`,
		"/projects/x/impact": `400 {"error":{"code":"bad_id","message":"a project's id is a whole number above 0"}}`,
		"/nowhere":           `404 {"error":{"code":"not_found","message":"there is nothing at this address"}}`,
	} {
		status, body := get(t, p.url+path)
		require.Equal(t, want, fmt.Sprintf("%d %s", status, body), path)
	}
	require.NoError(t, p.stop())
	for line := range strings.Lines(p.logs.String()) {
		require.True(t, json.Valid([]byte(line)), line)
	}
	require.Contains(t, p.logs.String(), `"msg":"listening","addr":"`+strings.TrimPrefix(p.url, "http://")+`"`)
	_, err := http.Get(p.url + "/healthz")
	require.Error(t, err, "a stopped program holds no port")
}

func TestTheEnvironmentReachesTheSearch(t *testing.T) {
	t.Parallel()
	p := start(t, map[string]string{"DATABASE_URL": projects(t, 150), "MAX_SEARCH_RESULTS": "3"})
	_, body := get(t, p.url+"/search?q="+schema.TermEverywhere)
	require.Contains(t, body, `"limit":3,"count":3,"truncated":true`)
}

func TestTheEnvironmentReachesTheOracles(t *testing.T) {
	t.Parallel()
	dsn := projects(t, 150)
	require.NoError(t, schema.AddOracles(t.Context(), dbtest.Connect(t, dsn), 7, []schema.Oracle{
		{Name: "a", URL: "http://127.0.0.1:1/a", Active: true}, {Name: "b", URL: "http://127.0.0.1:1/b", Active: true}}))
	p := start(t, map[string]string{"DATABASE_URL": dsn, "MAX_ORACLES_PER_PROJECT": "1"})
	_, body := get(t, p.url+"/projects/7/impact")
	require.Equal(t, `{"project_id":7,"active":2,"queried":1,"truncated":true,"results":`+
		`{"a":{"status":"error","error":"connection","detail":"the connection was refused"}}}`, body)
	_, body = get(t, p.url+"/metrics")
	for _, line := range []string{`oracle_calls_total{outcome="connection"} 1`, "oracle_call_duration_seconds_count 1",
		"oracle_fanouts_total 1", "oracle_fanouts_truncated_total 1", "oracle_calls_in_flight 0", `oracle_breakers{state="open"} 0`, `impact_requests_total{outcome="ok"} 1`, "impact_duration_seconds_count 1"} {
		require.Contains(t, body, line)
	}
	require.NoError(t, p.stop())
}

func TestMetricsHaveTheirValues(t *testing.T) {
	t.Parallel()
	p := start(t, map[string]string{"DATABASE_URL": projects(t, 150), "DB_POOL_MAX": "4", "APP_MEMORY_LIMIT_BYTES": "104857600"})
	get(t, p.url+"/search?q="+schema.TermEverywhere)
	var body string
	require.Eventually(t, func() bool { // the tasks are counted beside the requests
		_, body = get(t, p.url+"/metrics")
		return strings.Contains(body, "queue_jobs")
	}, 30*time.Second, 10*time.Millisecond)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	require.NoError(t, err)
	for _, name := range []string{"process_resident_memory_bytes", "process_cpu_seconds_total", "go_goroutines"} {
		require.Contains(t, families, name)
	}
	require.Equal(t, 4.0, families["db_pool_max"].Metric[0].Gauge.GetValue())
	require.Equal(t, 8.0, families["db_pool_max"].Metric[1].Gauge.GetValue(), "the tasks have a pool of their own")
	require.Equal(t, 104857600.0, families["app_memory_limit_bytes"].Metric[0].Gauge.GetValue())
	require.Equal(t, 1.0, families["search_results_truncated_total"].Metric[0].Counter.GetValue())
}

func TestATaskIsWorkedAndEndsBeforeTheProgramDoes(t *testing.T) {
	t.Parallel()
	arrived, proceed := make(chan struct{}), make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-proceed
		_, _ = io.WriteString(w, `{"id":"x"}`)
	}))
	defer api.Close()
	dsn := projects(t, 150)
	p := start(t, map[string]string{"DATABASE_URL": dsn, "EMAIL_API_URL": api.URL, "EMAIL_API_KEY": "hunter2"})
	answered, err := http.Post(p.url+"/tasks", "application/json", strings.NewReader(`{"kind":"notify_project_success","project_id":7}`))
	require.NoError(t, err)
	answered.Body.Close()
	require.Equal(t, http.StatusAccepted, answered.StatusCode)
	<-arrived
	stopped := make(chan error, 1)
	go func() { stopped <- p.stop() }()
	require.Eventually(t, func() bool { return strings.Contains(p.logs.String(), `"msg":"stopping"`) },
		30*time.Second, time.Millisecond)
	close(proceed)
	require.NoError(t, <-stopped)
	require.Equal(t, []string{"completed"}, dbtest.Values[string](t, dbtest.Connect(t, dsn), "SELECT state::text FROM river_job"))
	require.NotContains(t, p.logs.String(), "hunter2")
}

func TestAMemoryLimitThatIsNotKnownIsNotShown(t *testing.T) {
	t.Parallel()
	p := start(t, map[string]string{"DATABASE_URL": databases.Empty(t)})
	_, body := get(t, p.url+"/metrics")
	require.NotContains(t, body, "app_memory_limit_bytes")
}

func TestWithoutItsDatabaseTheProgramIsHealthyButNotReady(t *testing.T) {
	t.Parallel()
	dsn := databases.Empty(t)
	p := start(t, map[string]string{"DATABASE_URL": dsn})
	address, err := url.Parse(dsn)
	require.NoError(t, err)
	name := strings.TrimPrefix(address.Path, "/")
	address.Path = "/postgres"
	admin := dbtest.Connect(t, address.String())
	dbtest.Exec(t, admin, fmt.Sprintf(`ALTER DATABASE %q ALLOW_CONNECTIONS false`, name))
	defer dbtest.Exec(t, admin, fmt.Sprintf(`ALTER DATABASE %q ALLOW_CONNECTIONS true`, name))
	dbtest.Exec(t, admin, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name)

	require.Eventually(t, func() bool {
		status, body := get(t, p.url+"/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "database_unavailable")
	}, 30*time.Second, 10*time.Millisecond)
	status, _ := get(t, p.url+"/healthz")
	require.Equal(t, http.StatusOK, status)
}

// slowSearch starts a search that waits for a lock, and returns its answer's
// channel and how to let it go on.
func slowSearch(t *testing.T, p program, dsn string) (answer chan int, unlock func()) {
	conn := dbtest.Connect(t, dsn)
	dbtest.Exec(t, conn, "BEGIN; LOCK TABLE search_documents IN ACCESS EXCLUSIVE MODE")
	answer = make(chan int, 1)
	go func() {
		answered, err := http.Get(p.url + "/search?q=projet")
		if err != nil {
			answer <- 0
			return
		}
		answered.Body.Close()
		answer <- answered.StatusCode
	}()
	watcher := dbtest.Connect(t, dsn)
	require.Eventually(t, func() bool {
		return dbtest.Values[int](t, watcher, "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")[0] > 0
	}, 30*time.Second, 10*time.Millisecond)
	return answer, func() { dbtest.Exec(t, conn, "ROLLBACK") }
}

func TestRequestsInFlightEndBeforeTheProgramDoes(t *testing.T) {
	t.Parallel()
	dsn := projects(t, 150)
	p := start(t, map[string]string{"DATABASE_URL": dsn, "SEARCH_STATEMENT_TIMEOUT": "0"})
	answer, unlock := slowSearch(t, p, dsn)
	stopped := make(chan error, 1)
	go func() { stopped <- p.stop() }()
	require.Eventually(t, func() bool { return strings.Contains(p.logs.String(), `"msg":"stopping"`) },
		30*time.Second, time.Millisecond)
	unlock()
	require.Equal(t, http.StatusOK, <-answer)
	require.NoError(t, <-stopped)
}

func TestRequestsThatDoNotEndAreCutAfterTheGrace(t *testing.T) {
	t.Parallel()
	dsn := projects(t, 150)
	p := start(t, map[string]string{"DATABASE_URL": dsn, "SEARCH_STATEMENT_TIMEOUT": "0", "SHUTDOWN_GRACE": "100ms"})
	answer, unlock := slowSearch(t, p, dsn)
	defer unlock()
	require.ErrorContains(t, p.stop(), "requests were still running after 100ms")
	require.Zero(t, <-answer)
}

func TestAProgramThatCannotStartSaysWhyInOneLine(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	const secret = "hunter2"
	for _, row := range []struct {
		name, dsn, listen, want string
		usage                   bool
	}{
		{"a port in use", "postgres://u:" + secret + "@127.0.0.1:1/d", taken.Addr().String(), "address already in use", false},
		{"an address that is none", "postgres://u@127.0.0.1:1/d", "here", "listen on here", false},
		{"no database there", "postgres://u:" + secret + "@127.0.0.1:1/d", "127.0.0.1:0", "reach the database: failed to connect", false},
		{"no connection string", "postgres://u:" + secret + "@:port%zz/d", "127.0.0.1:0", "DATABASE_URL: is not a connection string", true},
		{"none at all", "", "127.0.0.1:0", "DATABASE_URL: must be set", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := server.Run(t.Context(), getenv(map[string]string{"DATABASE_URL": row.dsn, "LISTEN_ADDR": row.listen}), io.Discard, io.Discard)
			require.ErrorContains(t, err, row.want)
			require.NotContains(t, err.Error(), secret)
			require.NotContains(t, err.Error(), "\n")
			if row.usage {
				require.ErrorIs(t, err, server.ErrUsage)
			} else {
				require.NotErrorIs(t, err, server.ErrUsage)
			}
		})
	}
}
