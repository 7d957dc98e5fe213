package manifest

import (
	"embed"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"

	"holdfast.dev/holdfast/manifest/notation"
)

//go:embed file.go contract.go contract_tasks.go dependency.go setup.go scenario.go stream.go
var notationSource embed.FS

// SchemaID names the schema.
const SchemaID = "https://holdfast.dev/schema/service-1.json"

// Schema is the JSON Schema of holdfast.yaml.
func Schema() ([]byte, error) {
	about, err := comments()
	if err != nil {
		return nil, err
	}
	return notation.Schema(reflect.TypeFor[File](), SchemaID, "holdfast.yaml", func(typ, field string) string {
		return about[typ+"."+field]
	})
}

// keyOrder are the keys of each type, in the order in which they are declared.
func keyOrder() map[string][]string {
	order := map[string][]string{}
	notation.Walk(reflect.TypeFor[File](), func(name string, keys []string) { order[name] = keys })
	return order
}

// comments are what the sources say of types (as TYPE.) and of fields (as
// TYPE.FIELD).
func comments() (map[string]string, error) {
	about := map[string]string{}
	entries, err := notationSource.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		text, err := notationSource.ReadFile(entry.Name())
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				describe(about, g)
			}
		}
	}
	return about, nil
}

// describe adds what stands above a declaration of types.
func describe(about map[string]string, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		t, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		about[t.Name.Name+"."] = notation.Sentence(g.Doc.Text())
		of, ok := t.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range of.Fields.List {
			for _, name := range field.Names {
				about[t.Name.Name+"."+name.Name] = notation.Sentence(field.Doc.Text())
			}
		}
	}
}
