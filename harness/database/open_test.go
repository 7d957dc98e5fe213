package database

import (
	"context"
	"errors"
	"maps"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"

	"holdfast.dev/holdfast/harness/database/internal/address"
	"holdfast.dev/holdfast/harness/undo"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestOneLineSaysWhichServerAndWhy(t *testing.T) {
	log := new(lines)
	s := open(t, Options{Provider: "local", Log: log.add})
	require.Contains(t, log.String(), "database: local: PostgreSQL "+s.Version()+" from ")
	require.True(t, strings.HasSuffix(log.String(), "(asked for)"), log.String())
	require.Equal(t, "local", s.Provider())
	require.Regexp(t, `^\d+(\.\d+|\w+)$`, s.Version())
	require.NotContains(t, s.Describe(), "@")
}

// fakes are four providers of which those named are open; tried collects which
// were asked.
func fakes(tried *[]string, open ...string) (all []Provider) {
	for _, name := range []string{"dsn", "container", "local", "embedded"} {
		all = append(all, Provider{
			Name: name, Hint: "type this for " + name,
			Open: func(context.Context, Surroundings) (Instance, error) {
				*tried = append(*tried, name)
				if !slices.Contains(open, name) {
					return Instance{}, errors.New(name + " is closed")
				}
				if name == "dsn" {
					return Instance{Given: URLVariable}, nil
				}
				return Instance{}, nil
			},
			Undoers: map[string]undo.Func{name: func(context.Context, map[string]string) error { return nil }},
		})
	}
	return all
}

func TestTheFirstOpenWayIsTaken(t *testing.T) {
	for _, row := range []struct {
		provider string
		open     []string
		taken    string
		why      string
		tried    []string
	}{
		{Auto, []string{"dsn", "container", "local", "embedded"}, "dsn", "HOLDFAST_DATABASE_URL is set", []string{"dsn"}},
		{Auto, []string{"container", "local"}, "container", "dsn is closed", []string{"dsn", "container"}},
		{Auto, []string{"local", "embedded"}, "local", "dsn is closed; container is closed", []string{"dsn", "container", "local"}},
		{Auto, []string{"embedded"}, "embedded", "dsn is closed; container is closed; local is closed", []string{"dsn", "container", "local", "embedded"}},
		{"local", []string{"dsn", "container", "local"}, "local", "asked for", []string{"local"}},
		{"embedded", []string{"local", "embedded"}, "embedded", "asked for", []string{"embedded"}},
	} {
		t.Run(row.provider+" takes "+row.taken, func(t *testing.T) {
			var tried []string
			got, err := choose(t.Context(), Options{Provider: row.provider, Providers: fakes(&tried, row.open...)})
			require.NoError(t, err)
			require.Equal(t, row.taken, got.way)
			require.Equal(t, row.why, got.why)
			require.Equal(t, row.tried, tried)
		})
	}
}

func TestTheFirstOfTheProvidersNeedsNoOtherReason(t *testing.T) {
	var tried []string
	got, err := choose(t.Context(), Options{Provider: Auto, Providers: fakes(&tried, "container")[1:]})
	require.NoError(t, err)
	require.Equal(t, "the first choice", got.why)
}

func TestWithNoWayOpenTheErrorSaysWhatToType(t *testing.T) {
	var tried []string
	_, err := choose(t.Context(), Options{Provider: Auto, Providers: fakes(&tried)})
	require.ErrorIs(t, err, ErrNoDatabase)
	for _, name := range tried {
		require.ErrorContains(t, err, "\n  "+name+": "+name+" is closed\n    type this for "+name)
	}
	require.Len(t, tried, 4)
	_, err = choose(t.Context(), Options{Provider: "container", Providers: fakes(&tried, "local")})
	require.ErrorIs(t, err, ErrNoDatabase)
	require.NotContains(t, err.Error(), "local:", "only what was asked for is tried")
}

func TestTheProvidersOfThisPackageSayWhatToType(t *testing.T) {
	for name, row := range map[string]struct {
		provider Provider
		hint     string
	}{
		"dsn":      {DSN(""), "export HOLDFAST_DATABASE_URL=postgres://"},
		"local":    {Local(), "apt-get install postgresql"},
		"binaries": {Binaries("/opt/pg/bin"), "initdb into /opt/pg/bin"},
	} {
		require.Equal(t, name, row.provider.Name)
		require.Contains(t, row.provider.Hint, row.hint)
	}
	_, err := DSN("").Open(t.Context(), Surroundings{})
	require.EqualError(t, err, "the DSN is not set")
	_, err = DSNFrom(func(string) string { return "" }).Open(t.Context(), Surroundings{})
	require.EqualError(t, err, "HOLDFAST_DATABASE_URL is not set")
	_, err = Binaries(t.TempDir()).Open(t.Context(), Surroundings{})
	require.ErrorContains(t, err, "initdb")
}

func TestACancelledOpenDoesNotGoOnToTheNextWay(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var tried []string
	_, err := choose(ctx, Options{Provider: Auto, Providers: fakes(&tried, "embedded")})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"dsn"}, tried)
}

