package database

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"

	"holdfast.dev/holdfast/harness/database/internal/address"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestOneLineSaysWhichServerAndWhy(t *testing.T) {
	log := new(lines)
	s := open(t, Options{Provider: Local, Log: log.add})
	require.Contains(t, log.String(), "database: local: PostgreSQL "+s.Version()+" from ")
	require.True(t, strings.HasSuffix(log.String(), "(asked for)"), log.String())
	require.Equal(t, Local, s.Provider())
	require.Regexp(t, `^\d+(\.\d+|\w+)$`, s.Version())
	require.NotContains(t, s.Describe(), "@")
}

// fakeWays are ways of which those named are open.
func fakeWays(tried *[]string, open ...string) []way {
	var fakes []way
	for _, w := range ways() {
		w.open = func(context.Context, Options) (*backend, error) {
			*tried = append(*tried, w.name)
			for _, name := range open {
				if name == w.name {
					return &backend{}, nil
				}
			}
			if w.name == DSN {
				return nil, errNotGiven
			}
			return nil, errors.New(w.name + " is closed")
		}
		fakes = append(fakes, w)
	}
	return fakes
}

func TestTheFirstOpenWayIsTaken(t *testing.T) {
	for _, row := range []struct {
		provider string
		open     []string
		taken    string
		why      string
		tried    []string
	}{
		{Auto, []string{DSN, Container, Local, Embedded}, DSN, "HOLDFAST_DATABASE_URL is set", []string{DSN}},
		{Auto, []string{Container, Local}, Container, "HOLDFAST_DATABASE_URL is not set", []string{DSN, Container}},
		{Auto, []string{Local, Embedded}, Local, "HOLDFAST_DATABASE_URL is not set; container is closed", []string{DSN, Container, Local}},
		{Auto, []string{Embedded}, Embedded, "HOLDFAST_DATABASE_URL is not set; container is closed; local is closed", []string{DSN, Container, Local, Embedded}},
		{Local, []string{DSN, Container, Local}, Local, "asked for", []string{Local}},
		{Embedded, []string{Local, Embedded}, Embedded, "asked for", []string{Embedded}},
	} {
		t.Run(row.provider+" takes "+row.taken, func(t *testing.T) {
			var tried []string
			b, err := choose(t.Context(), Options{Provider: row.provider}, fakeWays(&tried, row.open...))
			require.NoError(t, err)
			require.Equal(t, row.taken, b.way)
			require.Equal(t, row.why, b.why)
			require.Equal(t, row.tried, tried)
		})
	}
}

func TestWithNoWayOpenTheErrorSaysWhatToType(t *testing.T) {
	var tried []string
	_, err := choose(t.Context(), Options{Provider: Auto}, fakeWays(&tried))
	require.ErrorIs(t, err, ErrNoDatabase)
	for _, want := range []string{
		"dsn: HOLDFAST_DATABASE_URL is not set", "export HOLDFAST_DATABASE_URL=postgres://",
		"container: container is closed", "docker pull postgres:17-alpine",
		"local: local is closed", "apt-get install postgresql",
		"embedded: embedded is closed", "Maven",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = choose(t.Context(), Options{Provider: Container}, fakeWays(&tried, Local))
	require.ErrorIs(t, err, ErrNoDatabase)
	require.NotContains(t, err.Error(), "local:", "only what was asked for is tried")
}

func TestACancelledOpenDoesNotGoOnToTheNextWay(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var tried []string
	_, err := choose(ctx, Options{Provider: Auto}, fakeWays(&tried, Embedded))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{DSN}, tried)
}

// closedPort is where nobody listens.
func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestABadDSNIsToldInOneLineWithoutThePassword(t *testing.T) {
	at := host.admin.HostPort()
	nobody := closedPort(t)
	_, port, err := net.SplitHostPort(at)
	require.NoError(t, err)
	require.NoError(t, exec(t.Context(), hostDSN(), "DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN PASSWORD 'QZXJW'"))
	for name, row := range map[string]struct{ dsn, reason string }{
		"wrong password, URL":      {"postgres://holdfast:QZXJW@" + at + "/postgres", "password authentication failed"},
		"wrong password, keywords": {"host=127.0.0.1 port=" + port + " user=holdfast password='QZXJW' dbname=postgres", "password authentication failed"},
		"escaped password":         {"postgres://holdfast:%51ZXJW%40@" + at + "/postgres", "password authentication failed"},
		"nobody listens":           {"postgres://ann:QZXJW@" + nobody + "/postgres", "connection refused"},
		"no such host":             {"postgres://ann:QZXJW@host.invalid/postgres", "host.invalid"},
		"no such database":         {"postgres://plain:QZXJW@" + at + "/none", "may not create databases: ALTER ROLE"},
		"may not create":           {"postgres://plain:QZXJW@" + at + "/postgres", `role plain may not create databases: ALTER ROLE "plain" CREATEDB`},
		"unreadable":               {"postgres://ann:QZXJW%zz@" + at + "/postgres", "percent-encoded"},
		"unreadable keywords":      {"password=QZXJW user", "neither postgres://"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), Options{DSN: row.dsn, CacheDir: cache, Log: func(line string) {
				t.Errorf("another way was tried: %s", line)
			}})
			require.ErrorIs(t, err, ErrBadDSN)
			require.ErrorContains(t, err, row.reason)
			require.NotContains(t, err.Error(), "\n")
			for unwrapped := err; unwrapped != nil; unwrapped = errors.Unwrap(unwrapped) {
				require.NotContains(t, unwrapped.Error(), "QZXJW")
				require.NotContains(t, unwrapped.Error(), "ZXJW@")
			}
		})
	}
}

