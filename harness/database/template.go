package database

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// DataSet is data that scenarios start from.
type DataSet struct {
	// Name is for people: "projects=10000 oracles=100".
	Name string
	// Key stands for everything that decides what Build makes: a hash of the
	// schema, the seed and the parameters. Two data sets with the same key are
	// taken for the same.
	Key string
	// Build makes the schema and the data in the empty database at dsn, and leaves
	// no connection open. The DSN is a target's: what is made there is its role's. It is called once per key and server, however many runs
	// ask for it. The database is vacuumed and analysed afterwards.
	Build func(ctx context.Context, dsn string) error
	// Extensions are created before Build, by the role that makes databases.
	Extensions []string
	// Superuser says that Build and the target need the rights of the role that makes
	// databases. Defaults to a role of their own, which owns the data and no more.
	Superuser bool
	// Settings are those of each database with the data, as ALTER DATABASE … SET has
	// them. Defaults to none.
	Settings map[string]string
}

// IsZero says whether the set is the zero value: no data, and no need of a
// database.
func (d DataSet) IsZero() bool { return d.Name == "" && d.Key == "" && d.Build == nil }

// Template is a seeded database that clones are made from.
type Template struct {
	name name
	set  DataSet
}

// DataSet returns the name of the data set that the template holds.
func (t Template) DataSet() string { return t.set.Name }

// retryTick is how often is tried again what another session holds up.
const retryTick = 100 * time.Millisecond

// Template returns the template of a data set, and builds it where the server
// has none yet. While another run builds the same one it waits for it. A
// template that was not built to its end is never used. It stays as it is until
// the Server is closed, and after that as long as it is among the
// [Options.KeepTemplates] used last.
func (s *Server) Template(ctx context.Context, set DataSet) (Template, error) {
	if set.Key == "" || set.Build == nil {
		return Template{}, errors.New("a data set needs a Key and a Build")
	}
	select {
	case s.building <- struct{}{}: // one at a time in this run
		defer func() { <-s.building }()
	case <-ctx.Done():
		return Template{}, fmt.Errorf("template of %s: %w", set.Name, ctx.Err())
	}
	t := Template{name: name{kind: templateKind, token: templateToken(set.Key, s.admin.User(), s.owning(set))}, set: set}
	if err := s.provide(ctx, t); err != nil {
		return Template{}, fmt.Errorf("template of %s: %w", set.Name, err)
	}
	return t, nil
}

// provide returns once the template is there and held.
func (s *Server) provide(ctx context.Context, t Template) error {
	tick := time.NewTicker(retryTick)
	defer tick.Stop()
	waiting := false
	for {
		there, err := s.hold(ctx, t)
		if there || err != nil {
			return err
		}
		built, err := s.tryBuild(ctx, t)
		if err != nil {
			return err
		}
		if built {
			continue
		}
		if !waiting {
			s.log("waiting for another run that builds the data set " + t.set.Name)
			waiting = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another run builds it: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// hold takes the lock that keeps others from dropping the template, and sees
// whether it is there.
func (s *Server) hold(ctx context.Context, t Template) (there bool, err error) {
	key := lockKey(templateKind, t.name.token)
	held, err := s.session.tryHold(ctx, key)
	if err != nil || !held {
		return false, err
	}
	err = s.withAdmin(ctx, func(conn *pgx.Conn) error {
		if there, err = exists(ctx, conn, t.name); there {
			// For choosing which template goes first; of two that say it at once one fails.
			_, _ = conn.Exec(ctx, t.label().comment(t.name.String()))
		}
		return err
	})
	if err != nil || !there {
		return false, errors.Join(err, s.session.letGo(ctx, key))
	}
	return true, nil
}

func (t Template) label() label {
	return label{Holdfast: "template", DataSet: t.set.Name, Key: t.set.Key, Used: time.Now().UTC()}
}

func exists(ctx context.Context, conn *pgx.Conn, n name) (there bool, err error) {
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", n.String()).Scan(&there)
	if err != nil {
		return false, fmt.Errorf("look for database %s: %w", n, err)
	}
	return there, nil
}

// tryBuild builds the template unless another run does, and reports whether it
// is there now. The builder's lock is another than that of those who use the
// template; it is held on a connection of its own, and gone with it.
func (s *Server) tryBuild(ctx context.Context, t Template) (built bool, err error) {
	err = s.withNew(ctx, func(conn *pgx.Conn) error {
		var mine bool
		key := lockKey(buildKind, t.name.token)
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&mine); err != nil || !mine {
			return err
		}
		if there, err := exists(ctx, conn, t.name); there || err != nil {
			built = there
			return err
		}
		if err := s.build(ctx, conn, t); err != nil {
			return err
		}
		built = true
		return nil
	})
	return built, err
}

// build seeds a database under a name that nobody takes for a template, and
// renames it once it is whole.
func (s *Server) build(ctx context.Context, conn *pgx.Conn, t Template) (err error) {
	work := s.nextName(buildKind)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.dropForCertain(ctx, work))
		}
	}()
	began := time.Now()
	if err := s.create(ctx, conn, work, s.owning(t.set)); err != nil {
		return err
	}
	l := label{Holdfast: "build", DataSet: t.set.Name, Key: t.set.Key, Run: s.run, Used: began.UTC()}
	if _, err := conn.Exec(ctx, l.comment(work.String())); err != nil {
		return fmt.Errorf("label the template: %w", err)
	}
	if err := setAll(ctx, conn, work, t.set.Settings); err != nil {
		return err
	}
	if err := createExtensions(ctx, s.admin.On(work.String()).DSN(), t.set.Extensions); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := t.set.Build(ctx, s.as(t.set).On(work.String()).DSN()); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := s.settle(ctx, work, t.set); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+quote(work.String())+" ALLOW_CONNECTIONS false"); err != nil {
		return fmt.Errorf("close the template: %w", err)
	}
	if _, err := conn.Exec(ctx, t.label().comment(work.String())); err != nil {
		return fmt.Errorf("label the template: %w", err)
	}
	// Postgres itself waits 5 s for sessions that are just leaving.
	_, err = conn.Exec(ctx, "ALTER DATABASE "+quote(work.String())+" RENAME TO "+quote(t.name.String()))
	if hasCode(err, codeDuplicateDatabase) { // built meanwhile by a run that meets in another database
		return s.dropForCertain(ctx, work)
	}
	if err != nil {
		return fmt.Errorf("take the template into use (did Build leave a connection open?): %w", err)
	}
	s.log(fmt.Sprintf("built the data set %s in %v", t.set.Name, time.Since(began).Round(time.Millisecond)))
	return nil
}

