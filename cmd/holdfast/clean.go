package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database/providers"
	"holdfast.dev/holdfast/harness/result"
)

func newClean(env environ) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Show what runs have left behind, or kept for the next one; --yes removes it",
		Long: `Shows what runs of this user have left on this machine and on the server of
HOLDFAST_DATABASE_URL: what a run that was killed did not undo, its temporary files,
databases with seeded data, Postgres clusters and setups that are kept to make the
next run quicker. With --yes it is removed.

What is in use is not shown and not removed, nor is what is another user's. Images
that were pulled and folders of results are yours: they stay.`,
		Example: `  holdfast clean`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg := harness.Config{Database: providers.FromEnvironment(env.getenv), Target: harness.Launch{Runtimes: runtimes()}}
			left, unseen := harness.Leftovers(cmd.Context(), cfg)
			errs := []error{unseen}
			var sum int64
			for _, l := range left {
				what := inOneLine(l.What) // on a server others can write what is said of a database
				fmt.Fprintf(env.stdout, "%8s  %s\n", size(l.Bytes), what)
				sum += l.Bytes
				if !yes {
					continue
				}
				if err := l.Remove(cmd.Context()); err != nil {
					errs = append(errs, fmt.Errorf("%s stays: %w", what, err))
				}
			}
			switch {
			case len(left) == 0 && unseen != nil:
				fmt.Fprintln(env.stdout, "nothing was found where it could be looked")
			case len(left) == 0:
				fmt.Fprintln(env.stdout, "nothing is left")
			case !yes:
				fmt.Fprintf(env.stdout, "%8s  in all; holdfast clean --yes removes it\n", size(sum))
			}
			if err := errors.Join(errs...); err != nil {
				return environment(err)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "remove what is shown")
	return cmd
}

// size is a number of bytes, where it is known.
func size(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return result.Bytes(float64(bytes))
}
