package manifest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/manifest"
)

// played are the routes of an API below http, by name. The file stands beside payments.yaml.
func played(t *testing.T, text string) (map[string]stub.Route, manifest.Routes, error) {
	t.Helper()
	routes, err := manifest.ReadRoutes([]byte(text), filepath.Join("testdata", "routes.yaml"), manifest.Options{})
	all := map[string]stub.Route{}
	for _, r := range routes.All {
		all[r.Name] = r
	}
	return all, routes, err
}

func TestOperationsAreRoutes(t *testing.T) {
	all, routes, err := played(t, "openapi: payments.yaml\n")
	require.NoError(t, err)
	require.Len(t, all, 5)
	require.NotNil(t, routes.Judge)
	list, create, get := all["ListCharges"], all["CreateCharge"], all["GetCharge"]
	require.Equal(t, "GET /v1/charges", list.Request.Method+" "+list.Request.Path)
	require.JSONEq(t, `{"data":[{"amount":50,"created":"2024-01-02T03:04:05Z","id":"ch_a","status":"paid"}],"next":"text"}`, list.Response.JSON)
	require.Equal(t, 201, create.Response.Status)
	require.Equal(t, map[string]string{"Location": "/v1/charges/ch_1", "X-Rate-Limit": "10"}, create.Response.Headers)
	require.Contains(t, create.Response.JSON, `"id":"ch_{id}"`, "what is made has an id of its own")
	require.JSONEq(t, `{"id":"{path.charge}","status":"paid"}`, get.Response.JSON, "who asks for one gets that one")
	require.Equal(t, 204, all["get_status"].Response.Status)
	require.Equal(t, []string{`query expand is not looked at: invalid serialization method: style="deepObject", explode=true (in 1 operations)`}, routes.NotYet)
}

func TestARouteOfAnOperationSaysOnlyWhatIsOtherwise(t *testing.T) {
	all, _, err := played(t, `
openapi: payments.yaml
prefix: /v2
operations: [CreateCharge, GetCharge]
routes:
  CreateCharge: { key: "{header.Idempotency-Key}", idempotency: { header: Idempotency-Key }, response: { status: 402, latency: 20ms, headers: { X-A: b } } }
  GetCharge: { response: { json: { id: mine }, headers: { content-type: application/x+json } } }
  dear: { request: { method: POST, path: /v2/charges, json: { amount: 1000000 } }, response: { status: 402 } }
`)
	require.NoError(t, err)
	require.Len(t, all, 3)
	create := all["CreateCharge"]
	require.Equal(t, "/v2/charges", create.Request.Path)
	require.Equal(t, "{header.Idempotency-Key}", create.Key)
	require.Equal(t, "Idempotency-Key", create.Idempotency.Header)
	require.Equal(t, 402, create.Response.Status)
	require.JSONEq(t, `{"code":"declined","message":"tex"}`, create.Response.JSON, "the answer that is described for it")
	require.Equal(t, map[string]string{"X-A": "b"}, create.Response.Headers)
	require.NotZero(t, create.Response.Latency)
	require.JSONEq(t, `{"id":"mine"}`, all["GetCharge"].Response.JSON)
	require.Equal(t, 200, all["GetCharge"].Response.Status)
	require.Empty(t, all["dear"].Response.JSON)
}

