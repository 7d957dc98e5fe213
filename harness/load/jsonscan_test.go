package load

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJSONExpectations(t *testing.T) {
	hundred := `{"query":"x","results":[` + strings.TrimSuffix(strings.Repeat(`{"id":1,"tags":["a","]"]},`, 100), ",") + `],"truncated":true}`
	for _, row := range []struct {
		name   string
		expect Expectation
		body   string
		class  string // empty: as expected
	}{
		{"a hundred results", JSONArrayLen("results", 100), hundred, ""},
		{"one result too many", JSONArrayLen("results", 99), hundred, "check_results_len"},
		{"one result too few", JSONArrayLen("results", 101), hundred, "check_results_len"},
		{"no results", JSONArrayLen("results", 0), `{"results": [ ]}`, ""},
		{"an object is no array", JSONArrayLen("results", 1), `{"results":{"a":1}}`, "check_results_len"},
		{"null is no array", JSONArrayLen("results", 0), `{"results":null}`, "check_results_len"},
		{"an absent field has no length", JSONArrayLen("results", 0), `{}`, "check_results_len"},
		{"the field of an inner object does not count", JSONArrayLen("results", 1), `{"page":{"results":[1]}}`, "check_results_len"},
		{"a path leads to it", JSONArrayLen("page.results", 1), `{"page":{"results":[1]}}`, ""},
		{"an array at the top has no fields", JSONArrayLen("results", 1), `[1]`, "check_results_len"},
		{"a body that was cut short", JSONArrayLen("results", 1), `{"results":[1]`, "check_results_len"},
		{"something after the end", JSONArrayLen("results", 1), `{"results":[1]}]`, "check_results_len"},
		{"a missing comma", JSONArrayLen("results", 2), `{"results":[1 2]}`, "check_results_len"},
		{"an empty body", JSONArrayLen("results", 0), ``, "check_results_len"},
		{"an HTML page", JSONArrayLen("results", 0), `<html>`, "check_results_len"},
		{"an escaped name", JSONArrayLen("results", 1), `{"\u0072esults":[1]}`, ""},
		{"of equal names the last", JSONArrayLen("results", 1), `{"results":[1,2],"results":[1]}`, ""},
		{"ten members", JSONObjectLen("results", 2), `{"results":{"a":{"status":"ok"},"b":{}}}`, ""},
		{"an array is no object", JSONObjectLen("results", 1), `{"results":[1]}`, "check_results_len"},
		{"a number", JSONField("queried", 10), `{"queried":10}`, ""},
		{"the same number, written otherwise", JSONField("queried", 10), `{"queried":1e1}`, ""},
		{"another number", JSONField("queried", 10), `{"queried":100}`, "check_queried"},
		{"a bool", JSONField("truncated", true), hundred, ""},
		{"a string inside", JSONField("results.a.status", "ok"), `{"results":{"a":{"status":"\u006fk"}}}`, ""},
		{"a string that differs", JSONField("results.a.status", "ok"), `{"results":{"a":{"status":"error"}}}`, "check_results_a_status"},
		{"null is there", JSONField("error", nil), `{"error":null}`, ""},
		{"absent is not null", JSONField("error", nil), `{}`, "check_error"},
		{"an object, members in another order", JSONField("a", map[string]int{"x": 1, "y": 2}), `{"a":{"y":2, "x":1}}`, ""},
		{"what cannot be JSON is never there", JSONField("a", func() {}), `{"a":null}`, "check_a"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.class, row.expect.Judge(Answer{Status: 200, Body: []byte(row.body)}))
		})
	}
}

// FuzzJSON holds the scanner against encoding/json.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,2,3]}`, `{"a":[]}`, `{"a":{"a":[1]}}`, `{"a":[1],"a":[{},[]]}`, `{"\u0061":["\"]"]}`, `[1]`, `1`, `"x"`, ``,
		`{"a":[1,]}`, `{"a":[-0.1e+5]}`, `{"a":[01]}`, `{"a":[1.]}`, `{"a":["` + "\x01" + `"]}`, `{"a":[tru]}`, ` { "a" : [ null , true ] } `,
		`{"a":["\ud800"]}`, `{"a":["\x"]}`, `{"a" [1]}`, `{a:[1]}`, "{\"a\":[\"\xff\"]}", `{"a":[1]}x`, `{"a":[-]}`, `{"a":[1e]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want := -1
		var object map[string]any
		if json.Unmarshal(data, &object) == nil {
			if array, ok := object["a"].([]any); ok {
				want = len(array)
			}
		}
		got := -1
		if value, ok := find(data, []string{"a"}); ok && value[0] == '[' {
			got, _ = (&scanner{data: value}).container(0)
		}
		require.Equal(t, want, got, "%q", data)
	})
}

func BenchmarkJSONArrayLen(b *testing.B) {
	row := `{"id":123456,"title":"A project with a title","category":"energy","city":"Lyon","tags":["sun","wind"],"created_at":"2025-12-20T00:00:00Z"},`
	body := []byte(`{"results":[` + strings.TrimSuffix(strings.Repeat(row, 100), ",") + `]}`)
	judge := JSONArrayLen("results", 100).Judge
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if judge(Answer{Body: body}) != "" {
			b.Fatal("not as expected")
		}
	}
}

// A float knows neither of these apart, and a check that takes both cannot fail.
func TestNumbersAreComparedExactly(t *testing.T) {
	judge := func(body string, want any) string {
		return JSONField("id", want).Judge(Answer{Status: 200, Body: []byte(body)})
	}
	require.Empty(t, judge(`{"id":9007199254740993}`, int64(9007199254740993)))
	require.NotEmpty(t, judge(`{"id":9007199254740992}`, int64(9007199254740993)))
	require.Empty(t, judge(`{"id":1e2}`, 100))
	require.Empty(t, judge(`{"id":{"b":1,"a":[2.0]}}`, map[string]any{"a": []int{2}, "b": 1}))
}
