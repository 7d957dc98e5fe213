package holdfast

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
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
	"cmd":         {"safefile", "fleet", "manifest", "importer", "openapi", "backing", "desk", "scenarios", "soak", "adapter", "reports", "harness", "fakes", "fault", "mutants", "nearest", "loopback", "redact", "reference/schema", "reference/server", "reference/settings", "scaffold", "telemetry", "traffic"},
	"scenarios":   {"adapter", "harness", "fakes", "fault", "reference/schema", "reference/settings"},
	"adapter":     {"safefile", "harness", "fakes", "fault", "message", "nearest", "placeholder", "redact"},
	"backing":     {"harness", "fault", "nearest", "placeholder"},
	"desk":        {"fakes", "fault", "harness", "loopback", "nearest"},
	"harness":     {"safefile", "fault", "loopback", "message", "nearest", "placeholder", "redact"},
	"fakes":       {"fault", "loopback", "message", "nearest", "placeholder", "redact"},
	"fault":       {"nearest"},
	"fleet":       {"safefile", "harness", "loopback"},
	"openapi":     {"message"},
	"coverage":    {"fault", "harness/result", "message", "placeholder"},
	"manifest":    {"scenarios/contract", "coverage", "openapi", "traffic", "recording", "safefile", "harness", "adapter", "backing", "fakes", "fault", "message", "nearest", "placeholder", "redact"},
	"importer":    {"manifest", "desk/toxiproxyapi", "harness/chaos", "harness/load", "fault", "message", "placeholder", "redact"},
	"loopback":    {},
	"mutants":     {},
	"nearest":     {},
	"placeholder": {"nearest"},
	"message":     {"nearest", "placeholder", "redact"},
	"redact":      {},
	"safefile":    {},
	"reference":   {"nearest"},
	"reports":     {"harness/result", "harness/verdict", "fault"},
	"soak":        {"safefile", "harness/result"},
	"telemetry":   {"harness", "loopback"},
	"traffic":     {"nearest", "shellwords", "redact"},
	"shellwords":  {},
	"scaffold":    {"manifest", "message", "openapi", "redact", "shellwords", "traffic", "fault", "harness/verdict"},
	"recording":   {"redact", "traffic"},
}

// leaves may import of the module what stands beside them, and nothing else, not
// even of their own room.
var leaves = map[string][]string{
	"harness/egress":     {},
	"harness/result":     {"safefile", "redact"},
	"harness/replace":    {},
	"harness/scrapes":    {"safefile"},
	"harness/undo":       {"safefile"},
	"harness/verdict":    {"harness/result", "nearest"},
	"reference/settings": {"nearest"},
}

// strangers know a service by its contract alone, and nothing of ours.
var strangers = []string{"manifest", "scenarios/contract", "scenarios/contract/mapped", "scenarios/search", "scenarios/oracle", "scenarios/task", "scenarios/profile"}

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
			if slices.Contains(strangers, path) {
				require.False(t, isOurs(imported), "%s may know nothing of our own services, and imports %s", path, imported)
			}
		}
	}
}

// isOurs reports whether a package is one of our own services, or knows them.
func isOurs(path string) bool {
	return strings.HasPrefix(path, "reference/") || strings.HasPrefix(path, "scenarios/contract/reference")
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
		{"scenarios", "reports"}, {"adapter", "scenarios"}, {"adapter", "reference/schema"}, {"manifest", "scenarios"}, {"manifest", "scenarios/search"}, {"backing", "fakes"}, {"harness", "backing"}, {"harness", "manifest"}, {"harness", "desk"}, {"harness", "fleet"}, {"reports", "fleet"}, {"fleet", "manifest"}, {"fakes", "desk"}, {"desk", "manifest"}, {"harness", "openapi"}, {"fakes", "openapi"}, {"openapi", "harness"}, {"harness", "coverage"}, {"harness", "telemetry"}, {"reports", "coverage"}, {"coverage", "manifest"}, {"harness", "harnessed"},
	} {
		require.False(t, allowed(row[0], row[1]), "%s → %s", row[0], row[1])
	}
	require.True(t, isOurs("reference/schema") && isOurs("scenarios/contract/reference/model") && !isOurs("scenarios/contract"))
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range housePackages(t) {
		require.NotEmpty(t, p.Doc, "%s has no package comment", p.ImportPath)
	}
}
