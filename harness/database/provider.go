package database

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"holdfast.dev/holdfast/harness/undo"
)

// Provider is one way to a server. The program chooses which ways there are:
// [DSN] and [Local] are here; the packages container and embedded bring two that
// weigh more. A Provider of one's own is a value of this type.
type Provider struct {
	// Name is what [Options.Provider] calls it.
	Name string
	// Hint is what a person types to open this way where it is closed.
	Hint string
	// Open finds or starts a server, or says why this way is closed; then the next
	// one is tried, unless the error is an ErrBadDSN.
	Open func(ctx context.Context, s Surroundings) (Instance, error)
	// Image is the same way with another container image. Nil where it takes none.
	Image func(image string) Provider
	// Undoers undo what Open plans in the journal, kind by kind. Nil where it
	// plans nothing.
	Undoers map[string]undo.Func
	// Leftovers tells what is kept between runs and not used now, with the folder that
	// [Surroundings.Cache] makes folders in. Nil where it keeps nothing.
	Leftovers func(ctx context.Context, cache string) ([]undo.Leftover, error)
}

// Surroundings is what a provider is told of the run.
type Surroundings struct {
	// Cache makes a folder for what is kept between runs, in which nobody else may
	// have put anything.
	Cache    func(name string) (dir string, err error)
	Journal  *undo.Journal     // told of what is started, before it is started; may be nil
	Log      func(line string) // told of what takes long or is out of the ordinary
	Settings map[string]string // of the server, where it is started
}

// Instance is a server that a provider found or started.
type Instance struct {
	// DSN is how to get in, as a role that may create databases, on the database to
	// administer from.
	DSN string
	// What it is, after its version: "from /usr/lib/postgresql/15/bin".
	What string
	// Given is what named this server, for example an environment variable. Then
	// whatever is wrong with the server is an ErrBadDSN. Empty for a server that
	// nobody named.
	Given string
	// Ephemeral says that the data ends with Stop, so that nothing need be cleared.
	Ephemeral bool
	// Stop ends the server. Nil where it is not ours to end.
	Stop func(context.Context) error
	// Kill ends every process of the server with no chance to clean up and returns
	// how many there were; Restart starts it again at the same address, and returns
	// once it answers. Nil, both of them, where that cannot be done.
	Kill    func(context.Context) (processes int, err error)
	Restart func(context.Context) error
}

func (i Instance) stop(ctx context.Context) error {
	if i.Stop == nil {
		return nil
	}
	return i.Stop(ctx)
}

// found is an instance, which way led to it and why that way was taken.
type found struct {
	Instance
	way, why string
}

// choose opens the way that is asked for, or the first that is open.
func choose(ctx context.Context, o Options) (found, error) {
	var tried noDatabase
	for _, p := range o.Providers {
		if o.Provider != Auto && o.Provider != p.Name {
			continue
		}
		cache := func(name string) (string, error) { return o.CacheFolder(name, false) }
		instance, err := p.Open(ctx, Surroundings{Cache: cache, Journal: o.Journal, Log: o.Log, Settings: o.Settings})
		if err == nil {
			return found{Instance: instance, way: p.Name, why: tried.why(o.Provider, instance)}, nil
		}
		if ctx.Err() != nil {
			return found{}, fmt.Errorf("open a database (%s): %w", p.Name, ctx.Err())
		}
		if errors.Is(err, ErrBadDSN) {
			return found{}, err
		}
		tried = append(tried, attempt{p, err})
	}
	return found{}, tried
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
