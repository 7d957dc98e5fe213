// Package wiremock makes a file of routes of WireMock's stub mappings: one mapping, a
// list below "mappings", or several files of them.
//
// A mapping becomes a route. What a route has no word for (a fault, a delay that is
// drawn) becomes a fault, which stands in the comment at the top of the file as a scenario
// would have it.
package wiremock

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

// Read is the [importer.Reader] of WireMock's mappings.
func Read(files []importer.File, o importer.Options) (importer.Result, error) {
	r := &reader{options: o}
	for _, f := range files {
		root, err := r.report.JSON(f)
		if err != nil {
			return importer.Result{}, err
		}
		if !root.Is(importer.Mapping) && !root.Is(importer.List) {
			return importer.Result{}, fmt.Errorf("%s:1: this is no mapping of WireMock, which is {\"request\": …, \"response\": …}", f.Name)
		}
		r.file(root)
	}
	r.exact.tell(&r.report)
	r.report.Unasked(why)
	h := r.routes()
	if len(h.Routes) == 0 {
		return importer.Finish(nil, &r.report)
	}
	var b bytes.Buffer
	if err := manifest.WriteRoutes(&b, h, map[string]string{"": r.head(files)}); err != nil {
		return importer.Result{}, err
	}
	return importer.Finish(b.Bytes(), &r.report)
}

type reader struct {
	report  importer.Report
	options importer.Options
	names   importer.Names
	all     []mapped
	exact   exactURLs
}

// mapped is a route that was made of a mapping.
type mapped struct {
	name     string
	route    manifest.Route
	priority float64
	from     *importer.Node
	fault    string // empty: none
}

// file reads the mappings of one.
func (r *reader) file(root *importer.Node) {
	switch list := root.Get("mappings"); {
	case list != nil:
		root.Get("meta").Leave("it counts the mappings", "")
		for n := range list.Parts() {
			r.mapping(n)
		}
	case root.Is(importer.List):
		for n := range root.Parts() {
			r.mapping(n)
		}
	default:
		r.mapping(root)
	}
}

// mapping makes a route of one.
func (r *reader) mapping(n *importer.Node) {
	if n.Get("request", "response") == nil {
		return // what is no mapping is told as all is that nobody asks for
	}
	if state := n.Get("requiredScenarioState"); state != nil && state.Peek() != "Started" {
		n.Leave(fmt.Sprintf("it answers in the state %q alone, and an answer here does not depend on what was asked before", state.Peek()),
			"tell the requests apart by what they are, or write a fault such as \"2*status 503 -> ok\"")
		return
	}
	if proxied := n.Get("response").Get("proxyBaseUrl"); proxied != nil {
		n.Leave("it passes requests on to "+proxied.Peek()+", and a route answers by itself", "write the answer by hand")
		return
	}
	m := mapped{from: n, priority: 5}
	path, ok := r.request(n.Get("request"), &m.route.Request)
	if !ok {
		n.Leave(path, "write a route by hand")
		return
	}
	if text := n.Get("name").Plain(); text != "" {
		m.name = importer.Slug(text, "route")
	} else {
		m.name = importer.Slug(m.route.Request.Method+" "+plainPath(path), "any")
	}
	m.name = r.names.Of(m.name)
	m.route.Response, m.fault = r.response(n.Get("response"), m.route.Request)
	if p, said := n.Get("priority").Number(); said {
		m.priority = p
		r.left(n.Get("priority"), "the more particular route is asked first, and this says only which of two equally particular ones is", "see that the right one answers")
	}
	for _, key := range []string{"postServeActions", "serveEventListeners"} {
		r.webhooks(n.Get(key), &m.route)
	}
	r.all = append(r.all, m)
}

// left says that something of a part which was used is not carried over.
func (r *reader) left(n *importer.Node, why, instead string) {
	r.report.Leave(importer.Left{File: n.File, Line: n.Line, What: n.Path(), Why: why, Instead: instead})
}

// routes are those that were made, in the order in which they are asked: WireMock asks
// by priority, and then the newest first. A route that would never be asked is left out.
func (r *reader) routes() manifest.HTTP {
	slices.Reverse(r.all)
	slices.SortStableFunc(r.all, func(a, b mapped) int { return cmp.Compare(a.priority, b.priority) })
	var h manifest.HTTP
	taken := map[string]string{}
	for i := range r.all {
		m := &r.all[i]
		asked, err := notation.Write(m.route.Request)
		if err != nil {
			r.left(m.from, err.Error(), "write a route by hand")
			continue
		}
		if other, there := taken[string(asked)]; there {
			r.left(m.from, fmt.Sprintf("as a route it would be for the same requests as %s, which is asked first", other), "tell the two apart by hand")
			m.fault = ""
			continue
		}
		taken[string(asked)] = m.name
		h.Routes = append(h.Routes, notation.Row[manifest.Route]{Name: m.name, Value: m.route})
		r.report.Carry("%s:%d: the route %s", m.from.File, m.from.Line, m.name)
	}
	return h
}

// head is the comment at the top of the file.
func (r *reader) head(files []importer.File) string {
	var b strings.Builder
	b.WriteString(importer.NewDraft("", "wiremock", files).Comments[""])
	b.WriteString("\nhttp: of a dependency in a holdfast.yaml has what stands here, and holdfast fake http --file plays it.")
	first := true
	for _, m := range r.all {
		if m.fault == "" {
			continue
		}
		if first {
			b.WriteString("\n\nFaults that the mappings had, as a scenario has them for a dependency called api:\nfaults:")
			first = false
		}
		line := fmt.Sprintf("{ at: api.%s, fault: %q, during: throughout }", m.name, m.fault)
		b.WriteString("\n  - " + line)
		r.report.Carry("%s:%d: the fault %q of %s, in a comment", m.from.File, m.from.Line, m.fault, m.name)
	}
	return b.String()
}

// why knows keys of WireMock that have no place here.
func why(n *importer.Node) (why, instead string) {
	switch n.Name {
	case "id", "uuid":
		return "a route is known by its name", "nothing needs to be done"
	case "persistent", "insertionIndex", "metadata":
		return "it means nothing to the answers", "nothing needs to be done"
	case "scenarioName", "newScenarioState", "requiredScenarioState":
		return "an answer here does not depend on what was asked before", "write a fault such as \"2*status 503 -> ok\", if a later try is to be answered otherwise"
	}
	return "", ""
}
