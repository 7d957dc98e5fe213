package chaos

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fault"
)

// modes are the ways in which pgx asks: in one message, in several, prepared.
func modes() []pgx.QueryExecMode {
	return []pgx.QueryExecMode{
		pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeCacheStatement,
	}
}

// refusedWith requires that the server refused with that code.
func refusedWith(t *testing.T, severity, code, message string, err error) {
	t.Helper()
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, []string{severity, severity, code, message}, []string{refused.Severity, refused.SeverityUnlocalized, refused.Code, refused.Message})
}

const (
	txNone   = byte('I')
	txOpen   = byte('T')
	txFailed = byte('E')
)

func calibrateSQLState(t *testing.T) {
	direct := emptyDatabase(t)
	observer := connect(t, direct)
	_, err := observer.Exec(t.Context(), "create table projects (id int primary key, n int); insert into projects values (1, 0)")
	require.NoError(t, err)

	t.Run("a new session is refused and open ones are left alone", func(t *testing.T) {
		for code, message := range map[string]string{
			"53300": "sorry, too many clients already",
			"57P03": "the database system is starting up",
			"55000": `database "` + observer.Config().Database + `" is not currently accepting connections`,
		} {
			p, dsn := through(t, direct)
			before := connect(t, dsn)
			applied := apply(t, p, fault.SQLState{Code: code})
			for range 3 {
				_, err := pgx.Connect(t.Context(), dsn)
				refusedWith(t, "FATAL", code, message, err)
			}
			require.Equal(t, 1, count(t, before, "select 1"))
			require.EqualValues(t, 3, applied.Receipt().Fired)
			undoFault(t, applied)
			require.Equal(t, 1, count(t, connect(t, dsn), "select 1"))
			require.EqualValues(t, 3, applied.Receipt().Fired)
		}
	})
	for _, mode := range modes() {
		t.Run("a statement is refused, "+mode.String(), func(t *testing.T) {
			p, dsn := through(t, direct)
			client := connect(t, dsn)
			ask := func() error {
				var n int
				return client.QueryRow(t.Context(), "select n from projects where id = $1", mode, 1).Scan(&n)
			}
			require.NoError(t, ask(), "prepared before the fault, where it is")
			applied := apply(t, p, fault.SQLState{Code: "40P01", Upon: "projects"})
			require.NoError(t, client.Ping(t.Context()))
			require.Equal(t, 7, count(t, client, "select 7"), "another statement")
			for range 2 {
				refusedWith(t, "ERROR", "40P01", "deadlock detected", ask())
				require.Equal(t, txNone, client.PgConn().TxStatus())
			}
			require.EqualValues(t, 2, applied.Receipt().Fired)
			require.Equal(t, "2 of 2 refused, on 1 connections", applied.Receipt().Measured)
			undoFault(t, applied)
			require.NoError(t, ask())
		})
		t.Run("a transaction fails with its statement, "+mode.String(), func(t *testing.T) {
			p, dsn := through(t, direct)
			client := connect(t, dsn)
			applied := apply(t, p, fault.SQLState{Code: "40001", Upon: "delete"})
			tx, err := client.Begin(t.Context())
			require.NoError(t, err)
			_, err = tx.Exec(t.Context(), "update projects set n = n + 1 where id = $1", mode, 1)
			require.NoError(t, err)
			require.Equal(t, txOpen, client.PgConn().TxStatus())
			_, err = tx.Exec(t.Context(), "delete from projects where id = $1", mode, 1)
			refusedWith(t, "ERROR", "40001", "could not serialize access due to concurrent update", err)
			require.Equal(t, txFailed, client.PgConn().TxStatus())
			_, err = observer.Exec(t.Context(), "select from projects for update nowait")
			require.NoError(t, err, "its locks are gone")
			_, err = tx.Exec(t.Context(), "select n from projects", mode)
			refusedWith(t, "ERROR", "25P02", "current transaction is aborted, commands ignored until end of transaction block", err)
			require.NoError(t, tx.Rollback(t.Context()))
			require.Equal(t, txNone, client.PgConn().TxStatus())
			undoFault(t, applied)
			require.Equal(t, 0, count(t, client, "select n from projects"))
		})
		t.Run("a commit fails, "+mode.String(), func(t *testing.T) {
			p, dsn := through(t, direct)
			client := connect(t, dsn)
			applied := apply(t, p, fault.SQLState{Code: "40001", On: fault.OnCommit})
			_, err := client.Exec(t.Context(), "begin")
			require.NoError(t, err)
			_, err = client.Exec(t.Context(), "update projects set n = n + 1", mode)
			require.NoError(t, err)
			tag, err := client.Exec(t.Context(), "commit", mode)
			refusedWith(t, "ERROR", "40001", "could not serialize access due to concurrent update", err)
			require.Empty(t, tag.String(), "nothing is told to have been done")
			require.Equal(t, txNone, client.PgConn().TxStatus())
			undoFault(t, applied)
			require.Equal(t, 0, count(t, client, "select n from projects"))
			require.EqualValues(t, 1, applied.Receipt().Fired)
		})
		t.Run("a session ends in the middle of a transaction, "+mode.String(), func(t *testing.T) {
			p, dsn := through(t, direct)
			client := connect(t, dsn)
			_, err := client.Exec(t.Context(), "begin; update projects set n = n + 1")
			require.NoError(t, err)
			applied := apply(t, p, fault.SQLState{Code: "57P01"})
			_, err = client.Exec(t.Context(), "select n from projects", mode)
			refusedWith(t, "FATAL", "57P01", "terminating connection due to administrator command", err)
			require.True(t, client.IsClosed())
			undoFault(t, applied)
			_, err = observer.Exec(t.Context(), "select from projects for update nowait")
			require.NoError(t, err, "its locks are gone")
			require.Equal(t, 0, count(t, observer, "select n from projects"))
		})
	}
	t.Run("of several the share that is asked for", func(t *testing.T) {
		for text, want := range map[string]func(int) bool{
			"sqlstate 53100 every=3": func(n int) bool { return n == 20 },
			"sqlstate 53100 nth=2":   func(n int) bool { return n == 1 },
			"sqlstate 53100 p=0.5":   func(n int) bool { return n > 15 && n < 45 },
		} {
			p, dsn := through(t, direct)
			client := connect(t, dsn)
			f, err := fault.Parse(text)
			require.NoError(t, err)
			applied, err := p.Apply(t.Context(), f)
			require.NoError(t, err)
			n := 0
			for range 60 {
				if _, err := client.Exec(t.Context(), "select 1"); err != nil {
					n++
				}
			}
			require.True(t, want(n), "%s: %d of 60", text, n)
			require.EqualValues(t, n, applied.Receipt().Fired)
			undoFault(t, applied)
		}
	})
	t.Run("what is asked together is refused together", func(t *testing.T) {
		p, dsn := through(t, direct)
		client := connect(t, dsn)
		applied := apply(t, p, fault.SQLState{Code: "55P03", Upon: "projects"})
		batch := &pgx.Batch{}
		batch.Queue("select 1")
		batch.Queue("select n from projects")
		err := client.SendBatch(t.Context(), batch).Close()
		refusedWith(t, "ERROR", "55P03", "canceling statement due to lock timeout", err)
		undoFault(t, applied)
		require.Equal(t, 1, count(t, client, "select 1"))
	})
	t.Run("a statement that was prepared before is carried out and its answer lost", func(t *testing.T) {
		p, dsn := through(t, direct)
		client, spared := connect(t, dsn), connect(t, dsn)
		const add = "insert into projects values ($1, $2)"
		_, err := client.Exec(t.Context(), add, 10, 0)
		require.NoError(t, err)
		applied := apply(t, p, fault.BlackHole{Direction: fault.Down, Lose: true, Upon: "projects"})
		require.Equal(t, 1, count(t, client, "select 1"))
		lost := make(chan error, 1)
		go func() {
			_, err := client.Exec(t.Context(), add, 11, 0)
			lost <- err
		}()
		require.Eventually(t, func() bool { return applied.Receipt().Fired > 0 }, 5*time.Second, time.Millisecond)
		require.Equal(t, 1, count(t, spared, "select 1"), "who asked of something else is answered")
		undoFault(t, applied)
		require.Error(t, <-lost)
		require.EqualValues(t, 1, applied.Receipt().Touched)
		require.Equal(t, 2, count(t, connect(t, dsn), "select count(*) from projects where id in (10, 11)"))
	})
	t.Run("a copy is refused, and passes when all is well", func(t *testing.T) {
		p, dsn := through(t, direct)
		client := connect(t, dsn)
		rows := [][]any{{2, 0}, {3, 0}}
		applied := apply(t, p, fault.SQLState{Code: "53100", Upon: "copy"})
		_, err := client.CopyFrom(t.Context(), pgx.Identifier{"projects"}, []string{"id", "n"}, pgx.CopyFromRows(rows))
		refusedWith(t, "ERROR", "53100", "could not extend file: No space left on device", err)
		undoFault(t, applied)
		still := apply(t, p, fault.SQLState{Code: "53100", Upon: "never"})
		n, err := client.CopyFrom(t.Context(), pgx.Identifier{"projects"}, []string{"id", "n"}, pgx.CopyFromRows(rows))
		require.NoError(t, err)
		require.EqualValues(t, 2, n)
		undoFault(t, still)
	})
	t.Run("what is encrypted is missed, and told", func(t *testing.T) {
		p := openProxy(t, serve(t, echo).addr)
		conn := dial(t, p.Addr())
		applied := apply(t, p, fault.SQLState{Code: "53300"})
		conn.ping("\x16\x03\x01\x02\x00 not to be read")
		conn.ping("more of it")
		r := applied.Receipt()
		require.EqualValues(t, 1, r.Missed)
		require.Zero(t, r.Fired)
		require.ErrorContains(t, r.Err, "encrypted")
		undoFault(t, applied)
	})
}

