// Package database gives a run a Postgres, and each scenario of it a database of
// its own with the data that it starts from.
//
// Enter at [Open], which finds or starts a server in one of the ways that the
// program chose, its Providers:
//
//	dsn        a server that is there: HOLDFAST_DATABASE_URL
//	container  a container, where a Docker engine answers and has or gets the image
//	local      the Postgres binaries of this machine, as a child of this process
//	embedded   binaries that are fetched once, then as local
//
// Those named dsn and local are here, and used where nothing else is said. The
// other two bring many modules along, so each is in a package of its own,
// container and embedded; the package providers has all four.
//
// Then [Server.Template] seeds a data set once into a template database, and
// [Server.Clone] copies it, in a fraction of the time that seeding takes, for
// each scenario.
//
// Templates outlive the run where the server does: on a dsn server, and in the
// clusters that local and embedded keep in a cache. Everything else goes when
// the Server is closed; what a killed run left goes when the next one opens the
// same server. A run is known to live by an advisory lock that the server drops
// with the run's connection. That connection must reach Postgres itself: a
// pooler that shares sessions (pgbouncer in transaction mode) breaks it. Nothing
// without our mark in its name is ever touched, so a dsn server may be shared
// with anything and between machines.
//
// Servers that Holdfast starts run with a few settings for a small machine (see
// the package cluster) and with all that a COMMIT promises and the planner
// decides by left as it is. The data is honest, and may be lost: it can be built
// again.
//
// The package knows no schema: what a data set holds is its Build's business.
package database

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/safefile"
)

// Auto tries the providers in their order.
const Auto = "auto"

// The environment variables that [FromEnvironment] reads.
const (
	URLVariable   = "HOLDFAST_DATABASE_URL"
	CacheVariable = "HOLDFAST_CACHE_DIR"
)

// The defaults of Options.
const (
	DefaultKeepTemplates = 8
	DefaultKeepBytes     = 4 << 30
)

// Options says which server is wanted. The zero value is good for a laptop.
type Options struct {
	// Provider is Auto or the name of one of Providers. Defaults to Auto.
	Provider string
	// Providers are the ways to a server that the program knows, in the order in
	// which Auto tries them. Defaults to DSNFrom the environment, then Local.
	Providers []Provider
	// CacheDir is where clusters and binaries are kept between runs. As root,
	// every folder down to it must be open to pass through. Defaults to
	// DefaultCacheDir().
	CacheDir string
	// Settings are those with which a server is started, over the few that every
	// server of ours has. A server that is somebody else's takes none.
	Settings map[string]string
	// KeepTemplates is how many templates a server keeps between runs; those used
	// last stay, and so do those in use. Defaults to DefaultKeepTemplates.
	KeepTemplates int
	// KeepBytes is how much they may take on disk together. Defaults to
	// DefaultKeepBytes.
	KeepBytes int64
	// Journal is told of a process or container before it is started, and carries
	// the run's id. Defaults to none.
	Journal *undo.Journal
	// Log is told in one line which way was taken and why, and of what takes long.
	// Defaults to silence.
	Log func(line string)
}

// FromEnvironment returns the options that the environment sets.
func FromEnvironment(getenv func(string) string) Options {
	return Options{Providers: []Provider{DSNFrom(getenv), Local()}, CacheDir: getenv(CacheVariable)}
}

// Names returns every value that Provider may have with these options.
func (o Options) Names() []string {
	names := []string{Auto}
	for _, p := range o.withDefaults().Providers {
		names = append(names, p.Name)
	}
	return names
}

// Undoers returns how to undo what any of the providers plans in the journal,
// also one that is not asked for: a run that was killed may have used it.
func (o Options) Undoers() map[string]undo.Func {
	undoers := map[string]undo.Func{}
	for _, p := range o.withDefaults().Providers {
		maps.Copy(undoers, p.Undoers)
	}
	return undoers
}

// DefaultCacheDir is the folder holdfast in the user's cache directory. For root
// it is /var/cache/holdfast, since root's own is closed to the user that
// Postgres then runs as. A user without a home has none.
func DefaultCacheDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/holdfast", nil
	}
	cache, err := safefile.Cache()
	if err != nil {
		return "", fmt.Errorf("keep a cache: %w, or %s to a folder", err, CacheVariable)
	}
	return filepath.Join(cache, "holdfast"), nil
}

// CacheFolder makes a folder of the cache. What is kept there is run and trusted, so
// one that others may write to is refused. As root it is open to be passed through,
// for the user that Postgres then runs as, unless it is closed.
func (o Options) CacheFolder(name string, closed bool) (string, error) {
	dir := o.CacheDir
	if dir == "" {
		var err error
		if dir, err = DefaultCacheDir(); err != nil {
			return "", err
		}
	}
	for _, part := range []string{"", name} {
		dir = filepath.Join(dir, part)
		perm := fs.FileMode(0o700)
		if os.Geteuid() == 0 && !(closed && part != "") {
			perm = 0o755
		}
		if err := safefile.Secure(dir, perm); err != nil {
			return "", fmt.Errorf("the cache: %w", err)
		}
	}
	return dir, nil
}

func (o Options) withDefaults() Options {
	o.Provider = cmp.Or(o.Provider, Auto)
	if len(o.Providers) == 0 {
		o.Providers = FromEnvironment(os.Getenv).Providers
	}
	if o.CacheDir == "" {
		o.CacheDir, _ = DefaultCacheDir() // why there is none is said to who needs it
	}
	o.KeepTemplates = cmp.Or(o.KeepTemplates, DefaultKeepTemplates)
	o.KeepBytes = cmp.Or(o.KeepBytes, DefaultKeepBytes)
	if o.Log == nil {
		o.Log = func(string) {}
	}
	return o
}

// Validate says all that is wrong with the options. Whether the DSN can be read
// is seen by Open.
func (o Options) Validate() error {
	var errs []error
	if names := o.Names(); o.Provider != "" && !slices.Contains(names, o.Provider) {
		errs = append(errs, fmt.Errorf("database provider %q is none of %s", o.Provider, strings.Join(names, ", ")))
	}
	if o.KeepTemplates < 0 || o.KeepBytes < 0 {
		errs = append(errs, errors.New("what is kept of templates must not be negative"))
	}
	return errors.Join(errs...)
}

// Open finds or starts a server, says in one line of the log which and why, and
// clears what killed runs left there. Errors: [ErrNoDatabase] if no way is open,
// [ErrBadDSN] if a DSN is given that cannot be used; a given DSN is never passed
// over for another way.
func Open(ctx context.Context, options Options) (*Server, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	o := options.withDefaults()
	found, err := choose(ctx, o)
	if err != nil {
		return nil, err
	}
	s, err := newServer(ctx, o, found)
	if err != nil {
		cleanCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanPatience)
		defer cancel()
		err = errors.Join(err, found.stop(cleanCtx))
		if found.Given != "" {
			return nil, badDSN{found.Given, unavailable{err}}
		}
		return nil, err
	}
	o.Log("database: " + s.Describe())
	return s, nil
}
