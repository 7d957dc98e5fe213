package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
)

func TestTheReadmeHasTheExitCodes(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), exitCodes())
	_, help, _ := holdfast(t, nil, "--help")
	require.Contains(t, help, exitCodes())
}

// Who interrupts a run before it has measured anything is told so, too.
func TestExitCodesOfRunsThatWereInterruptedAtOnce(t *testing.T) {
	for signal, want := range map[os.Signal]int{os.Interrupt: exitInterrupted, syscall.SIGTERM: exitTerminated} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(&harness.Interrupted{Signal: signal})
		require.Equal(t, want, codeOf(runError(ctx, errors.New("calibrate the generator: context canceled"))))
	}
}

// Each row is why a run did not take place, and what the program ends with.
func TestExitCodesOfRunsThatDidNotTakePlace(t *testing.T) {
	for _, row := range []struct {
		err  error
		want int
	}{
		{&harness.InvalidError{Subject: "scenario a/b", Problems: []error{errors.New("it has no load")}}, exitUsage},
		{errors.Join(errors.New("first"), fmt.Errorf("second: %w", &harness.InvalidError{})), exitUsage},
		{fmt.Errorf("open: %w", database.ErrBadDSN), exitUsage},
		{fmt.Errorf("open: %w", errors.Join(database.ErrBadDSN, database.ErrUnavailable)), exitEnvironment},
		{errors.New("no database"), exitEnvironment},
	} {
		require.Equal(t, row.want, codeOf(runError(t.Context(), row.err)), row.err)
	}
}

// What only reads ends with the first Ctrl-C. Whoever can be told where Postgres comes
// from starts something, and is to take it down.
func TestWhichCommandsEndAtOnce(t *testing.T) {
	known := []string{"", "completion", "__complete", "__completeNoDesc"} // the library makes them
	for _, cmd := range newRoot(environ{getenv: func(string) string { return "" }}).Commands() {
		known = append(known, cmd.Name())
		if cmd.Flags().Lookup("database") != nil {
			require.False(t, endsAtOnce(cmd.Name()), cmd.Name())
		}
	}
	require.Subset(t, append(known, "help", "man"), onlyRead())
	for command, atOnce := range map[string]bool{"run": false, "contract": false, "serve": false, "fake": false, "attack": false, "doctor": false, "soak-verdicts": false, "history": true, "report": true, "": true} {
		require.Equal(t, atOnce, endsAtOnce(command), command)
	}
}
