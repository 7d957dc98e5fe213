package wiremock_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/importer/wiremock"
	"holdfast.dev/holdfast/manifest"
)

// playing is a fake with the routes that were made of a file of mappings.
func playing(t *testing.T, text string) string {
	t.Helper()
	result, err := wiremock.Read([]importer.File{{Name: "m.json", Text: []byte(text)}}, importer.Options{})
	require.NoError(t, err)
	routes, err := manifest.ReadRoutes(result.Text, "routes.yaml", manifest.Options{})
	require.NoError(t, err, "%s", result.Text)
	server, err := stub.Start(stub.Config{Config: host.Config{Addresses: []string{"127.0.0.1:0"}}, Routes: routes.All})
	require.NoError(t, err)
	t.Cleanup(server.Close)
	return server.URL(0)
}

// corpusOf is a file of the corpus.
func corpusOf(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "wiremock", name))
	require.NoError(t, err)
	return string(text)
}

// asked is a request, and what WireMock's documentation says that it is answered with; a
// status of 404 is no match.
type asked struct {
	method, path, header, body string
	status                     int
	answer                     string
}

// The routes answer as WireMock does by its own documentation: pairs of requests and
// answers from its pages on stubbing, request matching and response templating.
func TestRoutesAnswerAsWireMockDoes(t *testing.T) {
	for _, mapping := range []struct {
		name, text string
		pairs      []asked
	}{
		{"a simple stub", corpusOf(t, "simple.json"), []asked{
			{"GET", "/some/thing", "", "", 200, "Hello, world!"},
			{"GET", "/some/thing/else", "", "", 404, ""},
			{"POST", "/some/thing", "", "", 404, ""},
		}},
		{"a JSON body", corpusOf(t, "json-body.json"), []asked{
			{"GET", "/json", "", "", 200, `{"arrayField":[],"message":"a {brace} and a 1","nested":{"n":1.50,"none":null}}`},
		}},
		{"patterns of URLs", corpusOf(t, "url-patterns.json"), []asked{
			{"GET", "/things/12/sub", "", "", 200, "number"},
			{"GET", "/things/12/34/sub", "", "", 404, ""},
			{"GET", "/segments/x", "", "", 200, "segment"},
			{"GET", "/rest/a/b/c", "", "", 200, "rest"},
			{"GET", "/your/url?and=query", "", "", 200, "query"},
			{"GET", "/your/url?and=QUERY", "", "", 404, ""},
		}},
		{"queries, headers and cookies", corpusOf(t, "query-and-headers.json"), []asked{
			{"GET", "/everything?search_term=WireMock&page=12&tag=one", "Accept: application/xml\nX-Tenant: BLUE\nAuthorization: Bearer other\nCookie: a=b; session=x12345y", "", 200, ""},
			{"GET", "/everything?search_term=wiremock&page=12&tag=one", "Accept: application/xml\nX-Tenant: BLUE\nAuthorization: Bearer other\nCookie: session=x12345y", "", 404, ""},
			{"GET", "/everything?search_term=WireMock&page=12x&tag=one", "Accept: application/xml\nX-Tenant: BLUE\nAuthorization: Bearer other\nCookie: session=x12345y", "", 404, ""},
			{"GET", "/everything?search_term=WireMock&page=12&tag=one", "Accept: application/xml\nX-Tenant: BLUE\nX-Debug: 1\nAuthorization: Bearer other\nCookie: session=x12345y", "", 404, ""},
			{"GET", "/everything?search_term=WireMock&page=12&tag=one", "Accept: application/xml\nX-Tenant: BLUE\nAuthorization: Bearer other\nCookie: othersession=x12345y", "", 404, ""},
			{"GET", "/everything?search_term=WireMock&page=12&tag=one", "Accept: text/html\nX-Tenant: BLUE\nAuthorization: Bearer other\nCookie: session=x12345y", "", 404, ""},
		}},
		{"a path template", corpusOf(t, "path-template.json"), []asked{
			{"GET", "/contacts/12345/addresses/99876", "", "", 200, `{"contact":"12345","address":"99876"}`},
			{"GET", "/contacts/12345/addresses", "", "", 404, ""},
		}},
		{"templates", corpusOf(t, "templating.json"), []asked{
			{"POST", "/orders/77?who=me", "X-Trace: t1", `{"items":[{"sku":"abc"}]}`, 201, `order 77 of me by POST: abc t1 {"items":[{"sku":"abc"}]} {{now offset='3 days'}}`},
		}},
		{"bodies", corpusOf(t, "body-patterns.json"), []asked{
			{"POST", "/exact", "", `{"list":[1,2],"total_results":4}`, 200, "exact"},
			{"POST", "/exact", "", `{"list":[2,1],"total_results":4}`, 404, ""},
			{"POST", "/exact", "", `{"list":[1,2],"total_results":4,"more":1}`, 404, ""},
			{"POST", "/partial", "", `{"customer":{"id":7,"name":"x"},"items":[{"sku":"a.b","n":1},{"sku":"c"}]}`, 200, "partial"},
			{"POST", "/partial", "", `{"customer":{"id":8},"items":[{"sku":"a.b"},{"sku":"c"}]}`, 404, ""},
			{"POST", "/any", "", `{"id":"whatever"}`, 200, "any"},
			{"POST", "/any", "", `{}`, 404, ""},
			{"POST", "/path", "", `{"name":"x","outer":{"inner":"amidst"},"things":[{"name":"Other"},{"name":"RequiredThing"}]}`, 200, "path"},
			{"POST", "/path", "", `{"name":"x","outer":{"inner":"amidst"},"things":[{"name":"Other"}]}`, 404, ""},
			{"POST", "/text", "", `say hello`, 200, "text"},
			{"POST", "/text", "", `say goodbye`, 404, ""},
		}},
		{"priorities", corpusOf(t, "priority.json"), []asked{
			{"GET", "/api/specific-resource", "", "", 200, "first"},
			{"GET", "/api/anything/else", "", "", 401, ""},
		}},
		{"the newest of two wins", `{"mappings":[
			{"request":{"urlPathPattern":"/a/([^/]+)"},"response":{"body":"old"}},
			{"request":{"urlPathPattern":"/([^/]+)/b"},"response":{"body":"new"}}]}`, []asked{{"GET", "/a/c", "", "", 200, "old"}, {"GET", "/c/b", "", "", 200, "new"}}},
		{"equal to a number by JSONPath", `{"request":{"url":"/n","bodyPatterns":[{"matchesJsonPath":{"expression":"$.n","equalTo":"7"}}]},"response":{"body":"yes"}}`, []asked{
			{"POST", "/n", "", `{"n":7}`, 200, "yes"}, {"POST", "/n", "", `{"n":"7"}`, 200, "yes"}, {"POST", "/n", "", `{"n":70}`, 404, ""},
		}},
	} {
		t.Run(mapping.name, func(t *testing.T) {
			base := playing(t, mapping.text)
			for _, pair := range mapping.pairs {
				status, answer := ask(t, base, pair)
				require.Equal(t, pair.status, status, "%+v: %s", pair, answer)
				if pair.status != http.StatusNotFound {
					require.Equal(t, pair.answer, answer, "%+v", pair)
				}
			}
		})
	}
}

func ask(t *testing.T, base string, a asked) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, a.method, base+a.path, strings.NewReader(a.body))
	require.NoError(t, err)
	for line := range strings.Lines(a.header) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}
