package scaffold_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/scaffold"
)

var update = flag.Bool("update", false, "write the drafts that are expected")

// shape is a folder, written as one text: -- name -- and what the file says.
func shape(t *testing.T, name string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	require.NoError(t, err)
	files := map[string]string{}
	file := ""
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSuffix(line, " --\n"), "-- "); ok && strings.HasSuffix(line, " --\n") {
			file = name
			files[file] = ""
		} else if file != "" {
			files[file] += line
		}
	}
	return files
}

func inMemory(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return fsys
}

func nothingOnPath(string) (string, error) { return "", errors.New("not there") }

// draft drafts, and holds that what comes out is a file that a run would take: with all
// that stands in the folder, its .env files among them.
func draft(t *testing.T, files map[string]string, o scaffold.Options) (string, scaffold.Drafted) {
	t.Helper()
	if o.LookPath == nil {
		o.LookPath = nothingOnPath
	}
	d := scaffold.Draft(inMemory(files), o)
	var b bytes.Buffer
	_, err := d.WriteTo(&b)
	require.NoError(t, err)
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	path := filepath.Join(dir, manifest.FileName)
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	_, err = manifest.Load(path, manifest.Options{})
	require.NoError(t, err, "%s", b.String())
	return b.String(), d
}

func TestShapesOfFoldersBecomeFilesThatHold(t *testing.T) {
	for _, name := range []string{"django", "express", "rails", "go", "laravel", "spring", "pyproject", "phoenix"} {
		t.Run(name, func(t *testing.T) {
			text, _ := draft(t, shape(t, name), scaffold.Options{Name: name})
			golden := filepath.Join("testdata", name+".yaml")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(text), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), text)
		})
	}
}

// No value that looks like a secret or belongs to somebody is anywhere in a draft.
func TestNoSecretOfTheFolderIsCopied(t *testing.T) {
	for name, secrets := range map[string][]string{
		"django":  {"3b!x@7", "geheim", "4eC39H", "glsa_", "developers-own", "ada.lovelace", "metrics.internal"},
		"express": {"hunter2", "SG.aaaa"},
		"laravel": {"3q2+796", "AKIAIOSF"},
	} {
		text, d := draft(t, shape(t, name), scaffold.Options{Name: name})
		for _, secret := range secrets {
			require.NotContains(t, text, secret)
			require.NotContains(t, strings.Join(d.LeftOut, "\n")+strings.Join(d.FillIn, "\n")+strings.Join(d.Unread, "\n"), secret)
		}
		require.NotEmpty(t, d.LeftOut)
	}
}
