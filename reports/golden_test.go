package reports

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

var update = flag.Bool("update", false, "write testdata anew: the sample runs and what is drawn of them")

type format struct {
	ext   string
	write func(io.Writer, *result.Run) error
}

func formats() []format { return []format{{"html", HTML}, {"xml", JUnit}, {"md", Markdown}} }

func draw(t testing.TB, f func(io.Writer, *result.Run) error, run *result.Run) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, f(&b, run))
	return b.String()
}

// The samples are kept as run.json, so that what is tested is the file and does
// not move with a generator of random numbers.
func TestGolden(t *testing.T) {
	if *update {
		for name, run := range sampleRuns(t) {
			require.NoError(t, result.WriteFile(filepath.Join("testdata", name+".json"), run))
		}
	}
	for name := range sampleRuns(t) {
		f, err := os.Open(filepath.Join("testdata", name+".json"))
		require.NoError(t, err)
		run, err := result.Read(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		for _, format := range formats() {
			t.Run(name+"."+format.ext, func(t *testing.T) {
				got := draw(t, format.write, run)
				path := filepath.Join("testdata", name+"."+format.ext)
				if *update {
					require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
				}
				want, err := os.ReadFile(path)
				require.NoError(t, err)
				require.True(t, string(want) == got, "%s has changed: look at it, then run go test ./reports -update", path)
			})
		}
	}
}

func TestTheSameRunGivesTheSameBytes(t *testing.T) {
	for name, run := range sampleRuns(t) {
		for _, f := range formats() {
			first := draw(t, f.write, run)
			for range 3 { // maps have another order each time
				require.Equal(t, first, draw(t, f.write, run), "%s.%s", name, f.ext)
			}
		}
	}
}

func TestDrawingLeavesTheRunAsItIs(t *testing.T) {
	run, same := hostileRun(t, hostile), hostileRun(t, hostile)
	for _, f := range formats() {
		draw(t, f.write, run)
	}
	require.Equal(t, same, run)
}

func TestAWriterThatFailsIsReported(t *testing.T) {
	for _, f := range formats() {
		require.ErrorIs(t, f.write(brokenWriter{}, passedRun(t)), io.ErrClosedPipe, f.ext)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
