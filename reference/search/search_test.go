package search

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/fold"
	"holdfast.dev/holdfast/reference/internal/dbtest"
	"holdfast.dev/holdfast/reference/schema"
)

// seededProjects is enough that the newest documents are far from all.
const seededProjects = 5000

// TestSearchOnSeededProjects shares one database among tests that only read.
func TestSearchOnSeededProjects(t *testing.T) {
	pool := dbtest.Pool(t, projects(t, seededProjects), 10)
	for name, test := range map[string]func(*testing.T, *pgxpool.Pool){
		"every planted term is found as often as it was planted": plantedTerms,
		"newest results come first, each once":                   newestFirst,
		"every word must match, in whatever field":               everyWord,
		"case and accents make no difference":                    caseAndAccents,
		"one and two characters are parts of words too":          shortTerms,
		"sql-limit: without it every match is loaded":            sqlLimit,
		"sql-limit: a smaller limit is a smaller page":           smallerLimit,
		"literal-wildcards: without it they are live":            literalWildcards,
		"stable-order: without it the order changes":             stableOrder,
		"query-length: without it a long query is searched for":  queryLength,
		"a result holds all of its project":                      wholeProject,
	} {
		t.Run(name, func(t *testing.T) { test(t, pool) })
	}
}

func plantedTerms(t *testing.T, pool *pgxpool.Pool) {
	s := service(t, pool, nil)
	for _, term := range schema.Terms() {
		t.Run(example(term.Query), func(t *testing.T) {
			page := find(t, s, term.Query)
			matches := term.Matches(seededProjects)
			require.EqualValues(t, min(matches, 100), page.Count)
			require.Equal(t, matches > 100, page.Truncated)
			var newest []int64
			for id := int64(seededProjects); id > 0 && len(newest) < page.Count; id-- {
				if term.On(id, seededProjects) {
					newest = append(newest, id)
				}
			}
			require.ElementsMatch(t, newest, ids(page))
		})
	}
}

func newestFirst(t *testing.T, pool *pgxpool.Pool) {
	s := service(t, pool, nil)
	for _, query := range []string{schema.TermEverywhere, schema.TermThirtyPercentOld, schema.TermTwoHundred} {
		found := ids(find(t, s, query))
		require.Len(t, found, 100)
		require.True(t, slices.IsSortedFunc(found, func(a, b int64) int { return int(b - a) }))
		require.Equal(t, found, slices.Compact(slices.Clone(found)))
	}
}

func everyWord(t *testing.T, pool *pgxpool.Pool) {
	s := service(t, pool, nil)
	all := find(t, s, schema.TermRareOld).Results
	require.Len(t, all, 59)
	first := all[0]
	for _, query := range []string{
		schema.TermRareOld + " " + first.City,
		first.Category + " " + first.City + " " + schema.TermRareOld,
		schema.TermRareOld + " " + strings.Fields(first.Title)[0],
	} {
		page := find(t, s, query)
		require.Contains(t, ids(page), first.ID, query)
		require.LessOrEqual(t, page.Count, 59)
	}
	require.Zero(t, find(t, s, schema.TermRareOld+" "+schema.TermAbsentTwo).Count)
	require.Zero(t, find(t, s, schema.TermEverywhere+schema.TermRareOld).Count, "two words are not one")
}

func caseAndAccents(t *testing.T, pool *pgxpool.Pool) {
	s := service(t, pool, nil)
	want := ids(find(t, s, "élève"))
	require.NotEmpty(t, want)
	for _, query := range []string{"eleve", "ÉLÈVE", "e\u0301le\u0300ve", "\u00a0élève\u202f"} {
		require.Equal(t, want, ids(find(t, s, query)), query)
	}
}

