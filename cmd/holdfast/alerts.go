package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// alertsProgram is a program of its own, beside this one: Prometheus's rule engine brings
// a hundred modules, which nobody else needs.
const alertsProgram = "holdfast-alerts"

// endOfAlerts is how long that program is given to end in order.
const endOfAlerts = 10 * time.Second

func newAlerts(env environ) *cobra.Command {
	return &cobra.Command{
		Use:   "alerts",
		Short: "See rules of alerts fire: each fault its alert, in time, and none while all is well",
		Long: `Runs holdfast-alerts, which stands beside this program or in PATH (make build builds both),
with what follows: lint, replay, matrix, mutants, keep, promtool. holdfast alerts --help is its own.

It holds a team's own Prometheus rules, as they are, against a metrics page of its service,
and against what holdfast run --record-scrapes recorded of it under faults.`,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			own, err := os.Executable()
			if err != nil {
				return environment(fmt.Errorf("find %s: %w", alertsProgram, err))
			}
			program, err := beside(own)
			if err != nil && asksForHelp(args) {
				fmt.Fprintln(env.stderr, "holdfast: "+err.Error())
				return cmd.Help()
			}
			if err != nil {
				return environment(err)
			}
			return runAlerts(cmd.Context(), env, program, args)
		},
	}
}

// asksForHelp reports whether a command line asks what there is: that can be said without
// the program.
func asksForHelp(args []string) bool {
	return len(args) == 0 || len(args) == 1 && slices.Contains([]string{"--help", "-h", "help"}, args[0])
}

// beside finds the program in the folder of this one, or else in PATH.
func beside(own string) (string, error) {
	if resolved, err := filepath.EvalSymlinks(own); err == nil {
		own = resolved
	}
	candidate := filepath.Join(filepath.Dir(own), alertsProgram)
	if info, err := os.Stat(candidate); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
		return candidate, nil
	}
	if found, err := exec.LookPath(alertsProgram); err == nil {
		return found, nil
	}
	return "", fmt.Errorf("%s is missing: it is neither beside %s nor in PATH. make build builds both; alone: cd alerts && go build -o %s ./cmd/%s",
		alertsProgram, own, candidate, alertsProgram)
}

// runAlerts runs it with the arguments, and ends with its exit code.
func runAlerts(ctx context.Context, env environ, program string, args []string) error {
	c := exec.CommandContext(ctx, program, args...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, env.stdout, env.stderr
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = endOfAlerts
	err := c.Run()
	var exited *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exited) && exited.ExitCode() > 0:
		return &exitError{code: exited.ExitCode()}
	}
	return environment(fmt.Errorf("%s: %w", program, err))
}
