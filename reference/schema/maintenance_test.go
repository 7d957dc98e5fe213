package schema

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// world returns a session on a database with one category, city, owner and two
// tags, each with the id 1 (the tags 1 and 2).
func world(t *testing.T) *pgx.Conn {
	conn := migrated(t)
	dbtest.Exec(t, conn, `
		INSERT INTO categories (name) VALUES ('Éducation');
		INSERT INTO cities (name) VALUES ('Saint-Étienne');
		INSERT INTO owners (name, email) VALUES ('Zoé', 'zoe@example.org');
		INSERT INTO tags (name) VALUES ('Énergie'), ('bio')`)
	return conn
}

func addProject(t *testing.T, conn *pgx.Conn, id int64, title, description string) {
	dbtest.Exec(t, conn, `INSERT INTO projects (id, title, description, category_id, city_id, owner_id, goal_cents)
		VALUES ($1, $2, $3, 1, 1, 1, 100)`, id, title, description)
}

// documents returns id and text of every search document.
func documents(t *testing.T, conn *pgx.Conn) []string {
	return dbtest.Values[string](t, conn, "SELECT project_id || ': ' || document FROM search_documents ORDER BY project_id")
}

func TestSearchDocumentsFollowTheirProjects(t *testing.T) {
	t.Parallel()
	conn := world(t)
	addProject(t, conn, 1, "Cœur d’ÉTÉ", "100%\u202fbois")
	require.Equal(t, []string{"1: coeur d'ete 100% bois education saint-etienne"}, documents(t, conn))

	for _, step := range []struct{ does, statement, want string }{
		{"a tag is added", "INSERT INTO project_tags VALUES (1, 2)", "coeur d'ete 100% bois education saint-etienne bio"},
		{"a second one", "INSERT INTO project_tags VALUES (1, 1)", "coeur d'ete 100% bois education saint-etienne energie bio"},
		{"the tag is renamed", "UPDATE tags SET name = 'Forêt' WHERE id = 1", "coeur d'ete 100% bois education saint-etienne foret bio"},
		{"the category is renamed", "UPDATE categories SET name = 'École'", "coeur d'ete 100% bois ecole saint-etienne foret bio"},
		{"the city is renamed", "UPDATE cities SET name = 'Sète'", "coeur d'ete 100% bois ecole sete foret bio"},
		{"the title is edited", "UPDATE projects SET title = 'Hiver'", "hiver 100% bois ecole sete foret bio"},
		{"a tag is removed", "DELETE FROM project_tags WHERE tag_id = 1", "hiver 100% bois ecole sete bio"},
	} {
		dbtest.Exec(t, conn, step.statement)
		require.Equal(t, []string{"1: " + step.want}, documents(t, conn), step.does)
	}
	dbtest.Exec(t, conn, "DELETE FROM projects")
	require.Empty(t, documents(t, conn))
}

func TestPostingsNameTheWordsAndTheBucket(t *testing.T) {
	t.Parallel()
	conn := world(t)
	addProject(t, conn, 5, "un", "deux un")
	addProject(t, conn, 40_000, "trois", "un")
	require.Equal(t, []string{"5 deux 0", "5 education 0", "5 saint-etienne 0", "5 un 0",
		"40000 education 2", "40000 saint-etienne 2", "40000 trois 2", "40000 un 2"},
		dbtest.Values[string](t, conn, `
			SELECT d.project_id || ' ' || w.word || ' ' || (p >> 32)
			FROM search_documents d, unnest(d.postings) p JOIN search_words w ON w.id = p & 4294967295
			ORDER BY d.project_id, w.word`))
	require.Equal(t, []string{"deux {0}", "education {0,2}", "saint-etienne {0,2}", "trois {2}", "un {0,2}"},
		dbtest.Values[string](t, conn, "SELECT word || ' ' || buckets::text FROM search_words ORDER BY word"))
}

func TestLongWordsAreCutIntoOverlappingPieces(t *testing.T) {
	t.Parallel()
	conn := world(t)
	var long strings.Builder
	for i := range 400 {
		fmt.Fprintf(&long, "%04d", i)
	}
	addProject(t, conn, 1, long.String(), strings.Repeat("é", 5000))
	for start := 0; start+200 <= long.Len(); start += 37 {
		part := long.String()[start : start+200]
		require.NotEmpty(t, dbtest.Values[string](t, conn,
			"SELECT word FROM search_words WHERE strpos(word, $1) > 0", part), "200 characters from %d", start)
	}
	require.LessOrEqual(t, dbtest.Values[int](t, conn, "SELECT max(length(word)) FROM search_words")[0], 600)
}

func TestWritersOfTheSameWordsDoNotBlockEachOtherForGood(t *testing.T) {
	t.Parallel()
	conn := world(t)
	dsn := conn.Config().ConnString()
	words := strings.Fields("alpha beta gamma delta epsilon zeta eta theta")
	group, ctx := errgroup.WithContext(t.Context())
	for writer := range 6 {
		group.Go(func() error { return write(ctx, dsn, writer, words) })
	}
	require.NoError(t, group.Wait())
	before := fingerprint(t, conn)
	dbtest.Exec(t, conn, "SELECT search_index(array_agg(id)) FROM projects")
	require.Equal(t, before, fingerprint(t, conn), "what they wrote beside each other is complete")
}

// write adds projects of one bucket each, with the words in an order of the
// writer's own.
func write(ctx context.Context, dsn string, writer int, words []string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for i := range 10 {
		turn := (writer + i) % len(words)
		title := strings.Join(append(append([]string{}, words[turn:]...), words[:turn]...), " ")
		if _, err := conn.Exec(ctx, `INSERT INTO projects (id, title, description, category_id, city_id, owner_id, goal_cents)
			VALUES ($1, $2, '', 1, 1, 1, 100)`, i<<14+writer+1, title); err != nil {
			return fmt.Errorf("writer %d: %w", writer, err)
		}
	}
	return nil
}

func TestAnyPartOfAWordHasItsGrams(t *testing.T) {
	t.Parallel()
	conn := migrated(t)
	for word, want := range map[string][]string{
		"a":    {"a"},
		"a_b":  {"_", "_b", "a", "a_", "a_b", "b"},
		"été!": {"!", "t", "t\u00e9", "t\u00e9!", "\u00e9", "\u00e9!", "\u00e9t", "\u00e9t\u00e9"},
	} {
		require.ElementsMatch(t, want, dbtest.Values[string](t, conn, "SELECT DISTINCT unnest(search_grams($1))", word))
	}
}
