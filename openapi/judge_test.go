package openapi

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t testing.TB, file string) *Description {
	t.Helper()
	d, err := Read(filepath.Join("testdata", file))
	require.NoError(t, err)
	return d
}

func TestARequestIsForTheMoreParticularOperation(t *testing.T) {
	payments, tracker := read(t, "payments.yaml"), read(t, "tracker.yaml")
	for _, row := range []struct {
		d                  *Description
		method, path, want string
	}{
		{payments, "GET", "/v1/charges/ch_1", "GetCharge"},
		{payments, "get", "/v1/charges/search?query=a", "SearchCharges"},
		{payments, "POST", "/v1/charges", "CreateCharge"},
		{payments, "POST", "/charges", ""}, // not below the server's path
		{payments, "PUT", "/v1/charges", ""},
		{payments, "GET", "/status", "get_status"}, // its path has a server of its own
		{payments.Under("/v2/"), "GET", "/v2/charges/ch_1", "GetCharge"},
		{payments.Under("/v2"), "GET", "/v1/charges/ch_1", ""},
		{payments.Under(""), "GET", "/charges", "ListCharges"},
		{tracker, "DELETE", "/repos/o/r/issues/7", "delete_repos_owner_repo_name_issues_n"},
		{tracker, "GET", "/repos/o/r/compare/main...fix%2Fa", "get_repos_owner_repo_name_compare_base_head"},
		{tracker, "GET", "/repos/o/r/compare/main", ""},
	} {
		got, ok := row.d.Find(row.method, row.path)
		require.Equal(t, row.want, got.ID, "%s %s", row.method, row.path)
		require.Equal(t, row.want != "", ok)
	}
}

