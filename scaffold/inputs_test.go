package scaffold_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/openapi"
	"holdfast.dev/holdfast/scaffold"
	"holdfast.dev/holdfast/traffic"
)

// service is a folder that needs no more to be known.
var service = map[string]string{"Procfile": "web: ./run --port $PORT\n"}

const description = `openapi: 3.0.3
info: { title: Orders, version: "1" }
servers: [{ url: https://api.shop.example/v1 }]
components:
  securitySchemes: { key: { type: http, scheme: bearer } }
security: [{ key: [] }]
paths:
  /orders:
    get:
      parameters: [{ name: page, in: query, required: true, schema: { type: integer, example: 2 } }]
      responses: { "200": { description: all } }
    post:
      requestBody: { content: { application/json: { schema: { type: object, properties: { item: { type: string, example: tea }, qty: { type: integer, example: 3 } } } } } }
      responses: { "201": { description: made } }
  /orders/{order}:
    get:
      parameters: [{ name: order, in: path, required: true, schema: { type: string }, example: o-7 }]
      responses: { "200": { description: one } }
    delete:
      parameters: [{ name: order, in: path, required: true, schema: { type: string } }]
      responses: { "204": { description: gone } }
`

func described(t *testing.T) *openapi.Description {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orders.yaml")
	require.NoError(t, os.WriteFile(path, []byte(description), 0o600))
	d, err := openapi.Read(path)
	require.NoError(t, err)
	d.File = "orders.yaml"
	return d
}

func accessLog(t *testing.T) scaffold.Traffic {
	t.Helper()
	var b strings.Builder
	for i := range 4000 {
		at := fmt.Sprintf("10/Oct/2025:13:%02d:%02d +0000", i/60/60, i/60%60)
		switch i % 10 {
		case 0:
			fmt.Fprintf(&b, "10.0.0.1 - ada [%s] \"POST /v1/orders HTTP/1.1\" 201 17 \"-\" \"-\" rt=0.0%02d\n", at, 10+i%90)
		case 1:
			fmt.Fprintf(&b, "10.0.0.1 - - [%s] \"GET /wp-login.php HTTP/1.1\" 404 17 \"-\" \"-\" rt=0.001\n", at)
		case 2:
			fmt.Fprintf(&b, "10.0.0.1 - - [%s] \"GET /static/app.js HTTP/1.1\" 200 17 \"-\" \"-\" rt=0.001\n", at)
		default:
			fmt.Fprintf(&b, "10.0.0.1 - - [%s] \"GET /v1/orders/%d?email=ada@shop.io HTTP/1.1\" 200 17 \"-\" \"-\" rt=0.0%02d\n", at, 500+i, 10+i%90)
		}
	}
	s, err := traffic.ReadAccessLog(strings.NewReader(b.String()))
	require.NoError(t, err)
	return scaffold.Traffic{Source: "access.log", Summary: s}
}

func TestADescriptionOfTheAPIIsAskedByItsExamples(t *testing.T) {
	text, d := draft(t, service, scaffold.Options{Name: "x", API: []*openapi.Description{described(t)}})
	require.Contains(t, text, `# guess: GET /v1/orders, as in orders.yaml, get_orders; nothing says how often`)
	require.Contains(t, text, `path: /v1/orders?page=2`)
	require.Contains(t, text, `headers: {Authorization: "Bearer {secrets.authorization}"}`)
	require.Contains(t, text, `json: {"item": "tea", "qty": 3}`)
	require.Contains(t, text, `vary: {order: {words: [o-7]}}`)
	require.Contains(t, text, `# not asked: DELETE /v1/orders/{order}`)
	require.Contains(t, strings.Join(d.FillIn, "\n"), "secrets.authorization")
}

func TestAnAccessLogGivesRatesAndLimits(t *testing.T) {
	text, d := draft(t, service, scaffold.Options{Name: "x", Traffic: []scaffold.Traffic{accessLog(t)}})
	require.Contains(t, text, "# guess: GET /v1/orders/{id} (78 %), as in access.log, which has 42/s at its peak")
	require.Contains(t, text, "- name: orders-one\n        rate: 42/s\n        vary: {id: {integers: {min: 503, max: 4499}}}")
	require.Contains(t, text, "# not asked: POST /v1/orders (11 %), for a log has no bodies")
	require.NotContains(t, text, "app.js")
	require.NotContains(t, text, "ada@shop.io")
	require.Contains(t, text, "orders-one.latency.p99 <= 200ms", "twice what the log has")
	require.Equal(t, []string{"access.log: 400 of 4000 were answered 404 or 405 and fit no route that was ever answered otherwise"}, d.Unread)
}

