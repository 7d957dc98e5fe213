package schema

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// column is one of a table that rows are copied into.
type column struct {
	name string
	oid  uint32 // of its type
}

// table is where rows are copied to, each with a value for each column.
type table struct {
	name    string
	columns []column
}

// fill copies rows into an empty table that nobody else uses, as they are encoded by
// [encoder]. They are frozen: in the transaction that truncates a table nobody can
// see them earlier, so that they need not be looked at, and written, once more by
// VACUUM. It is why a table is filled by one connection alone.
func (t table) fill(ctx context.Context, conn *pgx.Conn, rows io.Reader) error {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	// Without the extended protocol: COPY freezes only where no portal is open.
	simple := func(sql string) error {
		_, err := conn.PgConn().Exec(ctx, sql).ReadAll()
		return err
	}
	if err := simple("BEGIN; TRUNCATE " + t.name); err != nil {
		return fmt.Errorf("empty %s: %w", t.name, err)
	}
	sql := fmt.Sprintf("COPY %s (%s) FROM STDIN (FORMAT binary, FREEZE)", t.name, strings.Join(names, ", "))
	if _, err := conn.PgConn().CopyFrom(ctx, io.MultiReader(bytes.NewReader(copyHeader()), rows, bytes.NewReader(copyTrailer())), sql); err != nil {
		return fmt.Errorf("copy into %s: %w", t.name, err)
	}
	if err := simple("COMMIT"); err != nil {
		return fmt.Errorf("copy into %s: %w", t.name, err)
	}
	return nil
}

// copyHeader and copyTrailer begin and end rows in COPY's binary format: a
// signature, no flags and no extension, and a row of -1 values.
func copyHeader() []byte  { return []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00") }
func copyTrailer() []byte { return []byte{0xff, 0xff} }

// encoder writes rows of a table in COPY's binary format. It is for one goroutine.
type encoder struct {
	table table
	types *pgtype.Map
	rows  []byte
}

func (t table) encoder() *encoder { return &encoder{table: t, types: pgtype.NewMap()} }

// row adds a row: a value for each column, none of them nil.
func (e *encoder) row(values ...any) error {
	e.rows = binary.BigEndian.AppendUint16(e.rows, uint16(len(values)))
	for i, value := range values {
		at := len(e.rows)
		e.rows = append(e.rows, 0, 0, 0, 0) // its length, which is not known yet
		rows, err := e.types.Encode(e.table.columns[i].oid, pgtype.BinaryFormatCode, value, e.rows)
		if err != nil {
			return fmt.Errorf("encode %s.%s: %w", e.table.name, e.table.columns[i].name, err)
		}
		e.rows = rows
		binary.BigEndian.PutUint32(e.rows[at:], uint32(len(rows)-at-4))
	}
	return nil
}

// fillWith fills a table with a row for each of these items.
func fillWith[T any](ctx context.Context, conn *pgx.Conn, t table, items []T, row func(T) []any) error {
	e := t.encoder()
	for _, item := range items {
		if err := e.row(row(item)...); err != nil {
			return err
		}
	}
	return t.fill(ctx, conn, bytes.NewReader(e.rows))
}
