package holdfast

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// source is a parsed Go file.
type source struct {
	*ast.File
	test bool
}

// sources are the Go files of the module, by the directory they are in.
func sources(t *testing.T) map[string][]source {
	t.Helper()
	files := map[string][]source{}
	set := token.NewFileSet()
	require.NoError(t, filepath.WalkDir(".", func(name string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), "."), entry.IsDir() && entry.Name() == "testdata":
			return filepath.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		dir := filepath.ToSlash(filepath.Dir(name))
		files[dir] = append(files[dir], source{file, strings.HasSuffix(name, "_test.go")})
		return err
	}))
	return files
}

// exports are the exported names that a package declares, without its tests, each
// with what says what it is: the signature of a function, the type of the rest.
func exports(files []source) map[string]ast.Node {
	names := map[string]ast.Node{}
	declare := func(name *ast.Ident, node ast.Node) {
		if name.IsExported() {
			names[name.Name] = node
		}
	}
	for _, file := range files {
		if file.test {
			continue
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					declare(d.Name, d.Type)
				}
			case *ast.GenDecl:
				declareSpecs(d, declare)
			}
		}
	}
	return names
}

func declareSpecs(d *ast.GenDecl, declare func(*ast.Ident, ast.Node)) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			declare(spec.Name, spec)
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				declare(name, spec)
			}
		}
	}
}

// usedOutside are the names of the package in dir that files elsewhere speak of,
// and what those names are made of in turn. The package's own tests, also those
// in a package of their own, are not elsewhere.
func usedOutside(all map[string][]source, dir string, declared map[string]ast.Node) map[string]bool {
	used := map[string]bool{}
	var use func(name string)
	use = func(name string) {
		node, ours := declared[name]
		if !ours || used[name] {
			return
		}
		used[name] = true
		ast.Inspect(node, func(n ast.Node) bool {
			if part, ok := n.(*ast.Ident); ok {
				use(part.Name)
			}
			return true
		})
	}
	for other, files := range all {
		for _, file := range files {
			if other == dir || !imports(file.File, module+dir) {
				continue
			}
			ast.Inspect(file.File, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if of, ok := s.X.(*ast.Ident); ok && of.Name == path.Base(dir) {
						use(s.Sel.Name)
					}
				}
				return true
			})
		}
	}
	return used
}

func imports(file *ast.File, wanted string) bool {
	return slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"`+wanted+`"` })
}

// What only one package uses is its own affair: an exported name promises more,
// and is kept when nobody needs it any more.
func TestTheReferenceExportsWhatOthersUse(t *testing.T) {
	all := sources(t)
	for _, dir := range slices.Sorted(maps.Keys(all)) {
		if !strings.HasPrefix(dir, "reference/") {
			continue
		}
		declared := exports(all[dir])
		used := usedOutside(all, dir, declared)
		var unused []string
		for _, name := range slices.Sorted(maps.Keys(declared)) {
			if !used[name] {
				unused = append(unused, name)
			}
		}
		assert.Empty(t, unused, "%s exports %d names; nothing outside of it uses these", dir, len(declared))
	}
}

// A test that can't fail is a defect: what only the package's own tests use is
// not used, and what a used function takes and gives is.
func TestUseIsWhatOthersSpeakOf(t *testing.T) {
	parsed := func(text string, test bool) source {
		file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
		require.NoError(t, err)
		return source{file, test}
	}
	all := map[string][]source{
		"reference/a": {
			parsed("package a\n\ntype Given struct{}\ntype Alone struct{ Given }\nfunc Called() Given\nfunc Tested()\nconst Read, unread = 1, 2\nfunc (Given) Method()\n", false),
			parsed("package a\n\nfunc TestTested()\n", true),
			parsed("package a_test\n\nimport \""+module+"reference/a\"\n\nvar _ = a.Tested\n", true),
		},
		"b": {
			parsed("package b\n\nimport \""+module+"reference/a\"\n\nvar _, _ = a.Called, a.Read\n", true),
			parsed("package b\n\nvar a struct{ Alone int }\nvar _ = a.Alone\n", false),
		},
	}
	declared := exports(all["reference/a"])
	require.ElementsMatch(t, []string{"Given", "Alone", "Called", "Tested", "Read"}, slices.Collect(maps.Keys(declared)))
	require.Equal(t, map[string]bool{"Called": true, "Given": true, "Read": true}, usedOutside(all, "reference/a", declared))
}