// However what a client says is cut into pieces, it is understood the same, and
// while nothing is refused all of it passes.
func TestAConversationIsTheSameInAnyPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &Proxy{}
		a := &answering{SQLState: fault.SQLState{Code: "40001", Upon: "secret"}}
		watching := rapid.Bool().Draw(t, "watching")
		p.settings.Store(newSettings(nil))
		if watching {
			p.settings.Store(newSettings([]effect{a}))
		}
		l := &link{proxy: p}
		l.talk.link = l
		said := encode(&pgproto3.StartupMessage{ProtocolVersion: 3 << 16, Parameters: map[string]string{"user": "u", "database": "d"}})
		for _, sql := range rapid.SliceOfN(rapid.SampledFrom([]string{"select 1", "begin", "-- ping", "insert into t values ('x')"}), 1, 8).Draw(t, "statements") {
			if rapid.Bool().Draw(t, "simple") {
				said = append(said, encode(&pgproto3.Query{String: sql})...)
				continue
			}
			for _, m := range []pgproto3.Message{&pgproto3.Parse{Name: "s", Query: sql}, &pgproto3.Bind{PreparedStatement: "s"}, &pgproto3.Execute{}, &pgproto3.Sync{}} {
				said = append(said, encode(m)...)
			}
		}
		var heard []byte
		for rest := said; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			forward, over := l.talk.hear(append([]byte(nil), rest[:n]...))
			require.False(t, over)
			heard = append(heard, forward...)
			rest = rest[n:]
		}
		require.Equal(t, said, heard)
		require.False(t, l.talk.frames.opaque)
		require.Equal(t, "d", l.talk.database)
	})
}

