package step

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"holdfast.dev/holdfast/harness/probe"
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
	config.RuntimeParams["application_name"] = probe.PostgresName // which is left out of the target's counts
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
