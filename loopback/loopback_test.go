package loopback_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/loopback"
)

func TestWhoIsLetIn(t *testing.T) {
	for _, row := range []struct {
		own, host, origin string
		in                bool
	}{
		{"127.0.0.1:80", "127.0.0.1:80", "", true},
		{"127.0.0.1:80", "localhost:80", "", true},
		{"127.0.0.1:80", "LOCALHOST.", "", true},
		{"127.0.0.1:80", "[::1]:80", "", true},
		{"127.0.0.1:80", "127.8.8.8", "", true},
		{"127.0.0.1:80", "127.0.0.1:80", "http://127.0.0.1:80", false},
		{"127.0.0.1:80", "localhost", "null", false},
		{"127.0.0.1:80", "evil.example:80", "", false},
		{"127.0.0.1:80", "127.0.0.1.evil.example:80", "", false},
		{"127.0.0.1:80", "localhost.evil.example", "", false},
		{"127.0.0.1:80", "10.1.2.3:80", "", false},
		{"127.0.0.1:80", "", "", false},
		{"ci.example:80", "CI.example:80", "", true},
		{"10.1.2.3:80", "10.1.2.3:80", "", true},
		{"10.1.2.3:80", "evil.example:80", "", false},
		{"0.0.0.0:80", "10.1.2.3:80", "", true},
		{"[::]:80", "[fe80::1]:80", "", true},
		{"0.0.0.0:80", "evil.example:80", "", false},
		{"[::]:80", "toxiproxy:80", "", true},
		{"[::]:80", "toxiproxy", "http://toxiproxy", false},
		{"[::]:80", "example.:80", "", false},
		{"[::]:80", "", "", false},
		{"10.1.2.3:80", "toxiproxy:80", "", false},
		{"127.0.0.1:80", "toxiproxy:80", "", false},
		{":80", "evil.example:80", "", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://ignored/", nil)
		r.Host = row.host
		if row.origin != "" {
			r.Header.Set("Origin", row.origin)
		}
		require.Equal(t, row.in, loopback.Foreign(r, row.own) == nil, "%+v", row)
	}
}

func TestAnAddressIsOfLoopback(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "localhost:1", "[::1]:1"} {
		require.NoError(t, loopback.Check(address), address)
	}
	for _, address := range []string{"0.0.0.0:0", ":1", "[::]:1", "10.0.0.1:1", "example.org:1", "127.0.0.1"} {
		require.Error(t, loopback.Check(address), address)
	}
}

// A page at a name that its owner lets mean 127.0.0.1 reads what is listened for
// there; with the guard it does not.
func TestANameThatIsMadeToMeanLoopbackReadsNothing(t *testing.T) {
	secret := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "what arrived") })
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := loopback.Foreign(r, r.Context().Value(http.LocalAddrContextKey).(net.Addr).String()); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		secret(w, r)
	})
	require.Equal(t, "what arrived", rebound(t, secret), "the harm")
	require.Contains(t, rebound(t, guarded), "not of this machine")
}

// rebound is what a page reads at rebound.example, which means the handler's address.
func rebound(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	require.NoError(t, err)
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
		},
	}}
	res, err := client.Get("http://rebound.example:" + port + "/journal")
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(text)
}
