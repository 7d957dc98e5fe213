package database

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast.dev/holdfast/harness/database/internal/address"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// plainly are the attributes of the role that a target logs in as, by which it is told
// from a superuser.
const plainly = `SELECT NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls) FROM pg_roles WHERE rolname = session_user`

// A target owns its database and all that is in it, and has no right beyond that.
func TestATargetIsNoSuperuser(t *testing.T) {
	log := new(lines)
	s := open(t, Options{Provider: "local", Log: log.add})
	clone := aClone(t, s)
	dsn := clone.TargetDSN()
	require.NotContains(t, log.String(), "the target connects as")
	require.True(t, query[bool](t, dsn, plainly))
	require.True(t, query[bool](t, dsn, "SELECT pg_get_userbyid(datdba) = current_user FROM pg_database WHERE datname = current_database()"))
	require.NoError(t, exec(t.Context(), dsn, "ALTER TABLE project ADD COLUMN more int; CREATE INDEX ON project (more); CREATE SCHEMA app; CREATE EXTENSION pg_trgm"))

	ours, err := connect(t.Context(), clone.address)
	require.NoError(t, err)
	defer ours.Close(t.Context())
	for name, sql := range map[string]string{
		"make a role":              "CREATE ROLE intruder",
		"make a database":          "CREATE DATABASE intruder",
		"end the harness's":        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + s.admin.User() + "' AND pid <> pg_backend_pid()",
		"run a program":            "COPY (SELECT 1) TO PROGRAM 'true'",
		"read a file":              "SELECT pg_read_file('postgresql.conf')",
		"set the server":           "ALTER SYSTEM SET work_mem = '1GB'",
		"make itself superuser":    "ALTER ROLE CURRENT_USER SUPERUSER",
		"be the harness":           "SET ROLE " + quote(s.admin.User()),
		"keep no log of statement": "SET log_min_duration_statement = -1",
	} {
		t.Run(name, func(t *testing.T) {
			err := exec(t.Context(), dsn, sql)
			require.True(t, hasCode(err, codeNoPrivilege), "%v", err)
		})
	}
	require.NoError(t, ours.Ping(t.Context()), "nobody ended our session")
	require.EqualValues(t, 100, query[int64](t, clone.DSN(), "SELECT count(*) FROM project"), "the harness reads what the target has")
}

// What is reserved for superusers is not a target's, however many connections it asks for.
func TestReservedConnectionsAreNotTheTargets(t *testing.T) {
	s := open(t, Options{Provider: "local", Settings: map[string]string{"max_connections": "20"}})
	clone := aClone(t, s)
	var err error
	var conns []*pgx.Conn
	for len(conns) < 20 {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(t.Context(), clone.TargetDSN()); err != nil {
			break
		}
		conns = append(conns, conn)
	}
	require.True(t, hasCode(err, codeTooMany), "%v", err)
	require.NoError(t, clone.Intact(t.Context()), "the harness has a connection left")
	for _, conn := range conns {
		require.NoError(t, conn.Close(t.Context()))
	}
}

// rolesOf is how many roles of ours a server has.
const rolesOf = `SELECT count(*) FROM pg_roles WHERE rolname LIKE 'holdfast\_r\_%'`

func TestARoleGoesWithItsSession(t *testing.T) {
	before := query[int64](t, hostDSN(), rolesOf)
	s := open(t, Options{Providers: []Provider{DSN(hostDSN())}})
	aClone(t, s)
	require.Equal(t, before+1, query[int64](t, hostDSN(), rolesOf))
	require.NoError(t, s.Close(t.Context()))
	require.Equal(t, before, query[int64](t, hostDSN(), rolesOf))
}

// A role of a run that was killed goes with the next; one that lives keeps its own.
func TestRolesOfDeadRunsAreSwept(t *testing.T) {
	alive := shared(t)
	dead := role{owner: ownerOf(host.admin.User()), login: name{kind: loginKind, token: token("a run that was killed")}, password: "x"}
	strange := "holdfast_r_0123456789ab_0_00000000" // a wrong mark
	err := host.withAdmin(t.Context(), func(conn *pgx.Conn) error {
		if err := dead.create(t.Context(), conn); err != nil {
			return err
		}
		if _, err := conn.Exec(t.Context(), "CREATE ROLE "+quote(strange)+" IN ROLE "+quote(dead.owner.String())); err != nil {
			return err
		}
		_, err := sweepDead(t.Context(), conn)
		return err
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, exec(context.Background(), hostDSN(), "DROP ROLE "+quote(strange))) })
	there := func(name string) bool {
		return query[bool](t, hostDSN(), "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = "+literal(name)+")")
	}
	require.False(t, there(dead.login.String()))
	require.True(t, there(strange), "what only looks like ours")
	require.True(t, there(alive.role.login.String()))
}

