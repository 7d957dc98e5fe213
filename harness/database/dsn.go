package database

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/database/internal/address"
	"holdfast.dev/holdfast/harness/undo"
)

// DSN is the way to a server that is there: at a Postgres connection string, as
// a URL or as keywords, of a role that may create databases. Where it is empty
// the way is closed.
func DSN(dsn string) Provider { return given(dsn, "the DSN") }

// DSNFrom is [DSN] with the value of URLVariable.
func DSNFrom(getenv func(string) string) Provider { return given(getenv(URLVariable), URLVariable) }

// given is the way to the server at a DSN that came from there.
func given(dsn, from string) Provider {
	return Provider{
		Name: "dsn",
		Hint: "export " + URLVariable + "=postgres://USER:PASSWORD@HOST:5432/postgres, of a role that may create databases",
		Open: func(ctx context.Context, s Surroundings) (Instance, error) {
			if dsn == "" {
				return Instance{}, fmt.Errorf("%s is not set", from)
			}
			if len(s.Settings) > 0 {
				return Instance{}, badDSN{from, fmt.Errorf("the server is somebody else's, and %s can be set of a server of our own alone: unset it", strings.Join(slices.Sorted(maps.Keys(s.Settings)), ", "))}
			}
			instance, err := openDSN(ctx, dsn)
			if err != nil {
				return Instance{}, badDSN{from, err}
			}
			instance.Given = from
			return instance, nil
		},
		Leftovers: func(ctx context.Context, _ string) ([]undo.Leftover, error) {
			if dsn == "" {
				return nil, nil
			}
			left, err := leftOn(ctx, dsn)
			if err != nil {
				return nil, badDSN{from, err}
			}
			return left, nil
		},
	}
}

func openDSN(ctx context.Context, dsn string) (Instance, error) {
	a, err := address.Parse(dsn)
	if err != nil {
		return Instance{}, err
	}
	if a.Socket() {
		return Instance{}, unfit("it leads to the Unix socket " + a.HostPort() + ", and faults are laid by a proxy before a host and a port: name 127.0.0.1 and the port that the server listens at")
	}
	admin, conn, err := maintenance(ctx, a)
	if hasCode(err, codeTooMany) {
		return Instance{}, unfit(fmt.Sprintf("the server has no connection left for us: %v", err))
	}
	if err != nil {
		return Instance{}, unavailable{err}
	}
	return Instance{DSN: admin.DSN(), What: "at " + admin.HostPort()}, conn.Close(ctx)
}
