package task

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// received is a call as the API saw it.
type received struct {
	path, idempotency, key string
	attempt                int
	mails                  []email
	at                     time.Time
	nth                    int // from 1
}

// answer is what the API says to a call. The zero value is success.
type answer struct {
	status     int
	name       string
	retryAfter string
	refuse     []int         // of a batch, which messages
	lose       bool          // carry it out, and cut the connection
	wait       chan struct{} // until closed, or the client has gone
	body       string        // instead of what would be answered
}

// api is an e-mail API that answers as it is told, and remembers idempotency
// keys.
type api struct {
	*httptest.Server
	says func(received) answer

	mu        sync.Mutex
	calls     []received
	delivered map[string]int // by recipient
	seen      map[string]bool
}

func newAPI(t testing.TB, says func(received) answer) *api {
	a := &api{says: says, delivered: map[string]int{}, seen: map[string]bool{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

// all returns the calls so far.
func (a *api) all() []received {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]received(nil), a.calls...)
}

// deliveries returns how many mails went to each recipient.
func (a *api) deliveries() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[string]int{}
	for to, n := range a.delivered {
		all[to] = n
	}
	return all
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := received{path: r.URL.Path, idempotency: r.Header.Get("Idempotency-Key"), at: time.Now(),
		key: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")}
	c.attempt, _ = strconv.Atoi(r.Header.Get("X-Attempt"))
	var err error
	if c.path == "/emails/batch" {
		err = json.NewDecoder(r.Body).Decode(&c.mails)
	} else {
		c.mails = make([]email, 1)
		err = json.NewDecoder(r.Body).Decode(&c.mails[0])
	}
	if err != nil {
		panic(err)
	}
	a.mu.Lock()
	a.calls = append(a.calls, c)
	c.nth = len(a.calls)
	a.mu.Unlock()
	say := a.says(c)
	if say.wait != nil {
		select {
		case <-say.wait:
		case <-r.Context().Done():
			return
		}
	}
	if say.retryAfter != "" {
		w.Header().Set("Retry-After", say.retryAfter)
	}
	if say.status != 0 {
		w.WriteHeader(say.status)
		fmt.Fprintf(w, `{"statusCode":%d,"name":%q,"message":"no"}`, say.status, say.name)
		return
	}
	body := a.deliver(c, say)
	if say.lose {
		panic(http.ErrAbortHandler)
	}
	fmt.Fprint(w, body)
}

// deliver counts what is sent, unless the key was there before.
func (a *api) deliver(c received, say answer) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	refused := map[int]bool{}
	for _, i := range say.refuse {
		refused[i] = true
	}
	var ids, problems []string
	for i, m := range c.mails {
		if refused[i] {
			problems = append(problems, fmt.Sprintf(`{"index":%d,"message":"no address"}`, i))
			continue
		}
		ids = append(ids, `{"id":"x"}`)
		if c.idempotency == "" || !a.seen[c.idempotency] {
			a.delivered[m.To[0]]++
		}
	}
	a.seen[c.idempotency] = true
	switch {
	case say.body != "":
		return say.body
	case c.path == "/emails":
		return ids[0]
	}
	return fmt.Sprintf(`{"data":[%s],"errors":[%s]}`, strings.Join(ids, ","), strings.Join(problems, ","))
}

// logs is a buffer for several goroutines.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// rig is a running service with its API and its database.
type rig struct {
	*Service
	api  *api
	pool *pgxpool.Pool
	dsn  string
	http http.Handler
	logs *logs
	t    testing.TB
}

// quick is a configuration whose waits are short.
func quick() Config {
	c := defaultConfig()
	c.APIKey = "key-1"
	c.DBCountdown, c.NetworkCountdown = 20*time.Millisecond, 20*time.Millisecond
	c.SendTimeout = 5 * time.Second
	c.PollInterval = 5 * time.Millisecond
	c.DrainOnStop = 5 * time.Second
	return c
}