func TestWhatIsWrongWithARequest(t *testing.T) {
	const (
		uuid = "Idempotency-Key: 5f0c7b6e-3c1d-4a52-9d3e-0a1b2c3d4e5f"
		in   = "Authorization: Bearer secret-token"
		form = "Content-Type: application/x-www-form-urlencoded"
		json = "Content-Type: application/json; charset=utf-8"
		node = "Content-Type: application/merge-patch+json"
	)
	for _, row := range []struct {
		file, request, headers, body, operation string
		wrong                                   []string
	}{
		{"payments", "POST /v1/charges", in + "|" + uuid + "|" + json, `{"amount": 50, "currency": "eur"}`, "CreateCharge", nil},
		{"payments", "POST /v1/charges", in + "|" + uuid + "|" + form, `amount=50&currency=eur`, "CreateCharge", nil},
		{"payments", "POST /v1/charges", in + "|" + uuid + "|" + json, `{"amount": 5, "currency": "secret"}`, "CreateCharge", []string{"body /amount: does not fit minimum 50", "body /currency: does not fit pattern ^[a-z]{3}$"}},
		{"payments", "POST /v1/charges", in + "|" + uuid + "|" + json, `{"amount": "secret", "colour": 1, "id": "x"}`, "CreateCharge", []string{"body /amount: does not fit type integer", "body /colour: is no property that is described", "body /id: is only read, and not sent", "body /currency: is missing"}},
		{"payments", "POST /v1/charges", in + "|" + uuid + "|" + form, `amount=secret&currency=eur`, "CreateCharge", []string{"body /amount: cannot be read as the type that it should be"}},
		{"payments", "POST /v1/charges", in + "|" + uuid + "|" + json, `{"amount": `, "CreateCharge", []string{"body: cannot be read as the type that it should be"}},
		{"payments", "POST /v1/charges", in + "|" + uuid + "|" + json, ``, "CreateCharge", []string{"body: is missing"}},
		{"payments", "POST /v1/charges", in + "|" + uuid, `{"amount": 50, "currency": "eur"}`, "CreateCharge", []string{"header Content-Type: is missing, and says what the body is"}},
		{"payments", "POST /v1/charges", in + "|" + uuid + "|Content-Type: text/xml", `<a/>`, "CreateCharge", []string{`header Content-Type: "text/xml" is not taken, but application/json, application/x-www-form-urlencoded`}},
		{"payments", "POST /v1/charges", json, `{"amount": 50, "currency": "eur"}`, "CreateCharge", []string{"header Authorization: is missing, and lets the request in", "header Idempotency-Key: is missing"}},
		{"payments", "POST /v1/charges", "Authorization: Basic secret|" + uuid + "|" + json, `{"amount": 50, "currency": "eur"}`, "CreateCharge", []string{"header Authorization: is missing, and lets the request in"}},
		{"payments", "GET /v1/charges", in, "", "ListCharges", nil},
		{"payments", "GET /v1/charges?limit=7&status=paid,open&created[gte]=5&expand[]=a&utm=1", in, "", "ListCharges", nil},
		{"payments", "GET /v1/charges?limit=secret&status=gone", in, "", "ListCharges", []string{"query limit: cannot be read as the type that it should be", `query status /0: does not fit enum ["paid","open"]`}},
		{"payments", "GET /v1/charges?limit=101", in, "", "ListCharges", []string{"query limit: does not fit maximum 100"}},
		{"payments", "GET /v1/charges/search", "", "", "SearchCharges", []string{"query query: is missing"}},
		{"payments", "GET /v1/charges/search?query=", "", "", "SearchCharges", nil},
		{"payments", "GET /v1/charges/CH-1", in, "", "GetCharge", []string{"path charge: does not fit pattern ^ch_[a-z0-9]+$"}},
		{"payments", "GET /v1/charges/ch_1", in, "", "GetCharge", nil},
		{"payments", "GET /status", "", "", "get_status", nil},
		{"payments", "PATCH /v1/charges", in, "", "", []string{"no operation has this method: the path takes GET, POST"}},
		{"payments", "GET /v1/secrets", in, "", "", []string{"no operation has this path"}},
		{"tracker", "POST /repos/o/r/issues", json, `{"title": 7, "milestone": null, "kind": "issue", "score": 0.5, "pair": ["a", 1]}`, "post_repos_owner_repo_name_issues", nil},
		{"tracker", "POST /repos/o/r/issues", json, `{"milestone": true, "kind": "secret", "score": 1, "pair": [1, "secret"]}`, "post_repos_owner_repo_name_issues", []string{"body /kind: does not fit const", "body /milestone: does not fit type integer or null or string", "body /pair/0: does not fit type string", "body /pair/1: does not fit type integer", "body /score: does not fit exclusiveMaximum", "and 1 more"}},
		{"tracker", "POST /repos/o/r/issues", "", "", "post_repos_owner_repo_name_issues", nil},
		{"tracker", "PUT /nodes?depth=1", node, `{"id": "5f0c7b6e-3c1d-4a52-9d3e-0a1b2c3d4e5f", "next": null, "children": [{"id": "5f0c7b6e-3c1d-4a52-9d3e-0a1b2c3d4e5f"}]}`, "putNode", nil},
		{"tracker", "PUT /nodes?depth=0", node, `{"id": "secret", "children": [{"next": 5}], "kind": "leaf"}`, "putNode", []string{"query depth: does not fit exclusiveMinimum 0", "body /id: does not fit format uuid", "body /children/0/id: is missing", "body /children/0/next: fits none of its alternatives, or several", "body /children: does not fit maxItems"}},
		{"tracker", "PUT /nodes", json, `{}`, "putNode", []string{`header Content-Type: "application/json" is not taken, but application/merge-patch+json`}},
		{"shapes", "PUT /pets", json, `{"kind": "dog", "name": "Rex", "barks": true}`, "pets_2", nil},
		{"shapes", "PUT /pets", json, `{"kind": "dog", "name": "Rex", "barks": "secret"}`, "pets_2", []string{"body /barks: does not fit type boolean"}},
		{"shapes", "PUT /pets", json, `{"kind": "secret"}`, "pets_2", []string{"body: does not say which alternative it is"}},
		{"old", "PUT /api/orders/7?api_key=secret", json, `{"qty": 9}`, "putOrder", nil},
		{"old", "PUT /api/orders/seven", json, `{"qty": 10}`, "putOrder", []string{"query api_key: is missing, and lets the request in", "path id: cannot be read as the type that it should be", "body /qty: does not fit maximum 9"}},
	} {
		t.Run(row.request+" "+row.body, func(t *testing.T) {
			file := row.file + ".yaml"
			if row.file == "shapes" {
				file = "shapes.json"
			}
			method, target, _ := strings.Cut(row.request, " ")
			r := httptest.NewRequest(method, target, nil)
			for header := range strings.SplitSeq(row.headers, "|") {
				if name, value, ok := strings.Cut(header, ": "); ok {
					r.Header.Set(name, value)
				}
			}
			operation, wrong := read(t, file).Judge(r, []byte(row.body))
			require.Equal(t, row.operation, operation)
			require.ElementsMatch(t, row.wrong, wrong)
			require.NotContains(t, strings.Join(wrong, "\n"), "secret", "a value is nobody's business")
		})
	}
}

// Requests are judged while others are, and none is changed by it.
func TestManyAreJudgedAtOnce(t *testing.T) {
	d := read(t, "tracker.yaml")
	done := make(chan []string)
	for range 8 {
		go func() {
			var all []string
			for range 50 {
				r := httptest.NewRequest(http.MethodPost, "/repos/o/r/issues", nil)
				r.Header.Set("Content-Type", "application/json")
				_, wrong := d.Judge(r, []byte(`{"title": "a", "milestone": "b"}`))
				all = append(all, wrong...)
			}
			done <- all
		}()
	}
	for range 8 {
		require.Empty(t, <-done)
	}
}

func BenchmarkJudge(b *testing.B) {
	for _, row := range []struct{ file, target, body string }{
		{"payments.yaml", "/v1/charges", `{"amount": 50, "currency": "eur"}`},
		{"tracker.yaml", "/repos/o/r/issues", `{"title": "a", "milestone": "b"}`},
	} {
		b.Run(row.file, func(b *testing.B) {
			d := read(b, row.file)
			r := httptest.NewRequest(http.MethodPost, row.target, nil)
			r.Header.Set("Content-Type", "application/json")
			for b.Loop() {
				d.Judge(r, []byte(row.body))
			}
		})
	}
}
