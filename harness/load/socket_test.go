package load_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
)

// A service that listens on a Unix socket is asked there, over both protocols, directly
// and by net/http, and nobody else is.
func TestAUnixSocketIsAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b.sock")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	var asked atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1); r.Host != "localhost" || r.URL.Path != "/x" {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	require.NoError(t, server.Listener.Close())
	server.Listener = l
	server.Config.Protocols = bothProtocols()
	server.Start()
	defer server.Close()

	base := "unix://" + path
	stream := func(name, query string, http2 bool) load.Stream {
		return load.Stream{Name: name, Profile: load.Constant(100, 100*ms), Next: get("/x" + query), MaxLag: time.Minute, HTTP2: http2}
	}
	attack, err := load.Start(context.Background(), load.Config{BaseURL: base}, stream("direct", "", false), stream("nethttp", "?", false), stream("http2", "", true))
	require.NoError(t, err)
	for _, o := range attack.Wait() {
		require.EqualValues(t, 10, o.OK, "%s: %v %v", o.Name, o.Errors, o.UnsentWhy)
	}
	require.EqualValues(t, 30, asked.Load())

	packed := load.Config{BaseURL: base}
	require.Equal(t, []string{base}, packed.Hosts())
	packed.Balancer, err = load.NewBalancer(base)
	require.NoError(t, err)
	require.Equal(t, []string{base}, packed.Hosts())
	data, err := load.Pack(packed, load.Stream{Name: "x", Profile: load.Constant(100, 100*ms), Template: &load.Template{Path: "/"}})
	require.NoError(t, err)
	got, _, err := load.Unpack(data)
	require.NoError(t, err)
	require.Equal(t, []string{base}, got.Hosts())
}

func TestAUnixSocketThatIsNotThereRefuses(t *testing.T) {
	attack, err := load.Start(context.Background(), load.Config{BaseURL: "unix:///nowhere/a.sock"}, load.Stream{Name: "s", Profile: load.Constant(100, 50*ms), Next: get("/"), MaxLag: time.Minute})
	require.NoError(t, err)
	require.EqualValues(t, 5, attack.Wait()[0].Errors[load.ClassRefused])
	for _, wrong := range []string{"unix://relative/a.sock", "unix:a.sock", "unix:///a.sock?x", "unix://u@h/a.sock"} {
		require.ErrorContains(t, load.Config{BaseURL: wrong}.Validate(), "unix:///PATH", wrong)
	}
}
