package task

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

func TestAnOwnerIsTold(t *testing.T) {
	t.Parallel()
	r := started(t, works, nil)
	s := r.until(r.notify(7), stateSucceeded)
	require.Equal(t, taskStatus{ID: s.ID, Kind: kindNotify, State: stateSucceeded, Attempts: 1, MaxAttempts: 4}, s)
	calls := r.api.all()
	require.Len(t, calls, 1)
	owner := dbtest.Values[string](t, r.conn(), "SELECT email FROM owners o JOIN projects p ON p.owner_id = o.id WHERE p.id = 7")
	require.Equal(t, owner, calls[0].mails[0].To)
	require.Contains(t, calls[0].mails[0].Subject, "Project 7 ")
	require.Equal(t, defaultConfig().From, calls[0].mails[0].From)
	require.Equal(t, "key-1", calls[0].key)
	require.Equal(t, 1, calls[0].attempt)
	require.NotEmpty(t, calls[0].idempotency)
}

func TestABatchIsSentAHundredAtATime(t *testing.T) {
	t.Parallel()
	r := started(t, works, nil)
	r.until(r.batch(250), stateSucceeded)
	var sizes []int
	keys := map[string]bool{}
	for _, c := range r.api.all() {
		sizes = append(sizes, len(c.mails))
		keys[c.idempotency] = true
	}
	require.Equal(t, []int{100, 100, 50}, sizes)
	require.Len(t, keys, 3)
	require.Len(t, r.api.deliveries(), 250)
}

func TestAPermanentErrorIsTriedOnce(t *testing.T) {
	t.Parallel()
	r := started(t, fails(403, "invalid_api_key"), nil)
	s := r.until(r.notify(1), stateFailed)
	require.Equal(t, 1, s.Attempts)
	require.Equal(t, classPermanent, s.ErrorClass)
	require.Contains(t, s.Error, "invalid_api_key")
	require.NotContains(t, s.Error+r.logs.String(), "key-1")
	require.Len(t, r.api.all(), 1)
	require.Contains(t, r.logs.String(), `"level":"ERROR","msg":"task failed: another try would not help"`)
	require.Contains(t, r.logs.String(), `"cause":"invalid_api_key"`)
	require.Equal(t, 1.0, testutil.ToFloat64(r.metrics.failed.WithLabelValues(kindNotify, "permanent")))
	require.Equal(t, 0.0, testutil.ToFloat64(r.metrics.retries.WithLabelValues(kindNotify)))
}

func TestAProjectThatDoesNotExistIsPermanent(t *testing.T) {
	t.Parallel()
	r := started(t, works, nil)
	s := r.until(r.notify(31), stateFailed)
	require.Equal(t, []any{1, classPermanent, "there is no such project"}, []any{s.Attempts, s.ErrorClass, s.Error})
	require.Empty(t, r.api.all())
}

func TestAnErrorThatLastsIsGivenUpAfterFourAttempts(t *testing.T) {
	t.Parallel()
	r := started(t, fails(503, ""), nil)
	s := r.until(r.notify(1), stateFailed)
	require.Equal(t, []any{4, 4, classTemporary}, []any{s.Attempts, s.MaxAttempts, s.ErrorClass})
	calls := r.api.all()
	require.Len(t, calls, 4)
	for i, c := range calls {
		require.Equal(t, i+1, c.attempt)
		require.Equal(t, calls[0].idempotency, c.idempotency, "one task, one key")
	}
	require.Equal(t, 1.0, testutil.ToFloat64(r.metrics.attempts.WithLabelValues(kindNotify, attemptFirst, "temporary")))
	require.Equal(t, 3.0, testutil.ToFloat64(r.metrics.attempts.WithLabelValues(kindNotify, attemptRetry, "temporary")))
	require.Equal(t, 0.0, testutil.ToFloat64(r.metrics.succeeded.WithLabelValues(kindNotify)))
	require.Equal(t, 3.0, testutil.ToFloat64(r.metrics.retries.WithLabelValues(kindNotify)))
	require.Equal(t, 1.0, testutil.ToFloat64(r.metrics.failed.WithLabelValues(kindNotify, "temporary")))
}

