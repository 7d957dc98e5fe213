package target

import (
	"context"

	"holdfast.dev/holdfast/harness/undo"
)

// BuildConfig is what the builds of a service are told.
type BuildConfig struct {
	// PassEnv and Environ are those of [SystemConfig].
	PassEnv, Environ []string
	// Line is told of each line that a build writes. Optional.
	Line func(process, line string)
	// Journal is the run's undo journal. Required.
	Journal *undo.Journal
}

// Build runs the Build of each process, one after the other, equal ones once. It
// is for once per run. Where one fails, the error is a [*StartError] with its last
// lines.
func Build(ctx context.Context, all []Process, c BuildConfig) error { return nil }
