package mutants

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
)

// operator is one kind of mistake that can be made of a piece of code.
type operator struct {
	name string
	// find returns the ways to make it at a node; the last of path is the node, the
	// first the file.
	find func(s site) []change
}

// site is a node with what is around it.
type site struct {
	*pkg
	file *file
	path []ast.Node
}

// change replaces what stands between two positions. What tells changes of the
// same node apart is kind.
type change struct {
	from, to token.Pos
	text     string
	kind     string
}

func (s site) node() ast.Node { return s.path[len(s.path)-1] }

// above is the node so many steps further out; nil beyond the file.
func (s site) above(n int) ast.Node {
	if i := len(s.path) - 1 - n; i >= 0 {
		return s.path[i]
	}
	return nil
}

// text is the source of a node.
func (s site) text(n ast.Node) string {
	return string(s.file.source[s.offset(n.Pos()):s.offset(n.End())])
}

func (s site) offset(p token.Pos) int { return s.set.Position(p).Offset }

// instead replaces a node.
func instead(n ast.Node, text, kind string) change { return change{n.Pos(), n.End(), text, kind} }

// Skipped is a function whose mistakes are not drawn, with the reason: code that
// no intact program reaches, for example.
type Skipped struct {
	Func string `yaml:"func"` // package.name or package.type.method, for example task.backlog.run
	Why  string `yaml:"why"`
}

// Drawable lists every mistake that the operators can make in the packages, in the
// order of files and lines, but for those in functions that are skipped. Whether
// they compile is not looked at; see [Source.Check].
func (s *Source) Drawable(skipped []Skipped) ([]Mutant, error) {
	var all []Mutant
	known := map[string]bool{}
	for _, p := range s.packages {
		for _, f := range p.files {
			for _, d := range f.syntax.Decls {
				name := declared(p, d)
				known[name] = true
				if !slices.ContainsFunc(skipped, func(s Skipped) bool { return s.Func == name }) {
					all = append(all, s.in(p, f, d)...)
				}
			}
		}
	}
	for _, one := range skipped {
		if !known[one.Func] {
			return nil, fmt.Errorf("there is no function %s to be skipped", one.Func)
		}
	}
	return all, nil
}

// declared is what a function is called among those of all packages; empty for
// other declarations.
func declared(p *pkg, d ast.Decl) string {
	f, ok := d.(*ast.FuncDecl)
	switch {
	case !ok:
		return ""
	case f.Recv == nil || len(f.Recv.List) == 0:
		return p.name + "." + f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	switch of := receiver.(type) {
	case *ast.IndexExpr:
		receiver = of.X
	case *ast.IndexListExpr:
		receiver = of.X
	}
	return p.name + "." + types.ExprString(receiver) + "." + f.Name.Name
}

// in lists the mistakes of one declaration.
func (s *Source) in(p *pkg, f *file, d ast.Decl) []Mutant {
	var all []Mutant
	nodes := []ast.Node{f.syntax}
	ast.Inspect(d, func(n ast.Node) bool {
		if n == nil {
			nodes = nodes[:len(nodes)-1]
			return true
		}
		if arid(p, n) {
			return false
		}
		nodes = append(nodes, n)
		at := site{p, f, nodes}
		for _, o := range operators() {
			for _, c := range o.find(at) {
				all = append(all, at.mutant(o, c))
			}
		}
		return true
	})
	return all
}

// arid reports what no mistake is made in, since nobody promises anything of it:
// what is logged, and the help of metrics.
func arid(p *pkg, n ast.Node) bool {
	if whole, ok := n.(*ast.ExprStmt); ok {
		n = whole.X
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of := p.info.TypeOf(method.X)
	return of != nil && of.String() == "*log/slog.Logger"
}

// mutant is the change as an edit of whole lines, so that a reader sees what it is
// about.
func (s site) mutant(o operator, c change) Mutant {
	at := s.set.Position(c.from)
	from, to := at.Offset, s.offset(c.to)
	text := string(s.file.source)
	begins := strings.LastIndexByte(text[:from], '\n') + 1
	ends := to + strings.IndexByte(text[to:]+"\n", '\n')
	return Mutant{
		Name:    strings.TrimSuffix(fmt.Sprintf("%s.%s:%d:%d %s %s", s.name, path.Base(s.file.name), at.Line, at.Column, o.name, c.kind), " "),
		Service: s.name, Operator: o.name,
		Edits: []Edit{{
			File: s.file.name, Line: at.Line, At: begins,
			Old: text[begins:ends], New: text[begins:from] + c.text + text[to:ends],
		}},
	}
}
