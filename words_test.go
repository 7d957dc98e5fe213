package holdfast

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// files lists what the project has of files that end so, without what is hidden,
// test data and what was built.
func files(t *testing.T, ending string) []string {
	t.Helper()
	var all []string
	require.NoError(t, filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := entry.Name(); name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ending) {
			all = append(all, name)
		}
		return nil
	}))
	return all
}

// testName is the name of a test, a benchmark or a fuzz target in a text.
var testName = regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)[A-Z]\w+`)

// namesOfTests are the functions of all Go files, and the tests that the comments
// of each speak of.
func namesOfTests(t *testing.T) (declared map[string]bool, named map[string][]string) {
	t.Helper()
	declared, named = map[string]bool{}, map[string][]string{}
	for _, file := range files(t, ".go") {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				declared[fn.Name.Name] = true
			}
		}
		for _, group := range f.Comments {
			named[file] = append(named[file], testName.FindAllString(group.Text(), -1)...)
		}
	}
	return declared, named
}

// Who reads that a test keeps something must find that test.
func TestEveryTestThatIsNamedExists(t *testing.T) {
	declared, named := namesOfTests(t)
	for _, file := range files(t, ".md") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		named[file] = testName.FindAllString(string(text), -1)
	}
	found := 0
	for file, names := range named {
		for _, name := range names {
			found++
			require.True(t, declared[name], "%s names %s, which does not exist", file, name)
		}
	}
	require.NotZero(t, found, "no comment and no document names a test")
	require.Equal(t, []string{"TestOne", "FuzzTwo"}, testName.FindAllString("see TestOne and pkg.FuzzTwo, not Testing or a Test", -1))
}

// private are words that once stood in this project for what the field has a
// word for. Who reads them must look them up.
var private = regexp.MustCompile(`(?i)\b(?:doomed|ghosts?|haunt\w*|hurr(?:y|ied)|furnish\w*|teeth|untimely|weather)\b`)

func TestWordsAreThoseOfTheField(t *testing.T) {
	for _, ending := range []string{".go", ".md", ".sh"} {
		for _, file := range files(t, ending) {
			if file == "words_test.go" || file == "fault/old_test.go" { // here they are named, there as texts that were once written
				continue
			}
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Empty(t, private.FindString(string(text)), file)
		}
	}
	require.True(t, private.MatchString("a Ghost in a hurry"))
	require.False(t, private.MatchString("hurricanes"))
}

// exported are the exported names of each package by its name, with those of
// fields and methods as Type.Name.
func exported(t *testing.T) map[string]map[string]bool {
	t.Helper()
	names := map[string]map[string]bool{}
	for _, file := range files(t, ".go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		if names[f.Name.Name] == nil {
			names[f.Name.Name] = map[string]bool{}
		}
		for _, d := range f.Decls {
			declare(names[f.Name.Name], d)
		}
	}
	return names
}

// declare adds what a declaration names.
func declare(names map[string]bool, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			names[d.Name.Name] = true
			return
		}
		of := d.Recv.List[0].Type
		if star, ok := of.(*ast.StarExpr); ok {
			of = star.X
		}
		if generic, ok := of.(*ast.IndexExpr); ok {
			of = generic.X
		}
		if name, ok := of.(*ast.Ident); ok {
			names[name.Name+"."+d.Name.Name] = true
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names[name.Name] = true
				}
			case *ast.TypeSpec:
				names[spec.Name.Name] = true
				for _, member := range members(spec.Type) {
					names[spec.Name.Name+"."+member] = true
				}
			}
		}
	}
}

// members are the fields of a structure, or the methods of an interface.
func members(of ast.Expr) []string {
	var fields *ast.FieldList
	switch of := of.(type) {
	case *ast.StructType:
		fields = of.Fields
	case *ast.InterfaceType:
		fields = of.Methods
	default:
		return nil
	}
	var all []string
	for _, f := range fields.List {
		for _, name := range f.Names {
			all = append(all, name.Name)
		}
	}
	return all
}

// inCode is what a document sets as code, and qualified a name in it that is
// exported by a package.
var (
	inCode    = regexp.MustCompile("`[^`\n]+`")
	qualified = regexp.MustCompile(`\b([a-z]\w*)\.([A-Z]\w*(?:\.[A-Z]\w*)?)`)
)

// A name of this project's that a document tells is there to be found.
func TestTheNamesInDocumentsExist(t *testing.T) {
	names := exported(t)
	found := 0
	for _, file := range files(t, ".md") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, code := range inCode.FindAllString(string(text), -1) {
			for _, m := range qualified.FindAllStringSubmatch(code, -1) {
				if ours, ok := names[m[1]]; ok {
					found++
					require.True(t, ours[m[2]], "%s names %s, which does not exist", file, m[0])
				}
			}
		}
	}
	require.NotZero(t, found, "no document names anything")
	require.True(t, names["harness"]["Fake.Close"] && names["harness"]["World.Data"] && names["harness"]["Scenario.Validate"], "members are found")
	require.False(t, names["harness"]["Outside"])
}

// goBlock is Go code in a document.
var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// The Go code of documents is a part of an example that is compiled.
func TestTheGoOfDocumentsIsCompiled(t *testing.T) {
	var examples strings.Builder
	for _, file := range files(t, "example_test.go") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		examples.WriteString(plain(string(text)))
	}
	found := 0
	for _, file := range files(t, ".md") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, block := range goBlock.FindAllStringSubmatch(string(text), -1) {
			require.True(t, strings.Contains(examples.String(), plain(block[1])), "%s has Go code that is in no example_test.go:\n%s", file, block[1])
			found++
		}
	}
	require.NotZero(t, found, "no document shows Go")
}

// plain is code without its indentation.
func plain(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimSpace(line))
		b.WriteByte('\n')
	}
	return b.String()
}
