// Command holdfast runs a service against a real Postgres and outside APIs that
// misbehave on purpose, drives open-model load at it, and says with evidence
// whether each of its protections holds. Exit codes are in exit.go.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness"
)

func main() {
	ctx, stop := interruptible(context.Background(), func(s os.Signal) {
		if len(os.Args) > 1 && endsInOrder(os.Args[1]) {
			fmt.Fprintf(os.Stderr, "\nholdfast: %s: ending in order and writing the report; once more to quit at once\n", s)
		}
	})
	code := run(ctx, environ{
		args: os.Args[1:], stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, lookupEnv: os.LookupEnv,
	})
	stop()
	os.Exit(code)
}

// endsInOrder reports whether a command, when it is interrupted, still has to judge
// what was measured and to take down what it started: that takes a moment, and is
// announced.
func endsInOrder(command string) bool {
	return slices.Contains([]string{"run", "prove", "gains", "mutate", "soak-verdicts"}, command)
}

// environ is all that the program takes from the outside.
type environ struct {
	args           []string
	stdout, stderr io.Writer
	getenv         func(string) string
	// lookupEnv tells a variable that is empty from one that is not set. Optional.
	lookupEnv func(string) (string, bool)
	// hider keeps the secrets of a service from stdout and stderr; nil before run.
	hider *hider
}

// run carries out one command line and returns the exit code. An error is one
// clear line on standard error.
func run(ctx context.Context, env environ) int {
	env.hider = new(hider)
	env.stdout, env.stderr = env.hider.writer(env.stdout), env.hider.writer(env.stderr)
	root := newRoot(env)
	root.SetArgs(env.args)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil || err.Error() == "":
	case ofFile(err):
		fmt.Fprintln(env.stderr, err) // each line begins with the file's name, as tools look for it
	default:
		fmt.Fprintln(env.stderr, "holdfast: "+err.Error())
	}
	return codeOf(err)
}

func newRoot(env environ) *cobra.Command {
	root := &cobra.Command{
		Use:   "holdfast",
		Short: "Load tests and chaos that say, with evidence, whether each protection of a service holds",
		Long: `Holdfast runs a service against a real Postgres and outside APIs that misbehave
on purpose, drives true open-model load, and gives each protection one of four
verdicts: pass, fail, inconclusive or not-exercised. Only pass is success.

` + exitCodes(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newRun(env), newList(env), newProve(env), newGains(env), newMutate(env), newValidate(env), newPlanned(env), newShow(env), newSchema(env), newReport(env), newCompare(env), newHistory(env), newServe(env), newFake(env), newAttack(env), newDoctor(env), newSoak(env))
	return root
}

// interruptible returns a context that the first Ctrl-C, SIGTERM or end of the
// terminal cancels, so that the run ends in order and its report is written. The second one quits at
// once; what is left behind then is cleared by the next run.
func interruptible(parent context.Context, announce func(os.Signal)) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	done := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup: it is to outlive the terminal
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		select {
		case s := <-signals:
			announce(s)
			cancel(&harness.Interrupted{Signal: s})
		case <-done:
			return
		}
		select {
		case s := <-signals:
			os.Exit(codeOfSignal(s))
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
