package main

import (
	"errors"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/reference/server"
)

func newServe(env environ) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the reference service on its own, configured by the environment",
		Long: `Runs the reference service until it is told to stop (Ctrl-C or SIGTERM).

Its configuration is its environment: DATABASE_URL is needed, LISTEN_ADDR
defaults to 127.0.0.1:8080. docs/target-contract.md lists every variable.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serveError(server.Run(cmd.Context(), env.getenv, env.stdout, env.stderr))
		},
	}
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
