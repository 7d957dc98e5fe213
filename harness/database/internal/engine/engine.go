// Package engine runs a Postgres container with testcontainers-go where a Docker
// engine answers.
//
// Enter at [Connect], which decides fast whether an engine is there, then
// [Engine.Provide] for the image and [Engine.Run] for the container.
//
// Two things differ from testcontainers' own way, both measured to go wrong.
// Its reaper, Ryuk, is a second image, which a machine without a registry cannot
// have: it is switched off, and [Engine.Reap] removes what killed runs left,
// known by a label that names a lock file. And its guess at the host where ports
// are published is wrong in a container that talks to its host's engine: every
// address where the server could be is tried, and the first that lets us in is
// it.
package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"

	"holdfast.dev/holdfast/harness/internal/dockerclient"
)

const (
	answerPatience = dockerclient.AnswerPatience // for an engine to be found at all
	// A pull must begin, and go on, within these; a registry that cannot be
	// reached must not hold up a run that has other ways.
	pullBegin = 10 * time.Second
	pullStall = 30 * time.Second
	pullTotal = 5 * time.Minute
)

// Engine is a Docker engine that answered.
type Engine struct {
	client *testcontainers.DockerClient
}

// Connect returns the engine that DOCKER_HOST, the Docker context or the usual
// sockets name, or within 3 s why there is none.
func Connect(ctx context.Context) (*Engine, error) {
	// Read once per process by testcontainers; there is no other switch.
	if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
		return nil, fmt.Errorf("switch testcontainers' reaper off: %w", err)
	}
	tclog.SetDefault(tclog.NewNoopLogger()) // it greets on standard error
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	c, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, errors.New("no Docker engine answers")
	}
	// Each call is bounded: those of testcontainers, too, which go by this client.
	bounded, err := dockerclient.New(c.DaemonHost())
	if err != nil {
		return nil, errors.Join(errors.New("no Docker engine answers"), c.Close())
	}
	_ = c.Close()
	c.Client = bounded
	if err := dockerclient.Ask(ctx, bounded); err != nil {
		_ = c.Close()
		return nil, err
	}
	return &Engine{client: c}, nil
}

// provider is what testcontainers makes containers with. It comes with a client whose
// calls have no bound.
func (e *Engine) provider() (testcontainers.GenericProvider, error) {
	provider, err := testcontainers.ProviderDefault.GetProvider(testcontainers.WithLogger(tclog.NewNoopLogger()))
	if err != nil {
		return nil, err
	}
	docker, ok := provider.(*testcontainers.DockerProvider)
	if !ok {
		return nil, errors.Join(fmt.Errorf("testcontainers makes containers with a %T, which takes no client", provider), provider.Close())
	}
	err = docker.Close()
	docker.SetClient(e.client)
	return docker, err
}

// Client returns the connection to the engine, for what this package does not
// do. It is closed with the Engine.
func (e *Engine) Client() *client.Client { return e.client.Client }

// Close ends the connection to the engine.
func (e *Engine) Close() error { return e.client.Close() }

// Has says whether the image is there.
func (e *Engine) Has(ctx context.Context, image string) (bool, error) {
	_, err := e.client.ImageInspect(ctx, image)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for image %s: %w", image, err)
	}
	return true, nil
}

// Provide sees to it that the image is there, and pulls it if not. It gives up
// soon where the registry does not answer.
func (e *Engine) Provide(ctx context.Context, image string, log func(string)) error {
	has, err := e.Has(ctx, image)
	if has || err != nil {
		return err
	}
	log("pulling image " + image)
	if err := e.pull(ctx, image, pullBegin, pullStall); err != nil {
		return fmt.Errorf("image %s is not here and cannot be pulled: %w", image, err)
	}
	return nil
}

var errStalled = errors.New("the registry does not answer")

func (e *Engine) pull(ctx context.Context, image string, begin, stall time.Duration) error {
	ctx, cancelTotal := context.WithTimeout(ctx, pullTotal)
	defer cancelTotal()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(begin, func() { cancel(errStalled) })
	defer watchdog.Stop()

	response, err := e.client.ImagePull(ctx, image, client.ImagePullOptions{})
	if err != nil {
		return pullError(ctx, err)
	}
	defer response.Close()
	for message, err := range response.JSONMessages(ctx) {
		if err != nil {
			return pullError(ctx, err)
		}
		if message.Error != nil {
			return errors.New(oneLine(message.Error.Message))
		}
		watchdog.Reset(stall)
	}
	return ctx.Err()
}

func pullError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return errors.New(oneLine(err.Error()))
}

// hosts are the hosts where a published port may be reached.
func (e *Engine) hosts() []string {
	if override := os.Getenv("TESTCONTAINERS_HOST_OVERRIDE"); override != "" {
		return []string{override}
	}
	if u, err := url.Parse(e.client.DaemonHost()); err == nil && u.Hostname() != "" {
		return []string{u.Hostname()}
	}
	return []string{"127.0.0.1"}
}

// local says whether the engine runs on this machine, so that a port that is
// published to the loopback address only can be reached.
func (e *Engine) local() bool {
	host := e.hosts()[0]
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
