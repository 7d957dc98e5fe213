package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/database/internal/address"
	"holdfast.dev/holdfast/harness/undo"

	"github.com/containerd/errdefs"
	"github.com/jackc/pgx/v5"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

const (
	startPatience = 60 * time.Second // from created to letting us in; initdb on a busy machine included
	stopPatience  = 10 * time.Second
	postgresPort  = "5432/tcp"
	superuser     = "holdfast"
	undoKind      = "postgres-container"
)

// Config says what to run.
type Config struct {
	Image    string
	Settings []string // name=value, as postgres takes them after -c
	LockDir  string   // where the lock file is kept by which others know that we live
	Journal  *undo.Journal
}

// Container is a running server.
type Container struct {
	engine  *Engine
	name    string
	lock    *lock
	step    *undo.Step
	journal *undo.Journal
	address address.Address
}

// Run starts a container from an image that honours POSTGRES_USER,
// POSTGRES_PASSWORD and POSTGRES_DB as the official one does, and returns once
// the server lets us in.
func (e *Engine) Run(ctx context.Context, config Config) (*Container, error) {
	c := &Container{engine: e, name: "holdfast-postgres-" + strings.ToLower(rand.Text()[:12]), journal: config.Journal}
	if err := c.start(ctx, config); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		return nil, errors.Join(err, c.Close(ctx))
	}
	return c, nil
}

// Address returns where the server is, as its superuser, on database postgres.
func (c *Container) Address() address.Address { return c.address }

// Name returns the container's name.
func (c *Container) Name() string { return c.name }

func (c *Container) start(ctx context.Context, config Config) error {
	var err error
	if c.lock, err = newLock(config.LockDir, c.name); err != nil {
		return err
	}
	run := "-"
	if c.journal != nil {
		run = c.journal.Run()
		step, err := c.journal.Plan(undoKind, map[string]string{"name": c.name})
		if err != nil {
			return err
		}
		c.step = &step
	}
	password := rand.Text()
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	provider, err := c.engine.provider()
	if err != nil {
		return fmt.Errorf("start a container of %s: %s", config.Image, oneLine(err.Error()))
	}
	started, err := provider.RunContainer(ctx, testcontainers.ContainerRequest{
		Name:         c.name,
		Image:        config.Image,
		ExposedPorts: []string{postgresPort},
		Env: map[string]string{
			"POSTGRES_USER": superuser, "POSTGRES_PASSWORD": password, "POSTGRES_DB": "postgres",
			"POSTGRES_HOST_AUTH_METHOD": "scram-sha-256", undo.RunVariable: run,
		},
		Cmd:    command(config.Settings),
		Labels: map[string]string{undo.RunLabel: run, lockLabel: c.lock.path, machineLabel: machine(), placeLabel: place()},
		HostConfigModifier: func(host *container.HostConfig) {
			host.ShmSize = 256 << 20 // Docker's 64 MB do not hold a parallel query
			if c.engine.local() {
				loopback := network.PortBinding{HostIP: netip.MustParseAddr("127.0.0.1")}
				host.PortBindings = network.PortMap{network.MustParsePort(postgresPort): {loopback}}
			}
		},
	})
	if err != nil {
		return fmt.Errorf("start a container of %s: %s", config.Image, oneLine(err.Error()))
	}
	return c.awaitReady(ctx, started.GetContainerID(), password)
}

func command(settings []string) []string {
	cmd := []string{"postgres"}
	for _, s := range settings {
		cmd = append(cmd, "-c", s)
	}
	return cmd
}

// awaitReady tries every place where the server may be reached until one lets us
// in. While the official image sets the database up, its server listens on a
// socket inside only, so that being let in by TCP means that it is done.
func (c *Container) awaitReady(ctx context.Context, id, password string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	last := errors.New("no address to try")
	for {
		state, err := c.engine.client.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		if err != nil {
			return fmt.Errorf("look at container %s: %w (%w)", c.name, err, last)
		}
		if !state.Container.State.Running {
			return fmt.Errorf("container %s ended with exit code %d: %s", c.name, state.Container.State.ExitCode, c.lastWords(ctx))
		}
		for _, candidate := range c.engine.candidates(state.Container) {
			a := address.New(candidate.Addr().String(), candidate.Port(), superuser, password, "postgres")
			if err := ping(ctx, a); err != nil {
				last = err
				continue
			}
			c.address = a
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the Postgres of container %s lets nobody in: %w", c.name, last)
		case <-tick.C:
		}
	}
}

// candidates are the published port on each host where it may be, then the
// container's own address.
func (e *Engine) candidates(c container.InspectResponse) []netip.AddrPort {
	var found []netip.AddrPort
	if c.NetworkSettings == nil {
		return nil
	}
	for port, bindings := range c.NetworkSettings.Ports {
		for _, b := range bindings {
			n, err := strconv.ParseUint(b.HostPort, 10, 16)
			if err != nil || port.String() != postgresPort {
				continue
			}
			for _, host := range e.hosts() {
				found = append(found, resolve(host, uint16(n))...)
			}
		}
	}
	for _, n := range c.NetworkSettings.Networks {
		if n.IPAddress.IsValid() {
			found = append(found, netip.AddrPortFrom(n.IPAddress, 5432))
		}
		if n.Gateway.IsValid() { // where the engine's host is, seen from a container
			for _, b := range c.NetworkSettings.Ports[network.MustParsePort(postgresPort)] {
				if p, err := strconv.ParseUint(b.HostPort, 10, 16); err == nil {
					found = append(found, netip.AddrPortFrom(n.Gateway, uint16(p)))
				}
			}
		}
	}
	return found
}

func resolve(host string, port uint16) []netip.AddrPort {
	ips, err := net.LookupIP(host)
	if err != nil {
		return nil
	}
	var found []netip.AddrPort
	for _, ip := range ips {
		if a, ok := netip.AddrFromSlice(ip); ok {
			found = append(found, netip.AddrPortFrom(a.Unmap(), port))
		}
	}
	return found
}

func ping(ctx context.Context, a address.Address) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, a.DSN())
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func (c *Container) lastWords(ctx context.Context) string {
	logs, err := c.engine.client.ContainerLogs(ctx, c.name, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: "5"})
	if err != nil {
		return err.Error()
	}
	defer logs.Close()
	var text strings.Builder
	_, _ = stdcopy.StdCopy(&text, &text, logs)
	return oneLine(text.String())
}

// Close removes the container with its volumes and sees that it is gone. It may
// be called again.
func (c *Container) Close(ctx context.Context) error {
	if err := c.engine.remove(ctx, c.name); err != nil {
		return err
	}
	if c.step != nil {
		if err := c.journal.Done(*c.step); err != nil {
			return err
		}
		c.step = nil
	}
	if c.lock != nil {
		c.lock.remove()
		c.lock = nil
	}
	return nil
}

func (e *Engine) remove(ctx context.Context, name string) error {
	_, err := e.client.ContainerRemove(ctx, name, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) { // conflict: it is being removed
		return fmt.Errorf("remove container %s: %w", name, err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := e.client.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
		if errdefs.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("see whether container %s is gone: %w", name, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("container %s is still there: %w", name, ctx.Err())
		case <-tick.C:
		}
	}
}
