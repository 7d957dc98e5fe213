package replace_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/replace"
)

// rig is who plays https://pay.example and http://pay.example, a proxy that leads there
// and nowhere else, and a client that knows the proxy and trusts the authority.
type rig struct {
	proxy   *replace.Proxy
	client  *http.Client
	refused atomic.Int64
}

func newRig(t *testing.T, play http.HandlerFunc) *rig {
	t.Helper()
	hosts := []replace.Host{host(t, "https://pay.example"), host(t, "http://pay.example")}
	a, err := replace.NewAuthority(hosts)
	require.NoError(t, err)
	own, err := a.Certificate(hosts)
	require.NoError(t, err)
	files, err := a.Write(t.TempDir(), false)
	require.NoError(t, err)
	secure, plain := httptest.NewUnstartedServer(play), httptest.NewServer(play)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{*own}}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	t.Cleanup(plain.Close)
	r := &rig{}
	players := []string{secure.Listener.Addr().String(), plain.Listener.Addr().String()}
	r.proxy, err = replace.StartProxy(func(_ context.Context, c replace.Caller) (string, error) {
		for i, h := range hosts {
			if h.Covers(c.Host, c.Port) {
				return players[i], nil
			}
		}
		if c.Host == "down.example" {
			return "127.0.0.1:1", nil
		}
		r.refused.Add(1)
		return "", fmt.Errorf("%s is nobody whom this run may reach", c.Host)
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.proxy.Close()) })
	text, err := os.ReadFile(files.Roots)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(text))
	proxy := &url.URL{Scheme: "http", Host: r.proxy.Address()}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	r.client = &http.Client{Transport: transport, Timeout: 10 * time.Second}
	return r
}

func TestTheProxyLeadsToWhoPlaysAHost(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%s %s%s %d %v", r.Method, r.Host, r.URL.Path, n, err)
	})
	large := strings.Repeat("x", 5<<20)
	for range 3 {
		for _, scheme := range []string{"https", "http"} {
			res, err := r.client.Post(scheme+"://pay.example/v1/charges", "text/plain", strings.NewReader(large))
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, fmt.Sprintf("POST pay.example/v1/charges %d <nil>", len(large)), string(body))
		}
	}
	require.Zero(t, r.refused.Load())
}

func TestTheProxyLeadsNowhereElse(t *testing.T) {
	r := newRig(t, func(http.ResponseWriter, *http.Request) { t.Error("it was reached") })
	_, err := r.client.Get("https://api.other.example/")
	require.ErrorContains(t, err, "Forbidden")
	res, err := r.client.Get("http://api.other.example/")
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	require.Equal(t, "api.other.example is nobody whom this run may reach\n", string(body))
	_, err = r.client.Get("https://pay.example:8443/")
	require.ErrorContains(t, err, "Forbidden", "another port is another service")
	require.EqualValues(t, 3, r.refused.Load())
	for _, text := range []string{"GET / HTTP/1.1\r\nHost: pay.example\r\n\r\n", "CONNECT pay.example HTTP/1.1\r\nHost: pay.example\r\n\r\n"} {
		require.Contains(t, said(t, r, text), "400 Bad Request")
	}
	require.Empty(t, said(t, r, "\x16\x03\x01\r\n\r\n"), "what is no HTTP gets no answer")
	require.Empty(t, said(t, r, "GET /"+strings.Repeat("a", 100<<10)), "and what has no end neither")
}

// said is what the proxy answers.
func said(t *testing.T, r *rig, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", r.proxy.Address())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, text)
	require.NoError(t, err)
	answer, _ := io.ReadAll(c) // a reset is no answer
	return string(answer)
}

// What becomes of a connection at the player becomes of it at the client.
func TestTheProxyPassesOnHowAConnectionEnds(t *testing.T) {
	ends := map[string]func(*net.TCPConn){
		"a reset": func(c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() },
		"an end":  func(c *net.TCPConn) { _ = c.Close() },
	}
	sees := map[string]error{"a reset": syscall.ECONNRESET, "an end": io.EOF}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // what is closed unread is reset
				c, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				if within, ok := c.(*tls.Conn); ok {
					c = within.NetConn()
				}
				end(c.(*net.TCPConn))
			})
			for _, scheme := range []string{"https", "http"} {
				_, err := r.client.Post(scheme+"://pay.example/", "text/plain", strings.NewReader("a"))
				require.Error(t, err)
				if scheme == "https" && name == "an end" {
					require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), "%v", err)
					continue
				}
				require.ErrorIs(t, err, sees[name], scheme)
			}
		})
	}
	r := newRig(t, nil)
	_, err := r.client.Get("https://down.example/")
	require.ErrorIs(t, err, syscall.ECONNRESET, "who is down")
}

// An answer that is written bit by bit arrives so, and a client that lets go is seen.
func TestTheProxyKeepsNothingBack(t *testing.T) {
	gone := make(chan struct{}, 2)
	r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "first")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		gone <- struct{}{}
	})
	for _, scheme := range []string{"https", "http"} {
		res, err := r.client.Get(scheme + "://pay.example/")
		require.NoError(t, err)
		line, err := bufio.NewReader(res.Body).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "first\n", line)
		require.NoError(t, res.Body.Close())
		select {
		case <-gone:
		case <-time.After(30 * time.Second):
			t.Fatal("the player does not see that its client has let go: ", scheme)
		}
	}
}

func TestTheProxyClosesWithAllThatItLeads(t *testing.T) {
	r := newRig(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	over := make(chan error)
	for _, scheme := range []string{"https", "http"} {
		go func() {
			_, err := r.client.Get(scheme + "://pay.example/")
			over <- err
		}()
	}
	idle, err := net.Dial("tcp", r.proxy.Address())
	require.NoError(t, err)
	defer idle.Close()
	select {
	case <-over:
		t.Fatal("a call has ended by itself")
	case <-time.After(100 * time.Millisecond):
	}
	require.NoError(t, r.proxy.Close())
	require.Error(t, <-over)
	require.Error(t, <-over)
}
