package written_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/harness/written"
)

var databases databasetest.Server

// roleVariable makes this binary a command that writes elsewhere.
const roleVariable = "TEST_WRITES_TO"

func TestMain(m *testing.M) {
	if address := os.Getenv(roleVariable); address != "" {
		writeElsewhere(address)
		return
	}
	os.Exit(databases.Run(m))
}

// writeElsewhere is a migration that does not know our variable: it takes a file of
// its folder, a file elsewhere, and a server that nobody gave it.
func writeElsewhere(address string) {
	_ = os.WriteFile("db.sqlite3", []byte("data"), 0o600)
	f, err := os.OpenFile(os.Getenv("TEST_FILE"), os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		defer f.Close()
	}
	conn, err := net.Dial("tcp", address)
	if err == nil {
		defer conn.Close()
	}
	fmt.Println("opened")
	_, _ = os.Stdin.Read(make([]byte, 1)) // until the test has seen it
}

var seeded = database.DataSet{Name: "seeded", Key: "written-seeded", Build: func(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `
		create table item (id serial primary key, name text);
		insert into item (name) select 'item ' || n from generate_series(1, 100) n;
		create schema "Odd name"; create table "Odd name"."a b" (n int);
		create sequence numbers`)
	return err
}}

func TestWhatIsWrittenIsSeen(t *testing.T) {
	dsn := databases.Clone(t, seeded)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	for _, row := range []struct{ sql, changed string }{
		{"select * from item", ""},
		{"begin; insert into item (name) values ('x'); rollback; select 1", "the sequence item_id_seq"}, // numbers are not given back
		{"begin; delete from item; rollback", ""},
		{"begin; create table gone (); rollback", ""},
		{"create temp table passing as select 1; drop table passing", ""},
		{"vacuum analyze item", ""},
		{"insert into item (id, name) values (1000, 'x')", "rows of item"},
		{"update item set name = 'y' where id = 1000", "rows of item"},
		{"update item set name = 'y' where id = 1000", "rows of item"},
		{"delete from item where id = 1000", "rows of item"},
		{`insert into "Odd name"."a b" values (1)`, `rows of "Odd name"."a b"`},
		{"truncate item", "rows of item"},
		{"select nextval('numbers')", "the sequence numbers"},
		{"alter table item add price int", "the columns"},
		{"create table fresh ()", "the tables"},
		{"create function one() returns int language sql as 'select 1'", "the functions"},
		{"drop table fresh", "the tables"},
	} {
		before, err := written.Of(t.Context(), dsn)
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), row.sql)
		require.NoError(t, err, row.sql)
		after, err := written.Of(t.Context(), dsn)
		require.NoError(t, err)
		changed := after.Since(before)
		if row.changed == "" {
			require.Empty(t, changed, row.sql)
		} else {
			require.Contains(t, changed, row.changed, row.sql)
		}
	}
}

func TestAnAddressThatIsWrongTellsNoPassword(t *testing.T) {
	for _, dsn := range []string{"postgres://u:hunter22@%zz/x", "postgres://u:hunter22@127.0.0.1:1/x?connect_timeout=1"} {
		_, err := written.Of(t.Context(), dsn)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter22")
	}
}

// First the harm: a command that ends well, and has written elsewhere.
func TestWhatACommandOpensInsteadIsNamed(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "other.db")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "settings.py"), nil, 0o600))
	mark := "TEST_MARK=" + filepath.Base(dir)
	self, err := os.Executable()
	require.NoError(t, err)

	w := written.Look(dir, mark)
	cmd := exec.Command(self)
	cmd.Dir = dir
	cmd.Env = []string{roleVariable + "=" + server.Addr().String(), "TEST_FILE=" + other, mark}
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = out.Read(make([]byte, 16))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.Sees(server.Addr().String()) }, 30*time.Second, 5*time.Millisecond)
	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())
	seen := w.Stop()
	require.Equal(t, []string{server.Addr().String()}, seen.Addresses)
	require.ElementsMatch(t, []string{filepath.Join(dir, "db.sqlite3"), other}, seen.Files)
	require.Contains(t, seen.String(), "db.sqlite3")
	require.Contains(t, seen.String(), "it connected to "+server.Addr().String())
}

func TestACommandThatOpensNothingIsSaidNothingOf(t *testing.T) {
	w := written.Look(t.TempDir(), "TEST_MARK=nobody")
	require.Empty(t, w.Stop().String())
}
