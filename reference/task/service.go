package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// Service takes tasks on and works them. Its methods may be called from several
// goroutines.
type Service struct {
	config   Config
	client   *river.Client[pgx.Tx]
	store    store
	mailer   *mailer
	enqueuer enqueuer
	waker    *waker
	backlog  *backlog // nil: tasks are durable
	parking  *parking
	rescuer  *rescuer
	hands    *hands
	metrics  *metrics
	logger   *slog.Logger

	stopHelpers context.CancelFunc // set by Start
	helpers     sync.WaitGroup     // goroutines beside River's
}

// New returns the task service over a database of package schema. The pool is
// the service's own, its caller closes it after [Service.Stop]. The metrics are
// registered with the registry.
func New(c Config, pool *pgxpool.Pool, registry prometheus.Registerer, logger *slog.Logger) (*Service, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(registry)
	if err != nil {
		return nil, err
	}
	s := &Service{config: c, store: store{pool}, hands: newHands(), metrics: m, logger: logger}
	s.mailer = newMailer(c.APIURL, c.SendTimeout, c.Workers*len(queues()))
	if s.client, err = river.NewClient(riverpgxv5.New(pool), s.riverConfig()); err != nil {
		return nil, fmt.Errorf("set up River: %w", err)
	}
	inserts, err := river.NewClient(riverpgxv5.New(pool), inserting(logger))
	if err != nil {
		return nil, fmt.Errorf("set up River for inserts: %w", err)
	}
	s.waker = newWaker(pool, logger)
	taken := &durable{pool: pool, client: inserts, insert: c.insertOpts, waker: s.waker}
	s.enqueuer = taken
	if !c.DurableEnqueue {
		s.backlog = newBacklog(taken, logger)
		s.enqueuer = s.backlog
	}
	s.parking = &parking{on: c.ParkRefusedKey, probe: c.ParkProbe, key: c.apiKey, valve: riverQueues{s}, logger: logger}
	s.rescuer = &rescuer{pool: pool, hands: s.hands, id: s.client.ID(), after: c.RescueAfter, metrics: m, logger: logger}
	return s, nil
}

// Start starts the workers, if there is an e-mail API, and what goes with them.
// They run until [Service.Stop], also when ctx ends.
func (s *Service) Start(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	if s.works() {
		// Before its first job a worker must be known to live.
		if err := s.rescuer.beat(ctx); err != nil {
			return err
		}
		s.rescuer.steady, s.rescuer.last = time.Now(), time.Now()
		if err := s.client.Start(ctx); err != nil {
			return fmt.Errorf("start River: %w", err)
		}
		// What an earlier process parked is opened; if the key is still refused, the
		// first task to find that out parks it again.
		if err := (riverQueues{s}).resume(ctx); err != nil {
			return errors.Join(fmt.Errorf("open the queues: %w", err), s.client.StopAndCancel(ctx))
		}
	}
	helping, cancel := context.WithCancel(ctx)
	s.stopHelpers = cancel
	s.helpers.Go(func() { s.countQueues(helping) })
	s.helpers.Go(func() { s.waker.run(helping) })
	if s.backlog != nil {
		s.helpers.Go(func() { s.backlog.run(helping) })
	}
	if s.works() {
		s.helpers.Go(func() { s.rescuer.run(helping) })
		if s.config.ParkRefusedKey {
			s.helpers.Go(func() { s.parking.tend(helping) })
		}
	}
	return nil
}

// stopSlack is how much longer than its drain a stop may take, to write down
// what became of the tasks.
const stopSlack = 5 * time.Second

// Stop lets running tasks end within [Config.DrainOnStop], then cuts the rest:
// they are available again, for the next process. It waits for all that Start
// started. No task is taken on in the meantime: the HTTP server stops before.
func (s *Service) Stop() error {
	if s.stopHelpers == nil {
		return nil
	}
	// The signs of life go on until the tasks have ended.
	err := s.stopWorkers()
	s.stopHelpers()
	s.helpers.Wait()
	s.mailer.close()
	s.stopHelpers = nil
	return err
}

func (s *Service) stopWorkers() error {
	if !s.works() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.config.DrainOnStop+stopSlack)
	defer cancel()
	stop := s.client.Stop // cuts what remains after SoftStopTimeout
	if s.config.DrainOnStop == 0 {
		stop = s.client.StopAndCancel
	}
	if err := stop(ctx); err != nil {
		return fmt.Errorf("stop: tasks were still running after %v", s.config.DrainOnStop+stopSlack)
	}
	return nil
}

// countEvery is how often the queues are counted for the metrics.
const countEvery = time.Second

// countQueues counts until ctx ends.
func (s *Service) countQueues(ctx context.Context) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		counting, cancel := context.WithTimeout(ctx, countEvery)
		if c, err := s.store.count(counting, queues()); err == nil {
			s.metrics.counted(c, time.Now())
		} else if ctx.Err() == nil {
			s.logger.DebugContext(ctx, "tasks not counted for the metrics", "error", err)
		}
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
