package wiremock

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/message"
)

// pattern makes a template of a regular expression over paths, where each of its changing
// parts is a segment or the end. If it is none, it returns why.
func (r *reader) pattern(at *importer.Node, text string, withQuery bool, into *manifest.RouteRequest) (string, bool) {
	path, query := text, ""
	if withQuery {
		path, query, _ = strings.Cut(text, `\?`)
	}
	tree, err := syntax.Parse(path, syntax.Perl)
	if err != nil {
		return "its expression is one of Java's, which Go does not read: " + err.Error(), false
	}
	t := templating{}
	t.add(tree, true)
	if t.why != "" {
		return fmt.Sprintf("its expression %q is no path with places for parts: %s", text, t.why), false
	}
	if t.text.String() == "{rest...}" {
		return anyPath, true
	}
	if !strings.HasPrefix(t.text.String(), "/") {
		return fmt.Sprintf("its expression %q does not begin with /", text), false
	}
	if len(t.wider) > 0 {
		r.left(at, fmt.Sprintf("the route takes anything in place of %s", strings.Join(t.wider, " and ")), "see that no other route is meant for that")
	}
	if query != "" {
		r.queryPattern(at, query, into)
	}
	return t.text.String(), true
}

// queryPattern makes conditions of an expression such as q=.*&page=[0-9]+.
func (r *reader) queryPattern(at *importer.Node, query string, into *manifest.RouteRequest) {
	for pair := range strings.SplitSeq(query, "&") {
		name, expression, ok := strings.Cut(pair, "=")
		c := message.Like("^(?:" + expression + ")$")
		if !ok || name == "" || quoteMeta(name) != name || c.Validate() != nil {
			r.left(at, fmt.Sprintf("what it says of the query, %q, is not NAME=EXPRESSION", pair), "write the condition under query by hand")
			continue
		}
		r.condition(at, "query", name, c, &into.Query)
	}
}

// templating turns an expression into a template.
type templating struct {
	text  strings.Builder
	names int
	wider []string // parts that the template is wider than
	why   string   // it is no template
}

// add adds a part; last says that it is the end of the path.
func (t *templating) add(e *syntax.Regexp, last bool) {
	switch e.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine:
	case syntax.OpLiteral:
		t.literal(e)
	case syntax.OpCapture:
		t.add(e.Sub[0], last)
	case syntax.OpConcat:
		for i, part := range e.Sub {
			t.add(part, last && i == len(e.Sub)-1)
		}
	case syntax.OpPlus, syntax.OpStar, syntax.OpQuest, syntax.OpRepeat, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		t.place(e, last)
	default:
		t.why = fmt.Sprintf("%s can be several things", e)
	}
}

func (t *templating) literal(e *syntax.Regexp) {
	switch text := string(e.Rune); {
	case e.Flags&syntax.FoldCase != 0:
		t.why = "it takes small letters for capitals"
	case strings.ContainsAny(text, "?# "):
		t.why = fmt.Sprintf("%q is no part of a path", text)
	default:
		t.text.WriteString(importer.Literal(text))
	}
}

// place adds the place of a part that changes.
func (t *templating) place(e *syntax.Regexp, last bool) {
	of := e
	if len(e.Sub) > 0 {
		of = e.Sub[0]
	}
	for of.Op == syntax.OpCapture {
		of = of.Sub[0]
	}
	anything := of.Op == syntax.OpAnyChar || of.Op == syntax.OpAnyCharNotNL
	if anything && last && (e.Op == syntax.OpStar || e.Op == syntax.OpPlus) {
		t.text.WriteString("{rest...}")
		if e.Op == syntax.OpPlus {
			t.wider = append(t.wider, fmt.Sprintf("%q", e))
		}
		return
	}
	if of.Op == syntax.OpConcat || of.Op == syntax.OpAlternate || of.Op == syntax.OpLiteral && e.Op != syntax.OpPlus && e.Op != syntax.OpLiteral || e.Op == syntax.OpQuest {
		t.why = fmt.Sprintf("%s may be there or not", e)
		return
	}
	t.names++
	fmt.Fprintf(&t.text, "{p%d}", t.names)
	if e.Op != syntax.OpPlus || of.String() != `[^/]` {
		t.wider = append(t.wider, fmt.Sprintf("%q", e))
	}
}

// plainPath is a path without its braces, to make a name of.
func plainPath(path string) string {
	return strings.NewReplacer("{", "", "}", "", "...", "").Replace(path)
}
