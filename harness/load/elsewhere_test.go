package load_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/message"
)

// elsewhere is a server that no load may reach.
func elsewhere(t *testing.T) *httptest.Server {
	t.Helper()
	var hits atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(func() {
		server.Close()
		require.Zero(t, hits.Load(), "a request went to another host")
	})
	return server
}

func TestNoRequestNamesAnotherHost(t *testing.T) {
	other := elsewhere(t)
	host := other.Listener.Addr().String()
	for _, path := range []string{other.URL + "/x", "//" + host + "/x", "/\\" + host, "/@" + host, "/x?u=" + other.URL, "/../" + host, "/%2F%2F" + host} {
		var asked atomic.Int64
		base := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
		for _, stream := range []load.Stream{
			{Name: "x", Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: path} }},
			{Name: "x", Template: &load.Template{Path: path}},
			{Name: "x", Template: &load.Template{Path: "/{to}", Given: []string{"to"}}},
			{Name: "x", Template: &load.Template{Path: "/", Header: map[string]string{"Host": host}}},
			{Name: "x", Steps: []load.Step{{Name: "a", Template: load.Template{Path: "/", Vars: map[string]load.Var{"to": words(path)}}}, {Name: "b", Template: load.Template{Path: path}}}},
		} {
			stream.Profile, stream.MaxLag = load.Constant(100, 20*ms), time.Minute
			before := asked.Load()
			attack, err := load.Start(t.Context(), load.Config{BaseURL: base.URL, Values: map[string]string{"to": path}}, stream)
			if err != nil {
				require.ErrorContains(t, err, "does not begin with a single /")
				continue
			}
			o := attack.Wait()[0]
			require.EqualValues(t, 2, o.OK, "%v", o.Errors)
			require.Greater(t, asked.Load(), before, "it went where it should")
		}
		base.Close()
	}
}

func TestARedirectIsAnAnswer(t *testing.T) {
	other := elsewhere(t)
	for _, code := range []int{301, 302, 303, 307, 308} {
		redirect := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/x", code) }
		next := map[string]message.Path{"next": path(t, "header.Location")}
		tallies := play(t, redirect, load.Config{},
			load.Stream{Name: "one", Profile: load.Constant(50, 20*ms), MaxLag: time.Minute, Next: get("/")},
			load.Stream{Name: "two", Profile: load.Constant(50, 20*ms), MaxLag: time.Minute, Steps: []load.Step{
				{Name: "a", Template: load.Template{Path: "/"}, Expect: status(code), Capture: next},
				{Name: "b", Template: load.Template{Path: "/{next}"}, Expect: status(code)},
			}})
		require.Equal(t, map[string]int64{load.ClassStatus(code): 1}, tallies[0].Errors)
		require.EqualValues(t, 1, tallies[1].OK, "%v", tallies[1].Errors)
	}
	base := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer base.Close()
	_, err := load.LogIn(t.Context(), load.Config{BaseURL: base.URL}, load.Stream{
		Name: "x", Profile: load.Constant(1, time.Second), Next: get("/"),
		Sessions: &load.Sessions{Count: 1, Steps: []load.Step{{Name: "login", Template: load.Template{Path: "/"}}}},
	})
	require.ErrorContains(t, err, "status is 302, expected is status 2xx")
}

// A name that leads somewhere else after the first lookup moves nothing: not the load
// after the logins, nor one connection of the load after another.
func TestANameThatChangesItsAnswerMovesNothing(t *testing.T) {
	other := elsewhere(t)
	var asked atomic.Int64
	base := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Connection", "close") // so that each request looks for an address again
	}))
	// Both listen on the same port, at different addresses of this machine.
	_, port, err := net.SplitHostPort(other.Listener.Addr().String())
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Skipf("this machine has no second loopback address: %v", err)
	}
	require.NoError(t, base.Listener.Close())
	base.Listener = listener
	base.Start()
	defer base.Close()
	var lookups atomic.Int64
	config := load.Config{BaseURL: "http://shop.example:" + port, Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
		require.Equal(t, "shop.example", host)
		if lookups.Add(1) == 1 {
			return []netip.Addr{netip.MustParseAddr("127.0.0.2")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}}
	stream := load.Stream{
		Name: "x", Profile: load.Constant(100, 100*ms), MaxLag: time.Minute, Next: get("/"),
		Sessions: &load.Sessions{Count: 2, Steps: []load.Step{{Name: "login", Template: load.Template{Path: "/"}}}},
	}
	config.Logins, err = load.LogIn(t.Context(), config, stream)
	require.NoError(t, err)
	attack, err := load.Start(t.Context(), config, stream)
	require.NoError(t, err)
	o := attack.Wait()[0]
	require.EqualValues(t, 10, o.OK, "%v", o.Errors)
	require.EqualValues(t, 12, asked.Load())
	require.EqualValues(t, 1, lookups.Load())
}

func TestANameThatIsNotFoundIsAClass(t *testing.T) {
	config := load.Config{BaseURL: "http://shop.example:1", Lookup: func(context.Context, string) ([]netip.Addr, error) { return nil, nil }}
	attack, err := load.Start(t.Context(), config, load.Stream{Name: "x", Profile: load.Constant(100, 20*ms), MaxLag: time.Minute, Next: get("/")})
	require.NoError(t, err)
	require.Equal(t, map[string]int64{load.ClassDNS: 2}, attack.Wait()[0].Errors)
}

// What a request brings stays in the place that it has: no value becomes a host, a
// header, or another field.
func TestTheBodyKeepsItsShape(t *testing.T) {
	odd := `a&b=c"d` + "\r\n"
	form := sent(t, load.Template{Path: "/", Form: map[string]string{"x": "{v}", "metadata[cart]": "1&2{v}"}, Vars: map[string]load.Var{"v": words(odd)}}, 1)[0]
	fields, err := url.ParseQuery(string(form.Body))
	require.NoError(t, err)
	require.Equal(t, url.Values{"x": {odd}, "metadata[cart]": {"1&2" + odd}}, fields)
	require.Equal(t, []string{"application/x-www-form-urlencoded"}, form.Header["Content-Type"])
	asJSON := sent(t, load.Template{Path: "/", JSON: json.RawMessage(`{"x": "{v}", "n": "{n:int}"}`), Vars: map[string]load.Var{"v": words(odd), "n": words("7")}}, 1)[0]
	var got struct {
		X string
		N int
	}
	require.NoError(t, json.Unmarshal(asJSON.Body, &got))
	require.Equal(t, odd, got.X)
	require.Equal(t, 7, got.N)
	require.Equal(t, []string{"application/json"}, asJSON.Header["Content-Type"])
	typed := sent(t, load.Template{Path: "/", JSON: json.RawMessage(`1`), Header: map[string]string{"content-type": "application/merge-patch+json"}}, 1)[0]
	require.Equal(t, []string{"application/merge-patch+json"}, typed.Header["Content-Type"])
	require.Error(t, load.Template{Path: "/", JSON: json.RawMessage(`{`)}.Validate())
}
