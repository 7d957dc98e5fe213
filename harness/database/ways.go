package database

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"holdfast.dev/holdfast/harness/database/internal/address"
	"holdfast.dev/holdfast/harness/database/internal/cluster"
	"holdfast.dev/holdfast/harness/database/internal/engine"
	"holdfast.dev/holdfast/harness/database/internal/fetch"
)

// way is one way to a server, and what a person types to open it.
type way struct {
	name string
	hint string
	open func(context.Context, Options) (*backend, error)
}

// backend is a server that was found or started.
type backend struct {
	way     string
	address address.Address
	what    string // what it is, after its version: "from /usr/lib/postgresql/15/bin"
	why     string // why this way was taken
	stop    func(context.Context) error
}

func ways() []way {
	return []way{
		{DSN, "export " + URLVariable + "=postgres://USER:PASSWORD@HOST:5432/postgres, of a role that may create databases", openDSN},
		{Container, "start Docker, then: docker pull " + DefaultImage + "; or export " + ImageVariable + "=IMAGE for one that is there", openContainer},
		{Local, "apt-get install postgresql postgresql-contrib; or brew install postgresql@17", openLocal},
		{Embedded, "let this machine reach a Maven repository once", openEmbedded},
	}
}

// errNotGiven is why the way dsn is not open: nobody asked for it.
var errNotGiven = errors.New(URLVariable + " is not set")

// choose opens the way that is asked for, or the first that is open.
func choose(ctx context.Context, o Options, ways []way) (*backend, error) {
	var tried noDatabase
	for _, w := range ways {
		if o.Provider != Auto && o.Provider != w.name {
			continue
		}
		b, err := w.open(ctx, o)
		if err == nil {
			b.way = w.name
			b.why = tried.why(o.Provider)
			return b, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("open a database (%s): %w", w.name, ctx.Err())
		}
		if w.name == DSN && !errors.Is(err, errNotGiven) {
			return nil, badDSN{err}
		}
		tried = append(tried, attempt{w, err})
	}
	return nil, tried
}

func openDSN(ctx context.Context, o Options) (*backend, error) {
	if o.DSN == "" {
		return nil, errNotGiven
	}
	a, err := address.Parse(o.DSN)
	if err != nil {
		return nil, err
	}
	admin, conn, err := maintenance(ctx, a)
	if err != nil {
		return nil, err
	}
	return &backend{
		address: admin,
		what:    "at " + admin.HostPort(),
		stop:    func(context.Context) error { return nil },
	}, conn.Close(ctx)
}

func openContainer(ctx context.Context, o Options) (*backend, error) {
	e, err := engine.Connect(ctx)
	if err != nil {
		return nil, err
	}
	b, err := runContainer(ctx, o, e)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return b, nil
}

func runContainer(ctx context.Context, o Options, e *engine.Engine) (*backend, error) {
	reaped, err := e.Reap(ctx)
	if err != nil {
		o.Log("database: " + oneLine(err))
	}
	if len(reaped) > 0 {
		o.Log("database: removed containers that killed runs left: " + strings.Join(reaped, ", "))
	}
	if err := e.Provide(ctx, o.Image, o.Log); err != nil {
		return nil, err
	}
	locks := filepath.Join(o.CacheDir, "containers")
	if err := cluster.MakeDir(locks); err != nil {
		return nil, err
	}
	var settings []string
	for _, s := range cluster.Settings() {
		settings = append(settings, s.Name+"="+s.Value)
	}
	c, err := e.Run(ctx, engine.Config{Image: o.Image, Settings: settings, LockDir: locks, Journal: o.Journal})
	if err != nil {
		return nil, err
	}
	return &backend{
		address: c.Address(),
		what:    fmt.Sprintf("in container %s of image %s", c.Name(), o.Image),
		stop: func(ctx context.Context) error {
			return errors.Join(c.Close(ctx), e.Close())
		},
	}, nil
}

func openLocal(ctx context.Context, o Options) (*backend, error) {
	b, err := cluster.Find(ctx)
	if err != nil {
		return nil, err
	}
	return startCluster(ctx, o, b)
}

func openEmbedded(ctx context.Context, o Options) (*backend, error) {
	dir := filepath.Join(o.CacheDir, "binaries")
	if err := cluster.MakeDir(dir); err != nil {
		return nil, err
	}
	bin, err := fetch.Binaries(ctx, fetch.Config{Dir: dir, Repository: o.Repository, Log: o.Log})
	if err != nil {
		return nil, err
	}
	b, err := cluster.Inspect(ctx, bin)
	if err != nil {
		return nil, err
	}
	return startCluster(ctx, o, b)
}

func startCluster(ctx context.Context, o Options, b cluster.Binaries) (*backend, error) {
	c, err := cluster.Start(ctx, cluster.Config{
		Binaries: b, Dir: filepath.Join(o.CacheDir, "postgres"), Journal: o.Journal, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	return &backend{address: c.Address(), what: "from " + b.Dir, stop: c.Close}, nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
