package schema

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"holdfast.dev/holdfast/reference/fold"
)

//go:embed migrations/*.sql
var files embed.FS

// migrationLock serialises programs that migrate the same database at once.
const migrationLock = 0x686f6c64 // "hold"

// migration is one numbered file of SQL.
type migration struct {
	version int
	name    string
	file    string
}

// sql is what it does. Where it has the function that folds texts, that is written anew:
// a program that finds its database as it should be does without.
func (m migration) sql() string {
	const name = "search_normalize"
	mark := "-- @fold " + name + "\n"
	if !strings.Contains(m.file, mark) {
		return m.file
	}
	return strings.ReplaceAll(m.file, mark, fold.SQL(name))
}

// migrations returns all of them, in the order of their versions, which start
// at 1 and leave no gap.
func migrations() ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	var all []migration
	for i, path := range names { // Glob returns them sorted
		text, err := files.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "migrations/"), ".sql")
		number, _, _ := strings.Cut(name, "_")
		if version, err := strconv.Atoi(number); err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s: want number %d", name, i+1)
		}
		all = append(all, migration{version: i + 1, name: name, file: string(text)})
	}
	return all, nil
}

// Migrate brings the database up to this program's schema. A database that is
// already there, or newer, is only read: no lock is taken and nothing is
// written. Several programs may call it at once; each migration is applied
// once, in a transaction of its own.
func Migrate(ctx context.Context, conn *pgx.Conn) error {
	all, err := migrations()
	if err != nil {
		return err
	}
	return migrate(ctx, conn, all)
}

// migrate applies those of the migrations that are still missing.
func migrate(ctx context.Context, conn *pgx.Conn, wanted []migration) error {
	current, err := appliedVersion(ctx, conn)
	if err != nil {
		return err
	}
	for _, next := range wanted {
		if next.version <= current {
			continue
		}
		if err := apply(ctx, conn, next); err != nil {
			return fmt.Errorf("apply migration %s: %w", next.name, err)
		}
	}
	return nil
}

// apply runs one migration unless somebody else did since we looked.
func apply(ctx context.Context, conn *pgx.Conn, m migration) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", migrationLock); err != nil {
			return fmt.Errorf("wait for other migrations: %w", err)
		}
		if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations (
			version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`); err != nil {
			return fmt.Errorf("create version table: %w", err)
		}
		tag, err := tx.Exec(ctx,
			"INSERT INTO schema_migrations (version, name) VALUES ($1, $2) ON CONFLICT DO NOTHING", m.version, m.name)
		if err != nil {
			return fmt.Errorf("record version: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
		_, err = tx.Exec(ctx, m.sql())
		return err
	})
}

// appliedVersion returns the number of the newest migration that was applied; 0 for a
// database without any.
func appliedVersion(ctx context.Context, conn *pgx.Conn) (int, error) {
	const undefinedTable = "42P01"
	var version int
	err := conn.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM schema_migrations").Scan(&version)
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == undefinedTable {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return version, nil
}
