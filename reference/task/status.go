package task

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"
)

// statusOf tells of a job of River in the task's own words.
func statusOf(job *rivertype.JobRow) taskStatus {
	m := metadata(job)
	s := taskStatus{
		ID: job.ID, Kind: job.Kind, State: stateOf(job.State, job.Attempt > 0 || m.Uncounted > 0),
		Attempts: job.Attempt + m.Uncounted, MaxAttempts: job.MaxAttempts + m.Uncounted,
	}
	if s.State == stateSucceeded || len(job.Errors) == 0 {
		return s
	}
	s.Error = strings.TrimPrefix(job.Errors[len(job.Errors)-1].Error, "JobCancelError: ") // River's word for a permanent error
	if s.ErrorClass = m.Class; s.ErrorClass == "" {
		s.ErrorClass = classUnknown // River itself ended the attempt
	}
	return s
}

// stateOf is a task's state by that of River's job.
func stateOf(state rivertype.JobState, attempted bool) taskState {
	switch state {
	case rivertype.JobStateRunning:
		return stateRunning
	case rivertype.JobStateCompleted:
		return stateSucceeded
	case rivertype.JobStateCancelled, rivertype.JobStateDiscarded:
		return stateFailed
	}
	if attempted {
		return stateRetrying
	}
	return statePending
}

// counts are what is in the queues.
type counts struct {
	states map[taskState]int
	parked int
	oldest map[string]time.Duration // by queue: how long the longest waiting has been due; 0 for none
}

// countLimit is how many jobs of a state are counted at most, so that a count
// is cheap however long the queue is.
const countLimit = 100_000

// count counts the queues.
func (s store) count(ctx context.Context, queues []string) (counts, error) {
	c := counts{states: map[taskState]int{}, oldest: map[string]time.Duration{}}
	for _, q := range queues {
		c.oldest[q] = 0
	}
	rows, err := s.pool.Query(ctx, `
		SELECT j.queue, j.state::text, j.attempted, q.paused_at IS NOT NULL, count(*),
			coalesce(extract(epoch FROM now() - min(j.scheduled_at) FILTER (WHERE j.state IN ('available', 'scheduled', 'retryable')))::float8, 0)
		FROM unnest(enum_range(NULL::river_job_state)) AS s,
		LATERAL (SELECT queue, state, scheduled_at, attempt > 0 OR metadata ? '`+metaUncounted+`' AS attempted
			FROM river_job WHERE state = s LIMIT $1) j
		LEFT JOIN river_queue q ON q.name = j.queue
		GROUP BY 1, 2, 3, 4`, countLimit)
	if err != nil {
		return c, fmt.Errorf("count tasks: %w", err)
	}
	var queue, state string
	var attempted, paused bool
	var n int
	var age float64 // seconds
	_, err = pgx.ForEachRow(rows, []any{&queue, &state, &attempted, &paused, &n, &age}, func() error {
		own := stateOf(rivertype.JobState(state), attempted)
		c.states[own] += n
		if own != statePending && own != stateRetrying {
			return nil
		}
		if paused {
			c.parked += n
		}
		c.oldest[queue] = max(c.oldest[queue], time.Duration(age*float64(time.Second)))
		return nil
	})
	if err != nil {
		return c, fmt.Errorf("count tasks: %w", err)
	}
	return c, nil
}

// queue is the counts as they are answered.
func (c counts) queue() queueCounts {
	q := queueCounts{
		Pending: c.states[statePending], Running: c.states[stateRunning], Retrying: c.states[stateRetrying],
		Succeeded: c.states[stateSucceeded], Failed: c.states[stateFailed], Parked: c.parked,
	}
	for _, age := range c.oldest {
		q.OldestPendingSeconds = max(q.OldestPendingSeconds, age.Seconds())
	}
	return q
}
