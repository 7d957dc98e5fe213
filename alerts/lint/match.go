package lint

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"holdfast.dev/holdfast/alerts/replay"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/scrapes"
)

// matches asks the engine what the two sides of each operation give on the page, and
// together: where each gives something and both together nothing, their labels do not
// match, and the rule can never fire.
func (l *linter) matches(ctx context.Context, f *rulefile.File) error {
	type pair struct {
		rule              rulefile.Rule
		left, right, both string
	}
	var pairs []pair
	var queries []string
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			parser.Inspect(r.Expr, func(n parser.Node, _ []parser.Node) error {
				if p, ok := matched(n); ok {
					pairs = append(pairs, pair{r, p.LHS.String(), p.RHS.String(), p.String()})
					queries = append(queries, p.LHS.String(), p.RHS.String(), p.String())
				}
				return nil
			})
		}
	}
	queries = append(queries, l.looked()...)
	if len(queries) == 0 {
		return nil
	}
	answers, err := l.answers(ctx, f, queries)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if answers[p.left] > 0 && answers[p.right] > 0 && answers[p.both] == 0 {
			l.rule = p.rule
			l.add(Error, "match", "it can never fire: no series of %s has the labels of one of %s", p.left, p.right)
		}
	}
	for _, q := range l.Queries {
		if n, asked := answers[q.Text]; asked && n == 0 {
			l.rule = rulefile.Rule{Alert: q.Name}
			l.add(Error, "query", "%s gives nothing on the page", q.Text)
		}
	}
	return nil
}

// looked are the further queries that can be asked; what is wrong with the others is
// noted.
func (l *linter) looked() []string {
	var all []string
	for _, q := range l.Queries {
		e, err := rulefile.Parser().ParseExpr(q.Text)
		l.rule = rulefile.Rule{Alert: q.Name, Expr: e}
		if err != nil {
			l.add(Error, "query", "%s: %v", q.Text, err)
			continue
		}
		before := len(l.found)
		l.metrics()
		if len(l.found) == before {
			all = append(all, q.Text)
		}
	}
	return all
}

// matched is an operation between two vectors, without what it compares by: of a
// comparison and of "and" it is asked whether anything matches, not whether it holds.
func matched(n parser.Node) (*parser.BinaryExpr, bool) {
	e, ok := n.(*parser.BinaryExpr)
	if !ok || e.VectorMatching == nil || e.Op == parser.LOR || e.Op == parser.LUNLESS ||
		e.LHS.Type() != parser.ValueTypeVector || e.RHS.Type() != parser.ValueTypeVector {
		return nil, false
	}
	bare := *e
	bare.LHS, bare.RHS = unconditional(e.LHS), unconditional(e.RHS)
	if e.Op.IsComparisonOperator() {
		bare.Op, bare.ReturnBool = parser.SUB, false
	}
	return &bare, true
}

// unconditional is an expression with what it compares, in place of what passes.
func unconditional(e parser.Expr) parser.Expr {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return &parser.ParenExpr{Expr: unconditional(e.Expr)}
	case *parser.BinaryExpr:
		switch {
		case e.Op.IsComparisonOperator() && e.RHS.Type() == parser.ValueTypeScalar && !e.ReturnBool:
			return unconditional(e.LHS)
		case e.Op.IsComparisonOperator() && e.LHS.Type() == parser.ValueTypeScalar && !e.ReturnBool:
			return unconditional(e.RHS)
		}
		bare := *e
		bare.LHS, bare.RHS = unconditional(e.LHS), unconditional(e.RHS)
		if e.Op.IsComparisonOperator() && !e.ReturnBool {
			bare.Op = parser.SUB
		}
		return &bare
	}
	return e
}

// answers asks the queries of a service that tells the same page for an hour.
func (l *linter) answers(ctx context.Context, f *rulefile.File, queries []string) (map[string]int, error) {
	rec := &scrapes.Recording{Head: scrapes.Head{Scenario: "lint", Started: time.Unix(0, 0)}}
	const scrapesInAll = 20
	for i := range scrapesInAll {
		rec.Pages = append(rec.Pages, scrapes.Page{AtS: float64(i) * l.ScrapeEvery.Seconds(), Instance: "target", Type: l.Type, Text: l.Page})
	}
	recording := &rulefile.File{Name: f.Name}
	for _, g := range f.Groups {
		g.Rules = onlyRecording(g.Rules)
		recording.Groups = append(recording.Groups, g)
	}
	out, err := replay.Play(ctx, recording, rec, replay.Config{Clock: replay.Clock{Factor: 1}, Interval: l.ScrapeEvery, Queries: queries})
	if err != nil {
		return nil, err
	}
	return out.Answers, nil
}

func onlyRecording(rules []rulefile.Rule) []rulefile.Rule {
	var all []rulefile.Rule
	for _, r := range rules {
		if r.Record != "" {
			all = append(all, r)
		}
	}
	return all
}
