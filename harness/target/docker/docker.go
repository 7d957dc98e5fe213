// Package docker runs the system under test in a container with a memory limit,
// for the programs that choose it: it brings Docker's own client along.
//
// Enter at [Runtime], or at [New] for one target that is a program, at [Image] for
// a process that is somebody's image.
package docker

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/undo"
)

// Config is a program to run in a container with a memory limit.
type Config struct {
	target.Program
	// Binary is the path of the program: one static Linux executable (for Go,
	// CGO_ENABLED=0), which becomes the whole image. Required.
	Binary string
	// MemoryLimit, in bytes, is the most that it may have, swap included; at
	// more the kernel kills it. At least 6 MiB, Docker's own minimum. Required.
	MemoryLimit uint64
	// Engine is where the Docker engine answers, for example
	// "unix:///run/docker.sock". Defaults to DOCKER_HOST, then Docker's default.
	Engine string
}

const leastMemory = 6 << 20

// Validate reports all that is wrong with it.
func (c Config) Validate() error {
	errs := []error{c.Program.Validate()}
	if c.Binary == "" {
		errs = append(errs, errors.New("no Binary is named"))
	}
	if c.MemoryLimit < leastMemory {
		errs = append(errs, fmt.Errorf("MemoryLimit is %d bytes; Docker's least is %d", c.MemoryLimit, leastMemory))
	}
	return errors.Join(errs...)
}

// DefaultMemoryLimit is the limit of a container for which none was given:
// generous, for a container without one could take the whole machine down.
const DefaultMemoryLimit = 1 << 30

// Runtime runs programs in containers of the engine at an address, for example
// "unix:///run/docker.sock". An empty one is DOCKER_HOST, then Docker's default.
func Runtime(engine string) target.Runtime {
	return target.Runtime{
		Name: "container",
		New: func(s target.Spec) (target.Target, error) {
			return New(Config{Program: s.Program, Binary: s.Command, MemoryLimit: cmp.Or(s.MemoryLimit, DefaultMemoryLimit), Engine: engine})
		},
		Image:   func(s target.ImageSpec) (target.Launcher, error) { return Image(engine, ImageConfig{ImageSpec: s}) },
		Undoers: undoers(),
	}
}

// New prepares a target that runs in a container of an engine on this machine:
// alone in its image, with the host's network (so it reaches databases and fakes
// on loopback, and binds there), without capabilities, as the harness's own
// user. Each life is a container of its own; the image is made by the first
// Start and removed by Stop. New asks nothing of the engine yet.
func New(c Config) (*target.Runner, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("target container: %w", err)
	}
	c.Name = cmp.Or(c.Name, filepath.Base(c.Binary))
	return target.New(c.Program, &containers{Config: c})
}

// containers begins lives that are containers.
type containers struct {
	Config
	engine *engine   // nil while nothing is there
	image  string    // empty while there is none
	step   undo.Step // the image's

	mu      sync.Mutex // guards version, which Describe reads
	version string
}

// Describe implements [target.Launcher].
func (c *containers) Describe() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := fmt.Sprintf("container of %s, memory limit %s", c.Name, result.Bytes(float64(c.MemoryLimit)))
	if c.version != "" {
		text += ", Docker " + c.version
	}
	return text
}

// prepare makes sure that there is an engine and an image.
func (c *containers) prepare(ctx context.Context) error {
	if c.engine == nil {
		e, version, err := openEngine(ctx, c.Engine)
		if err != nil {
			return err
		}
		c.engine = e
		c.mu.Lock()
		c.version = version
		c.mu.Unlock()
	}
	if c.image != "" {
		return nil
	}
	name := ownPrefix + "target:" + strings.ToLower(rand.Text())
	step, err := c.Journal.Plan(stepImage, c.undoArgs(name))
	if err != nil {
		return err
	}
	c.image, c.step = name, step // so that Release removes a half-made one too
	return c.engine.importImage(ctx, name, c.Journal.Run(), c.Binary)
}

func (c *containers) undoArgs(name string) map[string]string {
	return map[string]string{"run": c.Journal.Run(), "name": name, "engine": c.engine.host}
}

// Launch implements [target.Launcher].
func (c *containers) Launch(ctx context.Context, i target.Invocation) (target.Life, error) {
	if err := c.prepare(ctx); err != nil {
		return nil, errors.Join(err, c.Release(context.WithoutCancel(ctx)))
	}
	l := &life{
		engine: c.engine, journal: c.Journal, run: i.Run, name: ownPrefix + strings.ToLower(i.Step),
		limit: c.MemoryLimit, log: i.Log, ended: make(chan struct{}),
	}
	var err error
	if l.step, err = c.Journal.Plan(stepContainer, c.undoArgs(l.name)); err != nil {
		return nil, err
	}
	if err := l.begin(ctx, c.options(l.name, i)); err != nil {
		return nil, errors.Join(err, l.remove())
	}
	return l, nil
}

// options is the container to make.
func (c *containers) options(name string, i target.Invocation) client.ContainerCreateOptions {
	return client.ContainerCreateOptions{
		Name: name,
		Config: &container.Config{
			Image: c.image, Cmd: i.Args, Env: i.Env,
			User:   fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()),
			Labels: map[string]string{undo.RunLabel: i.Run},
		},
		HostConfig: &container.HostConfig{
			NetworkMode: "host",
			UsernsMode:  "host", // an engine that remaps users refuses the host's network otherwise
			CapDrop:     []string{"ALL"},
			SecurityOpt: []string{"no-new-privileges"},
			LogConfig:   container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "10m", "max-file": "2"}},
			Resources:   container.Resources{Memory: int64(c.MemoryLimit), MemorySwap: int64(c.MemoryLimit)},
		},
	}
}

// Release removes the image and lets go of the engine.
func (c *containers) Release(ctx context.Context) error {
	if c.engine == nil {
		return nil
	}
	if c.image != "" {
		if err := c.engine.removeImage(ctx, c.image, c.Journal.Run()); err != nil {
			return err
		}
		if err := c.Journal.Done(c.step); err != nil {
			return err
		}
		c.image = ""
	}
	c.engine.close()
	c.engine = nil
	return nil
}
