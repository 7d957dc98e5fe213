package lint

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"holdfast.dev/holdfast/alerts/rulefile"
)

// bounds are the least and the most that an expression's values can be.
type bounds struct{ lo, hi float64 }

var anything = bounds{math.Inf(-1), math.Inf(1)}

// boundsOf is what is known of an expression's values, from its form, from the types of
// metrics and from the buckets of histograms: a share is 0 to 1, a rate is not
// below 0, a quantile not above the last bound.
func (n names) boundsOf(e parser.Expr) bounds {
	switch e := e.(type) {
	case *parser.NumberLiteral:
		return bounds{e.Val, e.Val}
	case *parser.ParenExpr:
		return n.boundsOf(e.Expr)
	case *parser.StepInvariantExpr:
		return n.boundsOf(e.Expr)
	case *parser.SubqueryExpr:
		return n.boundsOf(e.Expr)
	case *parser.UnaryExpr:
		if b := n.boundsOf(e.Expr); e.Op == parser.SUB {
			return bounds{-b.hi, -b.lo}
		}
		return n.boundsOf(e.Expr)
	case *parser.VectorSelector:
		if recorded := n.recorded(e); recorded != nil {
			return n.boundsOf(recorded)
		}
		return n.ofMetric(rulefile.Metric(e))
	case *parser.MatrixSelector:
		return n.boundsOf(e.VectorSelector)
	case *parser.AggregateExpr:
		return n.ofAggregate(e)
	case *parser.Call:
		return n.ofCall(e)
	case *parser.BinaryExpr:
		return n.ofBinary(e)
	}
	return anything
}

// ofMetric is what is known of a metric: what counts is not below 0, by the page's type or,
// where it says none, by the name. A gauge can be anything, whatever it is called: an offset
// in seconds is below 0, a ratio of what is wanted above 1. What the page itself has
// otherwise is no promise.
func (n names) ofMetric(name string) bounds {
	if name == "up" {
		return bounds{0, 1}
	}
	ends := func(suffixes ...string) bool {
		return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
	}
	counts := false
	switch n.types[name] {
	case model.MetricTypeCounter:
		counts = true
	case model.MetricTypeHistogram, model.MetricTypeSummary:
		counts = ends("_count", "_bucket")
	case "":
		counts = ends("_total", "_count", "_bucket")
	}
	if told, there := n.told[name]; !counts || there && told.lo < 0 {
		return anything
	}
	return bounds{0, math.Inf(1)}
}

func (n names) ofAggregate(e *parser.AggregateExpr) bounds {
	b := n.boundsOf(e.Expr)
	switch e.Op {
	case parser.COUNT:
		return bounds{1, math.Inf(1)}
	case parser.GROUP:
		return bounds{1, 1}
	case parser.SUM:
		return summed(b)
	case parser.STDDEV, parser.STDVAR:
		return bounds{0, math.Inf(1)}
	case parser.COUNT_VALUES:
		return anything
	}
	return b
}

func summed(b bounds) bounds {
	if b.lo >= 0 {
		return bounds{b.lo, math.Inf(1)}
	}
	return anything
}

func (n names) ofCall(e *parser.Call) bounds {
	switch e.Func.Name {
	case "rate", "irate", "increase", "resets", "changes", "abs", "count_over_time", "time":
		return bounds{0, math.Inf(1)}
	case "absent", "absent_over_time", "present_over_time":
		return bounds{1, 1}
	case "avg_over_time", "min_over_time", "max_over_time", "last_over_time", "sort", "sort_desc", "label_replace":
		return n.boundsOf(e.Args[0])
	case "quantile_over_time":
		return n.boundsOf(e.Args[1])
	case "sum_over_time":
		return summed(n.boundsOf(e.Args[0]))
	case "scalar", "vector":
		return n.boundsOf(e.Args[0])
	case "histogram_quantile":
		return n.ofQuantile(e)
	}
	return anything
}

// ofQuantile: of what is beyond the last bound Prometheus says the bound.
func (n names) ofQuantile(e *parser.Call) bounds {
	top := math.NaN()
	for _, v := range rulefile.Selectors(e.Args[1]) {
		if t := n.topBound(rulefile.Metric(v)); !(t <= top) {
			top = t
		}
	}
	if math.IsNaN(top) {
		return anything
	}
	return bounds{0, top}
}

