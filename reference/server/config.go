package server

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/reference/environ"
	"holdfast.dev/holdfast/reference/oracle"
	"holdfast.dev/holdfast/reference/search"
	"holdfast.dev/holdfast/reference/task"
)

// The environment variables of the program itself; each service adds its own.
const (
	EnvDatabaseURL   = "DATABASE_URL"
	EnvListenAddr    = "LISTEN_ADDR"
	EnvPoolMax       = "DB_POOL_MAX"
	EnvMemoryLimit   = "APP_MEMORY_LIMIT_BYTES"
	EnvShutdownGrace = "SHUTDOWN_GRACE"
	EnvLogLevel      = "LOG_LEVEL"
)

// Defaults of the program's settings.
const (
	DefaultListenAddr    = "127.0.0.1:8080"
	DefaultPoolMax       = 10
	DefaultShutdownGrace = 10 * time.Second
	DefaultLogLevel      = "info"
)

// config is all that the program reads from its environment.
type config struct {
	listenAddr    string
	pool          *pgxpool.Config
	memoryLimit   int64 // bytes; 0: not told
	shutdownGrace time.Duration
	logLevel      slog.Level
	search        search.Config
	oracle        oracle.Config
	task          task.Config
}

// configFrom reads the environment, and reports all problems at once.
func configFrom(getenv func(string) string) (config, error) {
	r := environ.NewReader(getenv)
	dsn := r.Required(EnvDatabaseURL, "a connection string such as postgres://user:password@host:5432/database")
	c := config{
		listenAddr:    r.String(EnvListenAddr, DefaultListenAddr),
		memoryLimit:   r.Int64(EnvMemoryLimit, 0),
		shutdownGrace: r.Duration(EnvShutdownGrace, DefaultShutdownGrace),
	}
	poolMax := r.Int(EnvPoolMax, DefaultPoolMax)
	if poolMax < 1 || poolMax > 1000 {
		r.Problem(EnvPoolMax, "%d connections: want 1 to 1000", poolMax)
	}
	if level := r.String(EnvLogLevel, DefaultLogLevel); c.logLevel.UnmarshalText([]byte(level)) != nil {
		r.Problem(EnvLogLevel, "%q is none of debug, info, warn, error", level)
	}
	if dsn != "" {
		pool, err := poolConfig(dsn, poolMax)
		if err != nil {
			// The parser's error may quote the string, password and all.
			r.Problem(EnvDatabaseURL, "is not a connection string such as postgres://user:password@host:5432/database")
		}
		c.pool = pool
	}
	var searchErr, oracleErr, taskErr error
	c.search, searchErr = search.FromEnv(getenv)
	c.oracle, oracleErr = oracle.FromEnv(getenv)
	c.task, taskErr = task.FromEnv(getenv)
	if err := errors.Join(r.Err(), searchErr, oracleErr, taskErr); err != nil {
		return config{}, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	return c, nil
}

// poolConfig makes the pool's configuration from a connection string. What the
// string says itself comes first.
func poolConfig(dsn string, poolMax int) (*pgxpool.Config, error) {
	pool, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
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

// Variables lists every environment variable that the program understands.
func Variables() []environ.Variable {
	own := []environ.Variable{
		{Name: EnvDatabaseURL, Meaning: "Postgres connection string; required."},
		{Name: EnvListenAddr, Default: DefaultListenAddr,
			Meaning: "Address to serve HTTP on; with port 0 a free one is chosen and logged."},
		{Name: EnvPoolMax, Default: strconv.Itoa(DefaultPoolMax),
			Meaning: "Most database connections of all services but the tasks, which have their own."},
		{Name: EnvMemoryLimit,
			Meaning: "The memory limit that this process runs under, for app_memory_limit_bytes; it is not enforced here."},
		{Name: EnvShutdownGrace, Default: DefaultShutdownGrace.String(),
			Meaning: "How long requests in flight may take to end when the program is told to stop."},
		{Name: EnvLogLevel, Default: DefaultLogLevel, Meaning: "Least severe log lines to write: debug, info, warn or error."},
	}
	return slices.Concat(own, search.Variables(), oracle.Variables(), task.Variables())
}
