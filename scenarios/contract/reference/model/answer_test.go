package model

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/schema"
)

// page is the right answer as JSON.
func page(a *Answer) map[string]any {
	results := []any{}
	for _, row := range a.Results {
		tags := []any{}
		for i := range row.Tags {
			tags = append(tags, row.Tags[len(row.Tags)-1-i]) // they stand in no order
		}
		results = append(results, map[string]any{
			"id": row.ID, "title": row.Title, "description": row.Description, "category": row.Category, "city": row.City, "tags": tags,
			"owner": row.Owner, "status": row.Status, "goal_cents": row.GoalCents, "raised_cents": row.RaisedCents,
			"created_at": row.CreatedAt.In(time.FixedZone("", 3600)).Format(time.RFC3339), "score": 0.5,
		})
	}
	return map[string]any{"query": a.Query, "limit": 100, "count": len(results), "truncated": a.Truncated, "results": results, "took_ms": 3}
}

// Each row is what a target may do wrong with a page of a hundred, and what is said of it.
func TestEachFieldOfAnAnswerCounts(t *testing.T) {
	a := of(1000).Answer(schema.TermThirtyPercentOld)
	tagged := 0
	for i, row := range a.Results {
		if len(row.Tags) > 1 {
			tagged = i
		}
	}
	list := func(p map[string]any) []any { return p["results"].([]any) }
	first := func(p map[string]any) map[string]any { return list(p)[0].(map[string]any) }
	for _, row := range []struct {
		name, says string
		wrong      func(map[string]any)
	}{
		{"nothing", "", func(map[string]any) {}},
		{"the query is another's", "query:", func(p map[string]any) { p["query"] = "other" }},
		{"the query is left out", "query: expected", func(p map[string]any) { delete(p, "query") }},
		{"the limit", "limit: expected 100, got 50", func(p map[string]any) { p["limit"] = 50 }},
		{"the count", "count: expected 100, got 99", func(p map[string]any) { p["count"] = 99 }},
		{"the count as a text", "count:", func(p map[string]any) { p["count"] = "100" }},
		{"truncated", "truncated: expected true, got false", func(p map[string]any) { p["truncated"] = false }},
		{"no results", "results: expected a list, got null", func(p map[string]any) { p["results"] = nil }},
		{"no list at all", "results: expected a list, got none", func(p map[string]any) { delete(p, "results") }},
		{"one too few", "expected 100 results, got 99", func(p map[string]any) { p["results"] = list(p)[:99] }},
		{"one too many", "expected 100 results, got 101", func(p map[string]any) { p["results"] = append(list(p), list(p)[0]) }},
		{"two in the other order", "result 1: id: expected 300, got 299", func(p map[string]any) { l := list(p); l[0], l[1] = l[1], l[0] }},
		{"one twice", "result 2: id: expected 299, got 300", func(p map[string]any) { l := list(p); l[1] = l[0] }},
		{"a result that is none", "result 1: expected an object, got 7", func(p map[string]any) { list(p)[0] = 7 }},
		{"the title", "result 1: title:", func(p map[string]any) { first(p)["title"] = "x" }},
		{"no title", "result 1: title:", func(p map[string]any) { delete(first(p), "title") }},
		{"the category", "result 1: category:", func(p map[string]any) { first(p)["category"] = "x" }},
		{"the city", "result 1: city:", func(p map[string]any) { first(p)["city"] = nil }},
		{"the day", "result 1: created_at:", func(p map[string]any) { first(p)["created_at"] = "2024-01-01T00:00:00Z" }},
		{"no day", "result 1: created_at:", func(p map[string]any) { delete(first(p), "created_at") }},
		{"another owner", "result 1: owner:", func(p map[string]any) { first(p)["owner"] = "x" }},
		{"another goal", "result 1: goal_cents:", func(p map[string]any) { first(p)["goal_cents"] = 1 }},
		{"no description", "", func(p map[string]any) { delete(first(p), "description") }},
		{"a cut description", "result 1: description:", func(p map[string]any) { first(p)["description"] = "x" }},
		{"a tag is missing", "tags:", func(p map[string]any) { r := list(p)[tagged].(map[string]any); r["tags"] = r["tags"].([]any)[1:] }},
		{"a tag twice", "tags:", func(p map[string]any) {
			r := list(p)[tagged].(map[string]any)
			r["tags"].([]any)[0] = r["tags"].([]any)[1]
		}},
		{"no tags", "tags:", func(p map[string]any) { list(p)[tagged].(map[string]any)["tags"] = nil }},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := page(a)
			row.wrong(p)
			body, err := json.Marshal(p)
			require.NoError(t, err)
			for range 2 { // what was right once is known again, and so is nothing else
				if says := a.Difference(body); row.says == "" {
					require.Empty(t, says)
				} else {
					require.Contains(t, says, row.says)
				}
			}
		})
	}
}

func TestWhatIsNoObjectIsWrong(t *testing.T) {
	a := of(10).Answer("projet")
	for _, body := range []string{"", "null", "[]", "<html>", `{"results":[]}{}`, "7"} {
		require.Contains(t, a.Difference([]byte(body)), "expected a JSON object", body)
	}
}

// A tag of another project is no excuse: a result's text is known as one project's.
func TestATextIsKnownAsOneProjects(t *testing.T) {
	m := of(1000)
	both := m.Answer(schema.TermHalfPercent)
	p := page(both)
	body, err := json.Marshal(p)
	require.NoError(t, err)
	require.Empty(t, both.Difference(body))
	results := p["results"].([]any)
	results[0] = results[1]
	body, err = json.Marshal(p)
	require.NoError(t, err)
	require.Contains(t, both.Difference(body), "result 1: id: expected 1000, got 800")
}

// Whatever a target answers is judged, not a reason to panic.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"query":"projet","limit":100,"count":0,"truncated":false,"results":[]}`, `{"results":null}`, `{"results":[{"id":"7"}]}`, `{"results":[{"id":1e3}]}`,
		`{}`, `[]`, `null`, `<html>`, ``, `{"results":[{}]}`, `{"results":[{"id":9223372036854775808}]}`,
	} {
		f.Add([]byte(seed))
	}
	some, none := of(10).Answer("projet"), of(10).Answer(schema.TermAbsentLong)
	f.Fuzz(func(t *testing.T, body []byte) {
		if some.Difference(body) == "" {
			require.Empty(t, some.Difference(body))
			require.Greater(t, len(body), 1000, "ten projects")
		}
		none.Difference(body)
	})
}
