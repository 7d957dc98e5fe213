package k6

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/grafana/sobek"
	"github.com/grafana/sobek/ast"
	"github.com/grafana/sobek/parser"

	"holdfast.dev/holdfast/importer"
)

// parse reads one module.
func (s *sandbox) parse(name, text string) (*sobek.SourceTextModuleRecord, error) {
	program, err := sobek.Parse(name, text, parser.IsModule, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	if s.program == nil {
		s.program = program
	}
	for _, i := range program.ImportEntries {
		specifier := i.ModuleSpecifier.String()
		if i.FromClause != nil {
			specifier = i.FromClause.ModuleSpecifier.String()
		}
		line := program.File.Position(int(i.Idx) - 1).Line
		if err := s.provide(importer.Place{File: name, Line: line}, specifier, imported(i)); err != nil {
			return nil, err
		}
	}
	for _, e := range program.ExportEntries {
		if e.FromClause == nil {
			continue
		}
		line := program.File.Position(int(e.Idx) - 1).Line
		if err := s.provide(importer.Place{File: name, Line: line}, e.FromClause.ModuleSpecifier.String(), nil); err != nil {
			return nil, err
		}
	}
	return sobek.ModuleFromAST(program, s.resolve)
}

// imported are the names that a declaration imports.
func imported(i *ast.ImportDeclaration) []string {
	var names []string
	if i.ImportClause == nil {
		return nil
	}
	if i.ImportClause.ImportedDefaultBinding != nil {
		names = append(names, "default")
	}
	if i.ImportClause.NamedImports != nil {
		for _, named := range i.ImportClause.NamedImports.ImportsList {
			names = append(names, named.IdentifierName.String())
		}
	}
	return names
}

// provide makes the module that somebody imports from: a file beside the script, or one of
// k6 with what it has and what is asked of it. What it has not is told.
func (s *sandbox) provide(at importer.Place, specifier string, asked []string) error {
	if strings.HasPrefix(specifier, ".") || strings.HasPrefix(specifier, "/") {
		if _, there := s.asked[specifier]; there {
			return nil
		}
		s.asked[specifier] = nil
		text, err := s.read(specifier)
		if err == nil {
			err = s.checkText(specifier, text)
		}
		if err == nil {
			s.modules[specifier], err = s.parse(path.Clean(specifier), text)
		}
		return err
	}
	exports := append(s.names(specifier), "default")
	for _, name := range asked {
		if len(exports) == 1 || !slices.Contains(exports, name) {
			s.seen.report.Leave(at.Left(name+" of "+specifier, "it is not played when a script is imported", "write by hand what it is for"))
		}
	}
	s.asked[specifier] = append(s.asked[specifier], asked...)
	module, err := sobek.ParseModule("k6", exporting(specifier, append(exports, s.asked[specifier]...)), s.resolve, parser.WithDisableSourceMaps)
	s.modules[specifier] = module
	return err
}

// exporting is the text of a module that has these.
func exporting(specifier string, names []string) string {
	var b strings.Builder
	seen := map[string]bool{}
	for i, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		fmt.Fprintf(&b, "const v%d = __k6.value(%s, %s); export { v%d as %s };\n", i, importer.Quote(specifier), importer.Quote(name), i, name)
	}
	return b.String()
}

func (s *sandbox) resolve(_ any, specifier string) (sobek.ModuleRecord, error) {
	if m := s.modules[specifier]; m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("import %q is not there", specifier)
}
