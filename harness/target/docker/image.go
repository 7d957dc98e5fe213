package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/safefile"
)

// ImageConfig is somebody's image to run as one process of a service.
type ImageConfig struct {
	target.ImageSpec
	// Port is where the program in it listens when it cannot be told: it then has a
	// network of its own, and Publish says which host:port of this machine leads
	// there. It cannot reach this machine's loopback then. Without a Port it has the
	// machine's network, and is told in its command or environment where to listen.
	Port    int
	Publish func() string
	// Data is a folder in it that is filled from the archive at Archive before it
	// starts, if there is one; with Save the archive is written when it has ended.
	// Empty: none.
	Data, Archive string
	Save          bool
}

// Validate reports all that is wrong with it.
func (c ImageConfig) Validate() error {
	var errs []error
	if c.Image == "" {
		errs = append(errs, errors.New("no Image is named"))
	}
	if c.Journal == nil {
		errs = append(errs, errors.New("the run's undo Journal is missing"))
	}
	if c.MemoryLimit > 0 && c.MemoryLimit < leastMemory {
		errs = append(errs, fmt.Errorf("MemoryLimit is %d bytes; Docker's least is %d", c.MemoryLimit, leastMemory))
	}
	if c.Port < 0 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("the Port %d is none", c.Port))
	}
	if (c.Port > 0) != (c.Publish != nil) {
		errs = append(errs, errors.New("its Port and Publish are given together or not at all"))
	}
	if c.Data != "" && (!path.IsAbs(c.Data) || path.Clean(c.Data) == "/") {
		errs = append(errs, fmt.Errorf("the Data folder %q is not an absolute path below the root", c.Data))
	}
	if (c.Data != "") != (c.Archive != "") {
		errs = append(errs, errors.New("its Data and Archive are given together or not at all"))
	}
	return errors.Join(errs...)
}

// Image prepares to run an image in containers of the engine at an address, as for
// [Runtime]; it asks nothing of the engine yet. The image is pulled where the
// machine has none, and stays. Each life is a container of its own, with the image's
// own user.
func Image(engine string, c ImageConfig) (target.Launcher, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("target image: %w", err)
	}
	c.Name = cmp.Or(c.Name, c.Image)
	return &images{ImageConfig: c, host: engine}, nil
}

// images begins lives that are containers of somebody's image.
type images struct {
	ImageConfig
	host   string
	engine *engine // nil while nothing is there

	mu      sync.Mutex // guards version, which Describe reads
	version string
}

// Describe implements [target.Launcher].
func (c *images) Describe() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := fmt.Sprintf("container %s of image %s", c.Name, c.Image)
	if c.MemoryLimit > 0 {
		text += ", memory limit " + result.Bytes(float64(c.MemoryLimit))
	}
	if c.CPUs > 0 {
		text += fmt.Sprintf(", %v CPUs", c.CPUs)
	}
	if c.version != "" {
		text += ", Docker " + c.version
	}
	return text
}

// prepare makes sure that there are an engine and the image.
func (c *images) prepare(ctx context.Context) error {
	if c.engine == nil {
		e, version, err := openEngine(ctx, c.host)
		if err != nil {
			return err
		}
		c.engine = e
		c.mu.Lock()
		c.version = version
		c.mu.Unlock()
	}
	return c.engine.pull(ctx, c.Image)
}

// Launch implements [target.Launcher].
func (c *images) Launch(ctx context.Context, i target.Invocation) (target.Life, error) {
	if err := c.prepare(ctx); err != nil {
		return nil, errors.Join(err, c.Release(context.WithoutCancel(ctx)))
	}
	l := &life{
		engine: c.engine, journal: c.Journal, run: i.Run, name: ownPrefix + strings.ToLower(i.Step),
		limit: c.MemoryLimit, log: i.Log, ended: make(chan struct{}),
	}
	if c.Data != "" {
		l.before, l.after = c.fill, c.save
	}
	options, err := c.options(l.name, i)
	if err != nil {
		return nil, err
	}
	args := map[string]string{"run": i.Run, "name": l.name, "engine": c.engine.host}
	if l.step, err = c.Journal.Plan(stepContainer, args); err != nil {
		return nil, err
	}
	if err := l.begin(ctx, options); err != nil {
		return nil, errors.Join(err, l.remove())
	}
	return l, nil
}

// options is the container to make.
func (c *images) options(name string, i target.Invocation) (client.ContainerCreateOptions, error) {
	o := client.ContainerCreateOptions{
		Name: name,
		Config: &container.Config{
			Image: c.Image, Cmd: i.Args, Env: i.Env, WorkingDir: c.Dir, Labels: map[string]string{undo.RunLabel: i.Run},
		},
		HostConfig: &container.HostConfig{
			SecurityOpt: []string{"no-new-privileges"},
			LogConfig:   container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "10m", "max-file": "2"}},
			Resources: container.Resources{
				Memory: int64(c.MemoryLimit), MemorySwap: int64(c.MemoryLimit), NanoCPUs: int64(c.CPUs * 1e9),
			},
		},
	}
	if c.Port == 0 {
		o.HostConfig.NetworkMode = "host"
		o.HostConfig.UsernsMode = "host" // an engine that remaps users refuses the host's network otherwise
		return o, nil
	}
	host, port, err := net.SplitHostPort(c.Publish())
	if err != nil {
		return o, fmt.Errorf("publish port %d of %s: %w", c.Port, c.Name, err)
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return o, fmt.Errorf("publish port %d of %s: %w", c.Port, c.Name, err)
	}
	inside, _ := network.PortFrom(uint16(c.Port), network.TCP) // of a known protocol
	o.Config.ExposedPorts = network.PortSet{inside: {}}
	o.HostConfig.PortBindings = network.PortMap{inside: {{HostIP: at, HostPort: port}}}
	return o, nil
}

// Release lets go of the engine. The image was there before, or is the next run's.
func (c *images) Release(context.Context) error {
	if c.engine != nil {
		c.engine.close()
		c.engine = nil
	}
	return nil
}

// fill brings the data of an earlier life into a container that is made and not
// started.
func (c *images) fill(ctx context.Context, name string) error {
	archive, err := os.Open(c.Archive)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("bring its data: %w", err)
	}
	defer archive.Close()
	_, err = c.engine.api.CopyToContainer(ctx, name, client.CopyToContainerOptions{DestinationPath: path.Dir(path.Clean(c.Data)), Content: archive})
	if err != nil {
		return fmt.Errorf("bring its data: %w", err)
	}
	return nil
}

// save keeps the data of a container that has ended.
func (c *images) save(ctx context.Context, name string) error {
	if !c.Save {
		return nil
	}
	found, err := c.engine.api.CopyFromContainer(ctx, name, client.CopyFromContainerOptions{SourcePath: path.Clean(c.Data)})
	if err != nil {
		return fmt.Errorf("keep its data: %w", err)
	}
	defer found.Content.Close()
	err = safefile.Write(c.Archive, func(w io.Writer) error { _, err := io.Copy(w, found.Content); return err })
	if err != nil {
		return fmt.Errorf("keep its data: %w", err)
	}
	return nil
}

// pull makes sure that the machine has an image.
func (e *engine) pull(ctx context.Context, name string) error {
	_, err := e.api.ImageInspect(ctx, name)
	if err == nil || !errdefs.IsNotFound(err) {
		return err
	}
	answer, err := e.api.ImagePull(ctx, name, client.ImagePullOptions{})
	if err == nil {
		err = answer.Wait(ctx)
	}
	if err != nil {
		return fmt.Errorf("the machine has no image %s, and it cannot be pulled: %w", name, err)
	}
	return nil
}
