package reports

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Jenkins refuses a whole file for one attribute that its schema does not have. The
// schemas are that of its xUnit plugin (testdata/junit-10.xsd, MIT) and that of Ant, which
// other readers follow (testdata/junit-ant.xsd, Apache 2.0).
func TestJUnitIsWhatItsReadersTake(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("no xmllint on PATH: scripts/setup-tests.sh installs it")
	}
	require.NoError(t, err)
	samples, err := filepath.Glob("testdata/*.xml")
	require.NoError(t, err)
	require.NotEmpty(t, samples)
	broken := filepath.Join(t.TempDir(), "broken.xml")
	require.NoError(t, os.WriteFile(broken, []byte(`<testsuites skipped="1"></testsuites>`), 0o600))
	for _, schema := range []string{"testdata/junit-10.xsd", "testdata/junit-ant.xsd"} {
		out, err := exec.Command(xmllint, append([]string{"--noout", "--nonet", "--schema", schema}, samples...)...).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Error(t, exec.Command(xmllint, "--noout", "--nonet", "--schema", schema, broken).Run(), "it can refuse")
	}
}
