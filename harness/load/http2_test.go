package load_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
)

// far counts what a server was asked: how often each request, and over which protocol.
type far struct {
	mu        sync.Mutex
	asked     map[string]int
	protocols map[string]int
	bodies    int
}

func (f *far) count(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[r.Header.Get(load.HeaderRequest)]++
	f.protocols[r.Proto]++
	f.bodies += len(body)
}

// plainHTTP2 is a server that speaks HTTP/2 without TLS, and HTTP/1.1.
func plainHTTP2(t *testing.T, answer http.HandlerFunc) (url string, f *far) {
	f = &far{asked: make(map[string]int), protocols: make(map[string]int)}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.count(r)
		answer(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.Protocols = bothProtocols()
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, f
}

// bothProtocols are HTTP/1.1 and HTTP/2, without TLS.
func bothProtocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

// over2 sends 100 requests with a body over HTTP/2.
func over2(t *testing.T, url string) load.Tally {
	attack, err := load.Start(context.Background(), load.Config{BaseURL: url}, load.Stream{
		Name: "s", Profile: load.Constant(500, 200*ms), MaxLag: time.Minute, HTTP2: true,
		Next: func(int64, *rand.Rand) load.Request {
			return load.Request{Method: http.MethodPost, Path: "/", Body: []byte("0123456789")}
		},
	})
	require.NoError(t, err)
	return attack.Wait()[0]
}

// Each request goes over HTTP/2 and once, however the other side ends it.
func TestHTTP2WithPriorKnowledge(t *testing.T) {
	for _, row := range []struct {
		name   string
		answer http.HandlerFunc
		ok     int64
		class  string
	}{
		{"answered", func(http.ResponseWriter, *http.Request) {}, 100, ""},
		{"reset, each by itself", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, load.ClassReset},
	} {
		t.Run(row.name, func(t *testing.T) {
			url, f := plainHTTP2(t, row.answer)
			o := over2(t, url)
			require.EqualValues(t, 100, o.Sent)
			require.Equal(t, row.ok, o.OK, "%v", o.Errors)
			require.Equal(t, 100-row.ok, o.Errors[row.class])
			require.Equal(t, map[string]int{"HTTP/2.0": 100}, f.protocols)
			require.Len(t, f.asked, 100)
			require.Equal(t, 1000, f.bodies)
		})
	}
}

// Who is told to go away in order goes on over another connection: what was not taken is
// sent again, what may have been is not.
func TestHTTP2IsToldToGoAway(t *testing.T) {
	var answered atomic.Int64
	url, f := plainHTTP2(t, func(w http.ResponseWriter, _ *http.Request) {
		if answered.Add(1)%10 == 0 {
			w.Header().Set("Connection", "close")
		}
	})
	o := over2(t, url)
	require.EqualValues(t, 100, o.Sent)
	require.Equal(t, o.Sent, o.OK+o.Errors[load.ClassEOF], "%v", o.Errors)
	require.Greater(t, o.OK, int64(70))
	for id, times := range f.asked {
		require.Equal(t, 1, times, id)
	}
}

// Streams of both protocols may go to one address.
func TestHTTP2IsAskedForByStream(t *testing.T) {
	url, f := plainHTTP2(t, func(http.ResponseWriter, *http.Request) {})
	stream := load.Stream{Name: "new", Profile: load.Constant(100, 100*ms), Next: get("/"), MaxLag: time.Minute, HTTP2: true}
	old := stream
	old.Name, old.HTTP2 = "old", false
	attack, err := load.Start(context.Background(), load.Config{BaseURL: url}, stream, old)
	require.NoError(t, err)
	attack.Wait()
	require.Equal(t, map[string]int{"HTTP/2.0": 10, "HTTP/1.1": 10}, f.protocols)
}

// What no HTTP/2 has is said before anything is sent.
func TestHTTP2HasNoHeadersOfAConnection(t *testing.T) {
	url, f := plainHTTP2(t, func(http.ResponseWriter, *http.Request) {})
	_, err := load.Start(context.Background(), load.Config{BaseURL: url}, load.Stream{
		Name: "s", Profile: load.Constant(100, 100*ms), HTTP2: true, Template: &load.Template{Path: "/", Header: map[string]string{"Connection": "close"}},
	})
	require.ErrorContains(t, err, "HTTP/2 has no header Connection")
	require.Empty(t, f.asked)
}

// TestHTTP2OverTLS holds that nothing else is spoken there: whoever does not agree to it
// is asked nothing, and that is told.
func TestHTTP2OverTLS(t *testing.T) {
	for _, row := range []struct {
		name   string
		offers []string // by the server
		ok     bool
	}{
		{"agreed", []string{"h2", "http/1.1"}, true},
		{"another one is wanted", []string{"http/1.1"}, false},
		{"left open", nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &far{asked: make(map[string]int), protocols: make(map[string]int)}
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f.count(r) }))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.EnableHTTP2 = row.ok
			server.StartTLS()
			defer server.Close()
			server.TLS.NextProtos = row.offers

			trusted := filepath.Join(t.TempDir(), "ca.pem")
			require.NoError(t, os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), helperVariable+"=generator", "BASE="+server.URL, "RATE=100", "FOR=100ms", "HTTP2=true", "SSL_CERT_FILE="+trusted)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			require.NoError(t, err)
			var got generated
			require.NoError(t, json.Unmarshal(out, &got))
			if row.ok {
				require.EqualValues(t, 10, got.OK, "%v %v", got.Errors, got.UnsentWhy)
				require.Equal(t, map[string]int{"HTTP/2.0": 10}, f.protocols)
				return
			}
			require.Equal(t, map[string]int64{"the other side speaks no HTTP/2 over TLS": 10}, got.UnsentWhy, "%v", got.Errors)
			require.Empty(t, f.asked)
		})
	}
}
