// Package written tells whether a step of the setup wrote where it should, and if
// not, what it opened instead: a service that does not know our variable takes the
// database of its checkout, and ends with code 0.
//
// Enter at [Of], which takes a print of a Postgres database to be compared with a
// later one, and at [Look], which follows a command while it runs.
package written

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Print is what a database holds, in little: its schema, and of each table how many
// rows there are and which transactions wrote them.
type Print map[string]string

// Of takes the print of the database at dsn. It reads each table once.
func Of(ctx context.Context, dsn string) (Print, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("look at what is written: the database's address cannot be read") // pgx's words may hold the password
	}
	config.RuntimeParams["application_name"] = "holdfast-written"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("look at what is written: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	p, err := printOf(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("look at what is written: %w", err)
	}
	return p, nil
}

// Since names what differs from an earlier print, sorted; nothing where nothing was
// written.
func (p Print) Since(before Print) []string {
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if before[name] != p[name] {
			changed = append(changed, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, there := p[name]; !there {
			changed = append(changed, name)
		}
	}
	return changed
}

// catalogues are what makes a schema, each with the rows that are not the server's
// own. A transaction that changes one of them leaves its number in xmin; one that
// was rolled back leaves nothing.
var catalogues = []struct{ name, sql string }{
	{"schemas", `select count(*)::text || ' ' || coalesce(sum(xmin::text::bigint), 0) from pg_namespace where nspname !~ '^pg_(toast|temp)'`},
	{"tables", `select count(*)::text || ' ' || coalesce(sum(oid::bigint + relfilenode::bigint), 0) from pg_class where oid >= 16384 and relnamespace::regnamespace::text !~ '^pg_'`},
	{"columns", `select count(*)::text || ' ' || coalesce(sum(xmin::text::bigint), 0) from pg_attribute where attrelid >= 16384 and attrelid::regclass::text !~ '^pg_'`},
	{"constraints", `select count(*)::text || ' ' || coalesce(sum(xmin::text::bigint), 0) from pg_constraint where oid >= 16384`},
	{"functions", `select count(*)::text || ' ' || coalesce(sum(xmin::text::bigint), 0) from pg_proc where oid >= 16384`},
	{"types", `select count(*)::text || ' ' || coalesce(sum(xmin::text::bigint), 0) from pg_type where oid >= 16384`},
	{"triggers", `select count(*)::text || ' ' || coalesce(sum(xmin::text::bigint), 0) from pg_trigger where oid >= 16384`},
	{"extensions", `select count(*)::text || ' ' || coalesce(sum(xmin::text::bigint), 0) from pg_extension`},
	{"large objects", `select count(*)::text || ' ' || coalesce(sum(xmin::text::bigint), 0) from pg_largeobject_metadata`},
}

func printOf(ctx context.Context, conn *pgx.Conn) (Print, error) {
	p := Print{}
	for _, c := range catalogues {
		var print string
		if err := conn.QueryRow(ctx, c.sql).Scan(&print); err != nil {
			return nil, fmt.Errorf("the %s: %w", c.name, err)
		}
		p["the "+c.name] = print
	}
	rows, err := conn.Query(ctx, `
		select c.oid::regclass::text, c.relkind::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'm', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
		  and has_table_privilege(c.oid, 'SELECT') order by 1`)
	if err != nil {
		return nil, err
	}
	type relation struct{ Name, Kind string }
	relations, err := pgx.CollectRows(rows, pgx.RowToStructByPos[relation])
	if err != nil {
		return nil, err
	}
	for _, r := range relations {
		what, sql := "rows of "+r.Name, `select count(*)::text || ' ' || coalesce(sum(xmin::text::bigint), 0) from `+r.Name
		if r.Kind == "S" {
			what, sql = "the sequence "+r.Name, `select last_value::text || is_called from `+r.Name
		}
		var print string
		if err := conn.QueryRow(ctx, sql).Scan(&print); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		p[what] = print
	}
	return p, nil
}