func TestARoleThatMayOnlyCreateDatabasesIsEnough(t *testing.T) {
	require.NoError(t, exec(t.Context(), hostDSN(), "DROP ROLE IF EXISTS maker; CREATE ROLE maker LOGIN CREATEDB PASSWORD 'maker'"))
	t.Cleanup(func() {
		require.NoError(t, exec(context.Background(), hostDSN(), "DROP ROLE maker"))
	})
	maker, err := address.Parse("postgres://maker:maker@" + host.admin.HostPort() + "/postgres?sslmode=disable")
	require.NoError(t, err)
	s := open(t, Options{DSN: maker.DSN(), KeepTemplates: 1})
	require.Contains(t, s.Describe(), "HOLDFAST_DATABASE_URL is set")
	clone := aClone(t, s)
	require.NoError(t, exec(t.Context(), clone.DSN(), "CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent"))
	require.NoError(t, s.Close(t.Context()))
	require.NoError(t, host.dropForCertain(t.Context(), name{kind: templateKind, token: token("clone", "maker")}))
}

func TestAMaintenanceDatabaseThatIsClosedIsNotNeeded(t *testing.T) {
	require.NoError(t, exec(t.Context(), hostDSN(), "DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN CREATEDB PASSWORD 'guest'"))
	require.NoError(t, exec(t.Context(), hostDSN(), "CREATE DATABASE own OWNER guest"))
	require.NoError(t, exec(t.Context(), hostDSN(), "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC"))
	t.Cleanup(func() {
		for _, sql := range []string{"GRANT CONNECT ON DATABASE postgres TO PUBLIC", "DROP DATABASE own", "DROP ROLE guest"} {
			require.NoError(t, exec(context.Background(), hostDSN(), sql))
		}
	})
	s := open(t, Options{DSN: "postgres://guest:guest@" + host.admin.HostPort() + "/own?sslmode=disable", KeepTemplates: 1})
	clone := aClone(t, s)
	// Sessions that meet in different databases still know of each other.
	require.NoError(t, shared(t).Close(t.Context()))
	require.EqualValues(t, 100, query[int64](t, clone.DSN(), "SELECT count(*) FROM project"))
	require.NoError(t, s.Close(t.Context()))
	require.NoError(t, host.dropForCertain(t.Context(), name{kind: templateKind, token: token("clone", "guest")}))
}

func TestOptionsHaveDefaults(t *testing.T) {
	full := reflect.ValueOf(Options{}.withDefaults())
	for i := range full.NumField() {
		switch field := full.Type().Field(i).Name; field {
		case "DSN", "Repository", "Journal": // none is the default
		default:
			require.False(t, full.Field(i).IsZero(), field)
		}
	}
	given := Options{Provider: Local, DSN: "d", Image: "i", CacheDir: "c", Repository: "r", KeepTemplates: 1, KeepBytes: 2}
	kept := given.withDefaults()
	kept.Log = nil
	require.Equal(t, given, kept, "what is given stays")

	require.NoError(t, Options{}.Validate())
	err := Options{Provider: "oracle", KeepTemplates: -1}.Validate()
	require.ErrorContains(t, err, `"oracle" is none of auto, dsn, container, local, embedded`)
	require.ErrorContains(t, err, "negative", "all problems at once")
	_, err = Open(t.Context(), Options{Provider: "oracle"})
	require.Error(t, err)
}

func TestTheEnvironmentSetsOptions(t *testing.T) {
	env := map[string]string{URLVariable: "dsn", ImageVariable: "image", CacheVariable: "cache"}
	require.Equal(t, Options{DSN: "dsn", Image: "image", CacheDir: "cache"}, FromEnvironment(func(name string) string { return env[name] }))
}

func TestAClosedServerLeavesNoGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	s := open(t, Options{Provider: Local})
	aClone(t, s)
	require.NoError(t, s.Close(t.Context()))
	goleak.VerifyNone(t, before)
}
