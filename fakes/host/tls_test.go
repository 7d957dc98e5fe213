package host_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
)

// certificate is one for pay.example that signs itself.
func certificate(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"pay.example"}, NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// startSecure is a host that speaks TLS, too, and a client that trusts it.
func startSecure(t *testing.T) (h *host.Host, c *http.Client, trusted *tls.Config) {
	t.Helper()
	own, pool := certificate(t)
	h, _, _ = start(t, host.Config{Certificate: own})
	trusted = &tls.Config{RootCAs: pool, ServerName: "pay.example"}
	transport := &http.Transport{TLSClientConfig: trusted, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return h, &http.Client{Transport: transport}, trusted
}

func secureURL(h *host.Host) string { return strings.Replace(h.URL(0), "http:", "https:", 1) }

func TestTheSameAddressSpeaksWithTLSAndWithout(t *testing.T) {
	h, c, _ := startSecure(t)
	require.Equal(t, "attempt 1 of 0 bytes", get(t, c, secureURL(h)+"/secure"))
	require.Equal(t, "attempt 1 of 0 bytes", get(t, c, h.URL(0)+"/plain"))
	require.Equal(t, host.Secured{Served: 1}, h.Secured())
	body := strings.Repeat("x", 3<<20)
	for range 3 { // on one connection
		res, err := c.Post(secureURL(h)+"/large", "text/plain", strings.NewReader(body))
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, 1, res.ProtoMajor, "a client that would rather speak HTTP/2 speaks HTTP/1.1")
	}
	require.EqualValues(t, 1, h.Secured().Served)
	require.Equal(t, map[uint32]int{1: 4, 2: 1}, h.Journal().PerConnection(journal.Filter{}))
}

// What a fault does to a connection is what the client sees within TLS.
func TestFaultsActWithinTLS(t *testing.T) {
	for text, sees := range map[string]func(error) bool{
		"reset":        func(err error) bool { return errors.Is(err, syscall.ECONNRESET) },
		"reset body":   func(err error) bool { return errors.Is(err, syscall.ECONNRESET) },
		"close":        func(err error) bool { return errors.Is(err, io.EOF) },
		"cut length":   func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) },
		"refuse":       func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) },
		"hang headers": timedOut, "hang body": timedOut, "hang accept": timedOut, "lost hang": timedOut,
		"garbage": func(err error) bool { return strings.Contains(err.Error(), "malformed HTTP") },
	} {
		t.Run(text, func(t *testing.T) {
			h, c, _ := startSecure(t)
			c.Timeout = 300 * time.Millisecond
			require.NoError(t, h.Faults().AddText(text))
			require.Eventually(t, func() bool { return h.Shut() == (text == "refuse") }, 30*time.Second, time.Millisecond)
			res, err := c.Get(secureURL(h) + "/a")
			if err == nil {
				_, err = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
			require.Error(t, err)
			require.True(t, sees(err), "%v", err)
			require.Empty(t, h.Secured().Refused, "a fault is no distrust")
			if text != "hang accept" {
				require.Empty(t, h.Secured().Silent)
			}
			_, err = h.Clear(t.Context())
			require.NoError(t, err)
			c.Timeout = 0
			require.NotEmpty(t, get(t, c, secureURL(h)+"/a"))
			c.CloseIdleConnections() // before the host, which would wait for none of them
		})
	}
}

func timedOut(err error) bool {
	timeout := net.Error(nil)
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestHowAClientPartsIsSeen(t *testing.T) {
	h, _, trusted := startSecure(t)
	dial := func(c *tls.Config) error {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(h.URL(0), "http://"), c)
		if err == nil {
			err = conn.Close()
		}
		return err
	}
	with := func(change func(*tls.Config)) *tls.Config {
		c := trusted.Clone()
		change(c)
		return c
	}
	for _, row := range []struct {
		name     string
		client   *tls.Config
		why      string
		distrust bool
	}{
		{"its own trust store", with(func(c *tls.Config) { c.RootCAs = x509.NewCertPool() }), "TLS alert: bad certificate", true},
		{"a pinned certificate", with(func(c *tls.Config) {
			c.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error { return errors.New("not the pinned one") }
		}), "TLS alert: bad certificate", true},
		{"HTTP/2 alone", with(func(c *tls.Config) { c.NextProtos = []string{"h2"} }), "h2", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := len(h.Secured().Refused)
			require.Error(t, dial(row.client))
			require.Eventually(t, func() bool { return len(h.Secured().Refused) == before+1 }, 30*time.Second, time.Millisecond)
			last := h.Secured().Refused[before]
			require.Contains(t, last.Why, row.why)
			require.Equal(t, row.distrust, last.Distrust)
			require.True(t, last.From.IsValid())
		})
	}
	raw, err := net.Dial("tcp", strings.TrimPrefix(h.URL(0), "http://"))
	require.NoError(t, err)
	hello := tls.Client(hangsUp{raw, "\x15\x03\x03\x00\x02\x02\x30"}, trusted)
	require.Error(t, hello.Handshake())
	require.NoError(t, raw.Close())
	require.Eventually(t, func() bool { return len(h.Secured().Refused) == 4 }, 30*time.Second, time.Millisecond)
	require.Equal(t, "TLS alert: unknown certificate authority", h.Secured().Refused[3].Why, "OpenSSL tells it in plain text")
	require.True(t, h.Secured().Refused[3].Distrust)

	require.NoError(t, dial(trusted), "one that looks afterwards, and closes without a word")
	require.Eventually(t, func() bool { return len(h.Secured().Silent) == 1 }, 30*time.Second, time.Millisecond)

	raw, err = net.Dial("tcp", strings.TrimPrefix(h.URL(0), "http://"))
	require.NoError(t, err)
	hello = tls.Client(hangsUp{raw, ""}, trusted)
	require.Error(t, hello.Handshake(), "one that looks before it has shaken hands, as Node's does")
	require.NoError(t, raw.Close())
	require.Eventually(t, func() bool { return len(h.Secured().Silent) == 2 }, 30*time.Second, time.Millisecond)
	require.Len(t, h.Secured().Refused, 4)
	require.Zero(t, h.Secured().Served)
}

// A host that closes does not wait for clients that neither read nor shake hands.
func TestASecureHostClosesAtOnce(t *testing.T) {
	h, c, _ := startSecure(t)
	require.NoError(t, h.Faults().AddText("endless"))
	over := make(chan struct{})
	var calls sync.WaitGroup
	for range 3 {
		calls.Go(func() {
			if res, err := c.Get(secureURL(h) + "/a"); err == nil {
				defer res.Body.Close()
				<-over // reads nothing
			}
		})
	}
	defer calls.Wait()
	defer close(over)
	idle, err := net.Dial("tcp", strings.TrimPrefix(h.URL(0), "http://"))
	require.NoError(t, err)
	defer idle.Close()
	_, err = idle.Write([]byte{22, 3, 1})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return h.Connections().Open == 4 && h.Journal().Gauge("").InFlight == 3 }, 30*time.Second, time.Millisecond)
	began := time.Now()
	h.Close()
	require.Less(t, time.Since(began), 30*time.Second)
}

// hangsUp is a client that says something when the server has answered, and nothing more.
type hangsUp struct {
	net.Conn
	last string
}

// Read implements [net.Conn].
func (h hangsUp) Read(b []byte) (int, error) {
	if _, err := h.Conn.Read(b); err != nil {
		return 0, err
	}
	_, err := io.WriteString(h.Conn, h.last)
	return 0, errors.Join(io.EOF, err)
}
