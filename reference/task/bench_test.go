package task

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// bulk is how many tasks a benchmark puts into the queue before the clock starts; few
// where it is only seen to work.
func bulk() int {
	if testing.Short() {
		return 100
	}
	return 10_000
}

// noop is a task of River's own that does nothing.
type noop struct{}

func (noop) Kind() string { return "noop" }

// noopArgs make a task of ours that calls nobody.
type noopArgs struct{ retryTime }

func (noopArgs) Kind() string { return "noop" }

func (*noopArgs) do(context.Context, *Service, attempt) error { return nil }

// River does as little as it can: the measure for the one below.
func BenchmarkRiverAlone(b *testing.B) {
	drained(b, func(*rig) river.JobArgs { return noop{} }, func(r *rig, c *river.Config) {
		river.AddWorker(c.Workers, river.WorkFunc(func(context.Context, *river.Job[noop]) error { return nil }))
	})
}

// Everything that surrounds a call: the key, the parking, the classification and
// the metrics.
func BenchmarkTasksWithoutTheirCall(b *testing.B) {
	drained(b, func(*rig) river.JobArgs { return noopArgs{} }, func(r *rig, c *river.Config) {
		river.AddWorker(c.Workers, &worker[noopArgs, *noopArgs]{service: r.Service})
	})
}

// With a project read from the database and a mail sent over HTTP.
func BenchmarkNotify(b *testing.B) {
	drained(b, func(*rig) river.JobArgs { return notifyArgs{ProjectID: 7} }, func(r *rig, c *river.Config) {
		river.AddWorker(c.Workers, &worker[notifyArgs, *notifyArgs]{service: r.Service})
	})
}

// drained measures how fast a full queue is worked, in tasks per second.
func drained(b *testing.B, args func(*rig) river.JobArgs, workers func(*rig, *river.Config)) {
	r := idle(b, works, func(c *Config) { c.Workers = 100 })
	config := &river.Config{
		FetchCooldown: fetchCooldown, FetchPollInterval: r.config.PollInterval, Logger: slog.New(slog.DiscardHandler),
		Workers: river.NewWorkers(), Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: r.config.Workers}},
	}
	workers(r, config)
	client, err := river.NewClient(riverpgxv5.New(r.pool), config)
	require.NoError(b, err)
	conn := r.conn()
	var took time.Duration
	for b.Loop() {
		b.StopTimer()
		fill(b, client, args(r))
		start := time.Now()
		b.StartTimer()
		require.NoError(b, client.Start(context.Background()))
		for dbtest.Values[int](b, conn, "SELECT count(*) FROM river_job WHERE state <> 'completed'")[0] > 0 {
			time.Sleep(10 * time.Millisecond) // between two looks
		}
		took += time.Since(start)
		require.NoError(b, client.Stop(context.Background()))
	}
	b.ReportMetric(float64(b.N*bulk())/took.Seconds(), "tasks/s")
}

func fill(b *testing.B, client *river.Client[pgx.Tx], args river.JobArgs) {
	all := make([]river.InsertManyParams, bulk())
	for i := range all {
		all[i].Args = args
	}
	_, err := client.InsertManyFast(context.Background(), all)
	require.NoError(b, err)
}

// BenchmarkClaim is how long tasks wait for a worker that has nothing else to do,
// from the start of the transaction that takes them on: four come at once, and the
// next four when nobody looks for these any more.
func BenchmarkClaim(b *testing.B) {
	const together, apart = 4, 250 * time.Millisecond
	r := started(b, works, func(c *Config) { c.PollInterval = defaultConfig().PollInterval })
	for b.Loop() {
		var posting sync.WaitGroup
		for range together {
			posting.Go(func() { r.notify(1) })
		}
		posting.Wait()
		time.Sleep(apart)
	}
	waits := dbtest.Values[float64](b, r.conn(), "SELECT extract(epoch FROM attempted_at - created_at) * 1000 FROM river_job WHERE attempted_at IS NOT NULL")
	require.Len(b, waits, together*b.N)
	slices.Sort(waits)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(waits[len(waits)/2], "p50-ms")
	b.ReportMetric(waits[len(waits)*99/100], "p99-ms")
}
