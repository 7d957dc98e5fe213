package toxiproxyapi_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/desk/toxiproxyapi"
)

// What the client's own example does, without a Redis; with one it is run as it stands where
// Redis is installed, in examples.
func TestTheClientsOwnExample(t *testing.T) {
	toxiClient, redis := ours(t), talking(t)
	populated, err := toxiClient.Populate([]toxiproxy.Proxy{{Name: "redis", Listen: "localhost:0", Upstream: redis, Enabled: true}})
	require.NoError(t, err)
	require.Len(t, populated, 1)
	proxies, err := toxiClient.Proxies()
	require.NoError(t, err)
	address := proxies["redis"].Listen

	require.NoError(t, proxies["redis"].Disable()) // Redis down
	_, err = net.Dial("tcp", address)
	require.Error(t, err, "Connection to redis did not fail")
	require.NoError(t, proxies["redis"].Enable())

	_, err = proxies["redis"].AddToxic("", "latency", "", 1, toxiproxy.Attributes{"latency": 1000}) // Redis slow
	require.NoError(t, err)
	start := time.Now()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("e"))
	require.NoError(t, err)
	_, err = io.ReadFull(conn, make([]byte, 1))
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(start), 900*time.Millisecond, "Redis command did not take long enough")
	require.NoError(t, proxies["redis"].RemoveToxic("latency_downstream"))

	proxy, err := toxiClient.CreateProxy("test", "", redis) // a proxy for one test
	require.NoError(t, err)
	require.Equal(t, 1, see(t, proxy.Listen, "e").got)
	require.NoError(t, proxy.Delete())
	require.Equal(t, "refused", see(t, proxy.Listen, "e").end)
}

func TestToxicsAreMadeChangedAndRemoved(t *testing.T) {
	client := ours(t)
	proxy, err := client.CreateProxy("p", "127.0.0.1:0", talking(t))
	require.NoError(t, err)
	made, err := proxy.AddToxic("latency_down", "latency", "downstream", 1, toxiproxy.Attributes{"latency": 1000})
	require.NoError(t, err)
	require.Equal(t, &toxiproxy.Toxic{Name: "latency_down", Type: "latency", Stream: "downstream", Toxicity: 1, Attributes: toxiproxy.Attributes{"latency": 1000.0, "jitter": 0.0}}, made)
	_, err = proxy.AddToxic("", "bandwidth", "upstream", 0.5, toxiproxy.Attributes{"rate": 10})
	require.NoError(t, err)
	changed, err := proxy.UpdateToxic("latency_down", 0.25, toxiproxy.Attributes{"jitter": 100})
	require.NoError(t, err)
	require.Equal(t, toxiproxy.Attributes{"latency": 1000.0, "jitter": 100.0}, changed.Attributes, "what is not sent stays")
	all, err := proxy.Toxics()
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "bandwidth_upstream", all[0].Name, "those of upstream come first")
	require.InDelta(t, 0.25, all[1].Toxicity, 1e-6)
	require.NoError(t, proxy.RemoveToxic("latency_down"))
	again, err := client.Proxy("p")
	require.NoError(t, err)
	require.Len(t, again.ActiveToxics, 1)
	require.NoError(t, again.Disable())
	require.NoError(t, client.ResetState())
	again, err = client.Proxy("p")
	require.NoError(t, err)
	require.True(t, again.Enabled)
	require.Empty(t, again.ActiveToxics)
}

// call sends a request, and returns status and body.
func call(t *testing.T, method, url, body, host string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Host = host
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}).Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

// Each row is what is sent and with which status and words it is refused.
func TestRefusalsHaveToxiproxysShape(t *testing.T) {
	s, err := toxiproxyapi.Listen(toxiproxyapi.Config{Address: "127.0.0.1:0"})
	require.NoError(t, err)
	defer s.Close()
	up := talking(t)
	status, said := call(t, "POST", s.URL()+"/proxies", `{"name":"p","upstream":"`+up+`","listen":"0.0.0.0:0"}`, "")
	require.Equal(t, 201, status, said)
	require.Contains(t, said, `"listen":"127.0.0.1:`, "every address is this machine's alone")
	const toxics = "/proxies/p/toxics"
	status, said = call(t, "POST", s.URL()+toxics, `{"type":"latency","attributes":{"latency":1}}`, "")
	require.Equal(t, 200, status, said)
	for _, row := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/proxies/q", "", 404, "proxy not found"},
		{"DELETE", "/proxies/q", "", 404, "proxy not found"},
		{"POST", "/proxies", `{`, 400, "bad request body: "},
		{"POST", "/proxies", `{"upstream":"a:1"}`, 400, "missing required field: name"},
		{"POST", "/proxies", `{"name":"q"}`, 400, "missing required field: upstream"},
		{"POST", "/proxies", `{"name":"p","upstream":"a:1"}`, 409, "proxy already exists"},
		{"POST", "/proxies", `{"name":"q","upstream":"a"}`, 400, `upstream "a" is not host:port`},
		{"POST", "/proxies", `{"name":"q","upstream":"a:1","listen":"10.0.0.1:0"}`, 400, "can be reached from outside"},
		{"POST", "/proxies", `{"name":"q","upstream":"a:1","listen":"` + strings.TrimPrefix(s.URL(), "http://") + `"}`, 500, "address already in use"},
		{"POST", "/populate", `[{"name":"q","upstream":"a:1"},{"name":"r"}]`, 400, "missing required field: upstream at proxy 2"},
		{"POST", toxics, `{"type":"latency"}`, 409, "toxic already exists"},
		{"POST", toxics, `{"type":"latncy"}`, 400, "invalid toxic type"},
		{"POST", toxics, `{"type":"latency","stream":"sideways"}`, 400, "stream was invalid, can be either upstream or downstream"},
		{"POST", toxics, `{"type":"timeout","attributes":{"timeout":-1}}`, 400, "timeout -1 is not between 0"},
		{"POST", toxics, `{"type":"timeout","attributes":{"time":1}}`, 400, `unknown field`},
		{"POST", toxics, `{"type":"timeout","toxicity":2}`, 400, "toxicity 2 is not between 0 and 1"},
		{"POST", toxics, `{"type":"slicer"}`, 400, "average_size 0 is below 1 byte"},
		{"POST", toxics + "/q", `{}`, 404, "toxic not found"},
		{"PATCH", toxics + "/latency_downstream", `{"attributes":{"latency":-1}}`, 400, "latency -1 is not between 0"},
	} {
		status, said := call(t, row.method, s.URL()+row.path, row.body, "")
		require.Equal(t, row.status, status, "%+v: %s", row, said)
		var e struct {
			Error  string
			Status int
		}
		require.NoError(t, json.Unmarshal([]byte(said), &e))
		require.Contains(t, e.Error, row.says)
		require.Equal(t, row.status, e.Status)
	}
	status, said = call(t, "GET", s.URL()+"/proxies/p", "", "")
	require.Equal(t, 200, status)
	require.Contains(t, said, `"latency":1,`, "what was refused changed nothing")
	status, said = call(t, "GET", s.URL()+"/version", "", "localhost")
	require.Equal(t, 200, status)
	require.Contains(t, said, toxiproxyapi.Version)
	for _, host := range []string{"rebound.example", "10.0.0.1:8474"} {
		status, said = call(t, "GET", s.URL()+"/proxies", "", host)
		require.Equal(t, 403, status, said)
	}
}

