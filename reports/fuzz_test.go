package reports_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports"
)

// Whatever a file says that can be read at all, each report can be written of it,
// and none shows it better than its parts.
func FuzzReports(f *testing.F) {
	f.Add([]byte(`{"schema":"holdfast.run/3","complete":true,"verdict":"pass"}`))
	f.Add([]byte(`{"schema":"holdfast.run/2","scenarios":[{"checks":[{"op":"between","value":1,"verdict":"fail"},{"op":"falls_to","level":2}],"phases":[{"start_s":9,"end_s":-1}],"series":[{"t_s":[1],"v":[]}],"streams":[{"histogram":"AAAA"}]}]}`))
	f.Add([]byte(`{"schema":"holdfast.run/1","claims":[{"before":-1,"after":0}],"detections":[{"verdict":"fail"}]}`))
	small, err := os.ReadFile(filepath.Join("testdata", "empty.json"))
	require.NoError(f, err)
	f.Add(small)
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := result.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, write := range []func(io.Writer, *result.Run) error{reports.HTML, reports.Markdown, reports.JUnit, reports.Annotations} {
			require.NoError(t, write(io.Discard, run))
		}
		shown, _ := verdict.ShownRun(run)
		for _, s := range run.Scenarios {
			of, _ := verdict.ShownScenario(s)
			require.True(t, of != result.Fail || shown == result.Fail)
		}
		require.True(t, run.Complete || shown == "" || shown == result.Fail, "of what is partial a failure alone is proven")
	})
}
