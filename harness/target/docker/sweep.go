package docker

import (
	"context"
	"fmt"
	"strings"

	"holdfast.dev/holdfast/harness/undo"
)

// Kinds of undo steps that this package plans.
const (
	stepContainer = "container"
	stepImage     = "image"
)

func undoers() map[string]undo.Func {
	return map[string]undo.Func{
		stepContainer: func(ctx context.Context, args map[string]string) error {
			return sweepEngine(ctx, args, (*engine).removeContainer)
		},
		stepImage: func(ctx context.Context, args map[string]string) error {
			return sweepEngine(ctx, args, (*engine).removeImage)
		},
	}
}

// sweepEngine undoes something at the engine where it was made.
func sweepEngine(ctx context.Context, args map[string]string, remove func(*engine, context.Context, string, string) error) error {
	if args["run"] == "" || !strings.HasPrefix(args["name"], ownPrefix) {
		return fmt.Errorf("undo at the Docker engine: %q is not a name of ours", args["name"])
	}
	e, err := dialEngine(args["engine"])
	if err != nil {
		return err
	}
	defer e.close()
	return remove(e, ctx, args["name"], args["run"])
}
