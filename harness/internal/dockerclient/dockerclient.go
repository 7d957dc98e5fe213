// Package dockerclient is the one client of Docker engines: each of its calls ends. An
// engine may take a connection and never answer; without a bound it would hold up
// every run of the machine for ever.
package dockerclient

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// AnswerPatience is how long an engine may take to say that it is there.
const AnswerPatience = 3 * time.Second

// patience is how long an engine may take for a call, from its start to the end of its
// answer; where one of the two is a stream, as it is when an image is pulled, from the
// end of the call to the start of the answer.
type patience struct {
	look   time.Duration // for a call that changes nothing
	work   time.Duration // for any other
	stream time.Duration // longer than both: it is the transport's, and so for all calls
}

// usual is a patience for machines that are busy: to start a container on a busy disk
// takes a while, and whoever looks at it waits as long.
var usual = patience{look: 10 * time.Second, work: 20 * time.Second, stream: 30 * time.Second}

// ErrSilent: the engine takes connections and does not answer.
var ErrSilent = errors.New("the Docker engine does not answer")

// Silence is an [ErrSilent] about one call.
type Silence struct {
	call string
	most time.Duration
}

func (s *Silence) Error() string {
	return fmt.Sprintf("%v: %s took more than %v", ErrSilent, s.call, s.most)
}

func (s *Silence) Unwrap() error { return ErrSilent }

// New is a client of the engine at host, for example unix:///run/docker.sock; the
// environment (DOCKER_HOST) or Docker's own default where host is empty. It says
// nothing to the engine yet.
func New(host string) (*client.Client, error) { return usual.client(host) }

func (p patience) client(host string) (*client.Client, error) {
	host = cmp.Or(host, os.Getenv(client.EnvOverrideHost), client.DefaultDockerHost)
	transport := &http.Transport{TLSHandshakeTimeout: AnswerPatience, ResponseHeaderTimeout: p.stream, MaxIdleConns: 6, IdleConnTimeout: 30 * time.Second}
	scheme := "http"
	if certificates := os.Getenv(client.EnvOverrideCertPath); certificates != "" && !strings.HasPrefix(host, "unix:") {
		// The client's own way to read them has a transport without any bound.
		var err error
		if transport.TLSClientConfig, err = byTLS(certificates); err != nil {
			return nil, fmt.Errorf("%s=%s: %w", client.EnvOverrideCertPath, certificates, err)
		}
		scheme = "https"
	}
	return client.New(
		client.WithHTTPClient(&http.Client{Transport: transport, CheckRedirect: client.CheckRedirect}),
		client.WithHost(host), client.WithScheme(scheme), client.WithAPIVersionFromEnv(), client.WithHTTPRequestHook(p.bound))
}

// byTLS reads the certificates of a folder as Docker's own programs do.
func byTLS(dir string) (*tls.Config, error) {
	own, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return nil, err
	}
	known, err := x509.SystemCertPool()
	if err != nil {
		known = x509.NewCertPool()
	}
	if !known.AppendCertsFromPEM(authority) {
		return nil, errors.New("there is no certificate in ca.pem")
	}
	return &tls.Config{
		Certificates: []tls.Certificate{own}, RootCAs: known, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: os.Getenv(client.EnvTLSVerify) == "",
	}, nil
}

// bound gives a call its time. When that is over the call has ended, or is ended here.
func (p patience) bound(r *http.Request) error {
	most := p.of(r)
	if most == 0 {
		return nil
	}
	silent := &Silence{r.Method + " " + r.URL.Path, most}
	ctx, end := context.WithCancelCause(r.Context())
	time.AfterFunc(most, func() { end(silent) })
	*r = *r.WithContext(ctx)
	return nil
}

// of is how long a call may take; 0 where there is a stream.
func (p patience) of(r *http.Request) time.Duration {
	of, what := path.Split(r.URL.Path)
	switch {
	case what == "create" && path.Base(of) == "images", slices.Contains(streams(), what):
		return 0
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		return p.look
	}
	return p.work
}

// streams are the calls with as much to say as there is, by the ends of their paths.
func streams() []string {
	return []string{"archive", "attach", "build", "commit", "events", "export", "get", "load", "logs", "stats", "wait"}
}

// Ask asks the engine whether it is there, and takes seconds to know that it is not.
func Ask(ctx context.Context, api *client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, AnswerPatience)
	defer cancel()
	_, err := api.Ping(ctx, client.PingOptions{})
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w at %s within %v", ErrSilent, api.DaemonHost(), AnswerPatience)
	case err != nil:
		return fmt.Errorf("no Docker engine answers at %s: %w", api.DaemonHost(), err)
	}
	return nil
}
