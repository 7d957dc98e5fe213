package target_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// state is what the kernel says that a process does, for example T for stopped;
// empty if it is gone or nobody has waited for it.
func state(pid int32) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) == 0 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return strings.ToUpper(fields[0])
}

// commandsWith are the living processes whose command holds a text.
func commandsWith(t *testing.T, text string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range files {
		if command, err := os.ReadFile(file); err == nil && strings.Contains(string(command), text) {
			found = append(found, file+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}