func (n names) ofBinary(e *parser.BinaryExpr) bounds {
	l, r := n.boundsOf(e.LHS), n.boundsOf(e.RHS)
	switch {
	case e.Op.IsComparisonOperator() && e.ReturnBool:
		return bounds{0, 1}
	case e.Op.IsComparisonOperator(), e.Op == parser.LAND, e.Op == parser.LUNLESS:
		return l
	case e.Op == parser.LOR:
		return bounds{min(l.lo, r.lo), max(l.hi, r.hi)}
	case e.Op == parser.DIV && n.isShare(e):
		return bounds{0, 1}
	}
	apply := map[parser.ItemType]func(a, b float64) float64{
		parser.ADD: func(a, b float64) float64 { return a + b }, parser.SUB: func(a, b float64) float64 { return a - b },
		parser.MUL: func(a, b float64) float64 { return a * b }, parser.DIV: func(a, b float64) float64 { return a / b },
	}[e.Op]
	if apply == nil || e.Op == parser.DIV && r.lo <= 0 && r.hi >= 0 && r.lo != r.hi {
		if e.Op == parser.DIV && l.lo >= 0 && r.lo >= 0 {
			return bounds{0, math.Inf(1)}
		}
		return anything
	}
	b := bounds{math.Inf(1), math.Inf(-1)}
	for _, x := range []float64{l.lo, l.hi} {
		for _, y := range []float64{r.lo, r.hi} {
			v := apply(x, y)
			if math.IsNaN(v) {
				v = 0 // 0 of what is without end
				if e.Op != parser.MUL {
					return anything
				}
			}
			b.lo, b.hi = min(b.lo, v), max(b.hi, v)
		}
	}
	return b
}

// recorded is what a rule of the file records under the name that is selected; nil where
// none does, or by itself.
func (n names) recorded(v *parser.VectorSelector) parser.Expr {
	name := rulefile.Metric(v)
	e := n.rules[name]
	if e == nil || slices.ContainsFunc(rulefile.Selectors(e), func(o *parser.VectorSelector) bool { return n.rules[rulefile.Metric(o)] != nil }) {
		return nil // of those that are made of others nothing is known
	}
	return e
}

// isShare reports whether a division is of a part by its whole: the same figures in the
// same window, of which the upper ones are some of the lower ones, or buckets of what the
// lower ones count.
func (n names) isShare(e *parser.BinaryExpr) bool {
	above, below := rulefile.Selectors(e.LHS), rulefile.Selectors(e.RHS)
	if len(above) != 1 || len(below) != 1 || shape(e.LHS) != shape(e.RHS) {
		return false
	}
	a, b := above[0], below[0]
	part, whole := rulefile.Metric(a), rulefile.Metric(b)
	if stem, ok := strings.CutSuffix(part, "_bucket"); ok && whole == stem+"_count" {
		return n.oneBucket(a)
	}
	if part == "" || part != whole {
		return false
	}
	some := false
	for _, s := range n.series[part] {
		if selects(a, s) {
			some = true
			if !selects(b, s) {
				return false
			}
		}
	}
	return some
}

// oneBucket reports whether what is selected of a histogram is one bound: several would
// be added up.
func (n names) oneBucket(v *parser.VectorSelector) bool {
	bounds := map[string]bool{}
	for _, s := range n.series[rulefile.Metric(v)] {
		if selects(v, s) {
			bounds[s.Get(model.BucketLabel)] = true
		}
	}
	return len(bounds) == 1
}

// selects reports whether a series of the page has the labels that are selected by.
func selects(v *parser.VectorSelector, s labels.Labels) bool {
	for _, m := range v.LabelMatchers {
		if m.Name != model.JobLabel && m.Name != model.InstanceLabel && !m.Matches(s.Get(m.Name)) {
			return false
		}
	}
	return true
}

// shape is an expression's text without what it selects, and without parentheses.
func shape(e parser.Expr) string {
	text := e.String()
	for _, v := range rulefile.Selectors(e) {
		text = strings.ReplaceAll(text, v.String(), "·")
	}
	return strings.NewReplacer("(", "", ")", "").Replace(text)
}
