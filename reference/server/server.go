// Package server assembles the reference program: its services over one
// database, behind one HTTP server, configured from the environment.
//
// Enter at [Run]. What the environment may say is listed in package settings. Beside the
// services' own routes the program serves /healthz (it runs), /readyz (it
// reaches its database) and /metrics (Prometheus text).
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"holdfast.dev/holdfast/reference/schema"
)

// ErrUsage is in the chain of the error for an environment that the program
// cannot run with; all that is wrong with it is in the error's text.
var ErrUsage = errors.New("bad configuration")

// startTimeout bounds reaching the database and migrating an empty one.
const startTimeout = 30 * time.Second

// stopTimeout bounds what calls to oracles still have under way, after the last request.
const stopTimeout = time.Second

// Run runs the whole program until ctx ends, then lets requests in flight end
// within SHUTDOWN_GRACE and running tasks within TASK_DRAIN_ON_STOP. Once it
// serves, it prints its URL as a line on stdout and logs the line "listening"
// with the address as "addr". Logs are JSON lines on stderr. The error is nil
// after an orderly stop.
func Run(ctx context.Context, getenv func(string) string, stdout, stderr io.Writer) error {
	c, err := configFrom(getenv)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: c.logLevel}))
	// The port is taken first: two programs on one port are told apart before
	// either touches the database.
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.ListenAddr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.ListenAddr, err)
	}
	defer listener.Close()
	pool, err := openDatabase(ctx, c.pool)
	if err != nil {
		return err
	}
	defer pool.Close()
	taskPool, err := pgxpool.NewWithConfig(ctx, c.taskPool())
	if err != nil {
		return fmt.Errorf("make the tasks' connection pool: %w", err)
	}
	defer taskPool.Close()
	handler, services, err := routes(c, pool, taskPool, logger)
	if err != nil {
		return err
	}
	if err := services.tasks.Start(ctx); err != nil {
		return fmt.Errorf("start the tasks: %w", err)
	}
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())
	err = serve(ctx, listener, handler, c.ShutdownGrace, logger)
	// No request is left that could take a task on: now the workers may end, and
	// then the pools that they use.
	err = errors.Join(err, services.stop(ctx))
	logger.Info("stopped")
	return err
}

// stop ends what goes on beside the requests.
func (s *services) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return errors.Join(s.oracles.Close(ctx), s.tasks.Stop())
}

// openDatabase connects and migrates.
func openDatabase(ctx context.Context, c *pgxpool.Config) (*pgxpool.Pool, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("make the connection pool: %w", err)
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach the database: %s", oneLine(err))
	}
	defer conn.Release()
	if err := schema.Migrate(ctx, conn.Conn()); err != nil {
		conn.Release()
		pool.Close()
		return nil, fmt.Errorf("migrate the database: %w", err)
	}
	return pool, nil
}

// oneLine is the text of an error without the line breaks that pgx puts in for
// each host it tried. The text holds host, user and database, never a password.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// serve serves until ctx ends or the server fails.
func serve(ctx context.Context, l net.Listener, h http.Handler, grace time.Duration, logger *slog.Logger) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      60 * time.Second, // longer than any service's own deadline
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	logger.Info("listening", "addr", l.Addr().String())
	group, serving := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-serving.Done()
		logger.Info("stopping", "grace", grace.String())
		return shutDown(server, grace)
	})
	return group.Wait()
}

// shutDown lets requests end for so long, and then cuts the rest.
func shutDown(server *http.Server, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop: requests were still running after %v", grace), server.Close())
	}
	return nil
}
