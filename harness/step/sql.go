package step

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/placeholder"
)

// query carries out statements of SQL.
func (m Means) query(ctx context.Context, s Step) (Outcome, error) {
	dsn, err := m.database(s.At)
	if err != nil {
		return Outcome{}, err
	}
	conn, err := connect(ctx, dsn)
	if err != nil {
		return Outcome{}, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if len(s.Values) == 0 {
		return several(ctx, conn.PgConn(), s.SQL)
	}
	text, names, err := bind(s.SQL, s.Values)
	if err != nil {
		return Outcome{}, err
	}
	args := []any{pgx.QueryExecModeDescribeExec, pgx.QueryResultFormats{pgx.TextFormatCode}}
	for _, name := range names {
		args = append(args, placeholder.Text(s.Values[name]).Fill(m.value))
	}
	rows, err := read(conn.Query(ctx, text, args...))
	return Outcome{Rows: rows}, err
}

func (m Means) database(at string) (string, error) {
	if m.Database == nil {
		return "", errors.New("there is no database")
	}
	return m.Database(at)
}

// connect opens a connection of its own, without a word of the DSN in its error.
func connect(ctx context.Context, dsn string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the database's DSN can't be read")
	}
	config.RuntimeParams["application_name"] = "holdfast"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return conn, nil
}

// several carries out any number of statements and returns the rows of the last that
// gave some.
func several(ctx context.Context, conn *pgconn.PgConn, sql string) (out Outcome, err error) {
	all := conn.Exec(ctx, sql)
	for all.NextResult() {
		one := all.ResultReader()
		var rows [][]string
		for one.NextRow() {
			if len(rows) == MaxRows {
				continue
			}
			rows = append(rows, texts(one.Values()))
		}
		if tag, err := one.Close(); err == nil {
			out.Log = append(out.Log, tag.String())
		}
		if len(one.FieldDescriptions()) > 0 {
			out.Rows = rows
		}
	}
	out.Log = out.Log[max(0, len(out.Log)-LogLines):]
	return out, all.Close()
}

// MaxRows bounds the rows that are kept of a statement.
const MaxRows = 5_000_000

// read are the rows of one statement.
func read(rows pgx.Rows, err error) ([][]string, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all [][]string
	for rows.Next() && len(all) < MaxRows {
		all = append(all, texts(rows.RawValues()))
	}
	rows.Close()
	return all, rows.Err()
}

func texts(values [][]byte) []string {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = string(v)
	}
	return row
}

// token is what SQL is cut into where names are looked for: what is quoted, comments,
// casts, names behind a colon.
var token = regexp.MustCompile(`(?s)'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$[A-Za-z_]*\$|::|:[A-Za-z_][A-Za-z0-9_]*`)

// bind puts $1, $2 … in the place of each :name, and returns the names by number. A
// name behind a colon that is none of values is as it was, where there are no values
// at all; with values it is an error, as is a value that nothing asks for.
func bind(sql string, values map[string]string) (text string, names []string, err error) {
	if len(values) == 0 {
		return sql, nil, nil
	}
	var b strings.Builder
	number := map[string]int{}
	for len(sql) > 0 {
		at := token.FindStringIndex(sql)
		if at == nil {
			break
		}
		found := sql[at[0]:at[1]]
		b.WriteString(sql[:at[0]])
		sql = sql[at[1]:]
		switch {
		case found[0] == '$': // a dollar quote: all to its other end stands as it is
			body, rest, _ := strings.Cut(sql, found)
			if len(body) < len(sql) {
				body += found
			}
			found, sql = found+body, rest
		case found[0] == ':' && found != "::":
			name := found[1:]
			if _, ok := values[name]; !ok {
				return "", nil, fmt.Errorf("the SQL has :%s, and there is no such value%s", name, nearest.Hint(name, slices.Sorted(maps.Keys(values))))
			}
			if number[name] == 0 {
				names = append(names, name)
				number[name] = len(names)
			}
			found = "$" + strconv.Itoa(number[name])
		}
		b.WriteString(found)
	}
	b.WriteString(sql)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if number[name] == 0 {
			return "", nil, fmt.Errorf("the value %s is not in the SQL, write :%s there", name, name)
		}
	}
	return b.String(), names, nil
}

// ReadOnly is a question that changes nothing, in one statement.
type ReadOnly struct {
	DSN     string
	SQL     string
	Timeout time.Duration // defaults to [DefaultReadTimeout]
	MaxRows int           // defaults to [MaxRows]; what is beyond is counted
}

// DefaultReadTimeout is how long a question may take.
const DefaultReadTimeout = 10 * time.Second

// reader is the role that may read everything and write nothing, of Postgres 14 and
// newer.
const reader = "pg_read_all_data"

// Ask returns the rows as text, at most MaxRows of them, and how many there were. It is
// asked in a transaction that can only read, as a role that can only read where the
// server has one and we may take it, and with a timeout of its own.
func (q ReadOnly) Ask(ctx context.Context) (rows [][]string, n int, err error) {
	timeout := cmp.Or(q.Timeout, DefaultReadTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it took longer than %s", timeout))
	defer cancel()
	defer func() {
		if cause := context.Cause(ctx); err != nil && cause != nil {
			err = cause
		}
	}()
	conn, err := connect(ctx, q.DSN)
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "SET default_transaction_read_only = on"); err != nil {
		return nil, 0, err
	}
	if _, err := conn.Exec(ctx, fmt.Sprintf("SET statement_timeout = %d", timeout.Milliseconds())); err != nil {
		return nil, 0, err
	}
	_, _ = conn.Exec(ctx, "SET ROLE "+reader) // refused: the transaction alone keeps it from writing
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	found, err := tx.Query(ctx, q.SQL, pgx.QueryExecModeDescribeExec, pgx.QueryResultFormats{pgx.TextFormatCode})
	if err != nil {
		return nil, 0, err
	}
	defer found.Close()
	for most := cmp.Or(q.MaxRows, MaxRows); found.Next(); n++ {
		if n < most {
			rows = append(rows, texts(found.RawValues()))
		}
	}
	found.Close()
	return rows, n, found.Err()
}
