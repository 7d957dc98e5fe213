// Package mutation makes mistakes in rules of alerts, one at a time, as people make them:
// a threshold in another unit, a window that holds no two scrapes, a label that is
// misspelt. Whoever checks rules must find each of them.
//
// Enter at [All]. Each mutant is a pure function of the rule.
package mutation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"holdfast.dev/holdfast/alerts/rulefile"
)

// Mutant is a rule with a mistake in it.
type Mutant struct {
	Alert string // whose rule it was
	Kind  string // of the mistake: unit, window, for, label, metric, floor, direction, routing
	About string // what was changed, in words
	Rule  rulefile.Rule
}

// Name is what a mutant's own alert is called.
func (m Mutant) Name() string { return m.Alert + " with another " + m.Kind }

// All makes each mistake in each rule that it can be made in, in the order of the file.
func All(f *rulefile.File) []Mutant {
	makers := []func(rulefile.Rule) (Mutant, bool){unit, window, hold, label, metric, floor, direction, routing}
	var all []Mutant
	for _, r := range f.Alerts() {
		for _, mistake := range makers {
			own := r
			own.Expr = reparsed(r.Expr) // to be changed
			if m, ok := mistake(own); ok {
				m.Alert, m.Rule.Alert = r.Alert, m.nameOf(r)
				m.Rule.Text = m.Rule.Expr.String()
				all = append(all, m)
			}
		}
	}
	return all
}

func (m Mutant) nameOf(r rulefile.Rule) string { return Mutant{Alert: r.Alert, Kind: m.Kind}.Name() }

// reparsed is a copy of an expression.
func reparsed(e parser.Expr) parser.Expr {
	again, err := rulefile.Parser().ParseExpr(e.String())
	if err != nil {
		panic(fmt.Sprintf("what was printed of an expression is none: %v", err))
	}
	return again
}

// comparisons are those with a number, the first first.
func comparisons(e parser.Expr) []*parser.BinaryExpr {
	var all []*parser.BinaryExpr
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if b, ok := n.(*parser.BinaryExpr); ok && b.Op.IsComparisonOperator() && !b.ReturnBool {
			all = append(all, b)
		}
		return nil
	})
	return all
}

// unit takes each threshold for one in thousandths.
func unit(r rulefile.Rule) (Mutant, bool) {
	var said []string
	for _, c := range comparisons(r.Expr) {
		if c.RHS.Type() == parser.ValueTypeScalar && c.Op != parser.EQLC && c.RHS.String() != "0" {
			was := c.String()
			c.RHS = &parser.BinaryExpr{Op: parser.MUL, LHS: &parser.ParenExpr{Expr: c.RHS}, RHS: &parser.NumberLiteral{Val: 1000}}
			said = append(said, was)
		}
	}
	return Mutant{Kind: "unit", About: "the threshold is a thousand times as high: " + strings.Join(said, ", "), Rule: r}, len(said) > 0
}

// window makes each window shorter than two scrapes.
func window(r rulefile.Rule) (Mutant, bool) {
	const short = 10 * time.Second
	found := false
	parser.Inspect(r.Expr, func(n parser.Node, _ []parser.Node) error {
		if m, ok := n.(*parser.MatrixSelector); ok {
			m.Range, found = short, true
		}
		return nil
	})
	return Mutant{Kind: "window", About: "each window is 10s", Rule: r}, found && hasRate(r.Expr)
}

func hasRate(e parser.Expr) (is bool) {
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if c, ok := n.(*parser.Call); ok && slices.Contains([]string{"rate", "increase", "irate", "delta"}, c.Func.Name) {
			is = true
		}
		return nil
	})
	return is
}

// hold waits for longer than anybody can.
func hold(r rulefile.Rule) (Mutant, bool) {
	was := model.Duration(r.For)
	r.For = 6 * time.Hour
	return Mutant{Kind: "for", About: fmt.Sprintf("for is 6h in place of %s", was), Rule: r}, true
}

// label misspells the first value that is selected by.
func label(r rulefile.Rule) (m Mutant, ok bool) {
	for _, v := range rulefile.Selectors(r.Expr) {
		for i, is := range v.LabelMatchers {
			if is.Name == model.MetricNameLabel || is.Type != labels.MatchEqual || is.Value == "" {
				continue
			}
			wrong, err := labels.NewMatcher(is.Type, is.Name, is.Value+"s")
			if err != nil {
				continue
			}
			v.LabelMatchers[i] = wrong
			return Mutant{Kind: "label", About: fmt.Sprintf("%s in place of %s", wrong, is), Rule: r}, true
		}
	}
	return m, false
}

// metric misspells the first metric.
func metric(r rulefile.Rule) (m Mutant, ok bool) {
	all := rulefile.Selectors(r.Expr)
	if len(all) == 0 {
		return m, false
	}
	v := all[0]
	was := rulefile.Metric(v)
	v.Name = was + "s"
	for i, is := range v.LabelMatchers {
		if is.Name == model.MetricNameLabel {
			v.LabelMatchers[i] = labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, v.Name)
		}
	}
	return Mutant{Kind: "metric", About: fmt.Sprintf("%s in place of %s", v.Name, was), Rule: r}, true
}

// floor leaves out the last condition, where it is a floor of traffic.
func floor(r rulefile.Rule) (m Mutant, ok bool) {
	b, is := r.Expr.(*parser.BinaryExpr)
	if !is || b.Op != parser.LAND {
		return m, false
	}
	last, is := b.RHS.(*parser.BinaryExpr)
	if !is || !last.Op.IsComparisonOperator() || last.RHS.Type() != parser.ValueTypeScalar || strings.Contains(last.LHS.String(), "/") || !strings.Contains(last.LHS.String(), "rate") {
		return m, false
	}
	gone := last.String()
	r.Expr = b.LHS
	return Mutant{Kind: "floor", About: "without " + gone, Rule: r}, true
}

// direction turns the first comparison round.
func direction(r rulefile.Rule) (m Mutant, ok bool) {
	other := map[parser.ItemType]parser.ItemType{parser.GTR: parser.LSS, parser.LSS: parser.GTR, parser.GTE: parser.LTE, parser.LTE: parser.GTE, parser.EQLC: parser.NEQ}
	for _, c := range comparisons(r.Expr) {
		if to, has := other[c.Op]; has {
			was := c.String()
			c.Op = to
			return Mutant{Kind: "direction", About: fmt.Sprintf("%s in place of %s", c, was), Rule: r}, true
		}
	}
	return m, false
}

// routing takes the label away by which the alert finds somebody.
func routing(r rulefile.Rule) (Mutant, bool) {
	r.Labels = maps.Clone(r.Labels)
	was := r.Labels["severity"]
	delete(r.Labels, "severity")
	return Mutant{Kind: "routing", About: "without severity=" + was, Rule: r}, was != ""
}
