package database

import (
	"context"
	"path/filepath"

	"holdfast.dev/holdfast/harness/database/internal/cluster"
	"holdfast.dev/holdfast/harness/undo"
)

// Local is the way to the Postgres binaries of this machine: those on PATH, else
// the newest of those that packages installed.
func Local() Provider {
	return Provider{
		Name: "local",
		Hint: "apt-get install postgresql postgresql-contrib; or brew install postgresql@17",
		Open: func(ctx context.Context, s Surroundings) (Instance, error) {
			b, err := cluster.Find(ctx)
			if err != nil {
				return Instance{}, err
			}
			return startCluster(ctx, s, b)
		},
		Undoers: cluster.Undoers(),
		Leftovers: func(_ context.Context, cache string) ([]undo.Leftover, error) {
			return cluster.Leftovers(filepath.Join(cache, clusters))
		},
	}
}

// clusters is the folder of the cache with the clusters of all binaries.
const clusters = "postgres"

// Binaries is the way to the programs postgres and initdb in a folder.
func Binaries(dir string) Provider {
	return Provider{
		Name: "binaries",
		Hint: "put the programs postgres and initdb into " + dir,
		Open: func(ctx context.Context, s Surroundings) (Instance, error) {
			b, err := cluster.Inspect(ctx, dir)
			if err != nil {
				return Instance{}, err
			}
			return startCluster(ctx, s, b)
		},
		Undoers: cluster.Undoers(),
	}
}

// startCluster starts the server as a child of this process.
func startCluster(ctx context.Context, s Surroundings, b cluster.Binaries) (Instance, error) {
	dir, err := s.Cache(clusters)
	if err != nil {
		return Instance{}, err
	}
	c, err := cluster.Start(ctx, cluster.Config{
		Binaries: b, Dir: dir, Journal: s.Journal, Log: s.Log, Settings: s.Settings,
	})
	if err != nil {
		return Instance{}, err
	}
	return Instance{DSN: c.Address().DSN(), What: "from " + b.Dir, Stop: c.Close, Kill: c.Kill, Restart: c.Restart}, nil
}
