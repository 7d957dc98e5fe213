package chaos

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

// through is the DSN of a database by way of a new proxy before it.
func through(t *testing.T, dsn string) (*Proxy, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	p, err := NewProxy(ProxyConfig{Upstream: u.Host})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	u.Host = p.Addr()
	return p, u.String()
}

func TestPostgresWorksUnharmedThroughTheProxy(t *testing.T) {
	_, dsn := through(t, emptyDatabase(t))
	pool, err := pgxpool.New(t.Context(), dsn+"&pool_max_conns=8")
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(t.Context(), "create table t (i int primary key, body text)")
	require.NoError(t, err)
	rows := make([][]any, 20_000)
	for i := range rows {
		rows[i] = []any{i, strings.Repeat("x", i%300)}
	}
	n, err := pool.CopyFrom(t.Context(), pgx.Identifier{"t"}, []string{"i", "body"}, pgx.CopyFromRows(rows))
	require.NoError(t, err)
	require.EqualValues(t, len(rows), n)
	var work sync.WaitGroup
	for worker := range 8 {
		work.Go(func() {
			for i := range 50 {
				var sum int
				err := pool.QueryRow(t.Context(), "select sum(length(body)) from t where i % 50 = $1", (i+worker)%50).Scan(&sum)
				if err != nil || sum == 0 {
					t.Errorf("sum %d: %v", sum, err)
				}
			}
		})
	}
	work.Wait()
	large, err := pool.Query(t.Context(), "select body from t order by i")
	require.NoError(t, err)
	bodies, err := pgx.CollectRows(large, pgx.RowTo[string])
	require.NoError(t, err)
	require.Len(t, bodies, len(rows))
	require.Len(t, bodies[299], 299)
}

func TestUndoingBeforePostgresIsReadBackByItsOwnAnswer(t *testing.T) {
	p, dsn := through(t, emptyDatabase(t))
	for _, kind := range examplesAt(t, ProxySupport()) {
		t.Run(kind.Name(), func(t *testing.T) {
			undoFault(t, apply(t, p, kind))
			require.Equal(t, 1, count(t, connect(t, dsn), "select 1"))
		})
	}
}

func TestTheCheckNoticesASilentServer(t *testing.T) {
	p := openProxy(t, serve(t, echo).addr)
	hole := apply(t, p, fault.BlackHole{})
	defer undoFault(t, hole)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, PostgresAnswers(ctx, p.Addr()), "wait for the server's answer")
}

// A lost reply is the fault that this is for: the server has done the work and
// the client does not know.
func TestALostReplyLeavesTheWorkDone(t *testing.T) {
	direct := emptyDatabase(t)
	p, dsn := through(t, direct)
	client, observer := connect(t, dsn), connect(t, direct)
	_, err := client.Exec(t.Context(), "create table t (i int)")
	require.NoError(t, err)
	applied := apply(t, p, fault.BlackHole{Direction: fault.Down})
	short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err = client.Exec(short, "insert into t values (1)")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, 1, count(t, observer, "select count(*) from t"))
	require.Positive(t, applied.Receipt().Fired)
	undoFault(t, applied)
}

// A client that gives up asks the server, on a new connection, to cancel; when
// that gets lost the statement goes on.
func TestALostCancelRequestLeavesTheStatementRunning(t *testing.T) {
	direct := emptyDatabase(t)
	p, dsn := through(t, direct)
	observer := connect(t, direct)
	const sleeping = "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active' and datname = current_database()"
	giveUp := func() {
		client := connect(t, dsn)
		short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := client.Exec(short, fmt.Sprintf("select pg_sleep(%d)", 60))
		require.Error(t, err)
	}
	giveUp()
	awaitNone(t, observer, sleeping)
	require.Positive(t, p.Stats().CancelRequests)

	applied := apply(t, p, fault.CancelLost{})
	giveUp()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	require.NoError(t, await(ctx, "the request", func() (bool, error) { return applied.Receipt().Fired > 0, nil }))
	require.Equal(t, 1, count(t, observer, sleeping))
	undoFault(t, applied)
}
