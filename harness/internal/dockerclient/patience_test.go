package dockerclient

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"
)

// hanging is an engine that says that it is there, begins the answer to nothing else, and
// ends none that it began.
func hanging(t *testing.T) http.Handler {
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.47")
		switch path.Base(r.URL.Path) {
		case "_ping":
			return
		case "info", "logs", "create":
			if r.URL.Query().Has("fromImage") {
				break
			}
			w.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(w, "{")
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-over:
		case <-r.Context().Done():
		}
	})
}

// engines are how such an engine is reached.
func engines(t *testing.T) map[string]string {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	plain := &http.Server{Handler: hanging(t)}
	go func() { _ = plain.Serve(l) }()
	t.Cleanup(func() { _ = plain.Close() })
	byTLS := httptest.NewTLSServer(hanging(t))
	t.Cleanup(byTLS.Close)
	t.Setenv(client.EnvOverrideCertPath, certificates(t, byTLS.Certificate()))
	t.Setenv(client.EnvTLSVerify, "1")
	return map[string]string{"a socket": "unix://" + socket, "TLS": strings.Replace(byTLS.URL, "https://", "tcp://", 1)}
}

// certificates is a folder as Docker's programs want it.
func certificates(t *testing.T, authority *x509.Certificate) string {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	own, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: authority.Raw}, "cert.pem": {Type: "CERTIFICATE", Bytes: own}, "key.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&block), 0o600))
	}
	return dir
}

// Whatever an engine that is there does not answer ends, and by whatever way it is
// reached.
func TestAnEngineThatHangsAfterItsPingIsGivenUp(t *testing.T) {
	short := patience{look: 100 * time.Millisecond, work: 200 * time.Millisecond, stream: 10 * time.Second}
	for how, host := range engines(t) {
		for what, call := range map[string]func(ctx context.Context, api *client.Client) error{
			"containers": func(ctx context.Context, api *client.Client) error {
				_, err := api.ContainerList(ctx, client.ContainerListOptions{})
				return err
			},
			"an image": func(ctx context.Context, api *client.Client) error { _, err := api.ImageInspect(ctx, "x"); return err },
			"the engine, half of it": func(ctx context.Context, api *client.Client) error {
				_, err := api.Info(ctx, client.InfoOptions{})
				return err
			},
			"a new container, half of it": func(ctx context.Context, api *client.Client) error {
				_, err := api.ContainerCreate(ctx, client.ContainerCreateOptions{Config: &container.Config{Image: "x"}})
				return err
			},
			"a container to be started": func(ctx context.Context, api *client.Client) error {
				_, err := api.ContainerStart(ctx, "x", client.ContainerStartOptions{})
				return err
			},
			"a container to be removed": func(ctx context.Context, api *client.Client) error {
				_, err := api.ContainerRemove(ctx, "x", client.ContainerRemoveOptions{})
				return err
			},
		} {
			t.Run(what+" by "+how, func(t *testing.T) {
				api, err := short.client(host)
				require.NoError(t, err)
				defer api.Close()
				require.NoError(t, Ask(t.Context(), api))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err = call(ctx, api)
				require.Error(t, err)
				require.NoError(t, ctx.Err())
				if !strings.Contains(what, "half") { // of such the client tells what it makes of it
					require.ErrorIs(t, err, ErrSilent)
				}
			})
		}
	}
	short.stream = 300 * time.Millisecond
	for how, host := range engines(t) {
		api, err := short.client(host)
		require.NoError(t, err)
		_, err = api.ImagePull(t.Context(), "x", client.ImagePullOptions{})
		require.Error(t, err, "%s: its answer does not begin", how)
		require.NoError(t, api.Close())
	}
}

// What is read for as long as it comes is not ended by the time that a look may take.
func TestAStreamGoesOn(t *testing.T) {
	short := patience{look: 50 * time.Millisecond, work: time.Minute, stream: time.Minute}
	for how, host := range engines(t) {
		t.Run(how, func(t *testing.T) {
			api, err := short.client(host)
			require.NoError(t, err)
			defer api.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			log, err := api.ContainerLogs(ctx, "x", client.ContainerLogsOptions{Follow: true, ShowStdout: true})
			require.NoError(t, err)
			defer log.Close()
			_, err = api.ContainerList(ctx, client.ContainerListOptions{})
			require.ErrorIs(t, err, ErrSilent, "the time of a look is over")
			ended := make(chan error, 1)
			go func() { _, err := io.Copy(io.Discard, log); ended <- err }()
			select {
			case err := <-ended:
				t.Fatal("the stream has ended: ", err)
			case <-time.After(4 * short.look):
			}
			cancel()
			<-ended // with an error, or orderly: the engine ends it, too, when it is let go
		})
	}
}

func TestHowLongACallMayTake(t *testing.T) {
	const look, work, stream = 1, 2, 0
	for call, want := range map[string]time.Duration{
		"GET /_ping": look, "HEAD /_ping": look, "GET /v1.47/info": look, "GET /v1.47/containers/json": look, "GET /v1.47/containers/x/json": look, "GET /v1.47/images/a/b:c/json": look,
		"POST /v1.47/containers/create": work, "POST /v1.47/containers/x/start": work, "POST /v1.47/containers/x/kill": work, "DELETE /v1.47/containers/x": work,
		"GET /v1.47/containers/x/logs": stream, "GET /v1.47/containers/x/archive": stream, "PUT /v1.47/containers/x/archive": stream, "POST /v1.47/containers/x/wait": stream,
		"GET /v1.47/events": stream, "GET /v1.47/images/x/get": stream, "POST /v1.47/images/create": stream, "POST /v1.47/build": stream,
	} {
		method, at, _ := strings.Cut(call, " ")
		r, err := http.NewRequest(method, "http://x"+at, nil)
		require.NoError(t, err)
		require.Equal(t, want, patience{look, work, 3}.of(r), call)
	}
}

// The certificates of an engine elsewhere are nothing to one of this machine, and bad
// ones are named.
func TestCertificates(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	dir := certificates(t, server.Certificate())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.pem"), []byte("none"), 0o600))
	t.Setenv(client.EnvOverrideCertPath, dir)
	_, err := New("tcp://127.0.0.1:1")
	require.ErrorContains(t, err, client.EnvOverrideCertPath)
	require.ErrorContains(t, err, "ca.pem")
	api, err := New("unix:///named")
	require.NoError(t, err)
	require.NoError(t, api.Close())
}
