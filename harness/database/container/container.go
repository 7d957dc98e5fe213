// Package container is the way to a Postgres in a container, for the programs
// that choose it: it brings testcontainers-go along.
//
// Enter at [Provider].
package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/internal/cluster"
	"holdfast.dev/holdfast/harness/database/internal/engine"
	"holdfast.dev/holdfast/harness/internal/dockerclient"
)

// Name is what [database.Options] call this way.
const Name = "container"

// DefaultImage is the image that is run where none is named, ImageVariable the
// environment variable that names one.
const (
	DefaultImage  = "postgres:17-alpine"
	ImageVariable = "HOLDFAST_POSTGRES_IMAGE"
)

// Provider is the way to a container of an image that is used as the official
// Postgres one is, where a Docker engine answers and has or gets that image. An
// empty name is DefaultImage.
func Provider(image string) database.Provider {
	image = cmp.Or(image, DefaultImage)
	return database.Provider{
		Name: Name,
		Hint: "start Docker, then: docker pull " + DefaultImage + "; or export " + ImageVariable + "=IMAGE for one that is there",
		Open: func(ctx context.Context, s database.Surroundings) (database.Instance, error) {
			e, err := engine.Connect(ctx)
			if err != nil {
				return database.Instance{}, err
			}
			instance, err := run(ctx, s, e, image)
			if err != nil {
				return database.Instance{}, errors.Join(err, e.Close())
			}
			return instance, nil
		},
		Image:   Provider,
		Undoers: engine.Undoers(),
	}
}

func run(ctx context.Context, s database.Surroundings, e *engine.Engine, image string) (database.Instance, error) {
	reaped, err := e.Reap(ctx)
	if silent := new(dockerclient.Silence); errors.As(err, &silent) { // nor would it answer what is asked next
		return database.Instance{}, silent
	}
	if err != nil {
		s.Log("database: " + strings.Join(strings.Fields(err.Error()), " "))
	}
	if len(reaped) > 0 {
		s.Log("database: removed containers that killed runs left: " + strings.Join(reaped, ", "))
	}
	if err := e.Provide(ctx, image, s.Log); err != nil {
		return database.Instance{}, err
	}
	locks, err := s.Cache("containers")
	if err != nil {
		return database.Instance{}, err
	}
	var settings []string
	for _, setting := range cluster.Settings() {
		settings = append(settings, setting.Name+"="+setting.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Settings)) {
		settings = append(settings, name+"="+s.Settings[name])
	}
	c, err := e.Run(ctx, engine.Config{Image: image, Settings: settings, LockDir: locks, Journal: s.Journal})
	if err != nil {
		return database.Instance{}, err
	}
	return database.Instance{
		DSN:       c.Address().DSN(),
		What:      fmt.Sprintf("in container %s of image %s", c.Name(), image),
		Ephemeral: true,
		Stop:      func(ctx context.Context) error { return errors.Join(c.Close(ctx), e.Close()) },
	}, nil
}
