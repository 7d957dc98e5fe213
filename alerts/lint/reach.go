package lint

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"holdfast.dev/holdfast/alerts/rulefile"
)

// truth is what is known of a condition without looking at the service.
type truth int

const (
	open   truth = iota // it depends
	never               // whatever the service tells
	always              // whenever it tells anything
)

// reach looks at whether the alert can fire, and can be silent, and reports whether it
// can do both.
func (l *linter) reach() bool {
	is, why := l.truthOf(l.rule.Expr)
	switch is {
	case never:
		l.add(Error, "never", "it can never fire: %s", why)
	case always:
		l.add(Error, "always", "it always fires: %s", why)
	}
	return is == open
}

func (l *linter) truthOf(e parser.Expr) (truth, string) {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return l.truthOf(e.Expr)
	case *parser.AggregateExpr:
		if e.Op == parser.COUNT || e.Op == parser.SUM || e.Op == parser.MAX || e.Op == parser.MIN || e.Op == parser.GROUP {
			if is, why := l.truthOf(e.Expr); is == never {
				return never, why
			}
		}
	case *parser.BinaryExpr:
		return l.truthOfBinary(e)
	}
	return open, ""
}

func (l *linter) truthOfBinary(e *parser.BinaryExpr) (truth, string) {
	switch {
	case e.Op == parser.LAND, e.Op == parser.LUNLESS:
		left, why := l.truthOf(e.LHS)
		if left == never {
			return never, why
		}
		if right, also := l.truthOf(e.RHS); e.Op == parser.LAND && right == never {
			return never, also
		} else if e.Op == parser.LAND && left == always && right == always {
			return always, why
		}
		return open, ""
	case e.Op == parser.LOR:
		left, why := l.truthOf(e.LHS)
		right, also := l.truthOf(e.RHS)
		if left == always || left == never && right == never {
			return left, why
		}
		if right == always {
			return always, also
		}
		return open, ""
	case e.Op.IsComparisonOperator() && !e.ReturnBool:
		return l.compare(e)
	}
	return open, ""
}

// compare holds what the two sides can be against each other.
func (l *linter) compare(e *parser.BinaryExpr) (truth, string) {
	a, b := l.names.boundsOf(e.LHS), l.names.boundsOf(e.RHS)
	why := fmt.Sprintf("%s is %s, and %s is %s", e.LHS, a, e.RHS, b)
	is := func(yes, no bool) (truth, string) {
		switch {
		case no:
			return never, why
		case yes && !l.names.comesAndGoes(e.LHS) && !l.names.comesAndGoes(e.RHS):
			return always, why
		}
		return open, ""
	}
	switch e.Op {
	case parser.GTR:
		return is(a.lo > b.hi, a.hi <= b.lo)
	case parser.GTE:
		return is(a.lo >= b.hi && !math.IsInf(a.lo, 0), a.hi < b.lo)
	case parser.LSS:
		return is(a.hi < b.lo, a.lo >= b.hi)
	case parser.LTE:
		return is(a.hi <= b.lo && !math.IsInf(a.hi, 0), a.lo > b.hi)
	case parser.EQLC:
		return is(false, a.hi < b.lo || a.lo > b.hi)
	}
	return open, ""
}

// comesAndGoes reports whether an expression gives nothing for a part of the time: a count
// of what is above a limit is never 0, and yet the rule is silent while none is.
func (n names) comesAndGoes(e parser.Expr) (is bool) {
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		switch node := node.(type) {
		case *parser.BinaryExpr:
			is = is || node.Op.IsComparisonOperator() && !node.ReturnBool || node.Op == parser.LAND || node.Op == parser.LUNLESS
		case *parser.Call:
			is = is || strings.HasPrefix(node.Func.Name, "absent")
		case *parser.VectorSelector:
			metric := rulefile.Metric(node)
			if recorded := n.recorded(node); recorded != nil {
				is = is || n.comesAndGoes(recorded)
			} else if metric != "up" {
				// What the page has not now, and what tells of alerts, may come.
				is = is || !slices.ContainsFunc(n.series[metric], func(s labels.Labels) bool { return selects(node, s) })
			}
		}
		return nil
	})
	return is
}

// String says it in words.
func (b bounds) String() string {
	switch {
	case b.lo == b.hi:
		return fmt.Sprintf("%.4g", b.lo)
	case math.IsInf(b.lo, -1) && math.IsInf(b.hi, 1):
		return "anything"
	case math.IsInf(b.hi, 1):
		return fmt.Sprintf("%.4g at least", b.lo)
	case math.IsInf(b.lo, -1):
		return fmt.Sprintf("%.4g at most", b.hi)
	}
	return fmt.Sprintf("%.4g to %.4g", b.lo, b.hi)
}

// windows looks at whether a window holds the two scrapes that a rate needs.
func (l *linter) windows() {
	parser.Inspect(l.rule.Expr, func(n parser.Node, path []parser.Node) error {
		m, ok := n.(*parser.MatrixSelector)
		if !ok {
			return nil
		}
		call := ""
		for _, p := range path {
			if c, ok := p.(*parser.Call); ok {
				call = c.Func.Name
			}
		}
		switch call {
		case "rate", "irate", "increase", "delta", "idelta", "deriv", "changes", "resets":
			if m.Range <= l.ScrapeEvery {
				l.add(Error, "window", "%s needs two scrapes in its window, and %v has one at most, with a scrape each %v: it can never fire", call, m.Range, l.ScrapeEvery)
			} else if m.Range < 4*l.ScrapeEvery {
				l.add(Warning, "window", "the window of %s is %v: with a scrape each %v one that is lost leaves it without a value", call, m.Range, l.ScrapeEvery)
			}
		}
		return nil
	})
}
