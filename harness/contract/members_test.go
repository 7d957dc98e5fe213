package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/contract"
)

// The members of a page by themselves are judged as the page is: the same schema, once as
// it is and once with a keyword that takes the quick way from it, says the same of any
// body, when it comes again, too.
func TestMembersAreJudgedAsTheWholeIs(t *testing.T) {
	const shape = `{"type":"object","required":["query","results"],"properties":{"query":{"type":"string"},"count":{"type":"integer"},
		"results":{"type":"array","items":{"type":"object","required":["id"],"properties":{"id":{"type":"integer","minimum":1},"tags":{"type":"array","uniqueItems":true}}}}}%s}`
	of := func(more string) *contract.Compiled {
		return compiled(t, contract.Contract{Routes: []contract.Route{{Pattern: "GET /", Answers: []contract.Answer{{Statuses: []int{200}, Schema: fmt.Sprintf(shape, more)}}}}})
	}
	quick, whole := of(""), of(`,"minProperties":0`)
	long := `{"id":3,"title":"` + strings.Repeat("long ", 60) + `"}`
	row := rapid.SampledFrom([]string{`{"id":1}`, `{"id":2,"tags":["a","b"]}`, long, long, long, `{"id":0}`, `{"id":"1"}`, `{}`, `{"id":4,"tags":["a","a"]}`, `null`, `{"id":5`})
	results := rapid.Custom(func(t *rapid.T) string {
		return `"results":[` + strings.Join(rapid.SliceOfN(row, 0, 3).Draw(t, "rows"), ",") + `]`
	})
	other := rapid.SampledFrom([]string{`"query":null`, `"query":7`, `"count":1`, `"count":1.5`, `"count":null`, `"more":[1]`, `"results":null`, `"results":{}`})
	member := rapid.OneOf(results, results, results, rapid.Just(`"query":"q"`), rapid.Just(`"query":"q"`), other)
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SampledFrom([]string{"{%s}", " {%s} ", "[%s]", "{%s", "{%s}{}", "{%s}null", "nul%s"}).Draw(t, "around")
		if rapid.IntRange(0, 3).Draw(t, "well") > 0 {
			body = "{%s}"
		}
		body = fmt.Sprintf(body, strings.Join(rapid.SliceOfN(member, 1, 4).Draw(t, "members"), ","))
		want := whole.Judge("GET", "/", 200, header("Content-Type", "application/json"), []byte(body))
		for range 2 {
			got := quick.Judge("GET", "/", 200, header("Content-Type", "application/json"), []byte(body))
			if want == nil {
				require.NoError(t, got, body)
			} else {
				require.Error(t, got, body)
			}
		}
	})
	require.NoError(t, quick.Judge("GET", "/", 200, header("Content-Type", "application/json"), []byte(`{"query":"","results":[]}`)))
	require.NoError(t, quick.Judge("GET", "/", 200, header("Content-Type", "application/json"), []byte(`{"query":"","results":[{"id":3}]}`)))
}
