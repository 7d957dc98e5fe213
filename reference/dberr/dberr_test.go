package dberr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
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

// TestEachClassOfStatesIsPlaced has the classes of appendix A of Postgres' manual. What
// is for now only is answered with 503, as the contract says; the rest is a mistake.
func TestEachClassOfStatesIsPlaced(t *testing.T) {
	for want, classes := range map[Class]string{
		Unavailable: "08 40 53 55 57 58",
		Unexpected: "00 01 02 03 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 42 44 " +
			"54 72 F0 HV P0 XX",
	} {
		for _, class := range strings.Fields(classes) {
			for _, code := range []string{class + "000", class + "Z99"} {
				if code == "3D000" {
					continue // a database that is being restored
				}
				require.Equal(t, want, Classify(&pgconn.PgError{Code: code}), code)
			}
		}
	}
}
