package task

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/riverqueue/river"
)

// fetchCooldown is the least time between two fetches of a queue. River's own
// 100 ms would limit a queue to ten times its workers per second.
const fetchCooldown = 5 * time.Millisecond

// works reports whether this process works tasks, not only takes them on.
func (s *Service) works() bool { return s.config.APIURL != "" }

// queueOf is the queue for a kind of task: one of its own, or else River's
// default for all.
func (c Config) queueOf(kind string) string {
	switch {
	case c.QueueIsolation && kind == kindNotify:
		return "notify"
	case c.QueueIsolation && kind == kindBatch:
		return "batch"
	}
	return river.QueueDefault
}

// queues are all queues that a task may be in. They are all worked, whatever the
// isolation is: it may have been another when a task was taken on.
func queues() []string { return []string{river.QueueDefault, "notify", "batch"} }

// insertOpts is how a task is stored.
func (c Config) insertOpts(args river.JobArgs) *river.InsertOpts {
	return &river.InsertOpts{Queue: c.queueOf(args.Kind()), MaxAttempts: c.maxAttempts()}
}

// inserting is the configuration of a client that inserts only. It tells nobody
// of a task but of its first, for the [waker] does.
func inserting(logger *slog.Logger) *river.Config {
	const never = 100 * 365 * 24 * time.Hour
	return &river.Config{FetchCooldown: never, FetchPollInterval: never, Logger: quiet(logger)}
}

// quiet is a logger for River: it tells of each failed attempt; so do we, with its
// class.
func quiet(logger *slog.Logger) *slog.Logger {
	return slog.New(leastLevel{logger.Handler(), slog.LevelWarn})
}

// riverConfig is the configuration of the client that works.
func (s *Service) riverConfig() *river.Config {
	c := &river.Config{
		FetchCooldown:     min(fetchCooldown, s.config.PollInterval),
		FetchPollInterval: s.config.PollInterval,
		SoftStopTimeout:   s.config.DrainOnStop,
		Logger:            quiet(s.logger),

		ReindexerIndexNames: slices.DeleteFunc(river.ReindexerIndexNamesDefault(), dropped),
	}
	c.JobTimeout, c.RescueStuckJobsAfter = s.jobTimeouts()
	if !s.works() {
		return c
	}
	c.Queues = map[string]river.QueueConfig{}
	for _, queue := range queues() {
		c.Queues[queue] = river.QueueConfig{MaxWorkers: s.config.Workers}
	}
	c.Workers = river.NewWorkers()
	river.AddWorker(c.Workers, &worker[notifyArgs, *notifyArgs]{service: s})
	river.AddWorker(c.Workers, &worker[batchArgs, *batchArgs]{service: s})
	return c
}

// dropped reports whether an index of River's is one that our migrations dropped: it
// would warn of them each night.
func dropped(index string) bool {
	return slices.Contains([]string{"river_job_args_index", "river_job_metadata_index", "river_job_kind"}, index)
}

// jobTimeouts is how long a task may run, -1 for ever, and after how long River
// takes it for stuck. The largest batch makes ten calls and writes after each.
func (s *Service) jobTimeouts() (run, stuck time.Duration) {
	const forever = math.MaxInt64
	if s.config.SendTimeout == 0 {
		return -1, forever
	}
	run = (maxMessages/maxCall)*s.config.SendTimeout + statementTimeout*2
	if s.config.RescueAfter == 0 {
		return run, forever
	}
	return run, run + s.config.RescueAfter
}

// riverQueues stops and starts the queues of a service.
type riverQueues struct{ s *Service }

func (q riverQueues) pause(ctx context.Context) error  { return q.each(ctx, q.s.client.QueuePause) }
func (q riverQueues) resume(ctx context.Context) error { return q.each(ctx, q.s.client.QueueResume) }

func (q riverQueues) each(ctx context.Context, act func(context.Context, string, *river.QueuePauseOpts) error) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	var problems []error
	for _, queue := range queues() {
		if err := act(ctx, queue, nil); !errors.Is(err, river.ErrNotFound) { // nobody has worked it yet
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// leastLevel is a log handler that drops what is less severe.
type leastLevel struct {
	slog.Handler
	least slog.Level
}

// Enabled implements [slog.Handler].
func (l leastLevel) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= l.least && l.Handler.Enabled(ctx, level)
}

// WithAttrs implements [slog.Handler].
func (l leastLevel) WithAttrs(attrs []slog.Attr) slog.Handler {
	return leastLevel{l.Handler.WithAttrs(attrs), l.least}
}

// WithGroup implements [slog.Handler].
func (l leastLevel) WithGroup(name string) slog.Handler {
	return leastLevel{l.Handler.WithGroup(name), l.least}
}