func TestEveryProviderOfTheProgramBringsItsUndoers(t *testing.T) {
	var tried []string
	undoers := Options{Provider: "local", Providers: fakes(&tried)}.Undoers()
	require.ElementsMatch(t, []string{"dsn", "container", "local", "embedded"}, slices.Collect(maps.Keys(undoers)), "also those that this run does not ask for")
	require.Contains(t, Options{}.Undoers(), "postgres", "the defaults' own")
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
			_, err := Open(t.Context(), Options{Providers: []Provider{DSN(row.dsn), Local()}, CacheDir: cache, Log: func(line string) {
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
	s := open(t, Options{Providers: []Provider{DSNFrom(func(string) string { return maker.DSN() })}, KeepTemplates: 1})
	require.Contains(t, s.Describe(), "HOLDFAST_DATABASE_URL is set")
	clone := aClone(t, s)
	require.NoError(t, exec(t.Context(), clone.DSN(), "CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent"))
	require.NoError(t, s.Close(t.Context()))
	require.NoError(t, host.dropForCertain(t.Context(), name{kind: templateKind, token: templateToken("clone", "maker", "")}))
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
	s := open(t, Options{KeepTemplates: 1, Providers: []Provider{DSN("postgres://guest:guest@" + host.admin.HostPort() + "/own?sslmode=disable")}})
	clone := aClone(t, s)
	// Sessions that meet in different databases still know of each other.
	require.NoError(t, shared(t).Close(t.Context()))
	require.EqualValues(t, 100, query[int64](t, clone.DSN(), "SELECT count(*) FROM project"))
	require.NoError(t, s.Close(t.Context()))
	require.NoError(t, host.dropForCertain(t.Context(), name{kind: templateKind, token: templateToken("clone", "guest", "")}))
}

func TestOptionsHaveDefaults(t *testing.T) {
	full := reflect.ValueOf(Options{}.withDefaults())
	for i := range full.NumField() {
		switch field := full.Type().Field(i).Name; field {
		case "Journal", "Settings": // none is the default
		default:
			require.False(t, full.Field(i).IsZero(), field)
		}
	}
	given := Options{Provider: "dsn", Providers: []Provider{DSN("d")}, CacheDir: "c", KeepTemplates: 1, KeepBytes: 2}
	kept := given.withDefaults()
	require.Len(t, kept.Providers, 1, "what is given stays")
	kept.Log, kept.Providers, given.Providers = nil, nil, nil
	require.Equal(t, given, kept, "what is given stays")

	require.NoError(t, Options{}.Validate())
	err := Options{Provider: "oracle", KeepTemplates: -1}.Validate()
	require.ErrorContains(t, err, `"oracle" is none of auto, dsn, local`)
	require.ErrorContains(t, err, "negative", "all problems at once")
	_, err = Open(t.Context(), Options{Provider: "oracle"})
	require.Error(t, err)
}

func TestTheEnvironmentSetsOptions(t *testing.T) {
	env := map[string]string{URLVariable: "postgres://%zz", CacheVariable: "cache"}
	o := FromEnvironment(func(name string) string { return env[name] })
	require.Equal(t, "cache", o.CacheDir)
	require.Equal(t, []string{Auto, "dsn", "local"}, o.Names())
	_, err := o.Providers[0].Open(t.Context(), Surroundings{})
	require.ErrorIs(t, err, ErrBadDSN)
	require.ErrorContains(t, err, "HOLDFAST_DATABASE_URL: ")
}

func TestAClosedServerLeavesNoGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	s := open(t, Options{Provider: "local"})
	aClone(t, s)
	require.NoError(t, s.Close(t.Context()))
	goleak.VerifyNone(t, before)
}
