package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"holdfast.dev/holdfast/harness/internal/dockerclient"
	"holdfast.dev/holdfast/harness/undo"
)

// ownPrefix begins the name of every container and image of ours.
const ownPrefix = "holdfast-"

// ErrNoEngine means that no Docker engine that we can use answered.
var ErrNoEngine = errors.New("no usable Docker engine")

// engine is a Docker engine on this machine.
type engine struct {
	api  *client.Client
	host string // where it answers
}

// dialEngine prepares to talk to the engine at host, for example
// unix:///run/docker.sock; the environment (DOCKER_HOST) or Docker's own default
// where host is empty. It says nothing to it yet.
func dialEngine(host string) (*engine, error) {
	api, err := dockerclient.New(host)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoEngine, err)
	}
	return &engine{api: api, host: api.DaemonHost()}, nil
}

// openEngine is dialEngine with a look at whether it will do.
func openEngine(ctx context.Context, host string) (e *engine, version string, err error) {
	if e, err = dialEngine(host); err != nil {
		return nil, "", err
	}
	if version, err = e.check(ctx); err != nil {
		e.close()
		return nil, "", err
	}
	return e, version, nil
}

func (e *engine) close() { _ = e.api.Close() }

// check makes sure that a container of this engine shares our kernel and our
// loopback, and that its memory can be limited.
func (e *engine) check(ctx context.Context) (version string, err error) {
	if !strings.HasPrefix(e.host, "unix://") {
		return "", fmt.Errorf("%w: %s is not on this machine, and a container there cannot reach this machine's loopback", ErrNoEngine, e.host)
	}
	if err := dockerclient.Ask(ctx, e.api); err != nil {
		return "", fmt.Errorf("%w: %w (start one, set DOCKER_HOST, or run a program in place of the image)", ErrNoEngine, err)
	}
	found, err := e.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return "", fmt.Errorf("%w at %s: %w (start one, set DOCKER_HOST, or run a program in place of the image)", ErrNoEngine, e.host, err)
	}
	info := found.Info
	rootless := slices.ContainsFunc(info.SecurityOptions, func(o string) bool { return strings.Contains(o, "rootless") })
	switch {
	case info.OSType != "linux":
		err = fmt.Errorf("it runs %s containers, not Linux ones", info.OSType)
	case strings.Contains(info.OperatingSystem, "Docker Desktop"):
		err = errors.New("it is Docker Desktop, whose containers run in a virtual machine with a loopback of its own")
	case rootless:
		err = errors.New("it is rootless, so its containers have a loopback of their own")
	case !info.MemoryLimit:
		err = errors.New("its kernel cannot limit memory")
	}
	if err != nil {
		return "", fmt.Errorf("%w at %s: %w; run a program in place of the image", ErrNoEngine, e.host, err)
	}
	return info.ServerVersion, nil
}

// importImage makes an image that holds nothing but the program at binary and
// an empty /tmp. It needs neither a registry nor a builder.
func (e *engine) importImage(ctx context.Context, name, run, binary string) error {
	program, err := os.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("read the program: %w", err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	err = errors.Join(
		w.WriteHeader(&tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777}),
		w.WriteHeader(&tar.Header{Name: "target", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(program))}))
	if err == nil {
		_, err = w.Write(program)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("pack the program: %w", err)
	}
	answer, err := e.api.ImageImport(ctx, client.ImageImportSource{Source: &layer, SourceName: "-"}, name,
		client.ImageImportOptions{Changes: []string{
			`ENTRYPOINT ["/target"]`,
			fmt.Sprintf("LABEL %s=%s", undo.RunLabel, run),
		}})
	if err != nil {
		return fmt.Errorf("make the image: %w", err)
	}
	defer answer.Close()
	told, err := io.ReadAll(io.LimitReader(answer, 1<<16))
	if err != nil || bytes.Contains(told, []byte(`"errorDetail"`)) {
		return fmt.Errorf("make the image: %s %w", told, err)
	}
	return nil
}

// removeContainer removes the container of that name for certain, if it is
// of that run. That there is none is success.
func (e *engine) removeContainer(ctx context.Context, name, run string) error {
	found, err := e.api.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at container %s: %w", name, err)
	}
	if found.Container.Config == nil || found.Container.Config.Labels[undo.RunLabel] != run {
		return fmt.Errorf("container %s is not of run %s: left alone", name, run)
	}
	_, err = e.api.ContainerRemove(ctx, name, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
		return fmt.Errorf("remove container %s: %w", name, err)
	}
	// Read back; "removal in progress" (a conflict) is not yet gone.
	return e.awaitGone(ctx, "container "+name, func(ctx context.Context) error {
		_, err := e.api.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
		return err
	})
}

// removeImage is the same for an image.
func (e *engine) removeImage(ctx context.Context, name, run string) error {
	found, err := e.api.ImageInspect(ctx, name)
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at image %s: %w", name, err)
	}
	if found.Config == nil || found.Config.Labels[undo.RunLabel] != run {
		return fmt.Errorf("image %s is not of run %s: left alone", name, run)
	}
	_, err = e.api.ImageRemove(ctx, name, client.ImageRemoveOptions{Force: true, PruneChildren: true})
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove image %s: %w", name, err)
	}
	return e.awaitGone(ctx, "image "+name, func(ctx context.Context) error {
		_, err := e.api.ImageInspect(ctx, name)
		return err
	})
}

// awaitGone looks until the engine says that it is not there.
func (e *engine) awaitGone(ctx context.Context, what string, look func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, enginePatience)
	defer cancel()
	for {
		err := look(ctx)
		if errdefs.IsNotFound(err) {
			return nil
		}
		select {
		case <-time.After(enginePause):
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s is still there", what), err)
		}
	}
}
