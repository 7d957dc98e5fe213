package standing

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// unharmed: what the target only reads is as it was.
func unharmed() Check {
	return Check{
		Name:  "unharmed",
		About: "the tables that the target only reads have the rows that they had, each as it was",
		Begin: func(ctx context.Context, s Scene) (Watch, error) {
			if s.Data == nil || len(s.OnlyRead) == 0 {
				return Watch{}, errUnseen("the scenario names no tables that are only read")
			}
			w := &unharmedWatch{data: s.Data}
			if err := w.begin(ctx, s.OnlyRead); err != nil {
				return Watch{}, err
			}
			return Watch{Drained: w.drained, Ended: func(Ended) Finding { return w.found }}, nil
		},
	}
}

// errUnseen is why a check has nothing to look at.
type errUnseen string

func (e errUnseen) Error() string { return string(e) }

type unharmedWatch struct {
	data   *pgxpool.Pool
	since  string // the transaction from which on rows are newer than the load
	tables []table
	found  Finding
}

// table is a table with its rows when the load began.
type table struct {
	name string
	rows int64
}

// begin counts the rows. That a row was changed since is told by the transaction
// that wrote it, so nothing of it has to be kept.
func (w *unharmedWatch) begin(ctx context.Context, names []string) error {
	if err := w.data.QueryRow(ctx, "SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::bigint & 4294967295)::text").Scan(&w.since); err != nil {
		return fmt.Errorf("count what is only read: %w", err)
	}
	for _, name := range names {
		t := table{name: name}
		if err := w.data.QueryRow(ctx, "SELECT count(*) FROM "+identifier(name)).Scan(&t.rows); err != nil {
			return fmt.Errorf("count what is only read: %w", err)
		}
		w.tables = append(w.tables, t)
	}
	return nil
}

// said reports whether the server has answered, be it by an error about what was asked: not
// where it was cut short.
func said(err error) bool {
	refused, is := errors.AsType[*pgconn.PgError](err)
	return err == nil || is && !strings.HasPrefix(refused.Code, "57")
}

// identifier is a table's name, with its schema if it has one, as SQL takes it.
func identifier(name string) string { return pgx.Identifier(strings.Split(name, ".")).Sanitize() }

// drained counts again, and the rows that were written since.
func (w *unharmedWatch) drained(ctx context.Context, _ Settled) {
	for _, t := range w.tables {
		var rows, written int64
		// The age of a transaction is how many have begun since: to compare that takes a tenth
		// of the time of a comparison of numbers, which a cast to text stands before.
		query := "SELECT count(*), count(*) FILTER (WHERE age(xmin) <= age($1::text::xid)) FROM " + identifier(t.name)
		err := w.data.QueryRow(ctx, query, w.since).Scan(&rows, &written)
		if !said(err) {
			w.found.Unseen = fmt.Sprintf("the table %s could not be read in time: %v", t.name, err)
			return
		}
		if err != nil {
			w.found.Add(Example{At: -1, What: fmt.Sprintf("the table %s can't be read any more: %v", t.name, err)})
			continue
		}
		w.found.Looked++
		if rows != t.rows || written > 0 {
			w.found.Add(Example{At: -1, What: fmt.Sprintf("the table %s had %d rows and has %d, %d of them new or changed", t.name, t.rows, rows, written)})
		}
	}
}
