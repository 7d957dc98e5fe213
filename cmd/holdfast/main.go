// Command holdfast runs a service against a real Postgres and outside APIs that
// misbehave on purpose, drives open-model load at it, and says with evidence
// whether each of its protections holds. Exit codes are in exit.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/redact"
)

func main() {
	ctx, nobodyReads, _ := interruptible(context.Background(), func(s os.Signal) {
		if endsAtOnce(commandOf(os.Args)) {
			os.Exit(codeOfSignal(s))
		}
	})
	lookupEnv := inherited()
	getenv, err := database.Detach(os.Getenv)
	if err != nil {
		fmt.Fprintln(new(hider).writer(os.Stderr), "holdfast:", redact.Text(err.Error()))
		os.Exit(exitEnvironment)
	}
	code := run(ctx, environ{
		args: os.Args[1:], stdout: os.Stdout, stderr: os.Stderr, getenv: getenv, lookupEnv: lookupEnv, nobodyReads: nobodyReads,
	})
	os.Exit(code) // with signals caught until then: one that comes now must not change how it ended
}

// inherited looks up the environment as the program was given it.
func inherited() func(name string) (string, bool) {
	values := map[string]string{}
	for _, line := range os.Environ() {
		name, value, _ := strings.Cut(line, "=")
		values[name] = value
	}
	return func(name string) (string, bool) { value, ok := values[name]; return value, ok }
}

// onlyRead are the commands that start nothing and hold nothing: they read, and write
// what they made of it.
func onlyRead() []string {
	return []string{"", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd, "clean", "compare", "completion", "explain", "help", "history",
		"import", "init", "list", "man", "plan", "report", "schema", "show", "validate", "version"}
}

// endsAtOnce reports whether a command is gone with the first signal. All others take
// down what they started, and end by their context: whoever makes a command that starts
// something need not say so.
func endsAtOnce(command string) bool { return slices.Contains(onlyRead(), command) }

// onInterrupt tells at once that a signal has ended ctx. The function that it returns
// ends that, and waits for what is being told.
func onInterrupt(ctx context.Context, tell func(os.Signal)) (end func()) {
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(told)
		if interrupted := new(harness.Interrupted); errors.As(context.Cause(ctx), &interrupted) {
			tell(interrupted.Signal)
		}
	})
	return func() {
		if !stop() {
			<-told
		}
	}
}

// endingInOrder answers a signal where something is still to be judged and taken down:
// that takes a moment.
func endingInOrder(by os.Signal) string {
	return "holdfast: " + by.String() + ": ending in order and writing the report; once more to quit at once"
}

// ending answers one where there is nothing to judge yet.
func ending(by os.Signal) string {
	return "holdfast: " + by.String() + ": ending in order; once more to quit at once"
}

// commandOf is the command of a command line; empty where it has none.
func commandOf(args []string) string {
	if len(args) < 2 {
		return ""
	}
	return args[1]
}

// environ is all that the program takes from the outside.
type environ struct {
	args           []string
	stdout, stderr io.Writer
	getenv         func(string) string
	// lookupEnv tells a variable that is empty from one that is not set. Optional.
	lookupEnv func(string) (string, bool)
	// nobodyReads is told that whoever read what is printed is gone. Optional.
	nobodyReads func()
	// hider keeps the secrets of a service from stdout and stderr; nil before run.
	hider *hider
}

// run carries out one command line and returns the exit code. An error is one
// clear line on standard error.
func run(ctx context.Context, env environ) int {
	env.hider = &hider{broken: env.nobodyReads}
	env.stdout, env.stderr = env.hider.writer(env.stdout), env.hider.writer(env.stderr)
	root := newRoot(env)
	root.SetArgs(oneDash(env.args))
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	addCompletion(root)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil || err.Error() == "":
	case ofFile(err):
		fmt.Fprintln(env.stderr, redact.Text(err.Error())) // each line begins with the file's name, as tools look for it
	default:
		fmt.Fprintln(env.stderr, "holdfast: "+redact.Text(err.Error()))
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
		Version:       version(),
		Args:          ofSubcommands,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		// of every command, for none has another
		PersistentPreRunE: checkFlags,
	}
	root.SetVersionTemplate("holdfast {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp())
	root.AddCommand(newContract(env), newVersion(env), newAlerts(env))
	root.AddCommand(newRun(env), newList(env), newExplain(env), newProve(env), newGains(env), newInit(env), newImport(env), newValidate(env), newPlanned(env), newShow(env), newSchema(env), newReport(env), newCompare(env), newHistory(env), newServe(env), newFake(env), newAttack(env), newDoctor(env), newClean(env), newWorker(env))
	root.AddCommand(deskCommands(env)...)
	return root
}

// interruptible returns a context that the first Ctrl-C or SIGTERM cancels, or the end
// of the terminal or of whoever reads what is printed, so that the run ends in order
// and its report is written. Who asks once more quits at once; what is left behind then
// is cleared by the next run. Who finds that nobody reads any more says so by
// nobodyReads: the signal of it comes as well for each connection that the other side
// has closed, so it is caught, and told to nobody. It is not ignored, for programs would
// inherit that.
func interruptible(parent context.Context, announce func(os.Signal)) (ctx context.Context, nobodyReads, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals, pipes := make(chan os.Signal, 2), make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	signal.Notify(pipes, syscall.SIGPIPE)
	if !signal.Ignored(syscall.SIGHUP) { // nohup: it is to outlive the terminal
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		first := map[os.Signal]time.Time{}
		for {
			select {
			case s := <-signals:
				now := time.Now()
				if len(first) == 0 {
					announce(s)
					cancel(&harness.Interrupted{Signal: s})
				} else if onceMore(first, s, now) {
					os.Exit(codeOfSignal(s))
				}
				if _, again := first[s]; !again {
					first[s] = now
				}
			case <-done:
				return
			}
		}
	}()
	nobodyReads = sync.OnceFunc(func() { // it is found with each line that is printed
		select {
		case signals <- syscall.SIGPIPE:
		default: // there is an end already
		}
	})
	return ctx, nobodyReads, func() {
		signal.Stop(signals)
		signal.Stop(pipes)
		close(done)
		cancel(nil)
	}
}

// onePress is how far apart the deliveries of one wish may be: a person takes longer to
// read what was answered.
const onePress = 500 * time.Millisecond

// onceMore reports whether a signal is of somebody who asked before and will not wait;
// first is when each of the earlier ones came. The end of a terminal is told by the
// kernel, by the shell and, with SIGTERM, by who ends the session; one Ctrl-C by the
// terminal and by a program that hands it on.
func onceMore(first map[os.Signal]time.Time, s os.Signal, now time.Time) bool {
	if s != os.Interrupt && s != syscall.SIGTERM {
		return false
	}
	for earlier, at := range first {
		asked := s == os.Interrupt || earlier == os.Interrupt || earlier == syscall.SIGTERM
		if asked && now.Sub(at) >= onePress {
			return true
		}
	}
	return false
}