// A log knows how often, and a description or a curl command what is sent: together they
// are one request.
func TestSeveralInputsKnowOneRequest(t *testing.T) {
	curl, err := traffic.ReadCurl(strings.NewReader(`curl https://api.shop.example/v1/orders --json '{"item":"tea"}' -H 'X-Api-Key: geheimgeheim'`))
	require.NoError(t, err)
	text, _ := draft(t, service, scaffold.Options{
		Name: "x", Traffic: []scaffold.Traffic{accessLog(t), {Source: "the curl command", Summary: curl}}, API: []*openapi.Description{described(t)},
	})
	require.Contains(t, text, "# guess: POST /v1/orders (11 %), as in access.log, which has 6.1/s at its peak\n      # guess: the request itself is as in the curl command")
	require.Contains(t, text, `headers: {X-Api-Key: "{secrets.x_api_key}"}`)
	require.NotContains(t, text, "geheim")
	require.Equal(t, 1, strings.Count(text, "method: POST"))
	require.Contains(t, text, "vary: {order: {words: [o-7]}}", "the description has better values than the log")
}

func TestARecordingOfABrowserIsAskedAgain(t *testing.T) {
	har, err := traffic.ReadHAR(strings.NewReader(`{"log":{"entries":[
	  {"startedDateTime":"2025-10-10T12:00:00Z","time":1,"request":{"method":"GET","url":"https://cdn.example/a.js"},"response":{"status":200,"content":{"mimeType":"text/javascript"}}},
	  {"startedDateTime":"2025-10-10T12:00:00Z","time":1,"request":{"method":"POST","url":"https://shop.example/login","postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"user","value":"ada@shop.io"},{"name":"password","value":"geheim12"}]}},"response":{"status":200,"content":{"mimeType":"application/json"}}}]}}`))
	require.NoError(t, err)
	text, d := draft(t, service, scaffold.Options{Name: "x", Traffic: []scaffold.Traffic{{Source: "a.har", Summary: har}}})
	require.Contains(t, text, "form: {password: stripped-secret-1, user: person-1@example.com}")
	require.NotContains(t, text, "geheim")
	require.Contains(t, d.Unread, "a.har: 1 requests to cdn.example, for the service is taken to be shop.example")
	require.Len(t, d.LeftOut, 2)
}

// Without any input the code says what it answers.
func TestTheCodeSaysWhatItIsAskedAndWhatItReads(t *testing.T) {
	for name, row := range map[string]struct{ file, text, path string }{
		"Express":       {"server.js", "app.get('/orders/:orderId', f)\nfetch(process.env.STOCK_URL)", "/orders/{orderId}"},
		"FastAPI":       {"main.py", "app = FastAPI()\n@app.get(\"/orders/{order_id}\")\ndef f(): os.environ[\"STOCK_URL\"]", "/orders/{order_id}"},
		"Flask":         {"app.py", "app = Flask(__name__)\n@app.route('/orders/<int:order>')\ndef f(): os.getenv('STOCK_URL', 'http://stock.example')", "/orders/{order}"},
		"Go":            {"main.go", "package main\nfunc main() { m.HandleFunc(\"GET /orders/{order}\", f); http.ListenAndServe(a, m); os.Getenv(\"STOCK_URL\") }", "/orders/{order}"},
		"Spring":        {"src/Orders.java", "@GetMapping(\"/orders/{order}\") Order f() { System.getenv(\"STOCK_URL\"); }", "/orders/{order}"},
		"Laravel":       {"routes/web.php", "Route::get('/orders/{order}', 'f'); env('STOCK_URL');", "/orders/{order}"},
		"plain Node":    {"server.js", "if (new URL(request.url).pathname === '/orders') fetch(process.env.STOCK_URL)", "/orders"},
		"plain Python":  {"server.py", "class H:\n  def do_GET(self):\n    if self.path == \"/orders\": os.environ[\"STOCK_URL\"]", "/orders"},
		"plain PHP":     {"index.php", "if ($_SERVER['REQUEST_URI'] === '/orders') { getenv('STOCK_URL'); }", "/orders"},
		"plain Go":      {"main.go", "package main\nfunc f() { switch r.URL.Path {\ncase \"/orders\":\n os.Getenv(\"STOCK_URL\") } }", "/orders"},
		"Slim":          {"src/app.php", "$app->get('/orders/{order}', f); getenv('STOCK_URL');", "/orders/{order}"},
		"Symfony":       {"src/Orders.php", "#[Route('/orders', name: 'add', methods: ['POST'])]\n#[Route('/orders/{order}', name: 'one')]\nfunction f() { getenv('STOCK_URL'); }", "/orders/{order}"},
		"Laravel's API": {"routes/api.php", "Route::get('/orders/{order}', 'f'); env('STOCK_URL');", "/api/orders/{order}"},
		"WEBrick":       {"app.rb", "server.mount_proc \"/orders\" do\n  ENV.fetch('STOCK_URL')\nend", "/orders"},
		"Sinatra":       {"app.rb", "get '/orders/:order' do\n  ENV.fetch('STOCK_URL')\nend", "/orders/{order}"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"Procfile": service["Procfile"], row.file: row.text}
			_, d := draft(t, files, scaffold.Options{Name: "x"})
			require.Equal(t, row.path, d.File.Scenarios[0].Load[0].Request.Path)
			stock, ok := d.File.Dependencies.Get("stock")
			require.True(t, ok)
			url, _ := stock.Export.Get("STOCK_URL")
			require.Equal(t, "{url}", url)
		})
	}
}

