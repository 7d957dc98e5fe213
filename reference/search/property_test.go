package search

import (
	"context"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/reference/fold"
	"holdfast.dev/holdfast/reference/internal/dbtest"
	"holdfast.dev/holdfast/reference/schema"
)

// world returns a database without projects, but with all that they refer to.
func world(t *testing.T) (dsn string, conn *pgx.Conn) {
	dsn = databases.Empty(t)
	return dsn, worldIn(t, dsn)
}

// worldIn is [world] in the empty database at dsn.
func worldIn(t *testing.T, dsn string) *pgx.Conn {
	conn := dbtest.Connect(t, dsn)
	require.NoError(t, schema.Migrate(context.Background(), conn))
	dbtest.Exec(t, conn, `
		INSERT INTO categories (name) VALUES ('Éducation'), ('jeux a_b');
		INSERT INTO cities (name) VALUES ('Sète'), ('Le Havre');
		INSERT INTO owners (name, email) VALUES ('Zoé', 'zoe@example.org');
		INSERT INTO tags (name) VALUES ('été'), ('%bio'), ('abc')`)
	return conn
}

// text draws short texts of few letters, so that queries often match.
func text() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune(`aabbéÈçÉ  %_\'’œ`+"\u00a0\u0301")), 0, 14, -1)
}

// naive is what a search must find, in the plainest words.
func naive(documents map[int64]string, words []string, limit int) []int64 {
	found := []int64{}
	for id, document := range documents {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(document, word) }) {
			found = append(found, id)
		}
	}
	slices.SortFunc(found, func(a, b int64) int { return int(b - a) })
	return found[:min(limit, len(found))]
}

// write puts random projects into the database, in several buckets, and
// returns what is to be searched of each.
func write(t *rapid.T, conn *pgx.Conn) map[int64]string {
	ctx := context.Background()
	_, err := conn.Exec(ctx, "DELETE FROM projects; DELETE FROM search_words")
	require.NoError(t, err)
	documents := map[int64]string{}
	for range rapid.IntRange(1, 12).Draw(t, "projects") {
		id := rapid.Int64Range(1, 5<<14).Draw(t, "id")
		if _, again := documents[id]; again {
			continue
		}
		title, description := "x"+text().Draw(t, "title"), text().Draw(t, "description")
		category, city := rapid.IntRange(1, 2).Draw(t, "category"), rapid.IntRange(1, 2).Draw(t, "city")
		tags := rapid.SliceOfDistinct(rapid.IntRange(1, 3), rapid.ID).Draw(t, "tags")
		_, err := conn.Exec(ctx, `INSERT INTO projects (id, title, description, category_id, city_id, owner_id, goal_cents)
			VALUES ($1, $2, $3, $4, $5, 1, 100)`, id, title, description, category, city)
		require.NoError(t, err)
		_, err = conn.Exec(ctx, "INSERT INTO project_tags SELECT $1, unnest($2::int[])", id, tags)
		require.NoError(t, err)
		parts := []string{title, description, []string{"Éducation", "jeux a_b"}[category-1], []string{"Sète", "Le Havre"}[city-1]}
		for _, tag := range tags {
			parts = append(parts, []string{"été", "%bio", "abc"}[tag-1])
		}
		documents[id] = fold.Text(strings.Join(parts, " "))
	}
	return documents
}

func TestSearchFindsWhatANaiveSearchFinds(t *testing.T) {
	dsn, conn := world(t)
	pool := dbtest.Pool(t, dsn, 2)
	s := service(t, pool, func(c *Config) { c.MaxResults = 3 })
	rapid.Check(t, func(t *rapid.T) {
		documents := write(t, conn)
		for range 5 {
			query := text().Draw(t, "query")
			words, err := wordsOf(query, defaultConfig())
			if err != nil {
				continue
			}
			page, err := s.Search(context.Background(), query)
			require.NoError(t, err)
			require.Equal(t, naive(documents, words, 3), ids(page), "query %q", query)
			require.Equal(t, len(naive(documents, words, 99)) > 3, page.Truncated)

			tx, err := conn.Begin(context.Background())
			require.NoError(t, err)
			byIndex, indexed, err := newestByIndex(context.Background(), tx, query, 4)
			require.NoError(t, err)
			require.NoError(t, tx.Rollback(context.Background()))
			require.True(t, indexed)
			require.Equal(t, naive(documents, words, 4), append([]int64{}, byIndex...), "by index, query %q", query)
		}
	})
}

func TestGoAndTheDatabaseNormalizeAlike(t *testing.T) {
	_, conn := world(t)
	rapid.Check(t, func(t *rapid.T) {
		tables := append(latin, unicode.Letter, unicode.Mark, unicode.Cf, unicode.Upper, unicode.Greek, unicode.Hangul, unicode.Hiragana)
		original := rapid.StringOf(rapid.RuneFrom([]rune("œŒæÆßẞøØłŁđĐıİς’éÉàç\u2028ﬁ"), tables...)).Draw(t, "text")
		var normalized string
		require.NoError(t, conn.QueryRow(context.Background(), "SELECT search_normalize($1)", original).Scan(&normalized))
		require.Equal(t, normalized, fold.Text(original))
	})
}

// Only the rarest words of a query are looked for in the index; the others must
// hold all the same.
func TestEveryWordOfAQueryMustHold(t *testing.T) {
	_, conn := world(t)
	for id, title := range map[int]string{ // far apart, so that alpha has the most entries
		1: "alpha bravo charlie delta", 2: "bravo charlie delta", 1 << 14: "alpha", 2 << 14: "alpha", 3 << 14: "alpha",
	} {
		dbtest.Exec(t, conn, `INSERT INTO projects (id, title, description, category_id, city_id, owner_id, goal_cents)
			VALUES ($1, $2, '', 1, 1, 1, 100)`, id, title)
	}
	tx, err := conn.Begin(context.Background())
	require.NoError(t, err)
	found, indexed, err := newestByIndex(context.Background(), tx, "alpha bravo charlie delta", 4)
	require.NoError(t, err)
	require.NoError(t, tx.Rollback(context.Background()))
	require.True(t, indexed)
	require.Equal(t, []int64{1}, found)
}
