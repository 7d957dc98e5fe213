package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func aClone(t testing.TB, s *Server) *Database {
	t.Helper()
	set, _ := counted("clone")
	template, err := s.Template(t.Context(), set)
	require.NoError(t, err)
	clone, err := s.Clone(t.Context(), template)
	require.NoError(t, err)
	return clone
}

func TestACloneIsDroppedWhoeverIsConnected(t *testing.T) {
	s := shared(t)
	clone := aClone(t, s)
	conn, err := pgx.Connect(t.Context(), clone.DSN())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, clone.Drop(t.Context()))
	require.Error(t, conn.Ping(t.Context()))
	require.NotContains(t, ours(t, s, cloneKind), clone.Name())
	require.NoError(t, clone.Drop(t.Context()), "dropping twice is harmless")
}

func TestACloneIsReachedThroughAProxy(t *testing.T) {
	s := shared(t)
	clone := aClone(t, s)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	var relays sync.WaitGroup
	defer relays.Wait()
	relays.Go(func() {
		in, err := l.Accept()
		if err != nil {
			return
		}
		defer in.Close()
		out, err := net.Dial("tcp", clone.Addr())
		if err != nil {
			return
		}
		defer out.Close()
		relays.Go(func() { _, _ = io.Copy(in, out) })
		_, _ = io.Copy(out, in)
	})
	dsn, err := clone.WithAddr(l.Addr().String())
	require.NoError(t, err)
	require.Equal(t, clone.Name(), query[string](t, dsn, "SELECT current_database()::text"))
	_, err = clone.WithAddr("nowhere")
	require.Error(t, err)
}

func TestNothingWithoutOurMarkIsTouched(t *testing.T) {
	foreign := []string{"holdfast", "holdfast_private", "holdfast_c_0123456789ab_1_00000000", "holdfast_b_0123456789ab_1_00000000"}
	for _, name := range foreign {
		require.NoError(t, exec(t.Context(), hostDSN(), "CREATE DATABASE "+name))
		t.Cleanup(func() {
			require.NoError(t, exec(context.Background(), hostDSN(), "DROP DATABASE "+name))
		})
	}
	orphan := name{kind: cloneKind, token: token("a dead run"), number: 1}
	require.NoError(t, exec(t.Context(), hostDSN(), "CREATE DATABASE "+orphan.String()))

	require.NoError(t, shared(t).Close(t.Context()))
	for _, name := range foreign {
		require.True(t, query[bool](t, hostDSN(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = '"+name+"')"), name)
	}
	require.False(t, query[bool](t, hostDSN(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = '"+orphan.String()+"')"), "while the mark is what counts")
}

func TestARunThatLostItsConnectionTakesItsLockAgain(t *testing.T) {
	run := shared(t)
	aClone(t, run)
	require.NoError(t, exec(t.Context(), hostDSN(), `
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`))
	clone := aClone(t, run)
	require.NoError(t, shared(t).Close(t.Context()))
	require.EqualValues(t, 100, query[int64](t, clone.DSN(), "SELECT count(*) FROM project"), "the run is known to live")
}

func TestACancelledCloneIsCleared(t *testing.T) {
	s := fresh(t)
	aClone(t, s)
	set, _ := counted("clone")
	template, err := s.Template(t.Context(), set)
	require.NoError(t, err)
	for _, after := range []time.Duration{0, 5 * time.Millisecond, 20 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		if _, err := s.Clone(ctx, template); err != nil {
			late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) // a dial may know it first
			require.True(t, late, err)
		}
		cancel()
	}
	require.NoError(t, s.Close(t.Context()))
	require.Empty(t, ours(t, shared(t), cloneKind))
}

// projects is a data set of the shape of a bench: each project has a document of
// 128 characters and a trigram index.
func projects(count int) DataSet {
	name := fmt.Sprintf("projects=%d", count)
	return DataSet{Name: name, Key: name, Build: func(ctx context.Context, dsn string) error {
		return exec(ctx, dsn, fmt.Sprintf(`
			CREATE EXTENSION pg_trgm;
			CREATE TABLE project AS SELECT n AS id, 'Project ' || n AS title, repeat(md5(n::text), 4) AS doc FROM generate_series(1, %d) n;
			ALTER TABLE project ADD PRIMARY KEY (id);
			CREATE INDEX ON project USING gin (doc gin_trgm_ops)`, count))
	}}
}

func TestCloningIsAFractionOfSeeding(t *testing.T) {
	s := fresh(t)
	began := time.Now()
	template, err := s.Template(t.Context(), projects(30_000))
	require.NoError(t, err)
	seeding := time.Since(began)
	cloning := time.Hour // the quickest of some: a busy disk may hold any of them up
	var clone *Database
	for range 5 {
		began = time.Now()
		clone, err = s.Clone(t.Context(), template)
		require.NoError(t, err)
		cloning = min(cloning, time.Since(began))
		if cloning < seeding {
			break
		}
	}
	size := query[string](t, clone.DSN(), "SELECT pg_size_pretty(pg_database_size(current_database()))")
	t.Logf("%s: seeded in %v, cloned in %v", size, seeding, cloning)
	require.Less(t, cloning, seeding)
}

// BenchmarkClone is what the choice of strategy rests on; it runs with a server
// that waits for the disk, as a run's does.
func BenchmarkClone(b *testing.B) {
	s := open(b, Options{Provider: "local"})
	count := 100_000
	if testing.Short() { // it is only seen to work
		count = 1000
	}
	template, err := s.Template(b.Context(), projects(count))
	require.NoError(b, err)
	for _, strategy := range []string{" STRATEGY WAL_LOG", " STRATEGY FILE_COPY"} {
		b.Run(strategy[len(" STRATEGY "):], func(b *testing.B) {
			s.strategy = strategy
			for b.Loop() {
				clone, err := s.Clone(b.Context(), template)
				require.NoError(b, err)
				b.StopTimer()
				require.NoError(b, clone.Drop(b.Context()))
				b.StartTimer()
			}
		})
	}
}
