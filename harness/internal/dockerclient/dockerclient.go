// Package dockerclient is the one client of Docker engines: each of its calls ends. An
// engine may take a connection and never answer; without a bound it would hold up
// every run of the machine for ever.
package dockerclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/moby/moby/client"
)

const (
	// AnswerPatience is how long an engine may take to say that it is there.
	AnswerPatience = 3 * time.Second
	// callPatience is how long it may take to begin the answer to any other call. To
	// pull an image, or to start a container on a busy disk, takes it a while.
	callPatience = 30 * time.Second
)

// ErrSilent: the engine takes connections and does not answer.
var ErrSilent = errors.New("the Docker engine does not answer")

// New is a client of the engine at host, for example unix:///run/docker.sock; the
// environment (DOCKER_HOST) or Docker's own default where host is empty. It says
// nothing to the engine yet.
func New(host string) (*client.Client, error) {
	bounded := &http.Client{Transport: &http.Transport{ResponseHeaderTimeout: callPatience}}
	options := []client.Opt{client.WithHTTPClient(bounded), client.WithHost(client.DefaultDockerHost), client.WithScheme("http"), client.FromEnv}
	if os.Getenv("DOCKER_CERT_PATH") != "" { // an engine by TLS brings its own transport, which callers' contexts bound
		options = []client.Opt{client.FromEnv}
	}
	if host != "" {
		options = append(options, client.WithHost(host))
	}
	return client.New(options...)
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
