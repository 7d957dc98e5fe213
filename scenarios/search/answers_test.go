package search

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/reference/schema"
)

// answer is a search's answer with these ids.
func answer(t *testing.T, ids ...int64) load.Answer {
	t.Helper()
	results := []map[string]any{}
	for _, id := range ids {
		results = append(results, map[string]any{"id": id, "title": "a project"})
	}
	body, err := json.Marshal(map[string]any{"results": results})
	require.NoError(t, err)
	return load.Answer{Status: http.StatusOK, Body: body}
}

// down counts from a number down to another.
func down(from, to int64) []int64 {
	var ids []int64
	for id := from; id >= to; id-- {
		ids = append(ids, id)
	}
	return ids
}

// Each row is a query of 1,000 projects and the ids of its one right answer.
func TestTheOneRightAnswer(t *testing.T) {
	for _, row := range []struct {
		name  string
		terms []string
		want  []int64
	}{
		{"in all: the newest hundred", []string{schema.TermEverywhere}, down(1000, 901)},
		{"in one", []string{schema.TermOne}, []int64{334}},
		{"in the 59 oldest", []string{schema.TermRareOld}, down(59, 1)},
		{"in 0.5 %", []string{schema.TermHalfPercent}, []int64{1000, 800, 600, 400, 200}},
		{"in the oldest 0.5 %", []string{schema.TermHalfPercentOld}, down(5, 1)},
		{"in the oldest 30 %: their newest hundred", []string{schema.TermThirtyPercentOld}, down(300, 201)},
		{"with a wildcard", []string{schema.TermPercent}, []int64{911, 811, 711, 611, 511, 411, 311, 211, 111, 11}},
		{"both words", []string{schema.TermRareOld, schema.TermPercent}, []int64{11}},
		{"words that never meet", []string{schema.TermHalfPercent, schema.TermHalfPercentOld}, []int64{}},
		{"nowhere", []string{schema.TermAbsentLong}, []int64{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.want, newestMatches(1000, row.terms))
		})
	}
}

// The right answer is in order, each project once, no more than a page, each a
// match, and no newer match is left out.
func TestTheRightAnswerIsTheNewestMatches(t *testing.T) {
	planted := schema.Terms()
	rapid.Check(t, func(t *rapid.T) {
		projects := rapid.Int64Range(1, 3000).Draw(t, "projects")
		some := rapid.SliceOfNDistinct(rapid.IntRange(0, len(planted)-1), 1, 3, rapid.ID[int]).Draw(t, "terms")
		var terms []string
		for _, i := range some {
			terms = append(terms, planted[i].Query)
		}
		matches := func(id int64) bool {
			for _, i := range some {
				if !planted[i].On(id, projects) {
					return false
				}
			}
			return true
		}
		var all []int64
		for id := int64(1); id <= projects; id++ {
			if matches(id) {
				all = append(all, id)
			}
		}
		slices.Reverse(all)
		got := newestMatches(projects, terms)
		require.LessOrEqual(t, len(got), maxResults)
		require.Equal(t, len(got), min(len(all), maxResults))
		require.True(t, slices.Equal(all[:len(got)], got))
	})
}

// Each row is an answer to a query whose right one is 300, 299, … 201.
func TestOnlyTheOneRightAnswerIsTaken(t *testing.T) {
	right := down(300, 201)
	swapped := slices.Clone(right)
	swapped[3], swapped[4] = swapped[4], swapped[3]
	twice := slices.Clone(right)
	twice[99] = twice[98]
	e := exactly(schema.TermThirtyPercentOld, 1000)
	for _, row := range []struct {
		name  string
		reply load.Answer
		class string
	}{
		{"the right one", answer(t, right...), ""},
		{"one too few", answer(t, right[:99]...), "check_exact"},
		{"one too many", answer(t, down(300, 200)...), "check_exact"},
		{"another hundred", answer(t, down(299, 200)...), "check_exact"},
		{"two in the other order", answer(t, swapped...), "check_exact"},
		{"one of them twice", answer(t, twice...), "check_exact"},
		{"oldest first", answer(t, slices.Sorted(slices.Values(right))...), "check_exact"},
		{"nothing", answer(t), "check_exact"},
		{"no JSON", load.Answer{Status: 200, Body: []byte("<html>")}, "check_exact"},
		{"a list", load.Answer{Status: 200, Body: []byte("[300]")}, "check_exact"},
		{"an error", load.Answer{Status: 500, Body: answer(t, right...).Body}, "status_500"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.class, e.Judge(row.reply))
		})
	}
}

func TestNothingFoundIsAnAnswer(t *testing.T) {
	e := exactly(schema.TermAbsentLong, 1000)
	require.Empty(t, e.Judge(answer(t)))
	require.Equal(t, "check_exact", e.Judge(answer(t, 7)))
}

func TestAFullPageOfWhatIsNotPlanted(t *testing.T) {
	e := newestFirstHundred()
	gaps := down(500, 401)
	gaps[99] = 3
	twice := down(500, 401)
	twice[50] = twice[49]
	for _, row := range []struct {
		name  string
		reply load.Answer
		class string
	}{
		{"any hundred, newest first", answer(t, gaps...), ""},
		{"99", answer(t, down(500, 402)...), "check_full_page"},
		{"101", answer(t, down(500, 400)...), "check_full_page"},
		{"one of them twice", answer(t, twice...), "check_full_page"},
		{"oldest first", answer(t, slices.Sorted(slices.Values(gaps))...), "check_full_page"},
		{"no JSON", load.Answer{Status: 200, Body: []byte("")}, "check_full_page"},
		{"refused", load.Answer{Status: 400}, "status_400"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.class, e.Judge(row.reply))
		})
	}
}

// Every class is a stream of its own, within what a query may be, and takes its
// own right answer and not another class's.
func TestTheClassesOfTerms(t *testing.T) {
	const projects = 10_000
	classes := termClasses(projects)
	names := map[string]bool{}
	queries := map[string]bool{}
	for _, c := range classes {
		require.False(t, names[c.name], "two classes are named %s", c.name)
		require.False(t, queries[c.query], "two classes ask %q", c.query)
		names[c.name], queries[c.query] = true, true
		require.LessOrEqual(t, utf8.RuneCountInString(c.query), maxQueryLength, c.name)
		require.NotContains(t, c.name, ".", "it begins the names of metrics")
	}
	wants := map[string][]int64{
		"everywhere": down(projects, projects-99), "one-row": {projects/3 + 1}, "rare-and-old": down(59, 1), "absent": {},
		"half-percent-old": down(50, 1), "thirty-percent-old": down(3000, 2901), "200-characters": down(projects, projects-99),
		"several-words": newestMatches(projects, []string{schema.TermTwoHundred}),
	}
	for _, c := range classes {
		want, known := wants[c.name]
		if !known {
			continue
		}
		require.Empty(t, c.expect.Judge(answer(t, want...)), c.name)
		require.NotEmpty(t, c.expect.Judge(answer(t, append([]int64{77_777}, want...)...)), c.name)
		delete(wants, c.name)
	}
	require.Empty(t, wants, "there are no such classes")
}

func TestTheLongestQueryIsTheLongestThatIsAllowed(t *testing.T) {
	i := slices.IndexFunc(termClasses(1000), func(c termClass) bool { return c.name == "200-characters" })
	query := termClasses(1000)[i].query
	require.Equal(t, maxQueryLength, utf8.RuneCountInString(query))
	for word := range strings.FieldsSeq(query) {
		require.True(t, strings.HasPrefix(schema.TermEverywhere, word), "%q is no part of the term", word)
	}
}