func TestALostAnswerSendsNoMailTwice(t *testing.T) {
	t.Parallel()
	for name, mails := range map[string]func(*rig) int64{
		"one mail": func(r *rig) int64 { return r.notify(1) },
		"a batch":  func(r *rig) int64 { return r.batch(3) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := started(t, first(1, answer{lose: true}), nil)
			s := r.until(mails(r), stateSucceeded)
			require.Equal(t, 2, s.Attempts)
			calls := r.api.all()
			require.Len(t, calls, 2, "one request per attempt")
			require.Equal(t, calls[0].idempotency, calls[1].idempotency)
			for to, n := range r.api.deliveries() {
				require.Equal(t, 1, n, to)
			}
		})
	}
}

func TestASuccessThatCannotBeReadIsUnknown(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", `{"id":""}`, "<html>", `[1]`} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			r := started(t, first(4, answer{body: body + " "}), nil)
			s := r.until(r.notify(1), stateFailed)
			require.Equal(t, classUnknown, s.ErrorClass)
			require.Len(t, r.api.deliveries(), 1)
		})
	}
}

func TestABatchGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	r := started(t, func(c received) answer {
		if c.nth == 2 {
			return answer{status: 503}
		}
		return answer{}
	}, nil)
	s := r.until(r.batch(150), stateSucceeded)
	require.Equal(t, 2, s.Attempts)
	calls := r.api.all()
	require.Len(t, calls, 3)
	require.Equal(t, "m100@example.org", calls[2].mails[0].To[0])
	require.Equal(t, calls[1].idempotency, calls[2].idempotency)
	require.Len(t, r.api.deliveries(), 150)
}

func TestWhatTheAPIRefusesOfABatchIsNotSentAgain(t *testing.T) {
	t.Parallel()
	r := started(t, func(c received) answer {
		switch c.nth {
		case 1:
			return answer{refuse: []int{3, 7}}
		case 2:
			return answer{status: 503}
		}
		return answer{}
	}, nil)
	s := r.until(r.batch(120), stateFailed)
	require.Equal(t, []any{2, classPermanent}, []any{s.Attempts, s.ErrorClass})
	require.Contains(t, s.Error, "2 of 120 messages were refused, the others are sent; message 3: refused: no address")
	require.Len(t, r.api.deliveries(), 118)
	require.Len(t, r.api.all(), 3)
}

func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	r := started(t, first(1, answer{status: 429, name: "rate_limit_exceeded", retryAfter: "1"}), nil)
	r.until(r.notify(1), stateSucceeded)
	calls := r.api.all()
	require.Len(t, calls, 2)
	require.GreaterOrEqual(t, calls[1].at.Sub(calls[0].at), time.Second)
}

func TestTheQueueIsCounted(t *testing.T) {
	t.Parallel()
	wait := make(chan struct{})
	r := started(t, func(received) answer { return answer{wait: wait} }, func(c *Config) { c.Workers = 2 })
	var ids []int64
	for i := range 5 {
		ids = append(ids, r.notify(i+1))
	}
	r.eventually(func() bool { q := r.queue(); return q.Running == 2 && q.Pending == 3 })
	r.eventually(func() bool { return r.queue().OldestPendingSeconds > 0.01 })
	r.eventually(func() bool { return testutil.CollectAndCount(r.metrics.queue, "queue_jobs") == 5 })
	require.Equal(t, 3, testutil.CollectAndCount(r.metrics.queue, "queue_oldest_job_age_seconds"))
	close(wait)
	for _, id := range ids {
		r.until(id, stateSucceeded)
	}
	require.Equal(t, queueCounts{Succeeded: 5}, r.queue())
	require.Equal(t, 5.0, testutil.ToFloat64(r.metrics.succeeded.WithLabelValues(kindNotify)))
	require.Equal(t, 5.0, testutil.ToFloat64(r.metrics.requests.WithLabelValues(requestAccepted)))
	require.InDelta(t, time.Now().Unix(), testutil.ToFloat64(r.metrics.heartbeat), 60)
}

