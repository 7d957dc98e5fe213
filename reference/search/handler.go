package search

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"holdfast.dev/holdfast/reference/dberr"
	"holdfast.dev/holdfast/reference/reply"
	"holdfast.dev/holdfast/reference/settings"
)

// retryAfter is what a refused client is told to wait.
const retryAfter = time.Second

// New returns the search over a database of package schema. Its metrics are
// registered with the registry.
func New(c Config, pool *pgxpool.Pool, registry prometheus.Registerer, logger *slog.Logger) (*Service, error) {
	if err := settings.Validate(settings.Search(), c); err != nil {
		return nil, err
	}
	m, err := newMetrics(registry)
	if err != nil {
		return nil, err
	}
	return &Service{
		config: c, pool: pool, gate: newGate(c.MaxConcurrent, c.MaxQueued), metrics: m, logger: logger,
	}, nil
}

// ServeHTTP answers GET /search?q=TERM.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	page, err := s.Search(r.Context(), r.URL.Query().Get("q"))
	outcome := s.answer(r.Context(), w, page, err)
	s.metrics.observe(outcome, time.Since(start), page.Truncated)
}

// answer writes the page or the error and returns the outcome for the metrics.
func (s *Service) answer(ctx context.Context, w http.ResponseWriter, page resultPage, err error) string {
	if err == nil {
		reply.JSON(w, http.StatusOK, page)
		return outcomeOK
	}
	if errors.Is(err, errQuery) {
		reply.Error(w, http.StatusBadRequest, outcomeBadQuery, strings.TrimPrefix(err.Error(), errQuery.Error()+": "))
		return outcomeBadQuery
	}
	if errors.Is(err, errOverloaded) {
		reply.Unavailable(w, retryAfter, outcomeOverloaded, "too many searches at once: try again later")
		return outcomeOverloaded
	}
	class := dberr.Classify(err)
	if ctx.Err() != nil { // nobody is there to read an answer
		class = dberr.Canceled
	}
	switch class {
	case dberr.Canceled:
		reply.Unavailable(w, retryAfter, outcomeCanceled, "the request was cancelled")
		return outcomeCanceled
	case dberr.Timeout:
		s.logger.WarnContext(ctx, "search timed out", "error", err)
		reply.Unavailable(w, retryAfter, outcomeTimeout, "the search took too long: try again later")
		return outcomeTimeout
	case dberr.Unavailable:
		s.logger.WarnContext(ctx, "search has no database", "error", err)
		reply.Unavailable(w, retryAfter, outcomeUnavailable, "the database is not available: try again later")
		return outcomeUnavailable
	default:
		s.logger.ErrorContext(ctx, "search failed", "error", err)
		reply.Error(w, http.StatusInternalServerError, outcomeError, "the search failed")
		return outcomeError
	}
}
