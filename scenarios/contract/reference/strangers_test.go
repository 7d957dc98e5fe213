package reference

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/settings"
	"holdfast.dev/holdfast/scenarios/contract"
)

// strangers are the packages of scenarios that know a service by its contract alone.
var strangers = []string{"search", "oracle", "task"}

// ours are the words that mean something to our own services alone: routes at the
// beginning of a text and variables wherever they stand, and fields and tables as a text of their own.
func ours() (within, whole []string) {
	for _, route := range answers().Routes {
		_, path, _ := strings.Cut(route.Pattern, " ")
		if path, _, _ = strings.Cut(path, "{"); len(path) > 1 {
			within = append(within, path)
		}
		for _, answer := range route.Answers {
			for _, field := range regexp.MustCompile(`"([a-z_]+)":\{`).FindAllStringSubmatch(answer.Schema, -1) {
				whole = append(whole, field[1])
			}
		}
	}
	for _, table := range []settings.Table{settings.Search(), settings.Oracle(), settings.Task()} {
		for _, s := range table {
			within = append(within, s.Name)
		}
	}
	tasks := Tasks(1, Searches()(1))
	whole = append(whole, tasks.Tables.All...)
	whole = append(whole, tasks.Counters.Attempts, tasks.Counters.Retries, tasks.Counters.Failed, tasks.Oldest.Name, tasks.Depth(contract.Pending).Name)
	for _, name := range tasks.Counters.Kinds {
		within = append(within, name)
	}
	whole = append(whole, World(1).OnlyRead...)
	return within, whole
}

// A scenario that names what only our services have would show nothing of another's.
func TestScenariosNameNothingOfOurServices(t *testing.T) {
	within, whole := ours()
	for _, one := range strangers {
		files, err := filepath.Glob("../../" + one + "/*.go")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, text := range texts(t, file) {
				require.NotContains(t, whole, text, file)
				for _, word := range within {
					begins := strings.HasPrefix(text, word)
					require.False(t, begins || !strings.HasPrefix(word, "/") && strings.Contains(text, word), "%s: %q has %s", file, text, word)
				}
			}
		}
	}
}

// A test that can't fail is a defect: these are words of ours.
func TestWordsOfOurServicesAreKnown(t *testing.T) {
	within, whole := ours()
	for _, word := range []string{"/search", "/projects/", "/tasks", "SEARCH_STATEMENT_TIMEOUT"} {
		require.Contains(t, within, word)
	}
	for _, word := range []string{"results", "truncated", "search_documents", "oracles", "river_job", "task_attempts_total", "queue_jobs"} {
		require.Contains(t, whole, word)
	}
	require.NotEmpty(t, texts(t, "search.go"))
	require.True(t, slices.Contains(texts(t, "search.go"), "search_documents"))
}

// texts are those that stand in a file of Go, but for its imports.
func texts(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var all []string
	for _, decl := range parsed.Decls {
		if imports, ok := decl.(*ast.GenDecl); ok && imports.Tok == token.IMPORT {
			continue
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				all = append(all, text)
			}
			return true
		})
	}
	return all
}
