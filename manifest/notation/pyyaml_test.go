package notation_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest/notation"
)

// readByPyYAML prints files as JSON: once with all texts as they are written, and once
// as another tool takes them, of which the keys alone are told by their type.
const readByPyYAML = `
import json, sys, yaml
def keys(v):
    if isinstance(v, dict):
        for k, w in v.items():
            yield k
            yield from keys(w)
    elif isinstance(v, list):
        for w in v:
            yield from keys(w)
out = []
for path in sys.argv[1:]:
    text = open(path, encoding="utf-8").read()
    # merge keys are a tag of the safe loader's alone
    class Texts(yaml.SafeLoader): pass
    Texts.yaml_implicit_resolvers = {'<': [('tag:yaml.org,2002:merge', __import__('re').compile('^(?:<<)$'))]}
    odd = [k for k in keys(yaml.safe_load(text)) if not isinstance(k, str)]
    out.append({"tree": yaml.load(text, Texts), "odd": odd})
json.dump(out, sys.stdout)
`

// Another reader of YAML sees the same in good files, and no key that is not a text.
func TestPyYAMLReadsTheSame(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil || exec.Command(python, "-c", "import yaml").Run() != nil {
		t.Skip("there is no PyYAML on this machine (python3-yaml)")
	}
	files, err := filepath.Glob("../testdata/good/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	command := exec.Command(python, append([]string{"-c", readByPyYAML}, files...)...)
	command.Stderr = os.Stderr
	printed, err := command.Output()
	require.NoError(t, err)
	var all []struct {
		Tree any
		Odd  []any
	}
	require.NoError(t, json.NewDecoder(bytes.NewReader(printed)).Decode(&all))
	for i, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, all[i].Tree, notation.Tree(text), file)
		require.Empty(t, all[i].Odd, "%s: keys that are taken for something else", file)
	}
}
