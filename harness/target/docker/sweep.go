package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/internal/dockerclient"
	"holdfast.dev/holdfast/harness/undo"
)

// Kinds of undo steps that this package plans.
const (
	stepContainer = "container"
	stepImage     = "image"
)

// sweepPatience bounds the undoing of one step.
const sweepPatience = 20 * time.Second

func undoers() map[string]undo.Func {
	s := &sweeper{silent: map[string]error{}}
	return map[string]undo.Func{
		stepContainer: func(ctx context.Context, args map[string]string) error {
			return s.sweep(ctx, args, (*engine).removeContainer)
		},
		stepImage: func(ctx context.Context, args map[string]string) error {
			return s.sweep(ctx, args, (*engine).removeImage)
		},
	}
}

// sweeper undoes what dead runs left at engines. One that does not answer, at first or
// later on, is asked once, and not for each thing that was left there: those stay for the
// next run.
type sweeper struct {
	mu     sync.Mutex // guards silent
	silent map[string]error
}

// sweep undoes something at the engine where it was made.
func (s *sweeper) sweep(ctx context.Context, args map[string]string, remove func(*engine, context.Context, string, string) error) error {
	if args["run"] == "" || !strings.HasPrefix(args["name"], ownPrefix) {
		return fmt.Errorf("undo at the Docker engine: %q is not a name of ours", args["name"])
	}
	ctx, cancel := context.WithTimeout(ctx, sweepPatience)
	defer cancel()
	e, err := dialEngine(args["engine"])
	if err != nil {
		return err
	}
	defer e.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.silent[e.host]; err != nil {
		return err
	}
	if err := dockerclient.Ask(ctx, e.api); err != nil {
		s.silent[e.host] = err
		return err
	}
	err = remove(e, ctx, args["name"], args["run"])
	if errors.Is(err, dockerclient.ErrSilent) || ctx.Err() != nil {
		s.silent[e.host] = err
	}
	return err
}
