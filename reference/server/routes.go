package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"holdfast.dev/holdfast/reference/oracle"
	"holdfast.dev/holdfast/reference/reply"
	"holdfast.dev/holdfast/reference/search"
	"holdfast.dev/holdfast/reference/task"
)

// readyTimeout bounds the check of the database behind /readyz.
const readyTimeout = time.Second

// services are those that go on beside the requests, and have to be ended.
type services struct {
	oracles *oracle.Service
	tasks   *task.Service
}

// routes makes the services and their routes. The tasks are not started yet.
func routes(c config, pool, taskPool *pgxpool.Pool, logger *slog.Logger) (http.Handler, *services, error) {
	registry, err := newRegistry(pool, taskPool, c.MemoryLimit)
	if err != nil {
		return nil, nil, fmt.Errorf("register metrics: %w", err)
	}
	searches, err := search.New(c.search, pool, registry, logger)
	if err != nil {
		return nil, nil, fmt.Errorf("set up search: %w", err)
	}
	oracles, err := oracle.New(c.oracle, pool, registry, logger)
	if err != nil {
		return nil, nil, fmt.Errorf("set up oracles: %w", err)
	}
	tasks, err := task.New(c.task, taskPool, registry, logger)
	if err != nil {
		return nil, nil, fmt.Errorf("set up tasks: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /search", searches)
	mux.Handle("GET /projects/{id}/impact", oracles)
	tasks.Routes(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		reply.JSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { ready(w, r, pool) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		reply.Error(w, http.StatusNotFound, "not_found", "there is nothing at this address")
	})
	return recovering(mux, logger), &services{oracles, tasks}, nil
}

// ready answers whether the database can be reached.
func ready(w http.ResponseWriter, r *http.Request, pool *pgxpool.Pool) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := pool.Ping(ctx); err != nil {
		reply.Unavailable(w, time.Second, "database_unavailable", "the database is not available")
		return
	}
	reply.JSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// recovering turns a panic of one request into an answer and a log line with
// the stack, which the answer does not hold.
func recovering(next http.Handler, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch problem := recover(); problem {
			case nil:
			case http.ErrAbortHandler:
				panic(problem) // net/http's own way to cut an answer short
			default:
				logger.ErrorContext(r.Context(), "request panicked",
					"path", r.URL.Path, "panic", fmt.Sprint(problem), "stack", string(debug.Stack()))
				reply.Error(w, http.StatusInternalServerError, "internal", "something went wrong")
			}
		}()
		next.ServeHTTP(w, r)
	})
}
