package scaffold

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"holdfast.dev/holdfast/openapi"
	"holdfast.dev/holdfast/traffic"
)

// ask is one kind of request that the service is known to get.
type ask struct {
	method, path string
	places       []traffic.Place
	example      traffic.Request
	rate         float64 // a second at its peak; 0: unknown
	share        float64
	latency      *traffic.Latency
	source       string
	like         string // another input, which has the request itself
	bare         bool   // only a log knows it, and logs have no bodies
	values       map[string]string
}

// key is what two asks for the same have in common.
func (a ask) key() string { return a.method + " " + placeIn.ReplaceAllString(a.path, "{}") }

var placeIn = regexp.MustCompile(`\{[^{}]*\}`)

// asks are what is known of the traffic: of several inputs that know one request, the
// first has said how often it comes, and the first that has its body how it looks.
func (d *draft) asks() []ask {
	var all []ask
	add := func(a ask) {
		for i := range all {
			if all[i].key() != a.key() {
				continue
			}
			if all[i].bare && !a.bare {
				all[i].example, all[i].values, all[i].bare = a.example, a.values, false
				all[i].like = a.source
				all[i].path, all[i].places = a.path, a.places
			}
			return
		}
		all = append(all, a)
	}
	for _, t := range d.options.Traffic {
		for _, r := range t.Summary.Routes {
			if r.Asset() || len(r.Statuses) > 0 && !answeredWell(r.Statuses) {
				continue
			}
			add(ask{method: r.Method, path: r.Path, places: r.Places, example: r.Example, rate: r.Peak, share: r.Share, latency: r.Latency, source: t.Source, bare: r.Example.Body == "" && len(r.Example.Header) == 0})
		}
		d.passedOver(t)
		for _, found := range t.Summary.Stripped {
			d.leftOut[t.Source+": "+found.Where+" ("+found.Kind+")"] = true
		}
	}
	if len(d.options.Traffic)+len(d.options.API) == 0 {
		all = d.inCode()
	}
	for _, api := range d.options.API {
		for _, note := range api.Notes {
			d.root.log.say(api.File, note)
		}
		for _, o := range api.Operations {
			if a, ok := described(o, api.File); ok {
				add(a)
			}
		}
	}
	return all
}

// passedOver tells what of an input is in no route.
func (d *draft) passedOver(t Traffic) {
	s := t.Summary
	if s.Skipped > 0 {
		d.root.log.say(t.Source, fmt.Sprintf("%d of %d are no requests that can be read, the first at %d", s.Skipped, s.Lines, s.FirstSkipped))
	}
	if s.NotFound > 0 {
		d.root.log.say(t.Source, fmt.Sprintf("%d of %d were answered 404 or 405 and fit no route that was ever answered otherwise", s.NotFound, s.Lines))
	}
	for _, host := range sorted(s.Elsewhere) {
		d.root.log.say(t.Source, fmt.Sprintf("%d requests to %s, for the service is taken to be %s", s.Elsewhere[host], host, s.Host))
	}
}

// answeredWell reports whether a route was ever answered as it should be.
func answeredWell(statuses map[int]int) bool {
	for status := range statuses {
		if status < 400 {
			return true
		}
	}
	return false
}

// described is an operation of a description as it is asked.
func described(o openapi.Operation, file string) (ask, bool) {
	if len(o.Templates) == 0 || o.Deprecated {
		return ask{}, false
	}
	a := ask{method: o.Method, path: o.Templates[0], source: file + ", " + o.ID, values: map[string]string{}}
	query := url.Values{}
	for _, p := range o.Parameters {
		text := textOf(p.Example)
		switch {
		case p.In == "path":
			a.values[p.Template] = text
			a.places = append(a.places, traffic.Place{Name: p.Template, Kind: traffic.Text})
		case p.In == "query" && p.Required:
			query.Set(p.Name, text)
		case p.In == "header" && p.Required:
			a.example.Header = headerWith(a.example.Header, p.Name, text)
		}
	}
	a.example.Query = query.Encode()
	for _, c := range o.Credentials {
		if c.In == "header" {
			a.example.Header = headerWith(a.example.Header, c.Name, c.Prefix+strippedSecret)
		}
	}
	if o.Body != nil {
		a.example.Body = string(o.Body.Example)
		a.example.Header = headerWith(a.example.Header, "Content-Type", o.Body.MediaType)
	}
	return a, true
}

func headerWith(h http.Header, name, value string) http.Header {
	if h == nil {
		h = http.Header{}
	}
	h.Set(name, value)
	return h
}

// textOf is an example of a parameter as it stands in an address.
func textOf(example json.RawMessage) string {
	var text string
	if json.Unmarshal(example, &text) == nil {
		return text
	}
	if s := string(example); s != "" && s != "null" && s[0] != '{' && s[0] != '[' {
		return s
	}
	return "1"
}

// told is a request as comments name it.
func (a ask) told() string {
	if a.share > 0 {
		return fmt.Sprintf("%s %s (%.0f %%)", a.method, shown(a.path), 100*a.share)
	}
	return a.method + " " + shown(a.path)
}

// strippedSecret is what stands for a secret in an example.
const strippedSecret = "stripped-secret-1"
