package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// testdata/letters.tsv has titles and queries as people write and paste them. Whatever
// rules of case a server has of its own, in which ICU's Turkish differ most, the answers
// are the same.
func TestWhatPeopleTypeFindsWhatPeopleWrote(t *testing.T) {
	text, err := os.ReadFile("testdata/letters.tsv")
	require.NoError(t, err)
	for name, empty := range map[string]func(*testing.T) string{
		"as a template is": func(t *testing.T) string { return databases.Empty(t) },
		"ICU, in Turkish":  inTurkish,
	} {
		t.Run(name, func(t *testing.T) {
			dsn := empty(t)
			conn := worldIn(t, dsn)
			s := service(t, dbtest.Pool(t, dsn, 2), func(*Config) {})
			unescaped := strings.NewReplacer(`\\`, `\`, `\"`, `"`)
			for line := range strings.Lines(string(text)) {
				row := strings.Split(strings.TrimRight(line, "\n"), "\t")
				if strings.HasPrefix(line, "#") || len(row) < 3 {
					continue
				}
				title, query := unescaped.Replace(row[0]), unescaped.Replace(row[1])
				dbtest.Exec(t, conn, "TRUNCATE projects CASCADE; TRUNCATE search_words")
				_, err := conn.Exec(t.Context(), `INSERT INTO projects (id, title, description, category_id, city_id, owner_id, goal_cents) VALUES (1, $1, '', 1, 1, 1, 100)`, title)
				require.NoError(t, err)
				page, err := s.Search(context.Background(), query)
				require.NoError(t, err, "%q", query)
				require.Equal(t, row[2] == "yes", len(ids(page)) == 1, "%q in %q", query, title)
			}
		})
	}
}

// inTurkish is an empty database with ICU's rules for Turkish, in which I is no capital
// of i.
func inTurkish(t *testing.T) string {
	at, err := url.Parse(databases.Open(t).DSN())
	require.NoError(t, err)
	admin := dbtest.Connect(t, at.String())
	if dbtest.Values[int](t, admin, "SELECT current_setting('server_version_num')::int")[0] < 150000 {
		t.Skip("before PostgreSQL 15 no database has rules of ICU")
	}
	name := fmt.Sprintf("letters_%d_%d", os.Getpid(), rand.N(1_000_000))
	dbtest.Exec(t, admin, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'")
	t.Cleanup(func() { dbtest.Exec(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	at.Path = "/" + name
	conn := dbtest.Connect(t, at.String())
	require.Equal(t, []string{"ı"}, dbtest.Values[string](t, conn, "SELECT lower('I')"), "its rules are others")
	return at.String()
}
