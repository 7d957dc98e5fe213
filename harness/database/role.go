package database

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/database/internal/address"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// role is whom a target connects as. Two roles make it: one that owns the databases
// and all that is in them, which stays with the templates and cannot log in, and one
// that may log in for the length of a session, acts as the first from its first
// statement on, and has a password that nobody else ever knew. Neither has any right
// that a service's role would not have in production: no superuser, no database or
// role to create, none of the connections that are reserved.
//
// The zero value is none: the target then connects as the role that we were given.
type role struct {
	owner, login name
	password     string
}

func (r role) isZero() bool { return r == role{} }

// ownerOf is who owns what is made for that user's runs.
func ownerOf(user string) name { return name{kind: ownerKind, token: token(user)} }

// own gives the session a role of its own for targets, where we may make roles and it
// may come in. Elsewhere it says so.
func (s *Server) own(ctx context.Context) error {
	var super, makes bool
	err := s.withAdmin(ctx, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SELECT rolsuper, rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user").Scan(&super, &makes)
	})
	if err != nil {
		return fmt.Errorf("ask the server who we are: %w", err)
	}
	if !makes {
		s.log(fmt.Sprintf("the target connects as role %s, which may make no other", s.admin.User()))
		return nil
	}
	r := role{owner: ownerOf(s.admin.User()), login: name{kind: loginKind, token: s.session.token}, password: rand.Text()}
	refusal, err := s.provideRole(ctx, r)
	if err != nil {
		return fmt.Errorf("make a role for the target: %w", err)
	}
	if refusal == nil {
		s.role = r
		return nil
	}
	as := "role " + s.admin.User()
	if super {
		as += ", a superuser"
	}
	s.log(fmt.Sprintf("the target connects as %s: it can have no role of its own: %s", as, oneLine(refusal)))
	return nil
}

// rolePatience is how long is tried again what keeps a role from being made and may pass:
// no connection is free, or another run makes its own.
const rolePatience = 10 * time.Second

// lasting is whether a server or a pooler will never let the role be, since we may not or
// for a policy, or never let it come in, whatever it says of that but that it has no
// room or is not ready.
func lasting(err error) bool {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return false // nobody answered
	}
	if said.Severity == "FATAL" || said.SeverityUnlocalized == "FATAL" {
		return !strings.HasPrefix(said.Code, classNoRoom) && !strings.HasPrefix(said.Code, classNotReady)
	}
	return hasCode(err, codeNoPrivilege, codeInvalidValue, codeNotSupported)
}

