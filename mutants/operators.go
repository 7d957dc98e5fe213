package mutants

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
)

// operators lists all kinds of mistakes.
func operators() []operator {
	return []operator{
		{"negate-condition", negateCondition},
		{"skip-error", skipError},
		{"boundary", boundary},
		{"connective", connective},
		{"boolean", boolean},
		{"arithmetic", arithmetic},
		{"integer", integer},
		{"duration", duration},
		{"remove-statement", removeStatement},
		{"remove-return", removeReturn},
		{"loop-control", loopControl},
		{"synchronous", synchronous},
		{"background", background},
		{"slice-bound", sliceBound},
		{"unbuffered", unbuffered},
		{"sql", sql},
	}
}

// negateCondition turns the condition of an if or a for round, but for those that
// are [skipError]'s.
func negateCondition(s site) []change {
	condition := conditionOf(s.node())
	if condition == nil || s.isError(condition) {
		return nil
	}
	return []change{instead(condition, "!("+s.text(condition)+")", "")}
}

func conditionOf(n ast.Node) ast.Expr {
	switch n := n.(type) {
	case *ast.IfStmt:
		return n.Cond
	case *ast.ForStmt:
		if n.Cond != nil {
			return n.Cond
		}
	}
	return nil
}

// skipError takes an error for none.
func skipError(s site) []change {
	statement, ok := s.node().(*ast.IfStmt)
	if !ok || !s.isError(statement.Cond) {
		return nil
	}
	return []change{instead(statement.Cond, "false && "+s.text(statement.Cond), "")}
}

// isError reports whether e is err != nil.
func (s site) isError(e ast.Expr) bool {
	compared, ok := e.(*ast.BinaryExpr)
	if !ok || compared.Op != token.NEQ || !s.isNil(compared.Y) {
		return false
	}
	of := s.info.TypeOf(compared.X)
	return of != nil && types.Identical(of, types.Universe.Lookup("error").Type())
}

func (s site) isNil(e ast.Expr) bool { return s.info.Types[e].IsNil() }

// binary replaces the sign of a binary expression of one of these types.
func binary(s site, swaps map[token.Token][]token.Token, fits func(*ast.BinaryExpr) bool) []change {
	e, ok := s.node().(*ast.BinaryExpr)
	if !ok || !fits(e) {
		return nil
	}
	var all []change
	for _, other := range swaps[e.Op] {
		all = append(all, change{e.OpPos, e.OpPos + token.Pos(len(e.Op.String())), other.String(), other.String()})
	}
	return all
}

func boundary(s site) []change {
	return binary(s, map[token.Token][]token.Token{
		token.LSS: {token.LEQ, token.GTR}, token.LEQ: {token.LSS}, token.GTR: {token.GEQ, token.LSS}, token.GEQ: {token.GTR},
		token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	}, func(e *ast.BinaryExpr) bool {
		return !s.isError(e) && conditionOf(s.above(1)) != e || e.Op != token.EQL && e.Op != token.NEQ
	})
}

func connective(s site) []change {
	return binary(s, map[token.Token][]token.Token{token.LAND: {token.LOR}, token.LOR: {token.LAND}},
		func(*ast.BinaryExpr) bool { return true })
}

func arithmetic(s site) []change {
	return binary(s, map[token.Token][]token.Token{
		token.ADD: {token.SUB}, token.SUB: {token.ADD}, token.MUL: {token.QUO}, token.QUO: {token.MUL}, token.REM: {token.MUL},
		token.SHL: {token.SHR}, token.SHR: {token.SHL},
	}, func(e *ast.BinaryExpr) bool {
		of := s.info.Types[e]
		basic, ok := of.Type.Underlying().(*types.Basic)
		return ok && basic.Info()&types.IsNumeric != 0 && (of.Value == nil || !isDuration(of.Type)) // see duration
	})
}

// boolean turns a literal round.
func boolean(s site) []change {
	name, ok := s.node().(*ast.Ident)
	if !ok {
		return nil
	}
	switch s.info.Uses[name] {
	case types.Universe.Lookup("true"):
		return []change{instead(name, "false", "")}
	case types.Universe.Lookup("false"):
		return []change{instead(name, "true", "")}
	}
	return nil
}

// integer makes a number one larger, one smaller, and nothing.
func integer(s site) []change {
	literal, ok := s.node().(*ast.BasicLit)
	if !ok || literal.Kind != token.INT || s.inDuration() {
		return nil
	}
	value, err := strconv.ParseInt(literal.Value, 0, 64)
	if err != nil {
		return nil
	}
	all := []change{instead(literal, strconv.FormatInt(value+1, 10), "+1")}
	if value > 0 {
		all = append(all, instead(literal, strconv.FormatInt(value-1, 10), "-1"))
	}
	if value > 1 {
		all = append(all, instead(literal, "0", "=0"))
	}
	return all
}

// inDuration reports whether the node is a part of a constant time.
func (s site) inDuration() bool {
	for i := range s.path {
		if e, ok := s.above(i).(ast.Expr); ok && s.constantDuration(e) {
			return true
		}
	}
	return false
}

// duration makes a constant time ten times as long, and a tenth.
func duration(s site) []change {
	e, ok := s.node().(ast.Expr)
	if !ok || !s.constantDuration(e) {
		return nil
	}
	if outer, ok := s.above(1).(ast.Expr); ok && s.constantDuration(outer) {
		return nil
	}
	switch s.above(1).(type) {
	case *ast.SelectorExpr, *ast.KeyValueExpr, *ast.ValueSpec, *ast.CallExpr, *ast.BinaryExpr, *ast.AssignStmt, *ast.ReturnStmt:
		return []change{instead(e, "10*("+s.text(e)+")", "*10"), instead(e, "("+s.text(e)+")/10", "/10")}
	}
	return nil
}

// constantDuration reports whether e is a constant time other than none, and no
// mere name: names are changed where they are declared.
func (s site) constantDuration(e ast.Expr) bool {
	of := s.info.Types[e]
	if of.Value == nil || of.Type == nil || !isDuration(of.Type) || constant.Sign(of.Value) == 0 {
		return false
	}
	switch e := e.(type) {
	case *ast.Ident:
		return false
	case *ast.SelectorExpr:
		use := s.info.Uses[e.Sel]
		return use != nil && use.Pkg() != nil && use.Pkg().Path() == "time"
	}
	return true
}

func isDuration(t types.Type) bool { return t.String() == "time.Duration" }
