// Package dbtest gives a test a database of its own on a server that the test
// binary was given.
package dbtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Fresh creates an empty database beside the one that dsn names, and drops it
// when the test ends. It returns the new database's DSN.
func Fresh(t testing.TB, dsn string) string { return create(t, dsn, "") }

// Copy is Fresh for a copy of the database that dsn names, which nobody may be
// connected to.
func Copy(t testing.TB, dsn string) string {
	address, err := url.Parse(dsn)
	require.NoError(t, err)
	return create(t, dsn, strings.TrimPrefix(address.Path, "/"))
}

func create(t testing.TB, dsn, template string) string {
	t.Helper()
	name := "reference_test_" + strings.ToLower(rand.Text())
	statement := "CREATE DATABASE " + pgx.Identifier{name}.Sanitize()
	if template != "" {
		statement += " TEMPLATE " + pgx.Identifier{template}.Sanitize()
	}
	address, err := url.Parse(dsn)
	require.NoError(t, err)
	exec(t, address, statement)
	t.Cleanup(func() { exec(t, address, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)") })
	address.Path = "/" + name
	return address.String()
}

// exec runs a statement in the server's maintenance database: the one that is
// copied must have no sessions.
func exec(t testing.TB, address *url.URL, statement string) {
	t.Helper()
	maintenance := *address
	maintenance.Path = "/postgres"
	conn, err := pgx.Connect(context.Background(), maintenance.String())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(context.Background(), statement)
	require.NoError(t, err)
}

// Connect opens a session that ends with the test.
func Connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// Values returns the single column of a query.
func Values[T any](t testing.TB, conn *pgx.Conn, query string, args ...any) []T {
	t.Helper()
	rows, err := conn.Query(context.Background(), query, args...)
	require.NoError(t, err)
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	require.NoError(t, err)
	return values
}

// Exec runs a statement.
func Exec(t testing.TB, conn *pgx.Conn, statement string, args ...any) {
	t.Helper()
	_, err := conn.Exec(context.Background(), statement, args...)
	require.NoError(t, err)
}
