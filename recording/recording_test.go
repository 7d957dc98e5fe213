package recording_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/recording"
)

func answer(method, path string, status int, contentType, body string) recording.Answer {
	return recording.Answer{Method: method, Path: path, Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body)}
}

const jsonType = "application/json"

func TestAnswersBecomeRoutes(t *testing.T) {
	r := recording.New()
	for _, a := range []recording.Answer{
		answer("GET", "/users/7", 404, jsonType, `{}`),
		answer("GET", "/users/42", 200, jsonType, `{"id":42,"n":42,"name":"x {y}"}`),
		answer("GET", "/users/43", 200, jsonType, `{"id":43}`),
		answer("GET", "/users/44", 500, jsonType, `{"id":44}`),
		answer("POST", "/users", 201, "application/vnd.api+json", `{"data":{"id":"u1"}}`),
		answer("GET", "/orders/ord_123456/lines/3", 200, jsonType, `{"id":"3","order":"ord_123456"}`),
		answer("GET", "/3f2504e0-4f89-11d3-9a0c-0305e82c3301", 200, jsonType, `{"data":{"id":"3f2504e0-4f89-11d3-9a0c-0305e82c3301"}}`),
		answer("GET", "/text", 200, "text/plain; charset=utf-8", "a {b}"),
		answer("GET", "/page", 200, "text/html", "<p>"),
		answer("GET", "/none", 204, "", ""),
		answer("HEAD", "/text", 200, "text/plain", ""),
		answer("GET", "/", 200, jsonType, `[1]`),
	} {
		r.See(a)
	}
	var got []string
	for _, route := range r.Routes() {
		got = append(got, fmt.Sprintf("%s: %s %s -> %d %q %s%s (%d)", route.Name, route.Method, route.Path, route.Status, route.ContentType, route.JSON, route.Text, route.Different))
	}
	require.Equal(t, []string{
		`get: GET / -> 200 "" [1] (1)`,
		`get_none: GET /none -> 204 ""  (1)`,
		`get_orders_id_lines_id2: GET /orders/{id}/lines/{id2} -> 200 "" {"id":"{path.id2}","order":"ord_123456"} (1)`,
		`get_page: GET /page -> 200 "text/html" <p> (1)`,
		`get_text: GET /text -> 200 "" a {{b} (1)`,
		`head_text: HEAD /text -> 200 ""  (1)`,
		`post_users: POST /users -> 201 "application/vnd.api+json" {"data":{"id":"u1"}} (1)`,
		`get_users_id: GET /users/{id} -> 200 "" {"id":"{path.id:int}","n":42,"name":"x {{y}"} (2)`,
		`get_id: GET /{id} -> 200 "" {"data":{"id":"{path.id}"}} (1)`,
	}, got)
	require.Empty(t, r.Left())
	require.Empty(t, r.Found())
}

func TestWhatIsNotKeptIsNamed(t *testing.T) {
	r := recording.New()
	r.See(answer("GET", "/image", 200, "image/png", "\x89PNG\x00\xff"))
	r.See(answer("GET", "/blob", 200, "", "\x00\x01"))
	r.See(answer("GET", "/gone", 410, jsonType, `{}`))
	r.See(answer("GET", "/large", 200, jsonType, `"`+strings.Repeat("x", 300_000)+`"`))
	r.See(answer("GET", "/long", 200, "text/plain", strings.Repeat("x", 100_000)))
	encoded := answer("GET", "/brotli", 200, jsonType, "\x0b\x02")
	encoded.Header.Set("Content-Encoding", "br")
	r.See(encoded)
	for n := range 1000 {
		r.See(answer("GET", "/many/"+strings.Repeat("a", n/26%26+1)+string(rune('a'+n%26)), 200, jsonType, `{}`))
	}
	require.Equal(t, []string{
		"GET /blob: its answer is binary, of no content type", "GET /brotli: it is encoded as br", "GET /gone: it was never answered with 2xx, but with 410",
		"GET /image: its answer is binary, image/png", "GET /large: its answer has 300002 bytes", "GET /long: its answer has 100000 bytes",
	}, r.Left()[:6])
	require.LessOrEqual(t, len(r.Routes()), 500)
	for _, route := range r.Routes() {
		require.NotContains(t, route.Path, "image")
	}
}

func TestSecretsAndPersonsAreTakenOutAndListed(t *testing.T) {
	r := recording.New()
	r.See(answer("GET", "/users/ada@lovelace.example", 200, jsonType, `{"email":"ada@lovelace.example","token":"geheim","card":"4012888888881881"}`))
	r.See(answer("GET", "/keys/ghp_geheim1234567890geheim", 200, "text/plain", "password=geheim of ada@lovelace.example"))
	text := fmt.Sprint(r.Routes(), r.Left(), r.Found())
	for _, secret := range []string{"geheim", "lovelace", "4012888888881881"} {
		require.NotContains(t, text, secret)
	}
	require.Contains(t, text, "/users/{id}")
	require.Contains(t, text, "{GET /users/{id} json.token secret}")
	require.Contains(t, text, "{GET /keys/{id} body secret}")
}

func FuzzRecording(f *testing.F) {
	f.Add("/users/42", "application/json", `{"id":42,"a":"{b}"}`)
	f.Add("/{x}", "text/plain", "{")
	f.Fuzz(func(t *testing.T, path, contentType, body string) {
		r := recording.New()
		r.See(answer("GET", path, 200, contentType, body))
		for _, route := range r.Routes() {
			require.True(t, route.JSON == "" || json.Valid([]byte(route.JSON)), "%q", route.JSON)
			require.True(t, route.JSON == "" || route.Text == "")
			require.Regexp(t, `^[a-z][A-Za-z0-9_]*$`, route.Name)
		}
	})
}
