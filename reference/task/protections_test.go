package task

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// Each test here takes one protection away and sees what it protected from.

func TestWithoutClassificationAPermanentErrorIsTriedAgain(t *testing.T) {
	t.Parallel()
	r := started(t, fails(403, "invalid_api_key"), func(c *Config) { c.ClassifyErrors = false })
	s := r.until(r.notify(1), stateFailed)
	require.Equal(t, []any{4, classPermanent}, []any{s.Attempts, s.ErrorClass})
	require.Len(t, r.api.all(), 4)
}

func TestWithoutALimitATaskIsTriedWithoutEnd(t *testing.T) {
	t.Parallel()
	r := started(t, fails(503, ""), func(c *Config) { c.LimitRetries, c.Backoff, c.NetworkCountdown = false, 1, time.Millisecond })
	id := r.notify(1)
	r.eventually(func() bool { return r.status(id).Attempts > 12 })
	require.Equal(t, riverMaxAttempts, r.status(id).MaxAttempts)
	require.NotEqual(t, stateFailed, r.status(id).State)
}

func TestARetryLimitOfZeroIsOneAttempt(t *testing.T) {
	t.Parallel()
	r := started(t, fails(503, ""), func(c *Config) { c.MaxRetries = 0 })
	require.Equal(t, 1, r.until(r.notify(1), stateFailed).Attempts)
}

func TestWithoutIdempotencyKeysALostAnswerSendsTwice(t *testing.T) {
	t.Parallel()
	r := started(t, first(1, answer{lose: true}), func(c *Config) { c.IdempotencyKeys = false })
	r.until(r.batch(1), stateSucceeded)
	require.Equal(t, 2, r.api.deliveries()["m0@example.org"])
}

func TestWithoutASendTimeoutAHangHoldsATask(t *testing.T) {
	t.Parallel()
	hang := answer{wait: make(chan struct{})}
	with := started(t, first(1, hang), func(c *Config) { c.SendTimeout = 200 * time.Millisecond })
	s := with.until(with.notify(1), stateSucceeded)
	require.GreaterOrEqual(t, s.Attempts, 2, "what hung was given up; on a busy machine perhaps more than that")

	without := started(t, first(1, hang), func(c *Config) { c.SendTimeout, c.DrainOnStop = 0, 0 })
	held, other := without.notify(1), int64(0)
	without.eventually(func() bool { return len(without.api.all()) == 1 })
	other = without.notify(2)
	without.until(other, stateSucceeded)
	require.Equal(t, stateRunning, without.status(held).State)
	run, _ := without.jobTimeouts()
	require.Equal(t, time.Duration(-1), run, "nor does River bound it")
}

func TestWithoutHonouringRetryAfterARetryComesEarly(t *testing.T) {
	t.Parallel()
	r := started(t, first(1, answer{status: 429, retryAfter: "3600"}), func(c *Config) { c.HonourRetryAfter = false })
	r.until(r.notify(1), stateSucceeded)
}

func TestADurableTaskIsThereWhenItIsAccepted(t *testing.T) {
	t.Parallel()
	r := idle(t, works, nil) // whose process could end at any moment
	id := r.notify(1)
	require.Equal(t, []int64{id}, dbtest.Values[int64](t, r.conn(), "SELECT id FROM river_job"))
}

func TestWithoutDurabilityAKillLosesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	r := idle(t, works, func(c *Config) { c.DurableEnqueue = false })
	id := r.notify(1)
	require.Empty(t, dbtest.Values[int64](t, r.conn(), "SELECT id FROM river_job"))
	require.NoError(t, r.Start(context.Background()))
	r.eventually(func() bool { code, _ := r.ask("GET", fmt.Sprintf("/tasks/%d", id), ""); return code == http.StatusOK })
	r.until(id, stateSucceeded) // under the id that was given out
	later := r.notify(2)
	require.NoError(t, r.Stop())
	require.Contains(t, dbtest.Values[int64](t, r.conn(), "SELECT id FROM river_job"), later, "an orderly stop writes them")
}

// held is an API that holds its first call until the channel is closed.
func held(wait chan struct{}) func(received) answer { return first(1, answer{wait: wait}) }

func TestAStopLetsRunningTasksEnd(t *testing.T) {
	t.Parallel()
	wait := make(chan struct{})
	r := started(t, held(wait), nil)
	id := r.notify(1)
	r.eventually(func() bool { return len(r.api.all()) == 1 })
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop() }()
	select {
	case <-stopped:
		t.Fatal("stopped although a task runs")
	case <-time.After(50 * time.Millisecond):
	}
	close(wait)
	require.NoError(t, <-stopped)
	require.Equal(t, stateSucceeded, r.status(id).State)
}

