package server

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/reference/oracle"
	"holdfast.dev/holdfast/reference/search"
	"holdfast.dev/holdfast/reference/settings"
	"holdfast.dev/holdfast/reference/task"
)

// program is what the environment says of the program itself; each service reads
// its own.
type program struct {
	DatabaseURL   string        `setting:"DATABASE_URL"`
	ListenAddr    string        `setting:"LISTEN_ADDR"`
	PoolMax       int           `setting:"DB_POOL_MAX"`
	MemoryLimit   int64         `setting:"APP_MEMORY_LIMIT_BYTES"` // bytes; 0: not told
	ShutdownGrace time.Duration `setting:"SHUTDOWN_GRACE"`
	LogLevel      string        `setting:"LOG_LEVEL"`
}

// config is all that the program reads from its environment.
type config struct {
	program
	pool     *pgxpool.Config
	logLevel slog.Level
	search   search.Config
	oracle   oracle.Config
	task     task.Config
}

// configFrom reads the environment, and reports all problems at once.
func configFrom(getenv func(string) string) (config, error) {
	var c config
	var programErr, poolErr, searchErr, oracleErr, taskErr error
	c.program, programErr = settings.Read[program](settings.Server(), getenv)
	c.pool, poolErr = poolConfig(getenv("DATABASE_URL"), c.PoolMax)
	c.search, searchErr = search.FromEnv(getenv)
	c.oracle, oracleErr = oracle.FromEnv(getenv)
	c.task, taskErr = task.FromEnv(getenv)
	if err := errors.Join(programErr, poolErr, searchErr, oracleErr, taskErr); err != nil {
		return config{}, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	return c, c.logLevel.UnmarshalText([]byte(c.LogLevel))
}

// poolConfig makes the pool's configuration from a connection string. What the
// string says itself comes first.
func poolConfig(dsn string, poolMax int) (*pgxpool.Config, error) {
	if strings.TrimSpace(dsn) == "" {
		return nil, nil // that it is missing is told of already
	}
	pool, err := pgxpool.ParseConfig(strings.TrimSpace(dsn))
	if err != nil {
		// The parser's error may quote the string, password and all.
		return nil, errors.New("DATABASE_URL: is not a connection string such as postgres://user:password@host:5432/database")
	}
	pool.MaxConns = int32(poolMax)
	// A connection that was idle is tried before it is handed out; without a
	// bound that try hangs as long as the network does.
	pool.PingTimeout = time.Second
	if pool.ConnConfig.ConnectTimeout == 0 {
		pool.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	byDefault := func(name, value string) {
		if _, set := pool.ConnConfig.RuntimeParams[name]; !set {
			pool.ConnConfig.RuntimeParams[name] = value
		}
	}
	byDefault("application_name", "reference")
	byDefault("jit", "off") // compiling costs more than any of our statements
	return pool, nil
}

// taskPool is the configuration of the tasks' own pool: their workers and the
// searches cannot starve each other of connections.
func (c config) taskPool() *pgxpool.Config {
	pool := c.pool.Copy()
	pool.MaxConns = int32(c.task.PoolMax)
	return pool
}
