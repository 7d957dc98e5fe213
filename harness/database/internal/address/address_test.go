package address

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// clearEnvironment keeps a developer's own PG… variables out of a test.
func clearEnvironment(t *testing.T) {
	for _, name := range Variables() {
		t.Setenv(name, "") // so that it comes back
		require.NoError(t, os.Unsetenv(name))
	}
	t.Setenv("PGPASSFILE", "/nonexistent")
}

func TestBothFormsReadAsTheSameAddress(t *testing.T) {
	clearEnvironment(t)
	const want = "postgres://ann:p%40ss%20word@db.example:6432/shop?application_name=x&sslmode=disable"
	for name, text := range map[string]string{
		"URL":                "postgres://ann:p%40ss%20word@db.example:6432/shop?sslmode=disable&application_name=x",
		"URL, other scheme":  "postgresql://ann:p%40ss%20word@db.example:6432/shop?sslmode=disable&application_name=x",
		"keywords":           "host=db.example port=6432 user=ann password='p@ss word' dbname=shop sslmode=disable application_name=x",
		"escaped space":      `host=db.example port=6432 user=ann password=p@ss\ word dbname=shop sslmode=disable application_name=x`,
		"spaces about =":     "host = db.example port= 6432 user =ann password = 'p@ss word' dbname=shop sslmode=disable application_name=x",
		"last of two counts": "dbname=other host=db.example port=6432 user=ann password='p@ss word' dbname=shop sslmode=disable application_name=x",
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Parse(text)
			require.NoError(t, err)
			require.Equal(t, want, a.DSN())
			require.Equal(t, "db.example:6432", a.HostPort())
			require.Equal(t, "db.example:6432/shop as ann", a.String())
		})
	}
}

func TestWhatTheTextLeavesOutComesFromTheEnvironment(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("PGPASSWORD", "from env")
	t.Setenv("PGUSER", "ann")
	a, err := Parse("host=127.0.0.1 port=5 sslmode=disable")
	require.NoError(t, err)
	require.Equal(t, "postgres://ann:from%20env@127.0.0.1:5/ann?sslmode=disable", a.DSN())
}

func TestAnAddressIsWholeWithoutTheEnvironment(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("PGSSLMODE", "require")
	t.Setenv("PGOPTIONS", "-c search_path=a+b")
	t.Setenv("PGCONNECT_TIMEOUT", "7")
	a, err := Parse("postgres://ann@h:5/shop?application_name=my%20own&connect_timeout=9")
	require.NoError(t, err)
	require.Equal(t, "postgres://ann@h:5/shop?application_name=my%20own&connect_timeout=9&options=-c%20search_path%3Da%2Bb&sslmode=require", a.DSN(), "what the text says goes before")
	clearEnvironment(t)
	again, err := Parse(a.DSN())
	require.NoError(t, err)
	require.Equal(t, a.DSN(), again.DSN())
	_, err = pgconn.ParseConfig(a.DSN())
	require.NoError(t, err)
}

// To libpq, and to drivers that read as it does, a + is a +.
func TestAPlusIsNoSpace(t *testing.T) {
	clearEnvironment(t)
	a, err := Parse("postgres://ann@h:5/shop?sslmode=disable&application_name=a+b")
	require.NoError(t, err)
	require.Equal(t, "postgres://ann@h:5/shop?application_name=a%2Bb&sslmode=disable", a.DSN())
}

func TestAnAddressMovesToAnotherDatabaseAndBehindAProxy(t *testing.T) {
	clearEnvironment(t)
	a := New("127.0.0.1", 5432, "u", "p", "postgres")
	b, err := a.On("clone").At("[::1]:7000")
	require.NoError(t, err)
	require.Equal(t, "postgres://u:p@[::1]:7000/clone?sslmode=disable", b.DSN())
	require.Equal(t, "postgres", a.Database(), "the original is unchanged")
	for _, bad := range []string{"", "nowhere", "host:port", "host:70000"} {
		_, err := a.At(bad)
		require.Error(t, err, bad)
	}
}

