package mutants

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// removeStatement leaves out what is done for its effect: a call, a deferred one,
// an assignment, a sending.
func removeStatement(s site) []change {
	switch s.above(1).(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
	default:
		return nil // a part of an if or a for
	}
	if clause, ok := s.above(1).(*ast.CommClause); ok && clause.Comm == s.node() {
		return nil
	}
	switch n := s.node().(type) {
	case *ast.ExprStmt:
		call, _ := n.X.(*ast.CallExpr)
		return []change{instead(n, s.stillUsed(call), "")}
	case *ast.DeferStmt:
		return []change{instead(n, s.stillUsed(n.Call), "")}
	case *ast.GoStmt, *ast.SendStmt, *ast.IncDecStmt:
		return []change{instead(n, "", "")}
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return []change{instead(n, "", "")}
		}
	}
	return nil
}

// stillUsed names the variables of a call that is left out, which would otherwise
// be unused and the program none: a forgotten cancel() compiles as well.
func (s site) stillUsed(call *ast.CallExpr) string {
	if call == nil {
		return ""
	}
	var all []string
	for _, part := range append([]ast.Expr{call.Fun}, call.Args...) {
		name, ok := part.(*ast.Ident)
		if !ok {
			continue
		}
		if of, ok := s.info.Uses[name].(*types.Var); ok && of.Parent() != s.types.Scope() {
			all = append(all, "_ = "+name.Name)
		}
	}
	return strings.Join(all, "; ")
}

// removeReturn goes on where a function would end early.
func removeReturn(s site) []change {
	statement, ok := s.node().(*ast.ReturnStmt)
	if !ok {
		return nil
	}
	// The block of the function itself ends in its last return.
	if _, whole := s.above(2).(*ast.FuncDecl); whole {
		return nil
	}
	if _, whole := s.above(2).(*ast.FuncLit); whole {
		return nil
	}
	return []change{instead(statement, "", "")}
}

// loopControl ends a loop that should go on, and the other way round.
func loopControl(s site) []change {
	statement, ok := s.node().(*ast.BranchStmt)
	if !ok {
		return nil
	}
	other := map[token.Token]token.Token{token.BREAK: token.CONTINUE, token.CONTINUE: token.BREAK}[statement.Tok]
	if other == token.ILLEGAL {
		return nil
	}
	return []change{{statement.TokPos, statement.TokPos + token.Pos(len(statement.Tok.String())), other.String(), ""}}
}

// synchronous waits for what should go on beside.
func synchronous(s site) []change {
	switch n := s.node().(type) {
	case *ast.GoStmt:
		return []change{instead(n, s.text(n.Call), "")}
	case *ast.ExprStmt:
		call, ok := n.X.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return nil
		}
		if method, ok := call.Fun.(*ast.SelectorExpr); ok && method.Sel.Name == "Go" {
			if _, literal := call.Args[0].(*ast.FuncLit); literal {
				return []change{instead(n, "("+s.text(call.Args[0])+")()", "")}
			}
		}
	}
	return nil
}

// background does something for nobody in particular: without the deadline of
// whom it is for, and without an end when that one goes.
func background(s site) []change {
	call, ok := s.node().(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return nil
	}
	first, ok := call.Args[0].(*ast.Ident)
	if !ok || !isContext(s.info.TypeOf(first)) {
		return nil
	}
	return []change{instead(first, "context.Background()", "")}
}

func isContext(t types.Type) bool { return t != nil && t.String() == "context.Context" }

// sliceBound takes one less, or all.
func sliceBound(s site) []change {
	e, ok := s.node().(*ast.SliceExpr)
	if !ok || e.Slice3 {
		return nil
	}
	var all []change
	if e.High != nil {
		all = append(all, instead(e.High, "", "all"))
		if !isLiteral(e.High) {
			all = append(all, instead(e.High, s.text(e.High)+"-1", "-1"))
		}
	}
	if e.Low != nil && !isLiteral(e.Low) {
		all = append(all, instead(e.Low, s.text(e.Low)+"+1", "+1"))
	}
	return all
}

// isLiteral reports whether e is a number as such, which is [integer]'s.
func isLiteral(e ast.Expr) bool {
	_, ok := e.(*ast.BasicLit)
	return ok
}

// unbuffered takes the room out of a channel. That of a map is only a hint, and
// would give the same program for whoever looks from outside.
func unbuffered(s site) []change {
	call, ok := s.node().(*ast.CallExpr)
	if !ok || len(call.Args) != 2 {
		return nil
	}
	name, ok := call.Fun.(*ast.Ident)
	if !ok || s.info.Uses[name] != types.Universe.Lookup("make") {
		return nil
	}
	if _, channel := s.info.TypeOf(call).Underlying().(*types.Chan); !channel {
		return nil
	}
	return []change{{call.Args[0].End(), call.Args[1].End(), "", ""}}
}
