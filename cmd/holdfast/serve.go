package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/reference/server"
)

func newServe(env environ) *cobra.Command {
	var projects int64
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the reference service on its own, configured by the environment",
		Long: `Runs the reference service until it is told to stop (Ctrl-C or SIGTERM).

Its configuration is its environment: DATABASE_URL is needed, LISTEN_ADDR
defaults to 127.0.0.1:8080. docs/target-contract.md lists every variable.

With --prepare it fills the empty database at DATABASE_URL with so many projects, and ends.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("prepare") {
				return prepare(cmd.Context(), env.getenv("DATABASE_URL"), projects)
			}
			return serveError(server.Run(cmd.Context(), env.getenv, env.stdout, env.stderr))
		},
	}
	cmd.Flags().Int64Var(&projects, "prepare", 0, "fill an empty database with so many projects, and end")
	return cmd
}

// prepare makes the tables and rows that the reference serves.
func prepare(ctx context.Context, dsn string, projects int64) error {
	p := schema.Params{Projects: projects, Seed: 1}
	if err := p.Validate(); err != nil {
		return usage(fmt.Errorf("--prepare: %w", err))
	}
	if dsn == "" {
		return usage(errors.New("--prepare: DATABASE_URL is missing: it is the database to fill"))
	}
	if err := schema.Seed(ctx, dsn, p); err != nil {
		return environment(err)
	}
	return nil
}

// serveError gives the service's error its exit code.
func serveError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, server.ErrUsage):
		return usage(err)
	default:
		return environment(err)
	}
}
