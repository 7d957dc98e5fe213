package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load/vegetabridge"
)

// serve answers by path: /bad is refused, /away leads elsewhere, /late is slow.
func serve(t *testing.T) (url string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		switch {
		case r.URL.Path == "/bad", r.URL.Path == "/mixed" && n%2 == 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/away":
			http.Redirect(w, r, "http://example.invalid/", http.StatusFound)
		case r.URL.Path == "/echo":
			body, _ := io.ReadAll(r.Body)
			if r.Method != "PUT" || string(body) != "hello" || r.Header.Get("X-A") != "b: c" {
				w.WriteHeader(http.StatusBadRequest)
			}
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func TestAttack(t *testing.T) {
	url, _ := serve(t)
	for _, row := range []struct {
		name string
		args []string
		code int
		out  []string
		errs string
	}{
		{"all is well", []string{"--target", url + "/", "--rate", "100/s", "--duration", "200ms"}, exitPass,
			[]string{"Requests", "[total, rate, throughput]", "20,", "Success", "100.00%", "200:20"}, ""},
		{"a shape", []string{"--target", url + "/", "--shape", "bursts of 5 every 50ms for 100ms, then 100/s for 50ms"}, exitPass, []string{"200:15"}, ""},
		{"method, header and body", []string{"--target", url + "/echo", "--shape", "bursts of 2 every 1s for 1ms", "--method", "PUT", "--header", "X-A: b: c", "--body", "hello"}, exitPass, []string{"200:2"}, ""},
		{"some fail", []string{"--target", url + "/mixed", "--shape", "bursts of 4 every 1s for 1ms"}, exitFail, []string{"503:2"}, "50.00 % of 4 answers"},
		{"a redirect is not followed", []string{"--target", url + "/away", "--shape", "bursts of 2 every 1s for 1ms"}, exitPass, []string{"302:2"}, ""},
		{"nobody listens", []string{"--target", "http://127.0.0.1:1/", "--shape", "bursts of 2 every 1s for 1ms"}, exitNotExercised, []string{"0:2", "refused"}, "no answer came"},
		{"as JSON", []string{"--target", url + "/", "--shape", "bursts of 2 every 1s for 1ms", "--report", "json"}, exitPass, []string{`"requests":2`}, ""},
		{"as an HDR plot", []string{"--target", url + "/", "--shape", "bursts of 2 every 1s for 1ms", "--report", "hdr"}, exitPass, []string{"Percentile"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, out, errs := holdfast(t, nil, append([]string{"attack"}, row.args...)...)
			require.Equal(t, row.code, code, errs)
			for _, says := range row.out {
				require.Contains(t, out, says)
			}
			require.Contains(t, errs, row.errs)
		})
	}
}

func TestAttackRefusesWhatMayNotBe(t *testing.T) {
	url, asked := serve(t)
	for _, row := range []struct {
		name string
		args []string
		says []string
	}{
		{"no target", nil, []string{"--target is missing"}},
		{"no URL", []string{"--target", "ftp://x/"}, []string{"http://"}},
		{"a password", []string{"--target", "http://u:geheim@127.0.0.1/"}, []string{"credentials belong in a --header"}},
		{"somebody else's host", []string{"--target", "http://example.org/"}, []string{"example.org is no loopback address", "--allow-host example.org"}},
		{"another host than the one that is allowed", []string{"--target", "http://example.org/", "--allow-host", "example.com"}, []string{"--allow-host example.org"}},
		{"an address that only looks like it", []string{"--target", "http://127.0.0.1.example.org/"}, []string{"no loopback address"}},
		{"several at once", []string{"--target", url, "--rate", "fast", "--report", "txt", "--header", "x", "--timeout", "0s"},
			[]string{`"fast`, "unknown --report txt, did you mean text?", `"x" is no "NAME: VALUE"`, "--timeout 0s"}},
		{"too long", []string{"--target", url, "--duration", "11m"}, []string{"longer than 10m"}},
		{"too many", []string{"--target", url, "--rate", "100000/s", "--duration", "1m"}, []string{"more than 1000000"}},
		{"none", []string{"--target", url, "--rate", "0/s"}, []string{"plans no request"}},
		{"a port that is none", []string{"--target", "http://127.0.0.1:99999/"}, []string{"port 99999 is none"}},
		{"a header with a line break", []string{"--target", url, "--header", "X-Token: geheim\nX: y"}, []string{`--header "X-Token"`, "line break"}},
		{"a method that is none", []string{"--target", url, "--method", "A B"}, []string{"--method A B"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, out, errs := holdfast(t, nil, append([]string{"attack"}, row.args...)...)
			require.Equal(t, exitUsage, code)
			require.Empty(t, out)
			for _, says := range row.says {
				require.Contains(t, errs, says)
			}
			require.NotContains(t, errs, "geheim")
		})
	}
	require.Zero(t, asked.Load(), "nothing is sent then")
}

// A Unix socket takes the place of the host, and HTTP/2 is spoken where it is asked for.
func TestAttackSpeaksOverASocketAndHTTP2(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sock")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	var protocols sync.Map
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { protocols.Store(r.Proto+" "+r.Host, true) }))
	require.NoError(t, server.Listener.Close())
	server.Listener, server.Config.Protocols = l, new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()
	for _, more := range [][]string{nil, {"--http2"}} {
		code, out, errs := holdfast(t, nil, append([]string{"attack", "--target", "http://app.example/", "--unix-socket", path, "--shape", "bursts of 2 every 1s for 1ms"}, more...)...)
		require.Equal(t, exitPass, code, errs)
		require.Contains(t, out, "200:2")
	}
	for _, spoke := range []string{"HTTP/1.1 app.example", "HTTP/2.0 app.example"} {
		_, did := protocols.Load(spoke)
		require.True(t, did, spoke)
	}
}

// TestAttackKeepsResults that vegeta's decoder reads, and this module's.
func TestAttackKeepsResults(t *testing.T) {
	url, _ := serve(t)
	path := filepath.Join(t.TempDir(), "results.bin")
	code, _, errs := holdfast(t, nil, "attack", "--target", url, "--shape", "bursts of 3 every 1s for 1ms", "--results", path)
	require.Equal(t, exitPass, code, errs)
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	tallies, err := vegetabridge.Read(f, time.Time{}, nil)
	require.NoError(t, err)
	require.Len(t, tallies, 1)
	require.EqualValues(t, 3, tallies[0].OK)

	code, _, errs = holdfast(t, nil, "attack", "--target", url, "--results", filepath.Join(path, "x"))
	require.Equal(t, exitEnvironment, code)
	require.Contains(t, errs, "--results")
}

// A name that is resolved to somewhere else is not followed there.
func TestOnlyTheLoopbackIsDialled(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "127.9.9.9:1": true, "[::ffff:127.0.0.1]:80": true,
		"10.0.0.1:80": false, "[2001:db8::1]:80": false, "0.0.0.0:80": false, strings.Repeat("x", 3): false,
	} {
		require.Equal(t, ok, onlyLoopback("tcp", address, nil) == nil, address)
	}
}
