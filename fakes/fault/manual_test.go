package fault_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast.dev/holdfast/fakes/fault"

	"github.com/stretchr/testify/require"
)

// update writes files that are made from the code: go test ./fakes/fault -update.
var update = flag.Bool("update", false, "write docs/faults.md anew")

func TestTheManualIsWhatTheCatalogueSays(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "faults.md")
	var want bytes.Buffer
	require.NoError(t, fault.WriteManual(&want))
	if *update {
		require.NoError(t, os.WriteFile(path, want.Bytes(), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want.String(), string(got), "make it anew with: go test ./fakes/fault -run Manual -update")
}

func TestWhatTheManualShowsCanBeTyped(t *testing.T) {
	var manual bytes.Buffer
	require.NoError(t, fault.WriteManual(&manual))
	shown := 0
	selectors, _, _ := strings.Cut(manual.String(), "## Kinds")
	for line := range strings.Lines(selectors) {
		if text, ok := strings.CutPrefix(line, "    "); ok {
			_, err := fault.Parse(strings.TrimSpace(text))
			require.NoError(t, err)
			shown++
		}
		cells := strings.Split(line, "`")
		if strings.HasPrefix(line, "| `") {
			for i := 1; i < len(cells); i += 2 {
				if strings.Contains(cells[i], "=") {
					_, err := fault.Parse("close " + cells[i] + pickable(cells[i]))
					require.NoError(t, err, "the selector %s", cells[i])
					shown++
				}
			}
		}
	}
	require.Greater(t, shown, 10)
}

// pickable gives pick= the keys that it needs.
func pickable(selector string) string {
	if strings.HasPrefix(selector, "pick=") {
		return " key=a,b,c"
	}
	return ""
}