func TestRequestsThatAreNoTaskAreRefused(t *testing.T) {
	t.Parallel()
	r := idle(t, works, nil)
	long := `{"kind":"send_batch_email","messages":[{"to":"a","subject":"b","body":"` + strings.Repeat("c", maxBody) + `"}]}`
	var many string
	for range maxMessages {
		many += `{"to":"a","subject":"b","body":"c"},`
	}
	for name, body := range map[string]string{
		"nothing": "", "no JSON": "{", "a list": "[]", "null": "null", "no kind": `{"project_id":1}`,
		"another kind":        `{"kind":"x","project_id":1}`,
		"no project":          `{"kind":"notify_project_success"}`,
		"project 0":           `{"kind":"notify_project_success","project_id":0}`,
		"a project as text":   `{"kind":"notify_project_success","project_id":"1"}`,
		"a fraction":          `{"kind":"notify_project_success","project_id":1.5}`,
		"too large":           `{"kind":"notify_project_success","project_id":9223372036854775808}`,
		"an unknown field":    `{"kind":"notify_project_success","project_id":1,"x":1}`,
		"two tasks":           `{"kind":"notify_project_success","project_id":1}{}`,
		"both":                `{"kind":"notify_project_success","project_id":1,"messages":[]}`,
		"no messages":         `{"kind":"send_batch_email"}`,
		"none in it":          `{"kind":"send_batch_email","messages":[]}`,
		"too many":            `{"kind":"send_batch_email","messages":[` + many + `{"to":"a","subject":"b","body":"c"}]}`,
		"no recipient":        `{"kind":"send_batch_email","messages":[{"subject":"b","body":"c"}]}`,
		"NUL":                 `{"kind":"send_batch_email","messages":[{"to":"a","subject":"\u0000","body":"c"}]}`,
		"a body that is long": long,
	} {
		status, text := r.ask("POST", "/tasks", body)
		require.Equal(t, http.StatusBadRequest, status, name+text)
		require.Contains(t, text, `"code":"bad_task"`, name)
	}
	for _, path := range []string{"/tasks/0", "/tasks/x", "/tasks/99999999999999999999", "/tasks/-1"} {
		status, _ := r.ask("GET", path, "")
		require.Equal(t, http.StatusNotFound, status, path)
	}
	require.Equal(t, queueCounts{}, r.queue())
	require.NotZero(t, r.notify(1))
}

func TestWithoutADatabaseNothingIsTakenOn(t *testing.T) {
	t.Parallel()
	r := onto(t, "postgres://nobody@127.0.0.1:1/none?connect_timeout=1", newAPI(t, works), nil)
	for _, row := range [][3]string{{"POST", "/tasks", `{"kind":"notify_project_success","project_id":1}`},
		{"GET", "/tasks/1", ""}, {"GET", "/tasks/queue", ""}} {
		status, text := r.ask(row[0], row[1], row[2])
		require.Equal(t, http.StatusServiceUnavailable, status, row[1]+text)
		require.Contains(t, text, "database_unavailable")
		require.NotContains(t, text, "127.0.0.1")
	}
	require.ErrorContains(t, r.Start(t.Context()), "write a sign of life")
	require.Equal(t, 1.0, testutil.ToFloat64(r.metrics.requests.WithLabelValues(requestUnavailable)))
	require.Zero(t, testutil.CollectAndCount(r.metrics.queue), "what was not counted is absent")
	require.Zero(t, testutil.CollectAndCount(r.metrics.heartbeat), "nor is there a sign of life that was not written")
}

func TestWithoutAnAPITasksAreTakenOnAndWait(t *testing.T) {
	t.Parallel()
	r := started(t, works, func(c *Config) { c.APIURL = "" })
	s := r.status(r.notify(1))
	require.Equal(t, []any{statePending, 0, 4}, []any{s.State, s.Attempts, s.MaxAttempts})
	require.Equal(t, 1, r.queue().Pending)
}
