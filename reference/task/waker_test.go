package task

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// withoutLooks is a service whose workers look for tasks once a minute.
func withoutLooks(c *Config) { c.PollInterval = time.Minute }

// River alone does not tell of a task that comes within a few milliseconds of
// another, and those would wait for the next look.
func TestTasksThatComeTogetherAreAllHeardOf(t *testing.T) {
	t.Parallel()
	r := started(t, works, withoutLooks)
	var posting sync.WaitGroup
	for range 8 {
		posting.Go(func() {
			for range 25 {
				r.notify(1)
			}
		})
	}
	posting.Wait()
	r.eventually(func() bool { return len(r.api.all()) == 200 })
}

func TestWorkersHearOfTasksThatAnotherProcessTookOn(t *testing.T) {
	t.Parallel()
	r := started(t, works, withoutLooks)
	front := onto(t, r.dsn, r.api, func(c *Config) { withoutLooks(c); c.APIURL = "" })
	require.NoError(t, front.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, front.Stop()) })
	front.notify(1)
	front.batch(1)
	r.eventually(func() bool { return len(r.api.all()) == 2 })
}

func TestWhoListensIsBackAfterItsConnectionWasLost(t *testing.T) {
	t.Parallel()
	r := started(t, works, withoutLooks)
	dbtest.Exec(t, r.conn(), "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	r.eventually(func() bool { // not every task is taken on yet, nor heard of
		r.ask("POST", "/tasks", `{"kind":"notify_project_success","project_id":1}`)
		return len(r.api.all()) > 0
	})
}

func TestWhatNobodyHearsOfIsFoundByLooking(t *testing.T) {
	t.Parallel()
	r := started(t, works, nil)
	dbtest.Exec(t, r.conn(), `INSERT INTO river_job (kind, args, max_attempts, queue)
		VALUES ('notify_project_success', '{"project_id": 1}', 1, 'notify')`)
	r.eventually(func() bool { return len(r.api.all()) == 1 })
}
