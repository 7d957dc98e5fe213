package database

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/database/internal/address"

	"github.com/jackc/pgx/v5"
)

// Database is a scenario's own copy of a template.
type Database struct {
	server  *Server
	name    name
	oid     uint32          // one that is made anew under the name has another
	address address.Address // as the role that makes databases
	target  address.Address // as the role of targets
}

// Clone makes a database with the data of the template, as its own owner left
// it: extensions, statistics and all. It is dropped by [Database.Drop], at the
// latest when the Server is closed, and by the next run if this one is killed.
func (s *Server) Clone(ctx context.Context, t Template) (*Database, error) {
	if err := s.session.ensure(ctx); err != nil {
		return nil, fmt.Errorf("clone %s: %w", t.set.Name, err)
	}
	n := s.nextName(cloneKind)
	oid, err := s.cloneAs(ctx, n, t)
	if hasCode(err, codeNoSuchDatabase) && t.set.Build != nil { // dropped by hand, or while our session was lost
		if t, err = s.Template(ctx, t.set); err == nil {
			oid, err = s.cloneAs(ctx, n, t)
		}
	}
	if err != nil {
		// A caller who gave up may hear of it as the server's own cancellation.
		return nil, errors.Join(fmt.Errorf("clone %s: %w", t.set.Name, err), ctx.Err(), s.dropForCertain(ctx, n))
	}
	return &Database{server: s, name: n, oid: oid, address: s.admin.On(n.String()), target: s.as(t.set).On(n.String())}, nil
}

func (s *Server) cloneAs(ctx context.Context, n name, t Template) (oid uint32, err error) {
	err = s.withAdmin(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "CREATE DATABASE "+quote(n.String())+" TEMPLATE "+quote(t.name.String())+s.owning(t.set)+s.strategy)
		if err != nil {
			return err
		}
		if err := setAll(ctx, conn, n, t.set.Settings); err != nil {
			return err
		}
		l := label{Holdfast: "clone", DataSet: t.set.Name, Run: s.run, Used: time.Now().UTC()}
		if _, err = conn.Exec(ctx, l.comment(n.String())); err != nil {
			return err
		}
		oid, err = identify(ctx, conn, n)
		return err
	})
	return oid, err
}

// identify returns what tells a database from another of its name; zero where there
// is none.
func identify(ctx context.Context, conn *pgx.Conn, n name) (oid uint32, err error) {
	err = conn.QueryRow(ctx, "SELECT coalesce(max(oid::int8), 0)::oid FROM pg_database WHERE datname = $1", n.String()).Scan(&oid)
	if err != nil {
		return 0, fmt.Errorf("look for database %s: %w", n, err)
	}
	return oid, nil
}

// lists are the settings that are lists of names, each of which is quoted by itself.
var lists = []string{"search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"}

// setAll sets settings of a database, for every session that begins from then on.
func setAll(ctx context.Context, conn *pgx.Conn, n name, settings map[string]string) error {
	for _, setting := range slices.Sorted(maps.Keys(settings)) {
		parts := strings.Split(setting, ".") // of an extension: prefix.name
		value := literal(settings[setting])
		if slices.Contains(lists, setting) {
			var all []string
			for one := range strings.SplitSeq(settings[setting], ",") {
				all = append(all, literal(strings.Trim(one, ` "`)))
			}
			value = strings.Join(all, ",")
		}
		_, err := conn.Exec(ctx, "ALTER DATABASE "+quote(n.String())+" SET "+pgx.Identifier(parts).Sanitize()+" TO "+value)
		if err != nil {
			return fmt.Errorf("set %s of the database: %w", setting, err)
		}
	}
	return nil
}

// DSN returns the connection string of the harness itself, password included, as a
// URL: of the role that makes databases, which may be a superuser.
func (d *Database) DSN() string { return d.address.DSN() }

// TargetDSN is the one for a target: of the role that owns the database and what is
// in it, and that has no right beyond that. Where we may make no role, or the data set
// asks for a superuser, it is the same.
func (d *Database) TargetDSN() string { return d.target.DSN() }

// Addr returns host:port of the server, for a proxy to stand before; for a
// server that is reached by a Unix socket, the socket's path.
func (d *Database) Addr() string { return d.address.HostPort() }

// WithAddr returns the target's DSN by way of another host:port. Where the DSN asks for
// sslmode=verify-full, a proxy at another name cannot satisfy it.
func (d *Database) WithAddr(addr string) (string, error) {
	moved, err := d.target.At(addr)
	if err != nil {
		return "", err
	}
	return moved.DSN(), nil
}

// Name returns the name of the database on its server.
func (d *Database) Name() string { return d.name.String() }

// ErrVanished: a database of a run is gone, and it was not the run that dropped it.
var ErrVanished = errors.New("the database of the scenario is gone: it was dropped while the scenario went on")

// Intact says whether the database is still the one that was made; where it is not the
// error is an [ErrVanished]. A server that does not answer has taken nothing away.
func (d *Database) Intact(ctx context.Context) error {
	return d.server.withAdmin(ctx, func(conn *pgx.Conn) error {
		oid, err := identify(ctx, conn, d.name)
		if err == nil && oid != d.oid {
			return ErrVanished
		}
		return err
	})
}

// Drop removes the database, whoever is connected to it, and sees that it is
// gone. It may be called again.
func (d *Database) Drop(ctx context.Context) error {
	return d.server.withAdmin(ctx, func(conn *pgx.Conn) error { return drop(ctx, conn, d.name) })
}
