package holdfast

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// module begins the import path of every package.
const module = "holdfast.dev/holdfast/"

// pkg is what go list says of one package.
type pkg struct {
	ImportPath string
	Imports    []string
	Doc        string
}

// housePackages lists the module's packages without their tests.
func housePackages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Doc", "./...").Output()
	require.NoError(t, err)
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, p)
	}
}

// mayKnow says, for each room of the house, what it may import of the others.
// Imports within a room are free.
var mayKnow = map[string][]string{
	"cmd":         {"manifest", "backing", "desk", "scenarios", "soak", "adapter", "reports", "harness", "fakes", "fault", "mutants", "nearest", "loopback", "reference/server", "reference/settings"},
	"scenarios":   {"adapter", "harness", "fakes", "fault", "reference/schema", "reference/settings"},
	"adapter":     {"harness", "fakes", "fault", "message", "nearest", "placeholder"},
	"backing":     {"harness", "fault", "nearest", "placeholder"},
	"desk":        {"fakes", "fault", "harness", "loopback", "nearest"},
	"harness":     {"fault", "loopback", "message", "nearest", "placeholder"},
	"fakes":       {"fault", "loopback", "message", "nearest", "placeholder"},
	"fault":       {"nearest"},
	"manifest":    {"harness", "adapter", "backing", "fakes", "fault", "message", "nearest", "placeholder"},
	"loopback":    {},
	"mutants":     {},
	"nearest":     {},
	"placeholder": {"nearest"},
	"message":     {"nearest", "placeholder"},
	"reference":   {"nearest"},
	"reports":     {"harness/result", "harness/verdict"},
	"soak":        {"harness/result"},
}

// leaves may import of the module what stands beside them, and nothing else, not
// even of their own room.
var leaves = map[string][]string{
	"harness/egress":     {},
	"harness/result":     {},
	"harness/undo":       {},
	"harness/verdict":    {"harness/result", "nearest"},
	"reference/settings": {"nearest"},
}

// Without this the house falls to the first convenient import: the reference
// could no longer be replaced by somebody's own service, nor a report be drawn
// from a file alone.
func TestWhoMayKnowWhom(t *testing.T) {
	for _, p := range housePackages(t) {
		path, ok := strings.CutPrefix(p.ImportPath, module)
		if !ok {
			continue
		}
		room, _, _ := strings.Cut(path, "/")
		for _, imported := range p.Imports {
			imported, ok := strings.CutPrefix(imported, module)
			if !ok {
				continue
			}
			if known, leaf := leaves[path]; leaf {
				require.Contains(t, known, imported, "%s is a leaf, it may not import %s", path, imported)
			}
			require.True(t, allowed(room, imported), "%s may not import %s", path, imported)
		}
	}
}

func allowed(room, imported string) bool {
	if imported == room || strings.HasPrefix(imported, room+"/") {
		return true
	}
	for _, known := range mayKnow[room] {
		if imported == known || strings.HasPrefix(imported, known+"/") {
			return true
		}
	}
	return false
}

// A test that can't fail is a defect: these imports must be refused.
func TestTheHouseRefuses(t *testing.T) {
	for _, row := range [][2]string{
		{"harness", "reference/server"}, {"reference", "harness/load"}, {"fakes", "harness"},
		{"reports", "harness"}, {"reports", "harness/load"}, {"scenarios", "reference/search"},
		{"scenarios", "reports"}, {"adapter", "scenarios"}, {"adapter", "reference/schema"}, {"manifest", "scenarios"}, {"backing", "fakes"}, {"harness", "backing"}, {"harness", "manifest"}, {"harness", "desk"}, {"fakes", "desk"}, {"desk", "manifest"}, {"harness", "harnessed"},
	} {
		require.False(t, allowed(row[0], row[1]), "%s → %s", row[0], row[1])
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range housePackages(t) {
		require.NotEmpty(t, p.Doc, "%s has no package comment", p.ImportPath)
	}
}
