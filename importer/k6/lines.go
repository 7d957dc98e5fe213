package k6

import (
	"strconv"

	"github.com/grafana/sobek/ast"
	"github.com/grafana/sobek/file"
)

// line is that of a place in the script.
func (s *sandbox) line(at file.Idx) int { return s.program.File.Position(int(at) - 1).Line }

// exportedAs is the declaration that the script exports under a name, nil where there is
// none that can be seen.
func (s *sandbox) exportedAs(name string) (at file.Idx, value ast.Expression) {
	for _, e := range s.program.ExportEntries {
		var list []*ast.Binding
		switch {
		case e.LexicalDeclaration != nil:
			list = e.LexicalDeclaration.List
		case e.Variable != nil:
			list = e.Variable.List
		case e.HoistableDeclaration != nil && e.HoistableDeclaration.FunctionDeclaration != nil:
			if f := e.HoistableDeclaration.FunctionDeclaration.Function; f != nil && f.Name != nil && f.Name.Name.String() == name {
				return f.Idx0(), nil
			}
		}
		for _, b := range list {
			if id, ok := b.Target.(*ast.Identifier); ok && id.Name.String() == name {
				return id.Idx, b.Initializer
			}
		}
	}
	return 0, nil
}

// lineOf is where the script exports something, or 1.
func (s *sandbox) lineOf(name string) int {
	if at, _ := s.exportedAs(name); at > 0 {
		return s.line(at)
	}
	return 1
}

// linesOf are the lines of what an exported value is made of, by paths.
func (s *sandbox) linesOf(name string) map[string]int {
	lines := map[string]int{}
	at, value := s.exportedAs(name)
	if at > 0 {
		lines[""] = s.line(at)
		s.lines(value, "", lines)
	}
	return lines
}

func (s *sandbox) lines(e ast.Expression, path string, lines map[string]int) {
	switch e := e.(type) {
	case *ast.ObjectLiteral:
		for _, p := range e.Value {
			keyed, ok := p.(*ast.PropertyKeyed)
			if !ok || keyed.Computed {
				continue
			}
			if key, ok := keyed.Key.(*ast.StringLiteral); ok {
				at := path + "." + key.Value.String()
				if path == "" {
					at = key.Value.String()
				}
				lines[at] = s.line(key.Idx)
				s.lines(keyed.Value, at, lines)
			}
		}
	case *ast.ArrayLiteral:
		for i, part := range e.Value {
			at := path + "[" + strconv.Itoa(i) + "]"
			if part != nil {
				lines[at] = s.line(part.Idx0())
				s.lines(part, at, lines)
			}
		}
	}
}
