package manifest_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest"
)

// A comment stands above what it is about and changes nothing of the file.
func TestAFileIsWrittenWithComments(t *testing.T) {
	for _, file := range goodFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		s, err := manifest.Read(text, file, manifest.Options{Environment: shell})
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, manifest.Write(&b, s.File, map[string]string{
			"": "the whole file", "version": "a version", "processes": "two\nlines", "scenarios[0].load[0]": "a guess", "scenarios[0].load[0].name": "a name", "scenarios[0].checks[0]": "a limit",
		}))
		again, err := manifest.Read(b.Bytes(), file, manifest.Options{})
		require.NoError(t, err, "%s", b.String())
		require.Equal(t, s.File, again.File, "%s", b.String())
		require.True(t, strings.HasPrefix(b.String(), "# the whole file\n\n# a version\nversion: "), "%s", b.String())
		require.Contains(t, b.String(), "\n# two\n# lines\nprocesses:\n")
		require.Contains(t, b.String(), "# a limit\n")
		require.Contains(t, b.String(), "# a guess\n")
		require.Contains(t, b.String(), "# a name\n")
	}
	require.ErrorContains(t, manifest.Write(new(bytes.Buffer), manifest.File{}, map[string]string{"scenarios[0].nmae": "x"}), "scenarios[0].nmae")
}