// started starts a service on a database of its own.
func started(t testing.TB, says func(received) answer, change func(*Config)) *rig {
	r := idle(t, says, change)
	require.NoError(t, r.Start(context.Background()))
	t.Cleanup(func() { require.NoError(t, r.Stop()) })
	return r
}

// idle makes a service that is not started.
func idle(t testing.TB, says func(received) answer, change func(*Config)) *rig {
	return onto(t, projects(t, 30), newAPI(t, says), change)
}

// onto makes a service over a database and an API that are there.
func onto(t testing.TB, dsn string, api *api, change func(*Config)) *rig {
	c := quick()
	c.APIURL = api.URL
	if change != nil {
		change(&c)
	}
	r := &rig{api: api, dsn: dsn, pool: dbtest.Pool(t, dsn, c.PoolMax), logs: &logs{}, t: t}
	var err error
	r.Service, err = New(c, r.pool, prometheus.NewRegistry(), slog.New(slog.NewJSONHandler(r.logs, nil)))
	require.NoError(t, err)
	mux := http.NewServeMux()
	r.Routes(mux)
	r.http = mux
	return r
}

// ask makes a request and returns its status and body.
func (r *rig) ask(method, path, body string) (int, string) {
	w := httptest.NewRecorder()
	r.http.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w.Code, w.Body.String()
}

// post takes a task on and returns its id.
func (r *rig) post(body string) int64 {
	r.t.Helper()
	status, text := r.ask("POST", "/tasks", body)
	require.Equal(r.t, http.StatusAccepted, status, text)
	var answer struct{ ID int64 }
	require.NoError(r.t, json.Unmarshal([]byte(text), &answer))
	return answer.ID
}

// notify takes on a mail to the owner of a project.
func (r *rig) notify(project int) int64 {
	return r.post(fmt.Sprintf(`{"kind":"notify_project_success","project_id":%d}`, project))
}

// batch takes on so many mails, to m0@example.org and so on.
func (r *rig) batch(messages int) int64 {
	var all []batchMessage
	for i := range messages {
		all = append(all, batchMessage{To: fmt.Sprintf("m%d@example.org", i), Subject: "s", Body: "b"})
	}
	body, err := json.Marshal(map[string]any{"kind": kindBatch, "messages": all})
	require.NoError(r.t, err)
	return r.post(string(body))
}

// status asks for a task.
func (r *rig) status(id int64) taskStatus {
	r.t.Helper()
	code, text := r.ask("GET", fmt.Sprintf("/tasks/%d", id), "")
	require.Equal(r.t, http.StatusOK, code, text)
	var s taskStatus
	require.NoError(r.t, json.Unmarshal([]byte(text), &s))
	return s
}

// queue asks for the queue.
func (r *rig) queue() queueCounts {
	r.t.Helper()
	code, text := r.ask("GET", "/tasks/queue", "")
	require.Equal(r.t, http.StatusOK, code, text)
	var q queueCounts
	require.NoError(r.t, json.Unmarshal([]byte(text), &q))
	return q
}

// until waits for a task's state.
func (r *rig) until(id int64, state taskState) taskStatus {
	r.t.Helper()
	r.eventually(func() bool { return r.status(id).State == state })
	return r.status(id)
}

func (r *rig) eventually(holds func() bool) {
	r.t.Helper()
	require.Eventually(r.t, holds, 30*time.Second, 5*time.Millisecond)
}

// conn is a session beside the service.
func (r *rig) conn() *pgx.Conn { return dbtest.Connect(r.t, r.dsn) }

// fails is an API that answers every call with an error.
func fails(status int, name string) func(received) answer {
	return func(received) answer { return answer{status: status, name: name} }
}

// works is an API to which every mail is welcome.
func works(received) answer { return answer{} }

// first gives the first n calls one answer and all others success.
func first(n int, a answer) func(received) answer {
	return func(r received) answer {
		if r.nth <= n {
			return a
		}
		return answer{}
	}
}