// Django's routes stand in files that lead to each other, and none says its whole path.
func TestDjangoIsAskedWhatItsFilesOfRoutesHave(t *testing.T) {
	_, d := draft(t, map[string]string{
		"manage.py":             "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings.dev')\n",
		"shop/settings/base.py": "ROOT_URLCONF = 'shop.urls'\n",
		"shop/urls.py":          "from . import views\nurlpatterns = [\n  path('admin/', admin.site.urls),\n  path('', views.home),\n  path('health/', views.health),\n  path(\n    'api/v1/', include('orders.urls')),\n  path('rest/', include(router.urls)),\n  path('round/', include('shop.urls')),\n]\nrouter.register(r'items', Items)\n",
		"orders/urls.py":        "urlpatterns = [path('orders/<int:pk>/', views.one), path('orders/', views.all)]\n",
		"other/urls.py":         "urlpatterns = [path('never/', views.never)]\n",
	}, scaffold.Options{Name: "x"})
	var asked []string
	for _, s := range d.File.Scenarios[0].Load {
		asked = append(asked, s.Request.Path)
	}
	require.Equal(t, []string{"/", "/api/v1/orders/{pk}/", "/api/v1/orders/", "/rest/items/"}, asked[:4])
	require.NotContains(t, strings.Join(asked, " "), "never")
}

func TestGuardsAgainstLoopbackAddressesAreToldWhatLetsFakesIn(t *testing.T) {
	text, _ := draft(t, map[string]string{"Procfile": service["Procfile"], "Gemfile": "gem 'ssrf_filter'\n", ".env.example": "ALLOWED_PRIVATE_ADDRESSES=\n"}, scaffold.Options{Name: "x"})
	require.Contains(t, text, "Gemfile:1: the gem ssrf_filter refuses loopback addresses, where fakes are")
	require.Contains(t, text, "ALLOWED_PRIVATE_ADDRESSES: 127.0.0.1}")
}

// Where Debian has a program for a dependency, it is preferred to an image.
func TestAProgramOfThisMachineIsPreferred(t *testing.T) {
	_, d := draft(t, map[string]string{"Procfile": service["Procfile"], ".env.example": "REDIS_URL=redis://localhost/3\n"}, scaffold.Options{Name: "x", LookPath: func(name string) (string, error) { return "/usr/bin/" + name, nil }})
	redis, _ := d.File.Dependencies.Get("redis")
	require.Equal(t, "redis-server", redis.Command[0])
	require.Equal(t, "redis://{address}/3", redis.Export[0].Value)
}

// Whatever was asked, what is drafted of it is a file that holds.
func TestAnyTrafficBecomesAFileThatHolds(t *testing.T) {
	pieces := []string{"/", "a", "{", "}", "{id}", "42", "?q=", "&", "%7B", "%20", "é", "..", ";", "\\", "$", "${X}", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "web", "v1", "~", "*", "#", "="}
	rapid.Check(t, func(rt *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 8).Draw(rt, "commands") {
			path := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 8).Draw(rt, "path"), "")
			body := strings.Join(rapid.SliceOfN(rapid.SampledFrom(append(pieces, "{\"a\":", "1}", "x=")), 0, 4).Draw(rt, "body"), "")
			fmt.Fprintf(&b, "curl 'http://h/%s' -H 'X-A: %s' -H 'Content-Type: %s' --data-raw '%s'\n", path, body, rapid.SampledFrom([]string{"application/json", "text/plain", "application/x-www-form-urlencoded"}).Draw(rt, "kind"), body)
		}
		s, err := traffic.ReadCurl(strings.NewReader(b.String()))
		if err != nil {
			rt.Skip("no traffic")
		}
		holds(rt, scaffold.Draft(inMemory(service), scaffold.Options{Name: "x", LookPath: nothingOnPath, Traffic: []scaffold.Traffic{{Source: "curl", Summary: s}}}))
	})
}