// provideRole makes the roles. That they are not to be had on this server is a refusal,
// and nothing of the session's is left; that they could not be made today is an error.
func (s *Server) provideRole(ctx context.Context, r role) (refusal, err error) {
	tick := time.NewTicker(retryTick)
	defer tick.Stop()
	for until, waiting := time.Now().Add(rolePatience), false; ; waiting = true {
		err := s.makeRole(ctx, r)
		if err == nil {
			return nil, nil
		}
		left := s.disown(ctx, r)
		switch {
		case ctx.Err() == nil && left == nil && lasting(err):
			return err, nil
		case ctx.Err() != nil || time.Now().After(until):
			return nil, errors.Join(err, left)
		case !waiting:
			s.log("waiting for a role for the target: " + oneLine(err))
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

func (s *Server) makeRole(ctx context.Context, r role) error {
	held, err := s.session.tryHold(ctx, r.owner.lock())
	if err != nil {
		return err
	}
	if !held {
		return fmt.Errorf("somebody removes role %s", r.owner)
	}
	if err := s.withAdmin(ctx, func(conn *pgx.Conn) error { return r.create(ctx, conn) }); err != nil {
		return err
	}
	return s.comesIn(ctx, r)
}

// disown drops the session's role although the caller's context may have ended.
func (s *Server) disown(ctx context.Context, r role) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanPatience)
	defer cancel()
	return s.withAdmin(ctx, func(conn *pgx.Conn) error { return dropRole(ctx, conn, r.login) })
}

// as is where the role is that owns the databases of a data set.
func (s *Server) as(set DataSet) address.Address {
	if s.role.isZero() || set.Superuser {
		return s.admin
	}
	return s.admin.As(s.role.login.String(), s.role.password)
}

// owning is the clause of CREATE DATABASE that says so.
func (s *Server) owning(set DataSet) string {
	if s.role.isZero() || set.Superuser {
		return ""
	}
	return " OWNER " + quote(s.role.owner.String())
}

// create makes the two roles, the first only where it is not there yet.
func (r role) create(ctx context.Context, conn *pgx.Conn) error {
	owner, login := quote(r.owner.String()), quote(r.login.String())
	for _, one := range []struct {
		sql  string
		done []string // what says that another run has done it
	}{
		{"CREATE ROLE " + owner + " NOLOGIN", []string{codeDuplicateObject, codeUnique}},
		{"CREATE ROLE " + login + " LOGIN PASSWORD " + literal(r.password) + " IN ROLE " + owner, nil},
		{"ALTER ROLE " + login + " SET role TO " + literal(r.owner.String()), nil},
		// For us, where we are no superuser: to look, and to end its sessions.
		{"GRANT " + owner + " TO CURRENT_USER", []string{codeUnique}},
		{"GRANT " + login + " TO CURRENT_USER", nil},
	} {
		if _, err := conn.Exec(ctx, one.sql); err != nil && !hasCode(err, one.done...) {
			return withoutStatement(err)
		}
	}
	return nil
}

// takeOver gives the owner what the login made by itself in a database, as a migration
// does that resets its role, and takes back what was granted to the login: it goes with
// the session, and the database may stay.
func (r role) takeOver(ctx context.Context, conn *pgx.Conn) error {
	login := quote(r.login.String())
	for _, sql := range []string{"REASSIGN OWNED BY " + login + " TO " + quote(r.owner.String()), "DROP OWNED BY " + login} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("give the data to its owner: %w", err)
		}
	}
	return nil
}

// withoutStatement is an error as its server words it, which may not repeat a password.
func withoutStatement(err error) error {
	return &refused{text: strings.Join(strings.Fields(err.Error()), " "), err: err}
}

// comesIn sees whether the role is let in: a server's pg_hba.conf may name those who
// are. That it may not see the database that we administer from is no matter.
func (s *Server) comesIn(ctx context.Context, r role) error {
	conn, err := connect(ctx, s.admin.As(r.login.String(), r.password))
	if hasCode(err, codeNoPrivilege) {
		return nil
	}
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// dropRole removes a role that targets logged in as, and sees that it is gone.
func dropRole(ctx context.Context, conn *pgx.Conn, n name) error {
	if _, err := conn.Exec(ctx, "DROP ROLE IF EXISTS "+quote(n.String())); err != nil {
		return fmt.Errorf("drop role %s: %w", n, err)
	}
	return nil
}

// dropOwner removes the role that owns what targets use, unless it owns something or
// somebody may act as it: no server would mind that.
func dropOwner(ctx context.Context, conn *pgx.Conn, n name) error {
	var acts bool
	err := conn.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member JOIN pg_roles o ON o.oid = m.roleid
		 WHERE o.rolname = $1 AND r.rolname <> current_user)`, n.String()).Scan(&acts)
	if err != nil {
		return fmt.Errorf("ask who acts as role %s: %w", n, err)
	}
	if acts {
		return errInUse
	}
	err = dropRole(ctx, conn, n)
	if hasCode(err, codeDependents) {
		return fmt.Errorf("%w: %w", errInUse, err)
	}
	return err
}

// roles are the login roles of our runs on the server, but those that somebody is
// connected as.
func roles(ctx context.Context, conn *pgx.Conn) ([]name, error) {
	rows, err := conn.Query(ctx, `
		SELECT r.rolname FROM pg_auth_members m
		  JOIN pg_roles r ON r.oid = m.member JOIN pg_roles o ON o.oid = m.roleid
		 WHERE o.rolname = $1 AND r.rolname LIKE 'holdfast\_%'
		   AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.usesysid = r.oid)`, ownerOf(conn.Config().User).String())
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	var found []name
	for _, text := range texts {
		if n, ok := parseName(text); ok && n.kind == loginKind {
			found = append(found, n)
		}
	}
	return found, nil
}
