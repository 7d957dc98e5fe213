package wiremock

import (
	"fmt"
	"net/url"
	"strings"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/message"
)

// anyPath is a template of all paths.
const anyPath = "/{rest...}"

// request reads which requests are meant. It returns the path, or why there is none.
func (r *reader) request(n *importer.Node, into *manifest.RouteRequest) (path string, ok bool) {
	if method := n.Get("method").Plain(); method != "ANY" {
		into.Method = method
	}
	if into.Path, ok = r.path(n, into); !ok {
		return into.Path, false
	}
	if _, err := message.ParseTemplate(into.Path); err != nil {
		return err.Error(), false
	}
	if (message.Matcher{Method: into.Method}).Validate() != nil {
		return fmt.Sprintf("its method %q is none", into.Method), false
	}
	r.conditions(n.Get("queryParameters"), "query", &into.Query)
	r.conditions(n.Get("headers"), "header", &into.Headers)
	r.conditions(n.Get("formParameters"), "form", &into.Form)
	r.cookies(n.Get("cookies"), into)
	r.basic(n, into)
	for pattern := range n.Get("bodyPatterns").Parts() {
		r.bodyPattern(pattern, into)
	}
	return into.Path, true
}

// path is the template of the paths that are meant, with what conditions on the query an
// address has. If there is none it is why.
func (r *reader) path(n *importer.Node, into *manifest.RouteRequest) (string, bool) {
	for _, key := range []string{"url", "urlPath", "urlPathTemplate", "urlPattern", "urlPathPattern"} {
		at := n.Get(key)
		if at == nil || at.Kind != importer.Text {
			continue
		}
		text := at.Plain()
		switch key {
		case "urlPathTemplate":
			return r.template(text)
		case "urlPattern", "urlPathPattern":
			return r.pattern(at, text, key == "urlPattern", into)
		}
		path, query, asked := strings.Cut(text, "?")
		if key == "url" {
			r.exact.add(at)
		}
		if asked {
			r.query(at, query, into)
		}
		if !strings.HasPrefix(path, "/") {
			return fmt.Sprintf("its %s %q does not begin with /", key, text), false
		}
		return importer.Literal(path), true
	}
	return anyPath, true
}

// template is a path template, whose names are ours where they have other characters.
func (r *reader) template(text string) (string, bool) {
	var b strings.Builder
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		if !found {
			break
		}
		if !closed {
			return "a brace of its urlPathTemplate is not closed", false
		}
		b.WriteString("{" + pathName(name) + "}")
		text = after
	}
	return b.String(), true
}

// pathName is a name of a path template as ours are written.
func pathName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, name)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "p" + name
	}
	return name
}

// query makes conditions of the query in an address.
func (r *reader) query(at *importer.Node, query string, into *manifest.RouteRequest) {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(value)
		key, err2 := url.QueryUnescape(name)
		if err != nil || err2 != nil || key == "" {
			r.left(at, fmt.Sprintf("the parameter %q cannot be read", pair), "write it under query by hand")
			continue
		}
		condition := message.Equal(plain)
		if r.report.Strip(at.File+" "+at.Path()+" query."+key, key, plain) != plain {
			condition = message.Present()
		}
		r.condition(at, "query", key, condition, &into.Query)
	}
}

// condition adds one, the first of each name.
func (r *reader) condition(at *importer.Node, part, name string, c message.Condition, into *notation.Table[notation.JSON]) {
	if _, err := message.ParsePath(part + "." + name); err != nil {
		r.left(at, err.Error(), "write the condition by hand")
		return
	}
	if _, twice := into.Get(name); twice {
		r.left(at, fmt.Sprintf("there is a condition on %s already, and one part has one", name), "make one regular expression of the two")
		return
	}
	text, err := c.MarshalJSON()
	if err != nil || c.Validate() != nil {
		r.left(at, fmt.Sprintf("it cannot be read as a condition: %v", c.Validate()), "write the condition by hand")
		return
	}
	*into = append(*into, notation.Row[notation.JSON]{Name: name, Value: notation.JSON(text)})
}

// conditions makes those on parts of one sort, by their names.
func (r *reader) conditions(n *importer.Node, part string, into *notation.Table[notation.JSON]) {
	for at := range n.Parts() {
		if c, ok := r.matcher(at); ok {
			r.condition(at, part, at.Name, c, into)
		}
	}
}

// cookies makes a condition on the header of them, of one cookie.
func (r *reader) cookies(n *importer.Node, into *manifest.RouteRequest) {
	for at := range n.Parts() {
		c, ok := r.matcher(at)
		if !ok {
			continue
		}
		value, is := c.Value().(string)
		if _, taken := into.Headers.Get("Cookie"); taken || !is || value == "absent" {
			r.left(at, "a condition is on the header Cookie as a whole, and there can be one", "write one regular expression for it under headers")
			continue
		}
		r.condition(at, "header", "Cookie", message.Like(`(?:^|; *)`+quoteMeta(at.Name)+`=`+valueExpression(c)+`(?:;|$)`), &into.Headers)
	}
}

// basic makes a condition of a name and a password, without them.
func (r *reader) basic(n *importer.Node, into *manifest.RouteRequest) {
	for _, key := range []string{"basicAuth", "basicAuthCredentials"} {
		if at := n.Get(key); at != nil {
			at.Leave("a name and a password do not belong into the file", "the route asks only that there is some, by ~^Basic")
			r.condition(at, "header", "Authorization", message.Like("^Basic "), &into.Headers)
		}
	}
}

// exactURLs are mappings by url, which WireMock compares with the whole query.
type exactURLs struct {
	first *importer.Node
	count int
}

func (e *exactURLs) add(n *importer.Node) {
	if e.first == nil {
		e.first = n
	}
	e.count++
}

// tell says what is not the same for them, once.
func (e *exactURLs) tell(r *importer.Report) {
	if e.first == nil {
		return
	}
	r.Leave(importer.Left{
		File: e.first.File, Line: e.first.Line, What: fmt.Sprintf("that url is the whole address (%d times)", e.count),
		Why: "a route lets further parameters of the query through, in any order", Instead: "add absent under query for one that must not be there",
	})
}