func shortTerms(t *testing.T, pool *pgxpool.Pool) {
	s := service(t, pool, nil)
	require.Equal(t, 100, find(t, s, "e").Count)
	require.Equal(t, 100, find(t, s, "je").Count, "the middle of projet")
	require.Zero(t, find(t, s, "qx").Count)
	require.Equal(t, find(t, s, `c:\d`).Count, find(t, s, `:\`).Count)
}

// sqlLimit shows what the described crash was: the page is the same, but all
// rows pass through this process's memory.
func sqlLimit(t *testing.T, pool *pgxpool.Pool) {
	allocated := func(s *Service) (resultPage, float64) {
		find(t, s, schema.TermEverywhere) // prepares statements
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		page := find(t, s, schema.TermEverywhere)
		runtime.ReadMemStats(&after)
		return page, float64(after.TotalAlloc - before.TotalAlloc)
	}
	with, little := allocated(service(t, pool, nil))
	without, much := allocated(service(t, pool, func(c *Config) { c.MaxResults = 0 }))
	require.Equal(t, with, without)
	require.Greater(t, much/little, 10.0)
	require.Greater(t, much, 1000.0*seededProjects, "bytes for each match")
}

func smallerLimit(t *testing.T, pool *pgxpool.Pool) {
	s := service(t, pool, func(c *Config) { c.MaxResults = 7 })
	page := find(t, s, schema.TermEverywhere)
	require.Equal(t, 7, page.Limit)
	require.Len(t, page.Results, 7)
	require.True(t, page.Truncated)
	require.Equal(t, 1, find(t, s, schema.TermOne).Count)
}

func literalWildcards(t *testing.T, pool *pgxpool.Pool) {
	literal := service(t, pool, nil)
	live := service(t, pool, func(c *Config) { c.LiteralWildcards = false })
	for _, row := range []struct {
		query           string
		withIt, without int
	}{
		{"100%", 50, 100}, // "1000" too
		{"a_b", 50, 100},  // "axb" too, and whatever else fits
		{`c:\d`, 50, 50},  // only "c:d": the backslash is gone
		{"%", 50, 100},    // everything
		{"%qx%", 0, 0},
	} {
		require.Equal(t, row.withIt, find(t, literal, row.query).Count, row.query)
		require.Equal(t, row.without, find(t, live, row.query).Count, row.query)
	}
	require.NotEqual(t, ids(find(t, literal, `c:\d`)), ids(find(t, live, `c:\d`)))
	require.True(t, find(t, live, "%").Truncated)
}

func stableOrder(t *testing.T, pool *pgxpool.Pool) {
	s := service(t, pool, func(c *Config) { c.StableOrder = false })
	first, second := find(t, s, schema.TermEverywhere), find(t, s, schema.TermEverywhere)
	require.NotEqual(t, ids(first), ids(second), "the same 100 in another order, unless chance has one case of 100!")
}

func queryLength(t *testing.T, pool *pgxpool.Pool) {
	long := strings.Repeat(schema.TermEverywhere+" ", 100)
	_, err := service(t, pool, nil).Search(t.Context(), long)
	require.ErrorIs(t, err, errQuery)
	without := service(t, pool, func(c *Config) { c.MaxQueryLength = 0 })
	require.Equal(t, 100, find(t, without, long).Count)
}

func wholeProject(t *testing.T, pool *pgxpool.Pool) {
	page := find(t, service(t, pool, nil), schema.TermOne)
	require.Equal(t, schema.TermOne, page.Query)
	require.Equal(t, 100, page.Limit)
	require.False(t, page.Truncated)
	p := page.Results[0]
	var tags []string
	require.NoError(t, pool.QueryRow(t.Context(), `
		SELECT coalesce(array_agg(t.name ORDER BY t.name COLLATE "C"), '{}')
		FROM project_tags pt JOIN tags t ON t.id = pt.tag_id WHERE pt.project_id = $1`, p.ID).Scan(&tags))
	require.Equal(t, tags, p.Tags)
	require.Contains(t, fold.Text(p.Title+" "+p.Description), schema.TermOne)
	for _, field := range []string{p.Category, p.City, p.Owner, p.Status} {
		require.NotEmpty(t, field)
	}
	require.Positive(t, p.GoalCents)
	require.False(t, p.CreatedAt.IsZero())
}