// A description of odd names, answers and braces, played in its own words.
func TestNamesAndAnswersOfAnyKindArePlayed(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "api.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
openapi: 3.0.0
paths:
  /a/{item-id}/{n}:
    get:
      operationId: items/get.one
      parameters: [ { name: item-id, in: path, required: true, schema: { type: string } }, { name: n, in: path, required: true, schema: { type: integer } } ]
      responses: { 200: { description: ok, content: { application/hal+json: { example: { id: 5, item-id: x, text: "{name} {{", kind: "{n}", n: [ 1 ] } } } } }
  /b:
    post:
      operationId: items get one
      responses: { 2XX: { description: ok, content: { application/json: { schema: { type: object, properties: { id: { type: string, format: uuid } } } } } } }
    put:
      operationId: 3ds
      responses: { 200: { description: ok, content: { application/xml: { example: "<a/>" } } } }
    patch: { operationId: unmatched, responses: { default: { description: ok, content: { text/plain: { example: "a {b}" } } } } }
    delete: { operationId: items_get_one, responses: { 302: { description: elsewhere } } }
    get: { operationId: none, responses: {} }
  /c:
    post: { operationId: many, responses: { 201: { description: ok, content: { application/json: { schema: { type: object, properties: { id: { type: integer } } } } } } } }
    put: { operationId: fixed, responses: { 404: { description: never well } } }
`), 0o600))
	routes, err := manifest.DescribedRoutes(file)
	require.NoError(t, err)
	got := map[string]string{}
	for _, r := range routes.All {
		got[r.Name] = fmt.Sprint(r.Request.Method, " ", r.Request.Path, " ", r.Response.Status, " ", r.Response.JSON, r.Response.Text, r.Response.Headers)
	}
	require.Equal(t, map[string]string{
		"items_get_one":       `GET /a/{item_id}/{n} 200 {"id":"{path.n:int}","item-id":"{path.item_id}","kind":"{{n}","n":[1],"text":"{{name} {{{{"}map[Content-Type:application/hal+json]`,
		"items_get_one_2":     `POST /b 200 {"id":"{uuid}"}map[]`,
		"operation_3ds":       `PUT /b 200 map[]`,
		"operation_unmatched": `PATCH /b 200 a {{b}map[Content-Type:text/plain]`,
		"items_get_one_3":     `DELETE /b 302 map[]`,
		"none":                `GET /b 200 map[]`,
		"many":                `POST /c 201 {"id":"{n:int}"}map[]`,
		"fixed":               `PUT /c 200 map[]`,
	}, got)
	for _, note := range []string{
		"the operation items/get.one is the route items_get_one", "the operation items get one is the route items_get_one_2", "the operation items_get_one is the route items_get_one_3",
		"the operation 3ds is the route operation_3ds", "the operation unmatched is the route operation_unmatched",
		"3ds answers without its body, which is application/xml",
	} {
		require.Contains(t, strings.Join(routes.NotYet, "\n"), note)
	}
}

func TestMistakesAboutADescription(t *testing.T) {
	for name, row := range map[string]struct{ text, says string }{
		"no such file":            {"openapi: nix.yaml\n", `routes.yaml:1:10: nix.yaml: no such file`},
		"not a description":       {"openapi: routes.yaml.none\n", "no such file"},
		"no such operation":       {"openapi: payments.yaml\noperations: [CreateCharg]\n", `routes.yaml:2:14: payments.yaml has no operation "CreateCharg", did you mean CreateCharge?`},
		"a prefix that is none":   {"openapi: payments.yaml\nprefix: v2\n", `"v2" is no path: /v2, or / for none`},
		"operations of nothing":   {"operations: [a]\nroutes: { a: { request: { path: / } } }\n", "operations is about a description, and there is no openapi"},
		"a prefix of nothing":     {"prefix: /a\nroutes: { a: { request: { path: / } } }\n", "prefix is about a description"},
		"a route of no operation": {"openapi: payments.yaml\nroutes: { GetCharges: { response: { status: 500 } } }\n", "no operation that is played is called GetCharges, did you mean GetCharge?"},
		"a route of one left out": {"openapi: payments.yaml\noperations: [GetCharge]\nroutes: { CreateCharge: { key: a } }\n", "no operation that is played is called CreateCharge"},
		"the same requests twice": {"openapi: payments.yaml\nroutes: { again: { request: { method: GET, path: /v1/charges } } }\n", "route again is for the same requests as ListCharges"},
		"a route for nothing":     {"routes: { a: { response: { status: 200 } } }\n", "routes.yaml:1:14: request is missing"},
		"a request for nothing":   {"routes: { a: { request: { method: GET } } }\n", "path is missing"},
		"nothing at all":          {"{}\n", "it has no routes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := played(t, row.text)
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestAnAPIOfVeryManyOperationsIsChosenFrom(t *testing.T) {
	var b strings.Builder
	b.WriteString("openapi: 3.0.0\npaths:\n")
	for i := range 101 {
		fmt.Fprintf(&b, "  /p%03d: { get: { responses: { 200: { description: ok } } } }\n", i)
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "api.yaml"), []byte(b.String()), 0o600))
	file := func(more string) string {
		return strings.Replace(fmt.Sprintf(paying, "payer", asService), "openapi: payments.yaml", "openapi: api.yaml"+more, 1)
	}
	_, err := manifest.Read([]byte(strings.ReplaceAll(file(""), "CreateCharge", "get_p000")), filepath.Join(dir, "holdfast.yaml"), manifest.Options{})
	require.ErrorContains(t, err, "it has 101 operations, and more than 100 are not watched at once: choose those that the service calls, operations: [get_p000, …]")
	require.NotContains(t, err.Error(), "\n", "one mistake is one line")
	_, err = manifest.Read([]byte(file(", operations: [get_p007]")), filepath.Join(dir, "holdfast.yaml"), manifest.Options{})
	require.NotContains(t, fmt.Sprint(err), "operations, and more")
}

// servePayer is a service that charges by the API of payments.yaml, rightly or wrongly, as
// it is asked.
func servePayer() error {
	charge := func(w http.ResponseWriter, amount any, path string) {
		body, _ := json.Marshal(map[string]any{"amount": amount, "currency": "eur"})
		r, err := http.NewRequest(http.MethodPost, os.Getenv("PAYMENTS_URL")+path, strings.NewReader(string(body)))
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+os.Getenv("KEY"))
		r.Header.Set("Idempotency-Key", "5f0c7b6e-3c1d-4a52-9d3e-0a1b2c3d4e5f")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = answer.Body.Close()
		w.WriteHeader(answer.StatusCode)
	}
	http.HandleFunc("/right", func(w http.ResponseWriter, _ *http.Request) { charge(w, 100, "/v1/charges") })
	http.HandleFunc("/wrong", func(w http.ResponseWriter, _ *http.Request) { charge(w, os.Getenv("KEY"), "/v1/charges") })
	http.HandleFunc("/astray", func(w http.ResponseWriter, _ *http.Request) { charge(w, 100, "/v1/charge") })
	http.HandleFunc("/nothing", func(http.ResponseWriter, *http.Request) {})
	return http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)
}

const paying = `
version: 1
name: paying
processes:
  web:
    command: [%q]
    env: { %s: payer, PORT: "{port}", KEY: "{secrets.key}" }
secrets: { key: { generate: 24 } }
dependencies:
  payments:
    http: { openapi: payments.yaml }
    export: { PAYMENTS_URL: "{url}" }
scenarios:
  - &right
    name: pay/right
    claim: What is charged is charged as it is described.
    timeline: { baseline: 300ms, inject: 300ms }
    load: [{ name: pay, rate: 20/s, request: { path: /right }, ok: { status: [201, 503] } }]
    faults: [{ at: payments.CreateCharge, fault: status 503 }]
    checks: [pay.ok_ratio == 100%%, payments.CreateCharge.calls >= 1, payments.CreateCharge.invalid == 0, payments.invalid == 0]
  - <<: *right
    name: pay/wrong
    load: [{ name: pay, rate: 20/s, request: { path: /wrong }, ok: { status: [201, 503] } }]
    checks: [payments.CreateCharge.invalid >= 1, payments.invalid >= 1]
  - <<: *right
    name: pay/astray
    load: [{ name: pay, rate: 20/s, request: { path: /astray }, ok: { status: 404 } }]
    faults: []
    checks: [payments.unmatched >= 1, payments.invalid >= 1]
  - <<: *right
    name: pay/off
    standing_off: { requests: "the provider takes more than it says" }
    load: [{ name: pay, rate: 20/s, request: { path: /wrong }, ok: { status: [201, 503] } }]
    checks: [payments.invalid >= 1]
  - <<: *right
    name: pay/nothing
    load: [{ name: pay, rate: 20/s, request: { path: /nothing }, ok: { status: 200 } }]
    faults: []
    checks: [pay.ok_ratio == 100%%]
`

// What a service sends to an API that is described is held against that in every scenario,
// without being written: a wrong body and a wrong path are found, and said without the
// secret that stood there.
func TestWhatAServiceSendsIsHeldAgainstTheDescription(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	text, err := os.ReadFile("testdata/payments.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "payments.yaml"), text, 0o600))
	path := filepath.Join(dir, manifest.FileName)
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, paying, self, asService), 0o600))
	s, err := manifest.Load(path, manifest.Options{})
	require.NoError(t, err)
	var plan strings.Builder
	_, err = s.Plan().WriteTo(&plan)
	require.NoError(t, err)
	require.Contains(t, plan.String(), "is played here by payments.yaml, which holds what it is sent against that: ListCharges, CreateCharge")
	require.Contains(t, plan.String(), "otherwise than described\n  payments  query expand is not looked at")

	run, err := harness.Run(t.Context(), harness.Config{Seed: 1, Target: s.Launch, UndoDir: t.TempDir()}, s.Scenarios)
	require.NoError(t, err)
	want := map[string]struct {
		verdict result.Verdict
		says    string
	}{
		"pay/right":   {result.Pass, "all "},
		"pay/wrong":   {result.Fail, "POST /v1/charges to payments: body /amount: does not fit type integer ("},
		"pay/astray":  {result.Fail, "POST /v1/charge to payments: no operation has this path ("},
		"pay/off":     {"", ""},
		"pay/nothing": {result.NotExercised, "no request came to an API that has a description"},
	}
	for _, sc := range run.Scenarios {
		var found *result.Check
		for i := range sc.Checks {
			if sc.Checks[i].Metric == "standing.requests" {
				found = &sc.Checks[i]
			} else if strings.HasPrefix(sc.Checks[i].Name, "payments.") {
				require.Equal(t, result.Pass, sc.Checks[i].Verdict, "%s %s", sc.Name, sc.Checks[i].Reason)
			}
		}
		if want[sc.Name].verdict == "" {
			require.Nil(t, found, sc.Name)
			continue
		}
		require.Equal(t, want[sc.Name].verdict, found.Verdict, "%s: %s %s", sc.Name, found.Reason, sc.Error)
		require.Contains(t, found.Reason, want[sc.Name].says)
		require.NotContains(t, found.Reason, s.Launch.Values["secrets.key"])
	}
}
