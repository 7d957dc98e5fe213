package schema

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// fingerprint is one hash for each table's rows.
func fingerprint(t *testing.T, conn *pgx.Conn) map[string]string {
	hashes := map[string]string{}
	for _, table := range []string{"categories", "cities", "tags", "owners", "projects", "project_tags",
		"search_documents", "search_words"} {
		hashes[table] = dbtest.Values[string](t, conn,
			fmt.Sprintf("SELECT coalesce(md5(string_agg(r::text, ',' ORDER BY r::text)), '') FROM %s r", table))[0]
	}
	return hashes
}

// Equal parameters give equal data, and the seed, which writes search documents itself, in
// bulk, writes those that the triggers' function would.
func TestEqualParametersGiveEqualData(t *testing.T) {
	t.Parallel()
	const projects = 17_000 // of two buckets, which are loaded at once
	conn := seeded(t, projects, 7)
	one := fingerprint(t, conn)
	require.Equal(t, one, fingerprint(t, seeded(t, projects, 7)))

	dbtest.Exec(t, conn, "SELECT search_index(array_agg(id)) FROM projects WHERE id < 300 OR id > 16300")
	require.Equal(t, one, fingerprint(t, conn), "there is nothing to correct")
	dbtest.Exec(t, conn, "UPDATE projects SET title = 'Autre' WHERE id = 1")
	require.NotEqual(t, one["search_documents"], fingerprint(t, conn)["search_documents"])
}

func TestAnotherSeedGivesOtherData(t *testing.T) {
	t.Parallel()
	one, other := fingerprint(t, seeded(t, 300, 7)), fingerprint(t, seeded(t, 300, 8))
	for _, table := range []string{"projects", "project_tags", "search_documents"} {
		require.NotEqual(t, one[table], other[table], table)
	}
}

func TestPlantedTermsAreInAsManyProjectsAsTheySay(t *testing.T) {
	t.Parallel()
	for _, projects := range []int64{50, 4_321} {
		conn := seeded(t, projects, 1)
		for _, term := range Terms() {
			t.Run(fmt.Sprintf("%d projects, %s", projects, term.Query), func(t *testing.T) {
				ids := dbtest.Values[int64](t, conn,
					"SELECT project_id FROM search_documents WHERE strpos(document, search_normalize($1)) > 0", term.Query)
				require.EqualValues(t, term.Matches(projects), len(ids))
				for _, id := range ids {
					require.True(t, term.On(id, projects), "project %d", id)
				}
			})
		}
	}
}

func TestPlantedTermsHaveTheSizesTheyAreFor(t *testing.T) {
	t.Parallel()
	matches := map[string]int64{}
	for _, term := range Terms() {
		matches[term.Query] = term.Matches(1_000_000)
	}
	require.Equal(t, map[string]int64{
		TermEverywhere: 1_000_000, TermOne: 1, TermRareOld: 59, TermLately: 85, TermTwoHundred: 200,
		TermHalfPercent: 5_000, TermHalfPercentOld: 5_000, TermThirtyPercentOld: 300_000,
		TermAccents: 20_000, TermPercent: 10_000, TermUnderscore: 10_000, TermBackslash: 10_000,
		TermAbsentTwo: 0, TermAbsentThree: 0, TermAbsentLong: 0,
	}, matches)
}

func TestIdsContinueAfterTheSeededOnes(t *testing.T) {
	t.Parallel()
	conn := seeded(t, 100, 1)
	require.Equal(t, []int64{101}, dbtest.Values[int64](t, conn, `
		INSERT INTO projects (title, description, category_id, city_id, owner_id, goal_cents)
		VALUES ('Neuf', '', 1, 1, 1, 100) RETURNING id`))
}

func TestWordsAreSkewed(t *testing.T) {
	t.Parallel()
	conn := seeded(t, 2_000, 1)
	counts := dbtest.Values[int64](t, conn, `
		SELECT count(*) FROM search_documents, search_split(document) GROUP BY word ORDER BY 1 DESC`)
	require.Greater(t, counts[5], int64(500), "some words are in most documents")
	require.Equal(t, int64(1), counts[len(counts)/2], "half of the words are in one document only")
}

func TestSeedRefusesADatabaseWithASchema(t *testing.T) {
	t.Parallel()
	conn := migrated(t)
	require.ErrorIs(t, Seed(t.Context(), conn.Config().ConnString(), Params{Projects: 1}), errNotEmpty)
}

func TestSeedRefusesSenselessParameters(t *testing.T) {
	t.Parallel()
	for _, projects := range []int64{-1, 0, 1 << 40} {
		require.ErrorContains(t, Seed(t.Context(), "", Params{Projects: projects}), "projects")
	}
}

func TestDataSetKeyTellsParametersApart(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, p := range []Params{{Projects: 1, Seed: 1}, {Projects: 1, Seed: 2}, {Projects: 2, Seed: 1}, {Projects: 1, Seed: 1}} {
		key, err := DataSetKey(p)
		require.NoError(t, err)
		require.Regexp(t, "^[0-9a-f]{16}$", key)
		keys[key] = true
	}
	require.Len(t, keys, 3)
}

// BenchmarkSeed fills a fresh database, with as many projects as
// HOLDFAST_BENCH_PROJECTS says (10,000 if it says nothing).
func BenchmarkSeed(b *testing.B) {
	projects := benchProjects(b)
	for b.Loop() {
		b.StopTimer()
		dsn := databases.Empty(b)
		b.StartTimer()
		require.NoError(b, Seed(b.Context(), dsn, Params{Projects: projects, Seed: 1}))
	}
}

// BenchmarkClone copies a data set of as many projects as
// HOLDFAST_BENCH_PROJECTS says (10,000 if it says nothing), as a run does for
// each scenario.
func BenchmarkClone(b *testing.B) {
	params := Params{Projects: benchProjects(b), Seed: 1}
	s := databases.Open(b)
	key, err := DataSetKey(params)
	require.NoError(b, err)
	template, err := s.Template(b.Context(), database.DataSet{Name: "projects to clone", Key: key,
		Build: func(ctx context.Context, dsn string) error { return Seed(ctx, dsn, params) }})
	require.NoError(b, err)
	for b.Loop() {
		clone, err := s.Clone(b.Context(), template)
		require.NoError(b, err)
		b.StopTimer()
		require.NoError(b, clone.Drop(b.Context()))
		b.StartTimer()
	}
}

func benchProjects(b *testing.B) int64 {
	text := os.Getenv("HOLDFAST_BENCH_PROJECTS")
	if text == "" {
		return 10_000
	}
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(b, err)
	return n
}
