package importer_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/importer/artillery"
	"holdfast.dev/holdfast/importer/k6"
	"holdfast.dev/holdfast/importer/toxiproxy"
	"holdfast.dev/holdfast/importer/vegeta"
	"holdfast.dev/holdfast/importer/wiremock"
	"holdfast.dev/holdfast/manifest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// tools are those whose files are in testdata, each in a folder of its name.
func tools() map[string]importer.Reader {
	return map[string]importer.Reader{"artillery": artillery.Read, "k6": k6.Read, "toxiproxy": toxiproxy.Read, "vegeta": vegeta.Read, "wiremock": wiremock.Read}
}

// corpus are the files of a tool, without what they name and what came of them.
func corpus(t testing.TB, tool string) []importer.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", tool, "*.*"))
	require.NoError(t, err)
	var all []importer.File
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.IsDir() || strings.HasSuffix(name, ".golden") || strings.HasSuffix(name, ".csv") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all = append(all, importer.File{Name: filepath.Base(name), Text: text})
	}
	require.NotEmpty(t, all)
	return all
}

// imported is what comes of one file.
func imported(tool string, f importer.File) (importer.Result, error) {
	return tools()[tool]([]importer.File{f}, importer.Options{Beside: os.DirFS(filepath.Join("testdata", tool))})
}

// said is all that is said of a file, and all that came of it.
func said(result importer.Result, err error) string {
	var b bytes.Buffer
	b.Write(result.Text)
	b.WriteString("---\n")
	for _, line := range result.Carried {
		fmt.Fprintln(&b, "carried over: "+line)
	}
	for _, line := range importer.Lines(result.Left) {
		fmt.Fprintln(&b, "not carried over: "+line)
	}
	for _, found := range result.Stripped {
		fmt.Fprintf(&b, "taken out: %s: %s\n", found.Where, found.Kind)
	}
	if err != nil {
		fmt.Fprintln(&b, "error:", err)
	}
	return b.String()
}

// valid reports what Holdfast says of what was made: nothing, if it is whole.
func valid(tool string, result importer.Result) error {
	if len(result.Text) == 0 {
		return nil
	}
	if tool == "wiremock" {
		_, err := manifest.ReadRoutes(result.Text, "routes.yaml", manifest.Options{})
		return err
	}
	// A file of values that a script of Artillery names stands beside it.
	_, err := manifest.Read(result.Text, filepath.Join("testdata", tool, "holdfast.yaml"), manifest.Options{})
	return err
}

// Files in the manner of the tools' own documentation: what comes of each is as it was
// looked at, says the same each time, and is read by Holdfast.
func TestWhatIsMadeOfFiles(t *testing.T) {
	n := map[string]int{}
	for tool := range tools() {
		for _, f := range corpus(t, tool) {
			n[tool]++
			t.Run(tool+"/"+f.Name, func(t *testing.T) {
				result, err := imported(tool, f)
				got := said(result, err)
				golden := filepath.Join("testdata", tool, f.Name+".golden")
				if *update {
					require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
				}
				want, readErr := os.ReadFile(golden)
				require.NoError(t, readErr)
				require.Equal(t, string(want), got)
				require.NoError(t, valid(tool, result), "%s", result.Text)
				require.Equal(t, got, said(imported(tool, f)), "the second time")
			})
		}
	}
	require.GreaterOrEqual(t, n["wiremock"]+n["k6"]+n["toxiproxy"], 20)
}
