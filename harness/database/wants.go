package database

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/nearest"
)

// Wants is what a data set asks of its Postgres. The zero value takes any.
type Wants struct {
	// Image is the container image that it runs from: the image decides, and where it
	// is not to be had there is no database. Defaults to whatever is found.
	Image string
	// Extensions are created before the data is built.
	Extensions []string
	// Superuser says that the setup and the target need the rights of a superuser.
	// Defaults to a role of their own.
	Superuser bool
	// Settings are those of the server, for example max_connections: 200. What can be
	// set of a database is; for anything else there is a server of its own.
	Settings map[string]string
}

// IsZero reports whether any Postgres will do.
func (w Wants) IsZero() bool {
	return w.Image == "" && len(w.Extensions) == 0 && !w.Superuser && len(w.Settings) == 0
}

// Key stands for all of it.
func (w Wants) Key() string {
	parts := append([]string{w.Image}, w.Extensions...)
	if w.Superuser {
		parts = append(parts, "superuser")
	}
	for _, name := range slices.Sorted(maps.Keys(w.Settings)) {
		parts = append(parts, name+"="+w.Settings[name])
	}
	return token(parts...)
}

// From returns options with which [Open] finds a server of the image that is wanted.
func (w Wants) From(o Options) (Options, error) {
	if w.Image == "" {
		return o, nil
	}
	o = o.withDefaults()
	for _, p := range o.Providers {
		if p.Image != nil {
			p = p.Image(w.Image)
			p.Hint = "start Docker, then: docker pull " + w.Image + "; or name no image, and any Postgres will do"
			o.Providers, o.Provider = []Provider{p}, p.Name
			return o, nil
		}
	}
	return o, fmt.Errorf("%w: it is to run from the image %s, and no way to containers was chosen for this program", ErrNoDatabase, w.Image)
}

// On is the data set with the extensions and the settings that are wanted.
func (w Wants) On(set DataSet, perDatabase map[string]string) DataSet {
	if set.Build == nil || w.IsZero() {
		return set
	}
	set.Key += " wants " + w.Key()
	set.Extensions, set.Settings, set.Superuser = w.Extensions, perDatabase, w.Superuser
	return set
}

// Place says which of the settings can be set of a database, and which are the
// server's. One that Postgres does not know, or that nobody can set, is an error.
func (s *Server) Place(ctx context.Context, settings map[string]string) (ofDatabase, ofServer map[string]string, err error) {
	ofDatabase, ofServer = map[string]string{}, map[string]string{}
	if len(settings) == 0 {
		return ofDatabase, ofServer, nil
	}
	contexts := map[string]string{}
	err = s.withAdmin(ctx, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, "SELECT name, context FROM pg_settings")
		if err != nil {
			return err
		}
		var name, context string
		_, err = pgx.ForEachRow(rows, []any{&name, &context}, func() error { contexts[name] = context; return nil })
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look at the settings of the server: %w", err)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		switch context, known := contexts[name]; {
		case strings.Contains(name, "."): // of an extension, which may not be loaded yet
			ofDatabase[name] = settings[name]
		case !known:
			errs = append(errs, fmt.Errorf("version %s of Postgres has no setting %s%s", s.version, name, nearest.Hint(name, slices.Collect(maps.Keys(contexts)))))
		case context == "internal":
			errs = append(errs, fmt.Errorf("the setting %s cannot be set", name))
		case context == "postmaster" || context == "sighup":
			ofServer[name] = settings[name]
		default:
			ofDatabase[name] = settings[name]
		}
	}
	return ofDatabase, ofServer, errors.Join(errs...)
}

// With opens another server in the same way, with these settings. The caller closes
// it.
func (s *Server) With(ctx context.Context, settings map[string]string) (*Server, error) {
	o := s.options
	o.Provider, o.Settings = s.found.way, settings
	another, err := Open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open a database server with %s: %w", strings.Join(slices.Sorted(maps.Keys(settings)), ", "), err)
	}
	return another, nil
}

// packages are the Debian packages of extensions that do not come with Postgres
// itself; %d is the major version.
var packages = map[string]string{
	"vector": "postgresql-%d-pgvector", "postgis": "postgresql-%d-postgis-3", "pg_cron": "postgresql-%d-cron", "pg_partman": "postgresql-%d-partman",
	"hll": "postgresql-%d-hll", "rum": "postgresql-%d-rum", "hypopg": "postgresql-%d-hypopg", "pgrouting": "postgresql-%d-pgrouting",
	"pgaudit": "postgresql-%d-pgaudit", "pg_repack": "postgresql-%d-repack", "ip4r": "postgresql-%d-ip4r",
}

// createExtensions creates them in the database at dsn.
func createExtensions(ctx context.Context, dsn string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("create extensions: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, name := range names {
		if _, err := conn.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS "+quote(name)+" CASCADE"); err != nil {
			return missing(ctx, conn, name, err)
		}
	}
	return nil
}

// missing says in one line why an extension could not be created, and what to do.
func missing(ctx context.Context, conn *pgx.Conn, name string, err error) error {
	if hasCode(err, codeNoPrivilege) {
		return fmt.Errorf("extension %s: the role that we were given may not create it: CREATE EXTENSION %s in template1, or another role", name, quote(name))
	}
	if !hasCode(err, codeUndefinedFile, codeNotSupported) {
		return fmt.Errorf("create extension %s: %w", name, err)
	}
	var version string
	var major int
	if errAsk := conn.QueryRow(ctx, "SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000").Scan(&version, &major); errAsk != nil {
		return fmt.Errorf("create extension %s: %w", name, err)
	}
	version, _, _ = strings.Cut(version, " ")
	remedy := "install the package that brings it"
	if debian, known := packages[name]; known {
		remedy = "apt-get install " + fmt.Sprintf(debian, major)
	} else if slices.Contains(contrib, name) {
		remedy = "apt-get install postgresql-contrib"
	}
	hint := ""
	if rows, errAsk := conn.Query(ctx, "SELECT name FROM pg_available_extensions"); errAsk == nil {
		if there, errAsk := pgx.CollectRows(rows, pgx.RowTo[string]); errAsk == nil {
			hint = nearest.Hint(name, there)
		}
	}
	return fmt.Errorf("this Postgres (%s) does not have the extension %s%s: %s, or name an image that has it", version, name, hint, remedy)
}

// contrib are those of Postgres's own extensions that are asked for most.
var contrib = []string{
	"btree_gin", "btree_gist", "citext", "cube", "earthdistance", "fuzzystrmatch", "hstore", "intarray", "ltree", "pg_stat_statements",
	"pg_trgm", "pgcrypto", "postgres_fdw", "tablefunc", "unaccent", "uuid-ossp",
}
