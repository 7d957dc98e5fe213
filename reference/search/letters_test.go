package search

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// testdata/letters.tsv has titles and queries as people write and paste them.
func TestWhatPeopleTypeFindsWhatPeopleWrote(t *testing.T) {
	dsn, conn := world(t)
	s := service(t, dbtest.Pool(t, dsn, 2), func(*Config) {})
	text, err := os.ReadFile("testdata/letters.tsv")
	require.NoError(t, err)
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
}
