package database

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// asked is the text that a statement gives in a database.
func asked(t *testing.T, dsn, sql string) (text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&text))
	return text
}

func empty() DataSet {
	return DataSet{Name: "empty", Key: "wants-empty", Build: func(context.Context, string) error { return nil }}
}

func TestExtensionsAndSettingsOfADatabaseAreThoseOfEachClone(t *testing.T) {
	settings := map[string]string{"work_mem": "7MB", "search_path": "app, public", "app.tenant": "o'neill"}
	wants := Wants{Extensions: []string{"pg_trgm"}, Settings: settings}
	ofDatabase, ofServer, err := host.Place(t.Context(), settings)
	require.NoError(t, err)
	require.Empty(t, ofServer)
	built := ""
	set := wants.On(empty(), ofDatabase)
	build := set.Build
	set.Build = func(ctx context.Context, dsn string) error {
		built = asked(t, dsn, "SHOW work_mem")
		return build(ctx, dsn)
	}
	require.NotEqual(t, empty().Key, set.Key)
	template, err := host.Template(t.Context(), set)
	require.NoError(t, err)
	require.Equal(t, "7MB", built, "the setup has them, too")
	clone, err := host.Clone(t.Context(), template)
	require.NoError(t, err)
	defer clone.Drop(context.Background())
	require.Equal(t, "7MB", asked(t, clone.DSN(), "SHOW work_mem"))
	require.Equal(t, "app, public", asked(t, clone.DSN(), "SHOW search_path"))
	require.Equal(t, "o'neill", asked(t, clone.DSN(), "SHOW app.tenant"))
	require.Equal(t, "1", asked(t, clone.DSN(), "SELECT count(*)::text FROM pg_extension WHERE extname = 'pg_trgm'"))
}

func TestAnExtensionThatIsNotThereIsSaidInOneLine(t *testing.T) {
	for name, want := range map[string]string{
		"pg_trgmm": "does not have the extension pg_trgmm, did you mean pg_trgm?: install the package that brings it, or name an image that has it",
		"pg_cron":  "-cron, or name an image that has it",
	} {
		_, err := host.Template(t.Context(), Wants{Extensions: []string{name}}.On(empty(), nil))
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestWhatIsTheServersOwnTakesAServer(t *testing.T) {
	ofDatabase, ofServer, err := host.Place(t.Context(), map[string]string{"max_connections": "37", "work_mem": "1MB"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"work_mem": "1MB"}, ofDatabase)
	require.Equal(t, map[string]string{"max_connections": "37"}, ofServer)
	own, err := host.With(t.Context(), ofServer)
	require.NoError(t, err)
	defer own.Close(context.Background())
	require.Equal(t, "37", asked(t, own.DSN(), "SHOW max_connections"))
	require.Equal(t, "100", asked(t, host.DSN(), "SHOW max_connections"))

	_, _, err = host.Place(t.Context(), map[string]string{"max_connection": "1", "block_size": "1"})
	require.ErrorContains(t, err, "has no setting max_connection, did you mean max_connections?")
	require.ErrorContains(t, err, "the setting block_size cannot be set")

	_, err = Open(t.Context(), Options{Providers: []Provider{DSN(host.DSN())}, Settings: ofServer})
	require.ErrorIs(t, err, ErrBadDSN)
	require.ErrorContains(t, err, "somebody else's, and max_connections can be set of a server of our own alone")
}

func TestAnImageDecides(t *testing.T) {
	_, err := Wants{Image: "pgvector/pgvector:pg16"}.From(Options{Providers: []Provider{Local()}})
	require.ErrorIs(t, err, ErrNoDatabase)
	require.ErrorContains(t, err, "no way to containers was chosen")
	closed := func(image string) Provider {
		return Provider{Name: "container", Open: func(context.Context, Surroundings) (Instance, error) {
			return Instance{}, context.DeadlineExceeded
		}}
	}
	way := closed("")
	way.Image = closed
	o, err := Wants{Image: "pgvector/pgvector:pg16"}.From(Options{Providers: []Provider{Local(), way}})
	require.NoError(t, err)
	_, err = Open(t.Context(), o)
	require.ErrorIs(t, err, ErrNoDatabase, "nothing else is taken in its place")
	require.ErrorContains(t, err, "docker pull pgvector/pgvector:pg16")
	o, err = Wants{}.From(Options{Providers: []Provider{Local()}})
	require.NoError(t, err)
	require.Empty(t, o.Provider)
}

func TestTwoServersAreToldApart(t *testing.T) {
	own, err := host.Another(t.Context())
	require.NoError(t, err)
	defer own.Close(context.Background())
	one, err := host.Identity(t.Context())
	require.NoError(t, err)
	again, err := host.Identity(t.Context())
	require.NoError(t, err)
	other, err := own.Identity(t.Context())
	require.NoError(t, err)
	require.Equal(t, one, again)
	require.NotEqual(t, one, other)
}
