package alerts

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// promtool tries a test file, where there is one on this machine.
func promtool(t *testing.T, test, rules []byte) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	if err != nil {
		t.Log("promtool is not here: the file was written, and not tried")
		return
	}
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "rules.yaml"), rules, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a.test.yaml"), test, 0o644))
	out, err := exec.CommandContext(t.Context(), program, "test", "rules", filepath.Join(folder, "a.test.yaml")).CombinedOutput()
	require.NoError(t, err, string(out))
}