func TestItListensOnLoopbackOnly(t *testing.T) {
	_, err := toxiproxyapi.Listen(toxiproxyapi.Config{Address: "0.0.0.0:0"})
	require.ErrorContains(t, err, "can be reached from outside")
}

// Where others may reach it, each address of a proxy is the one that was asked for.
func TestItListensWhereOthersReachItIfThatIsAllowed(t *testing.T) {
	up := talking(t)
	s, err := toxiproxyapi.Listen(toxiproxyapi.Config{
		Address: "0.0.0.0:0", AllowRemote: true, Proxies: []byte(`[{"name":"first","listen":"0.0.0.0:0","upstream":"` + up + `"}]`),
	})
	require.NoError(t, err)
	defer s.Close()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL(), "http://"))
	require.NoError(t, err)
	api := "http://127.0.0.1:" + port
	for name, row := range map[string]struct{ listen, is string }{
		"all": {"0.0.0.0:0", "0.0.0.0:"}, "also": {"[::]:0", "0.0.0.0:"}, "none": {"", "0.0.0.0:"}, "port": {":0", "0.0.0.0:"},
		"own": {"localhost:0", "127.0.0.1:"}, "number": {"127.0.0.2:0", "127.0.0.2:"},
	} {
		status, said := call(t, "POST", api+"/proxies", `{"name":"`+name+`","upstream":"`+up+`","listen":"`+row.listen+`"}`, "toxiproxy:8474")
		require.Equal(t, 201, status, said)
		require.Contains(t, said, `"listen":"`+row.is)
	}
	_, said := call(t, "GET", api+"/proxies/first", "", "")
	var p struct{ Listen string }
	require.NoError(t, json.Unmarshal([]byte(said), &p), said)
	_, port, err = net.SplitHostPort(p.Listen)
	require.NoError(t, err)
	require.Equal(t, "0.0.0.0:"+port, p.Listen)
	require.Equal(t, 1, see(t, "127.0.0.1:"+port, "e").got)
	status, _ := call(t, "GET", api+"/proxies", "", "rebound.example")
	require.Equal(t, 403, status, "a page that has a name is not let in")
	status, said = call(t, "POST", api+"/proxies", `{"name":"q","upstream":"`+up+`","listen":"elsewhere:0"}`, "")
	require.Equal(t, 400, status, said)
}

func TestFirstProxiesThatCannotBeAreRefused(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for text, says := range map[string]string{
		"{": "bad request body", `[{"name":"p"}]`: "missing required field: upstream at proxy 1",
		`[{"name":"p","upstream":"a:1"},{"name":"q","upstream":"a:1","listen":"10.0.0.1:0"}]`: "can be reached from outside",
	} {
		_, err := toxiproxyapi.Listen(toxiproxyapi.Config{Address: "127.0.0.1:0", Proxies: []byte(text)})
		require.ErrorContains(t, err, says)
	}
	goleak.VerifyNone(t, before)
}

func TestNothingIsLeftWhenItIsClosed(t *testing.T) {
	before := goleak.IgnoreCurrent()
	s, err := toxiproxyapi.Listen(toxiproxyapi.Config{Address: "127.0.0.1:0"})
	require.NoError(t, err)
	up := talking(t)
	_, _ = call(t, "POST", s.URL()+"/proxies", `{"name":"p","upstream":"`+up+`"}`, "")
	_, _ = call(t, "POST", s.URL()+"/proxies/p/toxics", `{"type":"timeout","attributes":{"timeout":60000}}`, "")
	var p struct{ Listen string }
	_, said := call(t, "GET", s.URL()+"/proxies/p", "", "")
	require.NoError(t, json.Unmarshal([]byte(said), &p))
	c, err := net.Dial("tcp", p.Listen)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("e"))
	require.NoError(t, err)
	s.Close()
	s.Close()
	_, err = c.Read(make([]byte, 1))
	require.Error(t, err)
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("holdfast.dev/holdfast/desk/toxiproxyapi_test.talking.func2"))
}