// Whatever a client says, nothing is lost of it and nothing panics.
func FuzzHear(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n"), []byte("Host: x"))
	f.Add(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 8), sslRequest), []byte{0x16, 3, 1})
	f.Add(encode(&pgproto3.StartupMessage{ProtocolVersion: 3 << 16, Parameters: map[string]string{"user": "u"}}), []byte("Q\x00\x00\x00\x04"))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		p := &Proxy{}
		p.settings.Store(newSettings([]effect{&answering{SQLState: fault.SQLState{Code: "40001", Upon: "never said"}}}))
		l := &link{proxy: p}
		l.talk.link = l
		var heard []byte
		for _, data := range [][]byte{one, two} {
			forward, _ := l.talk.hear(data)
			heard = append(heard, forward...)
		}
		require.LessOrEqual(t, len(heard)+len(l.talk.held), len(one)+len(two))
		require.Equal(t, len(one)+len(two), len(heard)+len(l.talk.held))
	})
}

func TestWhatTheServerSaysIsKeptFromTheClientOnlyIfItIsThat(t *testing.T) {
	want := encode(&pgproto3.CommandComplete{CommandTag: []byte("ROLLBACK")})
	for name, tt := range map[string]struct {
		said []string
		hear string
	}{
		"whole":        {[]string{string(want) + "error"}, "error"},
		"in pieces":    {[]string{string(want[:3]), string(want[3:]), "error"}, "error"},
		"another":      {[]string{"notice"}, "notice"},
		"nearly":       {[]string{string(want[:5]), "x", string(want)}, string(want[:5]) + "x" + string(want)},
		"twice":        {[]string{string(want) + string(want)}, string(want)},
		"none awaited": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := &conversation{}
			c.raise("40001", "m", true)
			var heard string
			for _, said := range tt.said {
				heard += string(c.hush([]byte(said)))
			}
			require.Equal(t, tt.hear, heard)
		})
	}
}

