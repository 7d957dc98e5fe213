package reference

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/contract"
)

const problem = `{"error":{"code":"bad_query","message":"the query is empty"}}`

// asked is an answer with these, content type and wait in the form of the contract
// but where they say otherwise.
func asked(s questions, query string, status int, body string, headers ...string) load.Answer {
	h := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return load.Answer{Status: status, Header: h, Body: []byte(body), Asked: s.form.Ask(query)}
}

// Each row is an answer and its class, where refusals are accepted and where not.
func TestAnAnswerIsRightOrInOrder(t *testing.T) {
	s := questionsOf(modelOf(100), nil)
	nothing := `{"query":"introuvablissime","limit":100,"count":0,"truncated":false,"results":[]}`
	const absent = schema.TermAbsentLong
	for _, row := range []struct {
		name          string
		answer        load.Answer
		class, served string
	}{
		{"nothing is there", asked(s, absent, 200, nothing), "", ""},
		{"to another question", asked(s, "projet", 200, nothing), "check_exact", "check_exact"},
		{"no JSON by its name", asked(s, absent, 200, nothing, "Content-Type", "text/html"), "check_exact", "check_exact"},
		{"an error with a page", asked(s, absent, 500, nothing), "status_500", "status_500"},
		{"a refusal", asked(s, "projet", 503, problem, "Retry-After", "1"), "shed_by_target", "status_503"},
		{"a refusal without a wait", asked(s, "projet", 503, problem), "check_error", "check_error"},
		{"with a wait that is none", asked(s, "projet", 503, problem, "Retry-After", "soon"), "check_error", "check_error"},
		{"a refusal as text", asked(s, "projet", 503, "busy", "Retry-After", "1"), "check_error", "check_error"},
		{"a refusal as HTML", asked(s, "projet", 503, problem, "Retry-After", "1", "Content-Type", "text/html"), "check_error", "check_error"},
		{"a bad query", asked(s, " ", 400, problem), "", ""},
		{"without a message", asked(s, " ", 400, `{"error":{"code":"bad_query"}}`), "check_error", "check_error"},
		{"a bad query that is answered", asked(s, " ", 200, nothing), "status_200", "status_200"},
		{"a bad query as an error", asked(s, "\xff", 500, problem), "status_500", "status_500"},
		{"a good query that is refused", asked(s, "projet", 400, problem), "status_400", "status_400"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.class, s.stream("search", load.Constant(1, 1), contract.Draw{}).Expect.Judge(row.answer))
			require.Equal(t, row.served, contract.Search{Stream: s.stream}.Served("search", load.Constant(1, 1), contract.Draw{}).Expect.Judge(row.answer))
			if row.class != "" && row.class != load.ClassShedByTarget {
				query, _ := queryOf(row.answer.Asked)
				require.Contains(t, explain(s.model.Answer(query), row.answer), "expected")
			}
		})
	}
}

// What a request asks is read as it was written, and other requests are not read.
func TestAQueryIsReadAsItWasAsked(t *testing.T) {
	s := questionsOf(modelOf(100), nil)
	for _, query := range append([]string{"a+b&c=d#e%41", "  é\u0301 "}, edges...) {
		got, ok := s.form.Read(s.form.Ask(query))
		require.True(t, ok)
		require.Equal(t, query, got)
	}
	for _, other := range []load.Request{{Path: "/projects/1/impact"}, {Path: "/search", Method: "POST"}, {Path: "/search/x?q=a"}} {
		_, ok := s.form.Read(other)
		require.False(t, ok, other.Path)
	}
	require.Contains(t, s.form.Ask("a b").Path, "/search?q=")
	require.True(t, strings.HasPrefix(s.form.About, "Each search"))
}

// What judging costs: an answer of a hundred results that is equal to one before,
// and one whose results were seen in another answer.
func BenchmarkJudge(b *testing.B) {
	s := questionsOf(modelOf(1000), nil)
	page := func(query string) string {
		a := s.model.Answer(query)
		results := []map[string]any{}
		for _, row := range a.Results {
			tags := append([]string{}, row.Tags...)
			results = append(results, map[string]any{"id": row.ID, "title": row.Title, "description": row.Description, "category": row.Category,
				"city": row.City, "tags": tags, "created_at": row.CreatedAt})
		}
		body, _ := json.Marshal(map[string]any{"query": query, "limit": 100, "count": len(results), "truncated": a.Truncated, "results": results})
		return string(body)
	}
	expect := contract.Search{Stream: s.stream}.Served("search", load.Constant(1, 1), contract.Draw{}).Expect
	for _, bench := range []struct{ name, query string }{{"equal", "projet"}, {"of equal results", ""}} {
		b.Run(bench.name, func(b *testing.B) {
			var answers []load.Answer
			for n := range b.N {
				query := bench.query
				if query == "" {
					query = "projet" + strings.Repeat(" p", n%90) + strings.Repeat(" ", n/90%9) // another text, the same page
				}
				answers = append(answers, asked(s, query, 200, page(query)))
			}
			b.ReportAllocs()
			b.ResetTimer()
			for _, a := range answers {
				if class := expect.Judge(a); class != "" {
					b.Fatal(class)
				}
			}
		})
	}
}

// What the standing check of answers costs, of each answer that is like none before: a
// page of a hundred projects, what ten oracles said, and what became of a task.
func BenchmarkContract(b *testing.B) {
	compiled, err := answers().Compile()
	require.NoError(b, err)
	var results, oracles []string
	for n := range 100 {
		results = append(results, fmt.Sprintf(`{"id":%d,"title":"Un jardin partagé n° %d","description":"Des gens qui plantent ensemble.","category":"santé","city":"Lyon","tags":["école","eau"],"created_at":"2026-01-02T03:04:%02dZ"}`, n+1, n, n%60))
	}
	for n := range 10 {
		oracles = append(oracles, fmt.Sprintf(`"oracle-%d":{"status":"ok","data":{"oracle":"oracle-%d","score":0.5,"beneficiaries":%d,"as_of":"2026-01-02T03:04:05Z"}}`, n, n, n))
	}
	for _, bench := range []struct{ name, path, body string }{
		{"search", "/search?q=jardin", `{"query":"jardin","limit":100,"count":100,"truncated":false,"results":[` + strings.Join(results, ",") + `]}`},
		{"impact", "/projects/1/impact", `{"project_id":1,"active":10,"queried":10,"truncated":false,"results":{` + strings.Join(oracles, ",") + `}}`},
		{"task", "/tasks/1", `{"id":1,"kind":"send_batch_email","state":"running","attempts":1,"max_attempts":4}`},
	} {
		header, body := http.Header{"Content-Type": {"application/json"}}, []byte(bench.body)
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, compiled.Judge("GET", bench.path, 200, header, body))
			}
		})
	}
}
