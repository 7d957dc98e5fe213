package manifest_test

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/scenarios/contract"
)

var update = flag.Bool("update", false, "write docs/holdfast-yaml.md anew")

func TestTheManualIsWhatTheTypesSay(t *testing.T) {
	const path = "../docs/holdfast-yaml.md"
	var b bytes.Buffer
	require.NoError(t, manifest.WriteManual(&b))
	if *update {
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
		return
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(have), "%s is out of date: go test ./manifest -update", path)
}

// What the page on contracts shows is a part of a file that is read, and what can be set is
// in its tables.
func TestTheContractsThatThePageShowsAreRead(t *testing.T) {
	page, err := os.ReadFile("../docs/catalogue.md")
	require.NoError(t, err)
	var read []string
	for _, file := range goodFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		read = append(read, string(text))
	}
	shown := strings.Split(string(page), "```yaml\n")[1:]
	require.NotEmpty(t, shown)
	for _, block := range shown {
		block, _, _ := strings.Cut(block, "```")
		require.True(t, slices.ContainsFunc(read, func(text string) bool { return strings.Contains(text, block) }), "no file of testdata/good has:\n%s", block)
	}
	var tables strings.Builder
	for line := range strings.Lines(string(page)) {
		if first, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|"); strings.HasPrefix(line, "|") {
			tables.WriteString(first)
		}
	}
	for _, setting := range slices.Concat(contract.Settings(), contract.ImpactSettings(), contract.TaskSettings()) {
		require.Contains(t, tables.String(), "`"+string(setting)+"`")
	}
}
