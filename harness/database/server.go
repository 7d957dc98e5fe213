package database

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/harness/database/internal/address"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Server is a Postgres that templates and clones are made on. Its methods may be
// called from several goroutines.
type Server struct {
	found    found
	admin    address.Address
	version  string
	strategy string // of CREATE DATABASE, as SQL
	run      string
	options  Options
	session  *session
	kept     *pgxpool.Pool // sessions to administer from
	role     role          // of targets

	numbers  atomic.Int64
	building chan struct{} // holds a token while a template is built
	closing  sync.Mutex    // guards closed
	closed   bool
}

// newServer takes a session on a server that answers, and clears what killed
// runs left there.
func newServer(ctx context.Context, o Options, found found) (*Server, error) {
	admin, err := address.Parse(found.DSN)
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, admin)
	if err != nil {
		return nil, err
	}
	version, err := inspect(ctx, conn, admin)
	if err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	s := &Server{
		found: found, admin: admin, version: version, strategy: strategy(version),
		options: o, building: make(chan struct{}, 1),
	}
	if o.Journal != nil {
		s.run = o.Journal.Run()
	}
	if s.kept, err = adminPool(admin); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	if s.session, err = openSession(ctx, admin, conn, s.run); err != nil {
		s.kept.Close()
		return nil, err
	}
	err = s.withAdmin(ctx, func(conn *pgx.Conn) error {
		swept, err := sweepDead(ctx, conn)
		if swept > 0 {
			s.log(fmt.Sprintf("dropped %d databases that killed runs left", swept))
		}
		if err != nil { // no reason not to run: the next run tries again
			s.log("some databases of killed runs stay: " + oneLine(err))
		}
		return nil
	})
	if err == nil {
		err = s.own(ctx)
	}
	if err != nil {
		s.kept.Close()
		s.session.close(ctx)
		return nil, err
	}
	return s, nil
}

// strategy is how the server copies a template. Since PostgreSQL 15 it copies
// block by block through the log unless told otherwise, which is slower and
// writes the whole data set into the log; see the benchmark in this package.
func strategy(version string) string {
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err != nil || n < 15 {
		return ""
	}
	return " STRATEGY FILE_COPY"
}

// Describe says in one line which server it is and why, without credentials:
// "local: PostgreSQL 15.18 from /usr/lib/postgresql/15/bin (asked for)".
func (s *Server) Describe() string {
	return fmt.Sprintf("%s: PostgreSQL %s %s (%s)", s.found.way, s.version, s.found.What, s.found.why)
}

// Version returns the server's version, as it says it: "15.18 (Debian …)" is
// "15.18".
func (s *Server) Version() string { return s.version }

// Provider returns the name of the way that was taken.
func (s *Server) Provider() string { return s.found.way }

// Identity tells this server from every other, over restarts: what belongs to the
// templates on it is kept by that.
func (s *Server) Identity(ctx context.Context) (string, error) {
	identity := s.admin.HostPort()
	err := s.withAdmin(ctx, func(conn *pgx.Conn) error {
		err := conn.QueryRow(ctx, "SELECT system_identifier::text FROM pg_control_system()").Scan(&identity)
		if hasCode(err, codeNoPrivilege) {
			return nil // by where it is, then
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("ask the server who it is: %w", err)
	}
	return identity, nil
}

// DSN returns how to get in as the role that makes the databases of this package,
// password included, on the database to administer from. No target is told of it.
func (s *Server) DSN() string { return s.admin.DSN() }

func (s *Server) log(line string) { s.options.Log("database: " + line) }

// nextName returns a name that this session has not used.
func (s *Server) nextName(k kind) name {
	return name{kind: k, token: s.session.token, number: int(s.numbers.Add(1))}
}

// withAdmin calls do with a connection to the maintenance database that nobody else has
// meanwhile, so that a call that takes long or is cancelled holds up nobody. It is kept
// for the next call, unless something went wrong on it.
func (s *Server) withAdmin(ctx context.Context, do func(*pgx.Conn) error) error {
	kept, err := s.kept.Acquire(ctx)
	if err != nil {
		return connectError(s.admin, err)
	}
	defer kept.Release()
	if err := do(kept.Conn()); err != nil {
		_ = kept.Conn().Close(context.WithoutCancel(ctx))
		return err
	}
	return nil
}

// withNew calls do with a connection to the maintenance database that ends with it, and
// with it what it has locked.
func (s *Server) withNew(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := connect(ctx, s.admin)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return do(conn)
}

// SessionsPerSecond measures how many sessions the server can open, one after the other,
// at this moment.
func (s *Server) SessionsPerSecond(ctx context.Context) (float64, error) {
	const least, enough = 5, 50 * time.Millisecond
	began, n := time.Now(), 0
	for ; n < least || time.Since(began) < enough; n++ {
		if err := s.withNew(ctx, func(*pgx.Conn) error { return nil }); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

// dropForCertain drops a database although the caller's context may have ended.
func (s *Server) dropForCertain(ctx context.Context, n name) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanPatience)
	defer cancel()
	return s.withAdmin(ctx, func(conn *pgx.Conn) error { return drop(ctx, conn, n) })
}

// Close drops the session's clones, drops templates beyond what is kept, and
// stops the server if Open started it. It may be called again, and does its work
// within 30 s although ctx may have ended.
func (s *Server) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanPatience)
	defer cancel()
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.closed {
		return nil
	}
	var err error
	if !s.found.Ephemeral {
		err = s.clear(ctx)
	}
	s.kept.Close()
	s.session.close(ctx)
	if errStop := s.found.stop(ctx); errStop != nil {
		return errors.Join(err, errStop)
	}
	s.closed = true
	if err != nil {
		return fmt.Errorf("clear the database server: %w", err)
	}
	return nil
}

// clear drops all databases of this session, and its role. It asks the server which there are:
// one whose making was interrupted is known to nobody else.
func (s *Server) clear(ctx context.Context) error {
	return s.withAdmin(ctx, func(conn *pgx.Conn) error {
		found, err := list(ctx, conn, false)
		if err != nil {
			return err
		}
		var errs []error
		for _, l := range found {
			if l.name.kind != templateKind && l.name.token == s.session.token {
				errs = append(errs, drop(ctx, conn, l.name))
			}
		}
		dropped, err := prune(ctx, conn, s.options.KeepTemplates, s.options.KeepBytes)
		if len(dropped) > 0 {
			s.log("dropped templates not used for long: " + strings.Join(dropped, ", "))
		}
		if !s.role.isZero() {
			errs = append(errs, dropRole(ctx, conn, s.role.login))
		}
		return errors.Join(append(errs, err)...)
	})
}
