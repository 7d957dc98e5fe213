package contract_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/contract"
)

var shop = contract.Contract{Routes: []contract.Route{
	{Pattern: "GET /items/{id}", Answers: []contract.Answer{
		{Statuses: []int{200}, MediaType: "application/json", Schema: `{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"at":{"type":"string","format":"date-time"}}}`},
		{Statuses: []int{404, 503}, MediaType: "application/json", Headers: []string{"X-Why"}},
	}},
	{Pattern: "POST /items", Answers: []contract.Answer{{Statuses: []int{201}}}},
}}

func compiled(t testing.TB, c contract.Contract) *contract.Compiled {
	t.Helper()
	out, err := c.Compile()
	require.NoError(t, err)
	return out
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func TestAnAnswerIsHeldAgainstItsContract(t *testing.T) {
	c := compiled(t, shop)
	json := header("Content-Type", "application/json; charset=utf-8")
	for _, row := range []struct {
		name         string
		method, path string
		status       int
		header       http.Header
		body         string
		says         string
	}{
		{"as promised", "GET", "/items/7?full=1", 200, json, `{"id":7}`, ""},
		{"with more than was promised", "", "/items/7", 200, json, `{"id":7,"colour":"red"}`, ""},
		{"of another shape", "GET", "/items/7", 200, json, `{"id":"7"}`, "want integer"},
		{"with a time that is none", "GET", "/items/7", 200, json, `{"id":7,"at":"yesterday"}`, "date-time"},
		{"without what was promised", "GET", "/items/7", 200, json, `{}`, "missing property 'id'"},
		{"a list", "GET", "/items/7", 200, json, `[]`, "want object"},
		{"cut short", "GET", "/items/7", 200, json, `{"id":7`, "no JSON"},
		{"in words", "GET", "/items/7", 200, header("Content-Type", "text/html"), `{"id":7}`, "not application/json"},
		{"of a status that was not promised", "GET", "/items/7", 500, json, `{}`, "status is 500, and the contract has 200, 404, 503"},
		{"without a header", "GET", "/items/7", 404, json, `{}`, "no X-Why"},
		{"with it", "GET", "/items/7", 404, header("Content-Type", "application/json", "X-Why", "gone"), `{}`, ""},
		{"of a route that nobody promised", "GET", "/other", 500, nil, "", ""},
		{"of another method", "POST", "/items", 500, nil, "", "status is 500"},
		{"of an id with a slash in it", "GET", "/items/a%2Fb", 200, json, `{"id":1}`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := c.Judge(row.method, row.path, row.status, row.header, []byte(row.body))
			if row.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), "\n", "a reason is one line")
		})
	}
}

func TestWhatNoAnswerMayBe(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		header http.Header
		body   string
		says   string
	}{
		{"well", 200, header("Content-Type", "application/json"), `{}`, ""},
		{"nothing at all", 204, nil, "", ""},
		{"a refusal with a time", 503, header("Retry-After", "1"), "", ""},
		{"a refusal with a date", 429, header("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"), "", ""},
		{"a refusal without one", 503, nil, "", "without Retry-After"},
		{"too many, without one", 429, nil, "", "without Retry-After"},
		{"soon", 503, header("Retry-After", "soon"), "", `"soon", neither`},
		{"before now", 503, header("Retry-After", "-1"), "", "-1 s"},
		{"next year", 503, header("Retry-After", "31536000"), "", "31536000 s"},
		{"JSON that is none", 200, header("Content-Type", "application/problem+json"), `<html>`, "and is not"},
		{"two values", 200, header("Content-Type", "application/json"), `{}{}`, "and is not"},
		{"a body of no type", 200, nil, "hello", "Content-Type"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := contract.Orderly(row.status, row.header, []byte(row.body))
			if row.says == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, row.says)
			}
		})
	}
}

func TestAContractThatIsWrongSaysWhere(t *testing.T) {
	for pattern, says := range map[string]string{
		"items": "not a method and a path", "GET items": "not a method and a path", "GET /{a}/{a}": "duplicate", "GET /{": "route",
	} {
		_, err := contract.Contract{Routes: []contract.Route{{Pattern: pattern}}}.Compile()
		require.ErrorContains(t, err, says, pattern)
	}
	_, err := contract.Contract{Routes: []contract.Route{{Pattern: "GET /a", Answers: []contract.Answer{{Statuses: []int{200}, Schema: `{"type":7}`}}}}}.Compile()
	require.ErrorContains(t, err, "route GET /a, status [200]")
	_, err = contract.Contract{Routes: []contract.Route{{Pattern: "GET /a"}, {Pattern: "GET /a"}}}.Compile()
	require.ErrorContains(t, err, "conflicts")
}

func FuzzJudge(f *testing.F) {
	c := compiled(f, shop)
	f.Add("GET", "/items/7", 200, "application/json", `{"id":7}`)
	f.Add("", "//", 503, ";", `{`)
	f.Add("GET", "/items/%zz", 200, "application/json", strings.Repeat("[", 100))
	f.Fuzz(func(_ *testing.T, method, path string, status int, contentType, body string) {
		h := header("Content-Type", contentType, "Retry-After", body)
		_ = c.Judge(method, path, status, h, []byte(body))
		_ = contract.Orderly(status, h, []byte(body))
	})
}

func TestWhereOfABody(t *testing.T) {
	for _, row := range []struct {
		member, is, body string
		want, known      bool
	}{
		{"truncated", "true", `{"truncated": true}`, true, true},
		{"truncated", "true", `{"truncated":"true"}`, true, true},
		{"truncated", "true", `{"truncated":false,"title":"\"truncated\":true"}`, false, true},
		{"error.code", "timeout", `{"error":{"code":"time\u006fut"}}`, true, true},
		{"error.code", "timeout", `{"error":"timeout"}`, false, true},
		{"error.code", "timeout", `{"results":[]}`, false, true},
		{"error.code", "timeout", `[]`, false, true},
		{"count", "3", `{"count":3}`, true, true},
		{"next", "null", `{"next":null}`, true, true},
		{"count", "3", `{"count":3`, false, false},
		{"count", "3", ``, false, false},
	} {
		is, known := contract.Where{Member: row.member, Is: row.is}.Of([]byte(row.body))
		require.Equal(t, row.want, is, row.body)
		require.Equal(t, row.known, known, row.body)
	}
}
