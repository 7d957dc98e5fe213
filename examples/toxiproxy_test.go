package examples_test

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	theirs "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// TestToxiproxysOwnExample runs the full example of the official Go client's README, as the
// module has it, against redis-server, once through Toxiproxy itself and once through ours.
func TestToxiproxysOwnExample(t *testing.T) {
	redis := redisServer(t)
	site := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer site.Close()
	control, told := fakeToxiproxy(t)
	for name, control := range map[string]string{"Toxiproxy itself": toxiproxyItself(t), "ours": control} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"go.mod", "go.sum"} {
				text, err := os.ReadFile(filepath.Join("testdata", "toxiproxy", name))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
			}
			text := adapted(t, readmeExample(t, dir), control, free(t), redis, strings.TrimPrefix(site.URL, "http://"))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "readme_test.go"), []byte(text), 0o600))
			cmd := exec.Command("go", "test", "-count=1", "-v", ".")
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			for _, name := range []string{"RedisBackendDown", "RedisBackendSlow", "EphemeralProxy"} {
				require.Contains(t, string(out), "--- PASS: Test"+name)
			}
		})
	}
	require.Contains(t, told(), "redis: 1 connections, 0 of them not to be brought to the server; ", "it was this proxy that brought them there")
}

// adapted is the README's example for this machine: each address is one that is free here,
// and in the place of a site on the network is one on this machine. Two more changes are
// needed for the client that it is the README of, by Toxiproxy itself as by ours: a proxy is
// disabled unless it is said to be enabled, and what Populate returns is a list, of proxies
// that cannot be changed; those that the API tells of can.
func adapted(t *testing.T, text, control, proxy, redis, site string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(proxy)
	require.NoError(t, err)
	for _, change := range [][2]string{
		{`"localhost:8474"`, quoted(control)}, {`"localhost:26379"`, quoted(proxy)}, {`":26379"`, quoted(":" + port)}, {`"google.com:80"`, quoted(site)},
		{"        Upstream: \"localhost:6379\",\n", "        Upstream: " + quoted(redis) + ",\n        Enabled: true,\n"},
		{"proxies, err = toxiClient.Populate(", "_, err = toxiClient.Populate("},
		{"    // Alternatively, create", "    proxies, err = toxiClient.Proxies()\n    if err != nil {\n        panic(err)\n    }\n    // Alternatively, create"},
	} {
		require.Contains(t, text, change[0], "the README is another")
		text = strings.ReplaceAll(text, change[0], change[1])
	}
	return "package readme\n\n" + text
}

func quoted(text string) string { return `"` + text + `"` }

// readmeExample is the block of code below a heading of the client's README.
func readmeExample(t *testing.T, dir string) string {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", "github.com/Shopify/toxiproxy/v2")
	cmd.Dir = dir
	out, err := cmd.Output()
	require.NoError(t, err, string(out))
	var module struct{ Dir string }
	require.NoError(t, json.Unmarshal(out, &module))
	readme, err := os.ReadFile(filepath.Join(module.Dir, "client", "README.md"))
	require.NoError(t, err)
	_, text, found := strings.Cut(string(readme), "## Full Example\n\n```go\n")
	require.True(t, found, "the README is another")
	text, _, found = strings.Cut(text, "\n```")
	require.True(t, found)
	return text + "\n"
}

// free is an address at which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// redisServer is a Redis of the test's own.
func redisServer(t *testing.T) string {
	t.Helper()
	address := free(t)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	cmd := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	listening(t, address)
	return address
}

// toxiproxyItself runs until the test program ends.
func toxiproxyItself(t *testing.T) string {
	t.Helper()
	address := free(t)
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	go theirs.NewServer(theirs.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop()).Listen(host, port)
	listening(t, address)
	return address
}

// listening waits until somebody listens at an address.
func listening(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, 30*time.Second, 10*time.Millisecond)
}

// fakeToxiproxy is the built program as Toxiproxy, and ends it and returns what it told.
func fakeToxiproxy(t *testing.T) (control string, told func() string) {
	t.Helper()
	cmd := exec.Command(built(t), "fake", "toxiproxy", "--port", "0")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan())
	url, ok := strings.CutPrefix(lines.Text(), "CONTROL_URL=http://")
	require.True(t, ok, lines.Text())
	return url, func() string {
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		var said strings.Builder
		for lines.Scan() {
			said.WriteString(lines.Text() + "\n")
		}
		require.NoError(t, cmd.Wait())
		return said.String()
	}
}
