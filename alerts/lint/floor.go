package lint

import "github.com/prometheus/prometheus/promql/parser"

// floor looks at whether a share has a floor of traffic: of three requests at night one
// that fails is a third.
func (l *linter) floor() {
	shares, floors := 0, 0
	parser.Inspect(l.rule.Expr, func(n parser.Node, _ []parser.Node) error {
		e, ok := n.(*parser.BinaryExpr)
		if !ok || !e.Op.IsComparisonOperator() {
			return nil
		}
		switch left, right := l.names.traffic(e.LHS), l.names.traffic(e.RHS); {
		case max(left, right) == share, left == flow && right == flow:
			shares++ // of two rates one is a share of the other
		case left == flow && (e.Op == parser.GTR || e.Op == parser.GTE) && e.RHS.Type() == parser.ValueTypeScalar:
			floors++
		}
		return nil
	})
	if shares > 0 && floors == 0 {
		l.add(Warning, "floor", "it compares a share of requests and has no floor of traffic: in a quiet hour one failure fires it. Add: and sum(rate(…)) > …")
	}
}

// traffic is what an expression has to do with requests.
type traffic int

const (
	none  traffic = iota
	flow          // so many a second
	share         // of them
)

// traffic finds rates, and divisions of one by another, also in what rules record.
func (n names) traffic(e parser.Expr) traffic {
	is := none
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		switch node := node.(type) {
		case *parser.VectorSelector:
			if recorded := n.recorded(node); recorded != nil {
				is = max(is, n.traffic(recorded))
			}
		case *parser.Call:
			if name := node.Func.Name; name == "rate" || name == "increase" || name == "irate" {
				is = max(is, flow)
			}
		case *parser.BinaryExpr:
			if node.Op == parser.DIV && n.traffic(node.LHS) > none && n.traffic(node.RHS) > none {
				is = share
			}
		}
		return nil
	})
	return is
}
