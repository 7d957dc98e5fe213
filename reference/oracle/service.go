package oracle

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"holdfast.dev/holdfast/reference/settings"
)

// Service asks oracles and is the handler of GET /projects/{id}/impact. Its
// methods may be called from several goroutines.
type Service struct {
	config   Config
	store    store
	client   *client
	adapters map[string]adapter
	breakers *breakers
	bulkhead *bulkhead
	metrics  *metrics
	logger   *slog.Logger
	workers  sync.WaitGroup // those who ask oracles, of all requests
}

// New returns the impact service over a database of package schema. Its metrics
// are registered with the registry. It holds connections to oracles until
// [Service.Close].
func New(c Config, pool *pgxpool.Pool, registry prometheus.Registerer, logger *slog.Logger) (*Service, error) {
	if err := settings.Validate(settings.Oracle(), c); err != nil {
		return nil, err
	}
	b := newBreakers(c.BreakerFailures, c.BreakerCooldown)
	m, err := newMetrics(registry, b)
	if err != nil {
		return nil, err
	}
	return &Service{
		config:   c,
		store:    store{config: c, pool: pool},
		client:   newClient(c),
		adapters: adapters(c),
		breakers: b,
		bulkhead: newBulkhead(c.HostMaxInFlight, c.HostQueueTimeout),
		metrics:  m,
		logger:   logger,
	}, nil
}

// Close waits until nobody asks oracles any more, or until ctx ends, which is an
// error. No request may come after it.
func (s *Service) Close(ctx context.Context) error {
	defer s.client.close()
	idle := make(chan struct{})
	go func() { s.workers.Wait(); close(idle) }()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop asking oracles: some calls go on: %w", ctx.Err())
	}
}

// Impact asks a project's oracles. The error is [errNoProject] when there is no
// such project, [errOverloaded] when no connection was free in time, a
// [*Failure] when an oracle failed and errors are not isolated, the context's
// when it was cancelled, else the database's.
func (s *Service) Impact(ctx context.Context, project int64) (impactBody, error) {
	if !s.config.CancelAbandoned {
		ctx = context.WithoutCancel(ctx)
	}
	if s.config.OverallDeadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.config.OverallDeadline)
		defer cancel()
	}
	conn, err := s.store.acquire(ctx)
	if err != nil {
		return impactBody{}, err
	}
	release := sync.OnceFunc(conn.Release)
	defer release()
	active, sources, err := s.store.read(ctx, conn, project)
	if err != nil {
		return impactBody{}, err
	}
	if s.config.ReleaseConnection {
		release()
	}
	impact := impactBody{ProjectID: project, Active: active, Queried: len(sources), Truncated: active > len(sources)}
	s.metrics.fanouts.Inc()
	if impact.Truncated {
		s.metrics.truncated.Inc()
		s.logger.WarnContext(ctx, "not all oracles are asked", "project", project, "active", active, "asked", len(sources))
	}
	impact.Results, err = s.fanOut(ctx, project, sources)
	return impact, err
}
