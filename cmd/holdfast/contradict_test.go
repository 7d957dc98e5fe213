package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// Each pair of flags that do not go together, in each command that has both: one line
// that names them, exit code 2, and nothing is started. Each alone is no contradiction.
func TestFlagsThatDoNotGoTogether(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, p := range contradictions() {
		found := 0
		for cmd := range commandsWith(p.one, p.other) {
			found++
			args := append(argsOf(cmd), typedFlag(cmd, p.one), typedFlag(cmd, p.other))
			code, _, stderr := holdfast(t, nil, args...)
			require.Equal(t, exitUsage, code, "%v: %s", args, stderr)
			require.Contains(t, stderr, "holdfast: --"+p.one+" and --"+p.other+": "+p.say, "%v", args)
			_, _, stderr = holdfast(t, nil, append(argsOf(cmd), typedFlag(cmd, p.one), "--nonsense")...)
			require.NotContains(t, stderr, " and --", "%v", args)
		}
		require.Positive(t, found, "no command has --%s and --%s", p.one, p.other)
	}
	for _, p := range companions() {
		found := 0
		for cmd := range commandsWith(p.one, p.other) {
			found++
			code, _, stderr := holdfast(t, nil, append(argsOf(cmd), typedFlag(cmd, p.one))...)
			require.Equal(t, exitUsage, code, stderr)
			require.Contains(t, stderr, "--"+p.one+" without --"+p.other+": "+p.say)
		}
		require.Positive(t, found, "no command has --%s and --%s", p.one, p.other)
	}
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, entries, "nothing was written")
}

// A switch that is off contradicts nothing.
func TestASwitchThatIsOffContradictsNothing(t *testing.T) {
	_, _, stderr := holdfast(t, nil, "run", "zebra", "--all=false", "--headline=false", "--json=false", "--quiet")
	require.Contains(t, stderr, "unknown scenario zebra")
	require.NotContains(t, stderr, " and --")
}

// commandsWith are the commands that have both flags.
func commandsWith(one, other string) func(yield func(*cobra.Command) bool) {
	var search func(cmd *cobra.Command, yield func(*cobra.Command) bool) bool
	search = func(cmd *cobra.Command, yield func(*cobra.Command) bool) bool {
		if cmd.Flags().Lookup(one) != nil && cmd.Flags().Lookup(other) != nil && !yield(cmd) {
			return false
		}
		for _, sub := range cmd.Commands() {
			if !search(sub, yield) {
				return false
			}
		}
		return true
	}
	return func(yield func(*cobra.Command) bool) {
		search(newRoot(environ{getenv: func(string) string { return "" }}), yield)
	}
}

// argsOf is a command line of a command with as many arguments as it needs.
func argsOf(cmd *cobra.Command) []string {
	line := strings.Fields(cmd.CommandPath())[1:]
	var args []string
	for len(args) < 3 && cmd.ValidateArgs(args) != nil {
		args = append(args, "x")
	}
	return append(line, args...)
}

// typedFlag is a flag with a value that it takes.
func typedFlag(cmd *cobra.Command, name string) string {
	value := map[string]string{"bool": "true", "duration": "1s", "int": "1", "uint": "1", "uint16": "1"}
	f := cmd.Flags().Lookup(name)
	if v, ok := value[f.Value.Type()]; ok {
		return typedAs(f, v)
	}
	return typedAs(f, "x")
}

func typedAs(f *pflag.Flag, value string) string { return "--" + f.Name + "=" + value }
