package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// What the metadata of a River job holds of ours.
const (
	metaClass     = "error_class" // of the latest failed attempt
	metaUncounted = "uncounted"   // attempts that River gave back: see worker.giveBack
)

// doable is what the arguments of each kind of task can do.
type doable[T any] interface {
	*T
	do(ctx context.Context, s *Service, a attempt) error
	due() *time.Time
}

// worker works the tasks of one kind.
type worker[T river.JobArgs, P doable[T]] struct {
	river.WorkerDefaults[T]
	service *Service
}

// Work makes one attempt at a task, and tells River by its error what is to
// become of it.
func (w *worker[T, P]) Work(ctx context.Context, job *river.Job[T]) error {
	a := attempt{
		task: job.ID, kind: job.Kind, created: job.CreatedAt,
		number: job.Attempt + uncounted(job.JobRow),
	}
	defer w.service.hands.take(given{job.ID, job.Attempt})()
	err := w.try(ctx, job, &a)
	switch {
	case err == nil:
		w.service.metrics.attempt(job.Kind, a.number, outcomeOK)
		w.service.metrics.succeed(job.Kind)
		return nil
	case errors.Is(err, errParked):
		return river.JobSnooze(parkSnooze)
	case errors.Is(ctx.Err(), context.Canceled):
		w.service.metrics.attempt(job.Kind, a.number, outcomeInterrupted)
		return w.giveBack(ctx, job.JobRow, ctx.Err())
	}
	rule := classify(err)
	if rule.KeyRefused && w.service.parking.refused(a.key) {
		w.service.metrics.attempt(job.Kind, a.number, outcomeParked)
		return w.giveBack(ctx, job.JobRow, river.JobSnooze(parkSnooze))
	}
	return w.fail(ctx, job, a.number, rule, err)
}

// try does the task, unless the queue is parked. A panic is an error.
func (w *worker[T, P]) try(ctx context.Context, job *river.Job[T], a *attempt) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			w.service.logger.ErrorContext(ctx, "task panicked", "task", job.ID, "kind", job.Kind,
				"panic", fmt.Sprint(problem), "stack", string(debug.Stack()))
			err = &taskError{causePanic, "the task panicked"}
		}
	}()
	if a.key, err = w.service.config.apiKey(); err != nil {
		return err
	}
	settle, err := w.service.parking.admit(a.key)
	if err != nil {
		return err
	}
	defer func() { settle(err) }()
	return P(&job.Args).do(ctx, w.service, *a)
}

// fail writes down what an attempt, by its number, failed of. River fails a task at once that
// is cancelled, and when its attempts are used up.
func (w *worker[T, P]) fail(ctx context.Context, job *river.Job[T], number int, rule classRule, err error) error {
	s := w.service
	s.metrics.attempt(job.Kind, number, string(rule.Class))
	if metaErr := river.MetadataSet(ctx, metaClass, rule.Class); metaErr != nil {
		s.logger.ErrorContext(ctx, "task's error class not kept", "task", job.ID, "error", metaErr)
	}
	line := []any{"task", job.ID, "kind", job.Kind, "attempt", job.Attempt, "class", rule.Class, "cause", rule.Cause, "error", detail(err)}
	told := errors.New(err.Error()) // without what may not be told
	if rule.Class == classPermanent && s.config.ClassifyErrors {
		s.logger.ErrorContext(ctx, "task failed: another try would not help", line...)
		s.metrics.fail(job.Kind, rule.Class)
		return river.JobCancel(told)
	}
	if job.Attempt >= job.MaxAttempts {
		s.logger.ErrorContext(ctx, "task failed: its retries are used up", line...)
		s.metrics.fail(job.Kind, rule.Class)
		return told
	}
	var retryAfter time.Duration
	if answer, ok := errors.AsType[*answerError](err); ok {
		retryAfter = parseRetryAfter(answer.retryAfter, time.Now())
	}
	wait := s.config.countdown(rule, job.Attempt-1, retryAfter, rand.Float64())
	*P(&job.Args).due() = time.Now().Add(wait)
	s.logger.WarnContext(ctx, "task will be tried again", append(line, "in", wait.String())...)
	s.metrics.retry(job.Kind)
	return told
}

// detail is an error with what only a log may hold.
func detail(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		return err.Error() + ": " + inner.Error()
	}
	return err.Error()
}

// giveBack lets River take an attempt back that did not end by itself: it does
// not count towards the limit. The number is kept all the same, so that no two
// attempts have the same.
func (w *worker[T, P]) giveBack(ctx context.Context, job *rivertype.JobRow, how error) error {
	if err := river.MetadataSet(ctx, metaUncounted, uncounted(job)+1); err != nil {
		w.service.logger.ErrorContext(ctx, "task's attempt not kept", "task", job.ID, "error", err)
	}
	return how
}

// uncounted is how many attempts River was given back.
func uncounted(job *rivertype.JobRow) int { return metadata(job).Uncounted }

type jobMetadata struct {
	Class     errorClass `json:"error_class"`
	Uncounted int        `json:"uncounted"`
}

func metadata(job *rivertype.JobRow) jobMetadata {
	var m jobMetadata
	_ = json.Unmarshal(job.Metadata, &m) // foreign metadata has none of ours
	return m
}

// NextRetry is when a task that failed is tried again. For one that River found
// stuck there was no attempt that could have said so.
func (w *worker[T, P]) NextRetry(job *river.Job[T]) time.Time {
	if at := *P(&job.Args).due(); !at.IsZero() {
		return later(at)
	}
	return time.Now().Add(w.service.config.NetworkCountdown)
}

// later is the time, or now if that has passed: River does not take a time in the
// past.
func later(at time.Time) time.Time {
	if now := time.Now(); at.Before(now) {
		return now.Add(time.Millisecond)
	}
	return at
}
