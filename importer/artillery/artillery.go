// Package artillery makes a holdfast.yaml of a script of Artillery: each of its scenarios
// is a stream with its share of the phases' arrivals, and a flow of several requests a
// journey.
package artillery

import (
	"fmt"
	"strings"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

// Read is the [importer.Reader] of Artillery's scripts. One file is one script.
func Read(files []importer.File, _ importer.Options) (importer.Result, error) {
	if len(files) != 1 {
		return importer.Result{}, fmt.Errorf("one script becomes one holdfast.yaml; there are %d", len(files))
	}
	r := &reader{load: importer.Load{Report: new(importer.Report), Guesses: map[string]string{}, Notes: map[string]string{}}}
	root, err := r.load.Report.YAML(files[0])
	if err != nil {
		return importer.Result{}, err
	}
	if root.Get("config") == nil && root.Get("scenarios") == nil {
		return importer.Result{}, fmt.Errorf("%s:1: this is no script of Artillery, which has config and scenarios", files[0].Name)
	}
	r.config(root.Get("config"))
	r.scenarios(root.Get("scenarios"))
	r.unused()
	if len(r.load.Streams) > 0 {
		r.ensure(root.Get("config").Get("ensure"))
		r.ensure(root.Get("config").Get("plugins").Get("ensure"))
	}
	r.load.Report.Unasked(why)
	if len(r.load.Streams) == 0 {
		return importer.Finish(nil, r.load.Report)
	}
	text, err := r.load.Draft("artillery", files).Text()
	if err != nil {
		return importer.Result{}, err
	}
	return importer.Finish(text, r.load.Report)
}

type reader struct {
	load    importer.Load
	phases  []phase
	most    int // of users at once; 0: any number
	timeout manifest.Duration
	headers []*importer.Node
	vary    notation.Table[manifest.Vary] // of all scenarios
	origins []*importer.Node              // of each of vary
}

// why knows keys of Artillery that have no place here.
func why(n *importer.Node) (why, instead string) {
	if n.Name == "" && n.Len() == 1 { // a step is named by its one key
		for part := range n.Parts() {
			n = part
		}
	}
	switch n.Name {
	case "processor", "function", "beforeRequest", "afterResponse", "beforeScenario", "afterScenario", "ifTrue", "whileTrue":
		return "it is code of JavaScript, and there is none here", "say what it is for with vary, capture or setup"
	case "before", "after":
		return "it is done once, beside the load", "write it under setup.each, as a request after: ready"
	case "environments":
		return "a file here is of one environment", "take ${VARIABLES} where they differ"
	case "log":
		return "nothing is written while load goes on", "nothing needs to be done"
	case "engine":
		return "the load is HTTP", "write requests of HTTP by hand"
	case "plugins":
		return "there are no plugins", "say what they are for in checks"
	case "tls":
		return "certificates are checked", "give the service one that the machine trusts"
	}
	return "", ""
}

// config reads what holds for all scenarios.
func (r *reader) config(n *importer.Node) {
	if target := n.Get("target"); target != nil {
		r.load.SetBase(importer.Place{File: target.File, Line: target.Line}, target.Plain())
	}
	for at := range n.Get("phases").Parts() {
		r.phase(at)
	}
	for _, at := range []*importer.Node{n.Get("http").Get("timeout"), n.Get("timeout")} {
		if seconds, said := at.Number(); said && seconds > 0 && seconds < 86400 {
			r.timeout = manifest.Duration(seconds * 1e9)
		}
	}
	for _, defaults := range []*importer.Node{n.Get("defaults"), n.Get("http").Get("defaults")} {
		for at := range defaults.Get("headers").Parts() {
			r.headers = append(r.headers, at)
		}
	}
	for at := range n.Get("variables").Parts() {
		r.variable(at)
	}
	payload := n.Get("payload")
	if payload.Is(importer.Mapping) {
		r.payload(payload)
	}
	if payload.Is(importer.List) {
		for at := range payload.Parts() {
			r.payload(at)
		}
	}
	for _, plugin := range []string{"expect", "ensure"} {
		if at := n.Get("plugins").Get(plugin); at.Len() == 0 {
			at.Use()
		}
	}
}

// variable makes a value of words that are drawn.
func (r *reader) variable(n *importer.Node) {
	var words []string
	if n.Is(importer.List) {
		for at := range n.Parts() {
			if text, ok := at.Text(); ok {
				words = append(words, text)
			}
		}
	} else if text, ok := n.Text(); ok {
		words = append(words, text)
	}
	if len(words) == 0 || name(n.Name) != n.Name {
		n.Leave("a value here has a name of letters, digits and _, and texts", "write it under vary by hand")
		return
	}
	r.vary = append(r.vary, notation.Row[manifest.Vary]{Name: n.Name, Value: manifest.Vary{Words: words}})
	r.origins = append(r.origins, n)
}

// payload makes a value of a file of one column.
func (r *reader) payload(n *importer.Node) {
	var fields []string
	for at := range n.Get("fields").Parts() {
		fields = append(fields, at.Peek())
	}
	file := n.Get("path").Peek()
	skip, _ := n.Get("skipHeader").Truth()
	switch {
	case len(fields) != 1 || name(fields[0]) != fields[0]:
		n.Leave("lines are taken of a file of one column, with a name of letters, digits and _", "make a file of each column, if they need not belong together, and say lines under vary")
	case skip:
		n.Leave("all lines of a file are values", "take the first line off, and say lines under vary")
	case file == "" || strings.Contains(file, "{{"):
		n.Leave("its path is not known before it runs", "say lines under vary")
	default:
		n.Get("path").Use()
		for at := range n.Get("fields").Parts() {
			at.Use()
		}
		if order := n.Get("order"); order.Peek() == "sequence" {
			order.Use()
		} else if order != nil {
			order.Leave("lines are taken in turn", "nothing needs to be done")
		}
		r.vary = append(r.vary, notation.Row[manifest.Vary]{Name: fields[0], Value: manifest.Vary{Lines: file}})
		r.origins = append(r.origins, n)
	}
}

// ensure reads what must hold.
func (r *reader) ensure(n *importer.Node) {
	for at := range n.Parts() {
		switch at.Name {
		case "thresholds":
			for row := range at.Parts() {
				for limit := range row.Parts() {
					r.limit(limit, limit.Name)
				}
			}
		case "conditions":
			for row := range at.Parts() {
				r.expression(row.Get("expression"))
			}
		case "maxErrorRate":
			if percent, ok := at.Number(); ok && percent >= 0 && percent < 100 {
				r.load.Check(r.load.Responses(), "ok_ratio", fmt.Sprintf(">= %v%%", 100-percent), fmt.Sprintf("maxErrorRate: %v of the script", percent))
				r.load.Report.Carry("%s:%d: maxErrorRate: %v is a check on ok_ratio, which counts unexpected answers, too", at.File, at.Line, percent)
			}
		default:
			r.limit(at, "http.response_time."+at.Name)
		}
	}
}
