package main

import (
	"errors"
	"fmt"
	"os"
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

// Each row is why a run did not take place, and what the program ends with.
func TestExitCodesOfRunsThatDidNotTakePlace(t *testing.T) {
	for _, row := range []struct {
		err  error
		want int
	}{
		{&harness.InvalidError{Subject: "scenario a/b", Problems: []error{errors.New("it has no load")}}, exitUsage},
		{errors.Join(errors.New("first"), fmt.Errorf("second: %w", &harness.InvalidError{})), exitUsage},
		{fmt.Errorf("open: %w", database.ErrBadDSN), exitUsage},
		{errors.New("no database"), exitEnvironment},
	} {
		require.Equal(t, row.want, codeOf(runError(row.err)), row.err)
	}
}

func TestWhichCommandsAnnounceThatTheyEndInOrder(t *testing.T) {
	for command, want := range map[string]bool{"run": true, "prove": true, "gains": true, "list": false, "serve": false} {
		require.Equal(t, want, endsInOrder(command), command)
	}
}
