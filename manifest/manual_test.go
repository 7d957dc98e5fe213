package manifest_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest"
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