// create makes an empty database whose text sorts and folds alike on every
// server: by bytes, and by Unicode without a language.
func (s *Server) create(ctx context.Context, conn *pgx.Conn, n name, owning string) error {
	var number int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&number); err != nil {
		return fmt.Errorf("ask the server who it is: %w", err)
	}
	return s.createIn(ctx, conn, n, owning, locales(number))
}

// createIn is create with the first of these locales that the server knows. Where it
// knows none its own is taken, and that is said.
func (s *Server) createIn(ctx context.Context, conn *pgx.Conn, n name, owning string, locales []string) error {
	sql := "CREATE DATABASE " + quote(n.String()) + owning + " TEMPLATE template0 ENCODING 'UTF8'"
	var err error
	for _, locale := range append(locales, "") {
		if locale == "" {
			s.log("the server knows no locale C.UTF-8 (" + oneLine(err) + "): texts sort and fold as in its own databases")
		}
		if _, err = conn.Exec(ctx, sql+locale); !hasCode(err, codeInvalidValue, codeWrongObject) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", n, err)
	}
	return nil
}

// locales are the texts by which a server of that number may know the locale of all our
// databases, the first before the next. From version 15 on a database has a provider of
// its rules, which would be inherited: with ICU's, a language of the server's decides.
func locales(number int) []string {
	const libc = " LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
	switch {
	case number >= 170000:
		return []string{" LOCALE_PROVIDER libc" + libc, " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'"}
	case number >= 150000:
		return []string{" LOCALE_PROVIDER libc" + libc}
	}
	return []string{libc}
}

// settle leaves the data to its owner, and as a server that has been up for a while has
// it: with statistics, without rows that the first reader must still look after, on disk.
// Clones inherit all of that.
func (s *Server) settle(ctx context.Context, n name, set DataSet) error {
	conn, err := connect(ctx, s.admin.On(n.String()))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if s.owning(set) != "" {
		if err := s.role.takeOver(ctx, conn); err != nil {
			return err
		}
	}
	if err := vacuumFilled(ctx, conn); err != nil {
		return fmt.Errorf("vacuum the template: %w", err)
	}
	if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil && !hasCode(err, codeNoPrivilege) {
		return fmt.Errorf("checkpoint the template: %w", err)
	}
	return nil
}

// vacuumFilled vacuums and analyses the tables that hold rows. Of a table that was
// never vacuumed Postgres takes for granted that it will grow to ten pages; of one
// that was vacuumed while empty, that it stays so. A plan that is prepared before
// the first row of such a table would read all of it for each of its rows, for as
// long as its connection lives: what no server does that has been up for a while.
func vacuumFilled(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'm') AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
		  AND pg_relation_size(c.oid) > 0`)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string]) // quoted where they must be
	if err != nil || len(tables) == 0 {
		return err
	}
	_, err = conn.Exec(ctx, "VACUUM (FREEZE, ANALYZE) "+strings.Join(tables, ", "))
	return err
}