// With a DSN of a role that may make roles, but is no superuser, all of it works as well.
func TestARoleThatMayMakeRolesGivesTheTargetOne(t *testing.T) {
	require.NoError(t, exec(t.Context(), hostDSN(), "CREATE ROLE chief LOGIN CREATEDB CREATEROLE PASSWORD 'chief'"))
	owner := ownerOf("chief")
	t.Cleanup(func() {
		require.NoError(t, host.dropForCertain(context.Background(), name{kind: templateKind, token: templateToken("clone", "chief", " OWNER "+quote(owner.String()))}))
		require.NoError(t, exec(context.Background(), hostDSN(), "DROP ROLE "+quote(owner.String())+"; DROP ROLE chief"))
	})
	chief, err := address.Parse("postgres://chief:chief@" + host.admin.HostPort() + "/postgres?sslmode=disable")
	require.NoError(t, err)
	s := open(t, Options{Providers: []Provider{DSN(chief.DSN())}})
	clone := aClone(t, s)
	require.True(t, query[bool](t, clone.TargetDSN(), plainly))
	require.EqualValues(t, 100, query[int64](t, clone.DSN(), "SELECT count(*) FROM project"))
	target, err := pgx.Connect(t.Context(), clone.TargetDSN())
	require.NoError(t, err)
	defer target.Close(t.Context())
	require.NoError(t, exec(t.Context(), clone.DSN(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"))
	require.NoError(t, s.Close(t.Context()))
	require.Zero(t, query[int64](t, hostDSN(), "SELECT count(*) FROM pg_roles r JOIN pg_auth_members m ON m.member = r.oid JOIN pg_roles o ON o.oid = m.roleid WHERE o.rolname = "+literal(owner.String())+" AND r.rolname <> 'chief'"))
}

// A role that may make none is the target's, and that is said; so is a data set that
// wants a superuser.
func TestWhereTheTargetHasNoRoleOfItsOwn(t *testing.T) {
	require.NoError(t, exec(t.Context(), hostDSN(), "CREATE ROLE lone LOGIN CREATEDB PASSWORD 'lone'"))
	t.Cleanup(func() {
		require.NoError(t, host.dropForCertain(context.Background(), name{kind: templateKind, token: templateToken("clone", "lone", "")}))
		require.NoError(t, exec(context.Background(), hostDSN(), "DROP ROLE lone"))
	})
	log := new(lines)
	s := open(t, Options{Log: log.add, Providers: []Provider{DSN("postgres://lone:lone@" + host.admin.HostPort() + "/postgres?sslmode=disable")}})
	clone := aClone(t, s)
	require.Equal(t, clone.DSN(), clone.TargetDSN())
	require.Contains(t, log.String(), "the target connects as role lone, which may make no other")
	require.NoError(t, s.Close(t.Context()))

	set, _ := counted("superuser " + t.Name())
	set.Superuser = true
	template, err := shared(t).Template(t.Context(), set)
	require.NoError(t, err)
	all, err := shared(t).Clone(t.Context(), template)
	require.NoError(t, err)
	require.Equal(t, all.DSN(), all.TargetDSN())
	require.NoError(t, all.Drop(t.Context()))
	require.False(t, strings.Contains(all.TargetDSN(), "holdfast_r_"))
}

// What a target's role is refused for good is told from what may pass: for the latter
// alone nobody becomes a superuser.
func TestWhatIsLasting(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		want bool
	}{
		"nobody answers":              {context.DeadlineExceeded, false},
		"no connection is free":       {&pgconn.PgError{Severity: "FATAL", Code: codeTooMany}, false},
		"the server starts":           {&pgconn.PgError{Severity: "FATAL", Code: "57P03"}, false},
		"another run makes the owner": {&pgconn.PgError{Severity: "ERROR", Code: codeUnique}, false},
		"tuple concurrently updated":  {&pgconn.PgError{Severity: "ERROR", Code: "XX000"}, false},
		"pg_hba.conf":                 {&pgconn.PgError{Severity: "FATAL", Code: codeInvalidAuth}, true},
		"pg_hba.conf, in German":      {&pgconn.PgError{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: codeInvalidAuth}, true},
		"a pooler's own users":        {&pgconn.PgError{Severity: "FATAL", Code: codeProtocol}, true},
		"another pooler's":            {&pgconn.PgError{Severity: "FATAL", Code: "XX000"}, true},
		"we may make none":            {&pgconn.PgError{Severity: "ERROR", Code: codeNoPrivilege}, true},
		"a policy on passwords":       {&pgconn.PgError{Severity: "ERROR", Code: codeInvalidValue}, true},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, row.want, lasting(&refused{err: row.err})) })
	}
}

