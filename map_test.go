package holdfast

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const architecture = "docs/architecture.md"

// section is what a document says below a heading, up to the next one.
func section(t *testing.T, file, heading string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	_, after, found := strings.Cut(string(text), "\n## "+heading)
	require.True(t, found, "%s has no section %q", file, heading)
	after, _, _ = strings.Cut(after, "\n## ")
	return after
}

// room is a line of the map: a directory, deeper by two spaces than the one that
// it is in.
var room = regexp.MustCompile(`^( *)([\w./-]+)/(?: |$)`)

// mapped are the directories that a map names.
func mapped(text string) []string {
	var all, above []string
	for line := range strings.Lines(text) {
		m := room.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		depth := min(len(m[1])/2, len(above))
		above = append(above[:depth:depth], m[2])
		all = append(all, path.Join(above...))
	}
	return all
}

// A map that leaves a room out is worse than none. What is internal to one room
// is left to that room.
func TestEveryPackageIsOnTheMap(t *testing.T) {
	text := section(t, architecture, "The rooms")
	named := mapped(text)
	for _, p := range housePackages(t) {
		dir, ok := strings.CutPrefix(p.ImportPath, module)
		if !ok || strings.Contains(dir, "/internal/") {
			continue
		}
		require.Contains(t, named, dir, "the map of rooms in %s has no line for it", architecture)
	}
	for _, dir := range named {
		info, err := fs.Stat(os.DirFS("."), dir)
		require.NoError(t, err, "the map of rooms in %s names it", architecture)
		require.True(t, info.IsDir(), dir)
	}
}

func TestAMapIsReadByItsIndentation(t *testing.T) {
	require.Equal(t, []string{"a", "a/b", "a/b/c", "a/d", "e/f", "e/f/g"}, mapped(strings.Join([]string{
		"a/       what a is", "  b/     of a", "    c/   of b", "  d/", "         which goes on here", "e/f/  two at once", "  g/  of f", "not/ a", "h/i",
	}[:7], "\n")))
	require.Empty(t, mapped("nothing\nno/where"))
}

// goMod is what the test needs of go.mod.
type goMod struct {
	Require []struct {
		Path     string
		Indirect bool
	}
	Tool []struct{ Path string }
}

// Each module that is required directly is in the table with its reason, and no
// other is.
func TestEveryDependencyHasItsReason(t *testing.T) {
	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	require.NoError(t, err)
	var mod goMod
	require.NoError(t, json.Unmarshal(out, &mod))
	want := map[string]bool{}
	for _, r := range mod.Require {
		tool := slices.ContainsFunc(mod.Tool, func(t struct{ Path string }) bool { return strings.HasPrefix(t.Path, r.Path+"/") })
		if !r.Indirect || tool {
			want[r.Path] = true
		}
	}
	got := map[string]bool{}
	for line := range strings.Lines(section(t, architecture, "Dependencies")) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || !strings.Contains(cells[1], ".") {
			continue
		}
		require.NotEmpty(t, strings.TrimSpace(cells[2]), "%s has no reason", cells[1])
		for name := range strings.SplitSeq(cells[1], ",") {
			got[strings.TrimSpace(name)] = true
		}
	}
	require.Equal(t, want, got, "the table of dependencies in %s is not go.mod's", architecture)
}

// A document that nobody is led to is not read.
func TestTheReadmeLeadsToEveryDocument(t *testing.T) {
	more := section(t, "README.md", "More")
	documents, err := fs.Glob(os.DirFS("."), "docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, documents)
	for _, file := range documents {
		require.Contains(t, more, "- ["+file+"]("+file+") ")
	}
}