func TestAUnixSocketStaysOneUntilAProxyComesBetween(t *testing.T) {
	clearEnvironment(t)
	a, err := Parse("host=/run/pg port=5433 user=ann dbname=shop")
	require.NoError(t, err)
	require.Equal(t, "/run/pg/.s.PGSQL.5433", a.HostPort())
	again, err := pgconn.ParseConfig(a.DSN())
	require.NoError(t, err)
	require.Equal(t, "/run/pg", again.Host)
	require.EqualValues(t, 5433, again.Port)
	proxied, err := a.At("127.0.0.1:9000")
	require.NoError(t, err)
	require.Equal(t, "postgres://ann@127.0.0.1:9000/shop", proxied.DSN())
}

// secrets are passwords made of a token that occurs nowhere else, so that its
// smallest leak shows.
func TestNoErrorRepeatsAnyPartOfTheText(t *testing.T) {
	clearEnvironment(t)
	const secret = "QZXJW"
	for name, text := range map[string]string{
		"broken escape":         "postgres://ann:QZXJW%zz@host:5432/db",
		"broken escape at end":  "postgres://ann:%QZXJW@host/db",
		"slash in password":     "postgres://ann:QZXJW/QZXJW@host:5432/db",
		"hash in password":      "postgres://ann:QZ#XJW@host:5432/db",
		"bracket in password":   "postgres://ann:QZXJW[@host:5432/db",
		"bad port":              "postgres://ann:QZXJW@host:port/db",
		"bad sslmode":           "postgres://ann:QZXJW@host/db?sslmode=QZXJW",
		"bad timeout":           "postgres://ann:QZXJW@host/db?connect_timeout=soon",
		"colon forgotten":       "postgres//ann:QZXJW@host/db",
		"other scheme":          "mysql://ann:QZXJW@host/db",
		"keywords, bad port":    "host=h port=QZXJW user=ann password=QZXJW",
		"keywords, open quote":  "host=h password='QZXJW user=ann",
		"keywords, spaces":      "host=h user=ann password=top QZXJW dbname=db",
		"several hosts":         "postgres://ann:QZXJW@one,two/db",
		"several hosts, keys":   "host=one,two user=ann password=QZXJW",
		"missing certificate":   "host=h password=QZXJW sslmode=verify-ca sslrootcert=/nonexistent/QZXJW",
		"a password on its own": "QZXJW",
		"a pair with no key":    "=QZXJW",
		"control character":     "postgres://ann:QZXJW\n@host/db",
		"unknown service":       "service=QZXJW password=QZXJW",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(text)
			require.Error(t, err)
			for _, shown := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
				for n := 3; n <= len(secret); n++ {
					require.NotContains(t, shown, secret[:n])
				}
				require.NotContains(t, shown, "XJW")
			}
			require.NotContains(t, err.Error(), "\n", "one line")
		})
	}
}

func TestAnAddressNeverShowsItsPasswordUnasked(t *testing.T) {
	a := New("127.0.0.1", 5432, "ann", "QZXJW", "db")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb, a), "QZXJW", verb)
		require.NotContains(t, fmt.Sprintf(verb, struct{ A Address }{a}), "QZXJW", verb)
	}
}

func TestAnyPasswordSurvivesTheWayThroughADSN(t *testing.T) {
	clearEnvironment(t)
	rapid.Check(t, func(t *rapid.T) {
		noNUL := rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != 0 }))
		password := noNUL.Draw(t, "password")
		database := noNUL.Filter(func(s string) bool { return s != "" }).Draw(t, "database")
		a := New("h", 1, "ann", password, database)
		again, err := Parse(a.DSN())
		require.NoError(t, err)
		require.Equal(t, a.DSN(), again.DSN())
		require.Equal(t, database, again.Database())

		escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
		text := fmt.Sprintf("host=h port=1 user=ann password='%s' dbname='%s' sslmode=disable", escape.Replace(password), escape.Replace(database))
		fromKeywords, err := Parse(text)
		require.NoError(t, err)
		require.Equal(t, a.DSN(), fromKeywords.DSN())
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"postgres://a:b@c:1/d?sslmode=disable", "host=a user='b c' password=\\'", "host", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			return
		}
		if _, err := url.Parse(a.DSN()); err != nil {
			t.Fatalf("%q was read as an address whose DSN cannot be read", text)
		}
	})
}
