// Command holdfast-alerts holds rules of alerts against faults, with Prometheus's own
// rule engine on a virtual clock. holdfast alerts runs it; it is a program of its own for
// the sake of what Prometheus brings along.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/visible"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes are those of holdfast.
const (
	exitUsage       = 2
	exitInterrupted = 130
)

// outcome is a verdict that ends the program, after all was said.
type outcome struct{ verdict result.Verdict }

func (o outcome) Error() string { return string(o.verdict) }

// run carries out one command line and returns the exit code. Rules, plans and results
// are somebody's files: nothing that they say steers the terminal or the CI job that
// reads it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	stdout, stderr = visible.NewWriter(stdout), visible.NewWriter(stderr)
	root := newRoot(stdout)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var o outcome
	switch {
	case err == nil:
		return 0
	case errors.As(err, &o):
		return o.verdict.ExitCode()
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "holdfast alerts: interrupted")
		return exitInterrupted
	}
	fmt.Fprintln(stderr, "holdfast alerts:", err)
	return exitUsage
}

func newRoot(stdout io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "holdfast alerts",
		Short: "See rules of alerts fire: each fault its alert, in time, and none while all is well",
		Long: `Holds a team's own Prometheus rules, as they are, against a metrics page of its service
and against recorded scrapes of it under faults, with Prometheus's own rule engine on a
virtual clock.

Exit codes: 0 pass, 1 fail, 2 usage, 3 inconclusive, 5 not exercised.`,
		SilenceErrors: true, SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newLint(stdout), newReplay(stdout), newMatrix(stdout), newMutants(stdout), newKeep(stdout), newPromtool(stdout))
	return root
}