func TestAStatementIsKnownByItsFirstWord(t *testing.T) {
	for sql, want := range map[string]string{
		"COMMIT": "commit", " commit ;": "commit", "-- why\nEND": "end", "/* a */ /* b */\tselect 1": "select", "(select 1)": "select",
		"": "", ";": "", "-- ping": "", "/* open": "", "begin;": "begin", "insert\ninto t": "insert",
	} {
		require.Equal(t, want, verb(sql), "%q", sql)
	}
}

func TestTheNetworksFaultsSelectNothingButStatements(t *testing.T) {
	for text, want := range map[string]string{
		"sqlstate 53300 p=0.1":        "",
		"delay 1s p=0.1":              "knows statements for sqlstate alone",
		"sqlstate 53300 key=a":        "does not understand key=",
		"2*sqlstate 53300 -> ok":      "one thing after another",
		"sqlstate 40001 on=commit":    "",
		"sqlstate 40001 upon project": "",
	} {
		f, err := fault.Parse(text)
		require.NoError(t, err)
		err = ProxySupport().Accepts(f)
		if want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, want)
		}
	}
	one, other := fault.SQLState{Code: "40001"}, fault.SQLState{Code: "40P01"}
	require.NoError(t, ProxySupport().Conflict(one, other))
	require.Error(t, ProxySupport().Conflict(one, one))
	require.Error(t, ProxySupport().Conflict(fault.SQLState{Code: "53300"}, fault.SQLState{Code: "57P03"}))
	require.Error(t, ProxySupport().Conflict(fault.Refuse{}, fault.SQLState{Code: "57P03"}))
}

// A client that gives up while its transaction is in the refused state leaves
// nothing behind.
func TestNothingIsLeftOfARefusedTransaction(t *testing.T) {
	direct := emptyDatabase(t)
	p, dsn := through(t, direct)
	client, observer := connect(t, dsn), connect(t, direct)
	applied := apply(t, p, fault.SQLState{Code: "40001"})
	_, err := client.Exec(t.Context(), "begin")
	require.NoError(t, err)
	_, err = client.Exec(t.Context(), "select 1")
	require.Error(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, errors.Join(client.Close(ctx)))
	awaitNone(t, observer, "select count(*) from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()")
	undoFault(t, applied)
}