func TestWithoutADrainAStopCutsRunningTasks(t *testing.T) {
	t.Parallel()
	r := started(t, held(make(chan struct{})), func(c *Config) { c.DrainOnStop = 0 })
	id := r.notify(1)
	r.eventually(func() bool { return len(r.api.all()) == 1 })
	require.NoError(t, r.Stop())
	s := r.status(id)
	require.Equal(t, []any{stateRetrying, 1, 5}, []any{s.State, s.Attempts, s.MaxAttempts}, "it costs none of the four")

	next := onto(t, r.dsn, r.api, nil)
	require.NoError(t, next.Start(context.Background()))
	defer func() { require.NoError(t, next.Stop()) }()
	require.Equal(t, 2, next.until(id, stateSucceeded).Attempts)
	calls := r.api.all()
	require.Equal(t, []int{1, 2}, []int{calls[0].attempt, calls[1].attempt})
	require.Equal(t, calls[0].idempotency, calls[1].idempotency)
}

func TestADrainHasAnEnd(t *testing.T) {
	t.Parallel()
	r := started(t, held(make(chan struct{})), func(c *Config) { c.DrainOnStop = 50 * time.Millisecond })
	id := r.notify(1)
	r.eventually(func() bool { return len(r.api.all()) == 1 })
	require.NoError(t, r.Stop())
	require.Equal(t, stateRetrying, r.status(id).State)
}

// killed leaves a task in the database as a killed worker does: running, of a
// worker that gives no sign of life.
func killed(t *testing.T, r *rig, attempt int) int64 {
	id := r.notify(1)
	dbtest.Exec(t, r.conn(), `UPDATE river_job SET state = 'running', attempt = $2, attempted_at = now(),
		attempted_by = ARRAY['earlier', 'killed'] WHERE id = $1`, id, attempt)
	return id
}

func TestTasksOfAKilledWorkerAreTakenUp(t *testing.T) {
	t.Parallel()
	r := idle(t, works, func(c *Config) { c.RescueAfter = 200 * time.Millisecond })
	first, last := killed(t, r, 1), killed(t, r, 4)
	start := time.Now()
	require.NoError(t, r.Start(context.Background()))
	defer func() { require.NoError(t, r.Stop()) }()
	require.Equal(t, 2, r.until(first, stateSucceeded).Attempts)
	require.GreaterOrEqual(t, time.Since(start), 200*time.Millisecond, "it could have been alive for so long")
	s := r.until(last, stateFailed)
	require.Equal(t, []any{4, classUnknown, "the worker was gone before the attempt ended"}, []any{s.Attempts, s.ErrorClass, s.Error})
}

// A fetch that the database carried out and whose answer was lost leaves a task
// that runs nowhere, in the name of a worker that lives.
func TestATaskThatItsWorkerNeverHeardOfIsTakenUp(t *testing.T) {
	t.Parallel()
	r := idle(t, works, func(c *Config) { c.RescueAfter = 200 * time.Millisecond })
	id := killed(t, r, 1)
	dbtest.Exec(t, r.conn(), "UPDATE river_job SET attempted_by = ARRAY[$2] WHERE id = $1", id, r.rescuer.id)
	require.NoError(t, r.Start(context.Background()))
	defer func() { require.NoError(t, r.Stop()) }()
	require.Equal(t, 2, r.until(id, stateSucceeded).Attempts)
}

func TestHandsLetGoOfWhatEndedBefore(t *testing.T) {
	t.Parallel()
	h := newHands()
	h.take(given{1, 1})
	h.take(given{2, 1})()
	now := time.Now()
	all := []given{{1, 1}, {2, 1}, {2, 2}, {3, 1}}
	require.Equal(t, []int64{2, 3}, h.missing(all, now.Add(-time.Minute)), "the second attempt at 2: what became of the first may not be written yet")
	require.Equal(t, []int64{2, 2, 3}, h.missing(all, now.Add(time.Minute)))
}

