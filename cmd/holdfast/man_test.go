//go:build !slim

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// Each command has its page, with all of its flags and of its text: none of that is
// taken for markup. The same program writes the same pages.
func TestEachCommandHasAManPage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	code, stdout, stderr := holdfast(t, nil, "man", dir)
	require.Equal(t, exitPass, code, stderr)
	require.Contains(t, stdout, "man pages in "+dir)
	first, err := os.ReadFile(filepath.Join(dir, "holdfast-run.1"))
	require.NoError(t, err)
	root := newRoot(environ{getenv: os.Getenv})
	for cmd := range documented(root) {
		data, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1"))
		require.NoError(t, err)
		page := strings.NewReplacer(`\-`, "-", `\&`, "", `\fB`, "", `\fP`, "", `\fI`, "").Replace(string(data))
		for _, word := range strings.Fields(cmd.Long) {
			require.Contains(t, page, strings.Trim(word, `"'`+"`"), cmd.CommandPath())
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				require.Contains(t, page, "--"+f.Name, cmd.CommandPath())
			}
		})
	}
	holdfast(t, nil, "man", dir)
	second, err := os.ReadFile(filepath.Join(dir, "holdfast-run.1"))
	require.NoError(t, err)
	require.Equal(t, string(first), string(second))
	if man, err := exec.LookPath("man"); err == nil {
		out, err := exec.CommandContext(t.Context(), man, "-l", filepath.Join(dir, "holdfast-run.1")).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--fail-fast")
	}
}
