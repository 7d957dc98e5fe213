package server

import (
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"holdfast.dev/holdfast/reference/memcg"
)

// Labels of the pools' metrics.
const (
	poolRequests = "requests"
	poolTasks    = "tasks"
)

// newRegistry returns a registry with the metrics of the process, of Go, of the
// memory cgroup, where there is one, and of the connection pools. A memory limit of 0
// is not known and has no metric.
func newRegistry(pool, taskPool *pgxpool.Pool, memoryLimit int64) (*prometheus.Registry, error) {
	registry := prometheus.NewRegistry()
	problems := []error{
		registry.Register(collectors.NewGoCollector()),
		registry.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})),
	}
	for _, m := range append(poolMetrics(poolRequests, pool), poolMetrics(poolTasks, taskPool)...) {
		problems = append(problems, registry.Register(m))
	}
	if group, ok := memcg.Own("/proc/self"); ok {
		problems = append(problems, registry.Register(group))
	}
	if memoryLimit > 0 {
		limit := prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "app_memory_limit_bytes", Help: "Memory limit that the process was told it runs under."})
		limit.Set(float64(memoryLimit))
		problems = append(problems, registry.Register(limit))
	}
	return registry, errors.Join(problems...)
}

// poolMetrics read the pool's own counters when they are asked for.
func poolMetrics(name string, pool *pgxpool.Pool) []prometheus.Collector {
	of := prometheus.Labels{"pool": name}
	gauge := func(name, help string, value func(*pgxpool.Stat) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: of},
			func() float64 { return value(pool.Stat()) })
	}
	counter := func(name, help string, value func(*pgxpool.Stat) float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: of},
			func() float64 { return value(pool.Stat()) })
	}
	return []prometheus.Collector{
		gauge("db_pool_in_use", "Database connections in use.",
			func(s *pgxpool.Stat) float64 { return float64(s.AcquiredConns()) }),
		gauge("db_pool_max", "Most database connections there may be.",
			func(s *pgxpool.Stat) float64 { return float64(s.MaxConns()) }),
		counter("db_pool_wait_count_total", "Times that a connection had to be waited for.",
			func(s *pgxpool.Stat) float64 { return float64(s.EmptyAcquireCount()) }),
		counter("db_pool_wait_seconds_total", "Time spent waiting for a connection.",
			func(s *pgxpool.Stat) float64 { return s.EmptyAcquireWaitTime().Seconds() }),
	}
}