func TestTasksOfALivingWorkerAreLeftToIt(t *testing.T) {
	t.Parallel()
	wait := make(chan struct{})
	r := started(t, held(wait), func(c *Config) { c.RescueAfter = 50 * time.Millisecond })
	id := r.notify(1)
	r.eventually(func() bool { return len(r.api.all()) == 1 })
	other := onto(t, r.dsn, r.api, func(c *Config) { c.RescueAfter = 50 * time.Millisecond })
	other.rescuer.last = time.Now()
	for range 4 {
		require.NoError(t, r.rescuer.beat(t.Context()))
		require.NoError(t, other.rescuer.step(t.Context()))
		require.NoError(t, r.rescuer.rescue(t.Context()))
	}
	require.Equal(t, stateRunning, r.status(id).State)
	close(wait)
	require.Equal(t, 1, r.until(id, stateSucceeded).Attempts)
}

func TestARescuerThatWasSilentItselfWaits(t *testing.T) {
	t.Parallel()
	r := idle(t, works, func(c *Config) { c.RescueAfter = time.Hour })
	id := killed(t, r, 1)
	r.rescuer.steady, r.rescuer.last = time.Now().Add(-3*time.Hour), time.Now().Add(-2*time.Hour)
	require.NoError(t, r.rescuer.step(t.Context()))
	require.Equal(t, stateRunning, r.status(id).State, "the others may have been silent for the same reason")
	r.rescuer.steady = time.Now().Add(-time.Hour)
	require.NoError(t, r.rescuer.step(t.Context()))
	require.Equal(t, stateRetrying, r.status(id).State)
}

func TestWithoutRescueAKilledWorkersTasksRunForEver(t *testing.T) {
	t.Parallel()
	r := idle(t, works, func(c *Config) { c.RescueAfter = 0 })
	id := killed(t, r, 1)
	r.rescuer.steady = time.Time{}
	r.rescuer.last = time.Now()
	require.NoError(t, r.rescuer.step(t.Context()))
	require.Equal(t, stateRunning, r.status(id).State)
	_, stuck := r.jobTimeouts()
	require.Greater(t, stuck, 100*365*24*time.Hour, "nor does River rescue them")
}

// jammed is an API that holds batches for ever.
func jammed(c received) answer {
	if c.path == "/emails/batch" {
		return answer{wait: make(chan struct{})}
	}
	return answer{}
}

func TestAKindThatHangsStarvesNoOther(t *testing.T) {
	t.Parallel()
	for _, isolated := range []bool{true, false} {
		t.Run(fmt.Sprint(isolated), func(t *testing.T) {
			t.Parallel()
			r := started(t, jammed, func(c *Config) { c.QueueIsolation, c.Workers, c.DrainOnStop = isolated, 2, 0 })
			for range 4 {
				r.batch(1)
			}
			r.eventually(func() bool { return r.queue().Running == 2 })
			id := r.notify(1)
			if isolated {
				r.until(id, stateSucceeded)
				return
			}
			for range 5 { // of River's polls
				require.Equal(t, statePending, r.status(id).State)
				<-time.After(r.config.PollInterval)
			}
		})
	}
}

func TestAPanicIsPermanent(t *testing.T) {
	t.Parallel()
	r := idle(t, works, nil)
	r.mailer.client = nil // which nothing does but a mistake
	require.NoError(t, r.Start(context.Background()))
	s := r.until(r.notify(1), stateFailed)
	require.Equal(t, []any{1, classPermanent, "the task panicked"}, []any{s.Attempts, s.ErrorClass, s.Error})
	r.mailer = newMailer("", 0, 1)
	require.NoError(t, r.Stop())
}

func TestADatabaseErrorIsClassifiedByItsState(t *testing.T) {
	t.Parallel()
	r := started(t, works, nil)
	dbtest.Exec(t, r.conn(), "ALTER TABLE projects RENAME TO elsewhere")
	s := r.until(r.notify(1), stateFailed)
	require.Equal(t, []any{1, classPermanent, "read the project: the database answered with an error"}, []any{s.Attempts, s.ErrorClass, s.Error})
	require.Contains(t, r.logs.String(), "does not exist")
}

func TestADatabaseThatRefusesConnectionsLosesNoTask(t *testing.T) {
	t.Parallel()
	wait := make(chan struct{})
	r := started(t, held(wait), nil)
	id := r.notify(1)
	r.eventually(func() bool { return len(r.api.all()) == 1 })
	conn := r.conn()
	dbtest.Exec(t, conn, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', current_database()); END $$`)
	dbtest.Exec(t, conn, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	close(wait) // the mail is sent while its success cannot be written
	dbtest.Exec(t, conn, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT -1', current_database()); END $$`)
	require.Equal(t, 1, r.until(id, stateSucceeded).Attempts)
	require.Len(t, r.api.all(), 1)
}
