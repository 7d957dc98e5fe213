package dberr_test

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

	"holdfast.dev/holdfast/reference/dberr"
)

func TestClassifyGoesByStateAndType(t *testing.T) {
	state := func(code string) error { return fmt.Errorf("query: %w", &pgconn.PgError{Code: code}) }
	for _, row := range []struct {
		name string
		err  error
		want dberr.Kind
	}{
		{"no error", nil, dberr.None},
		{"the caller went", fmt.Errorf("query: %w", context.Canceled), dberr.Canceled},
		{"the caller's deadline", fmt.Errorf("query: %w", context.DeadlineExceeded), dberr.Timeout},
		{"statement_timeout", state("57014"), dberr.Timeout},
		{"lock_timeout", state("55P03"), dberr.Timeout},
		{"idle_in_transaction_session_timeout", state("25P03"), dberr.Timeout},
		{"terminated by an administrator", state("57P01"), dberr.Unavailable},
		{"starting up", state("57P03"), dberr.Unavailable},
		{"too many connections", state("53300"), dberr.Unavailable},
		{"disk full", state("53100"), dberr.Unavailable},
		{"connection failure", state("08006"), dberr.Unavailable},
		{"I/O error", state("58030"), dberr.Unavailable},
		{"no such table", state("42P01"), dberr.Unexpected},
		{"not unique", state("23505"), dberr.Unexpected},
		{"a wrong password", state("28P01"), dberr.Unexpected},
		{"a reset connection", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, dberr.Unavailable},
		{"an end in mid-answer", fmt.Errorf("receive: %w", io.ErrUnexpectedEOF), dberr.Unavailable},
		{"a connection closed before", fmt.Errorf("query: %w", pgconn.ErrConnClosed), dberr.Unavailable},
		{"anything else", errors.New("57014 connection refused"), dberr.Unexpected},
	} {
		t.Run(row.name, func(t *testing.T) { require.Equal(t, row.want, dberr.Classify(row.err)) })
	}
}

func TestARefusedConnectionIsUnavailable(t *testing.T) {
	_, err := pgconn.Connect(t.Context(), "postgres://u@127.0.0.1:1/d")
	require.Equal(t, dberr.Unavailable, dberr.Classify(err))
}
