package reports

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDump(t *testing.T) {
	for name, run := range sampleRuns(t) {
		var b bytes.Buffer
		require.NoError(t, HTML(&b, run))
		require.NoError(t, os.WriteFile("/tmp/shots/"+name+".html", b.Bytes(), 0o644))
		t.Log(name, b.Len())
	}
	var b bytes.Buffer
	require.NoError(t, HTML(&b, bigRun(t, 600)))
	require.NoError(t, os.WriteFile("/tmp/shots/big.html", b.Bytes(), 0o644))
	t.Log("big", b.Len())
}
