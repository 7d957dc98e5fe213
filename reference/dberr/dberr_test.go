package dberr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

func TestClassifyGoesByStateAndType(t *testing.T) {
	state := func(code string) error { return fmt.Errorf("query: %w", &pgconn.PgError{Code: code}) }
	for _, row := range []struct {
		name string
		err  error
		want Class
	}{
		{"no error", nil, none},
		{"the caller went", fmt.Errorf("query: %w", context.Canceled), Canceled},
		{"the caller's deadline", fmt.Errorf("query: %w", context.DeadlineExceeded), Timeout},
		{"statement_timeout", state("57014"), Timeout},
		{"lock_timeout", state("55P03"), Timeout},
		{"idle_in_transaction_session_timeout", state("25P03"), Timeout},
		{"terminated by an administrator", state("57P01"), Unavailable},
		{"starting up", state("57P03"), Unavailable},
		{"too many connections", state("53300"), Unavailable},
		{"accepts no connections", state("55000"), Unavailable},
		{"a deadlock", state("40P01"), Unavailable},
		{"not serializable", state("40001"), Unavailable},
		{"disk full", state("53100"), Unavailable},
		{"connection failure", state("08006"), Unavailable},
		{"I/O error", state("58030"), Unavailable},
		{"closed for connections", state("55000"), Unavailable},
		{"could not serialize", state("40001"), Unavailable},
		{"a deadlock", state("40P01"), Unavailable},
		{"no such table", state("42P01"), Unexpected},
		{"not unique", state("23505"), Unexpected},
		{"a wrong password", state("28P01"), Unexpected},
		{"a reset connection", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, Unavailable},
		{"an end in mid-answer", fmt.Errorf("receive: %w", io.ErrUnexpectedEOF), Unavailable},
		{"a connection closed before", fmt.Errorf("query: %w", pgconn.ErrConnClosed), Unavailable},
		{"anything else", errors.New("57014 connection refused"), Unexpected},
	} {
		t.Run(row.name, func(t *testing.T) { require.Equal(t, row.want, Classify(row.err)) })
	}
}

func TestARefusedConnectionIsUnavailable(t *testing.T) {
	_, err := pgconn.Connect(t.Context(), "postgres://u@127.0.0.1:1/d")
	require.Equal(t, Unavailable, Classify(err))
}