// While the connections that are nobody's in particular are taken, a target's role cannot
// come in: that passes, and is waited for.
func TestATargetIsNoSuperuserForWantOfAConnection(t *testing.T) {
	s := open(t, Options{Provider: "local", Settings: map[string]string{"max_connections": "40", "superuser_reserved_connections": "30"}})
	dsn := aClone(t, s).TargetDSN()
	var taken []*pgx.Conn
	for len(taken) < 40 {
		conn, err := pgx.Connect(t.Context(), dsn)
		if hasCode(err, codeTooMany) {
			break
		}
		require.NoError(t, err)
		taken = append(taken, conn)
	}
	log := new(lines)
	second := open(t, Options{Providers: []Provider{DSN(s.admin.DSN())}, Log: func(line string) {
		log.add(line)
		if strings.Contains(line, "waiting for a role") {
			for _, conn := range taken {
				_ = conn.Close(context.Background())
			}
		}
	}})
	require.Contains(t, log.String(), "waiting for a role")
	require.False(t, second.role.isZero(), log.String())
	require.NoError(t, second.Close(t.Context()))
}

// Of the first runs of a user two may give it the owner's rights at once.
func TestWhatAnotherRunHasGrantedIsGranted(t *testing.T) {
	require.NoError(t, exec(t.Context(), hostDSN(), "CREATE ROLE boss LOGIN SUPERUSER PASSWORD 'boss'; CREATE ROLE "+quote(ownerOf("boss").String())+" NOLOGIN"))
	r := role{owner: ownerOf("boss"), login: name{kind: loginKind, token: token("of boss")}, password: "x"}
	t.Cleanup(func() {
		require.NoError(t, exec(context.Background(), hostDSN(), "DROP ROLE "+quote(r.login.String())+", "+quote(r.owner.String())+", boss"))
	})
	boss, err := address.Parse("postgres://boss:boss@" + host.admin.HostPort() + "/postgres?sslmode=disable")
	require.NoError(t, err)
	other, err := connect(t.Context(), boss)
	require.NoError(t, err)
	defer other.Close(context.Background())
	ours, err := connect(t.Context(), boss)
	require.NoError(t, err)
	defer ours.Close(context.Background())
	tx, err := other.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "GRANT "+quote(r.owner.String())+" TO CURRENT_USER")
	require.NoError(t, err)
	created := make(chan error, 1)
	go func() { created <- r.create(t.Context(), ours) }()
	require.Eventually(t, func() bool {
		return query[bool](t, hostDSN(), fmt.Sprintf("SELECT wait_event_type IS NOT DISTINCT FROM 'Lock' FROM pg_stat_activity WHERE pid = %d", ours.PgConn().PID()))
	}, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, tx.Commit(t.Context()))
	require.NoError(t, <-created)
}

// A migration may reset its role: what it makes then belongs to a role that goes with the
// session, where the template stays.
func TestWhatTheLoginMakesByItselfIsTheOwners(t *testing.T) {
	set := DataSet{Name: "reset", Key: t.Name(), Build: func(ctx context.Context, dsn string) error {
		return exec(ctx, dsn, `SET ROLE NONE; CREATE SCHEMA app; CREATE TABLE app.project (id int); CREATE TABLE other (id int);
			RESET ROLE; CREATE TABLE third (id int); GRANT SELECT ON third TO SESSION_USER; SET ROLE NONE; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC`)
	}}
	first := shared(t)
	_, err := first.Template(t.Context(), set)
	require.NoError(t, err)
	require.NoError(t, first.Close(t.Context()))

	second := shared(t)
	template, err := second.Template(t.Context(), set)
	require.NoError(t, err)
	clone, err := second.Clone(t.Context(), template)
	require.NoError(t, err)
	require.NoError(t, exec(t.Context(), clone.TargetDSN(), "ALTER TABLE app.project ADD COLUMN more int; ALTER TABLE other ADD COLUMN more int; DROP SCHEMA app CASCADE"))
}
