package manifest

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/openapi"
)

// mostOperations is how many operations of one API a run watches one by one.
const mostOperations = 100

// api is an outside API as it is played: what stands in the file, with the operations of
// its description.
type api struct {
	played HTTP
	// description is nil where there is none.
	description *openapi.Description
	// notes are what is otherwise than in the description, a line each.
	notes []string
}

// judge holds requests against the description; nil where there is none.
func (a api) judge() stub.Judge {
	if a.description == nil {
		return nil
	}
	return func(r *http.Request, body []byte) (described bool, wrong []string) {
		id, wrong := a.description.Judge(r, body)
		return id != "", wrong
	}
}

// api reads the description of an outside API, if it has one, and makes routes of it.
func (c *compiler) api(path string, h HTTP) (api, bool) {
	if h.OpenAPI == "" {
		for key, given := range map[string]bool{"operations": len(h.Operations) > 0, "prefix": h.Prefix != ""} {
			if given {
				c.report.Say(path+"."+key+"#", "%s is about a description, and there is no openapi", key)
			}
		}
		c.whole(path, h.Routes, nil)
		return api{played: h}, true
	}
	d, err := openapi.Read(c.path(h.OpenAPI))
	if err != nil {
		c.report.Say(path+".openapi", "%s", strings.TrimPrefix(err.Error(), c.dir+"/"))
		return api{}, false
	}
	return c.operations(path, h, d)
}

// operations makes routes of those of a description.
func (c *compiler) operations(path string, h HTTP, d *openapi.Description) (api, bool) {
	if h.Prefix != "" {
		if !strings.HasPrefix(h.Prefix, "/") || strings.ContainsAny(h.Prefix, "{}?# ") {
			c.report.Say(path+".prefix", "%s is no path: /v2, or / for none", quote(h.Prefix))
			return api{}, false
		}
		d = d.Under(h.Prefix)
	}
	out := api{description: d, played: HTTP{Relay: h.Relay, OpenAPI: h.OpenAPI}, notes: d.NotesOf(h.Operations)}
	chosen, ok := c.chosen(path, h, d)
	var names []string
	for _, o := range chosen {
		name := routeName(o.ID, names)
		if name != o.ID {
			out.notes = append(out.notes, fmt.Sprintf("the operation %s is the route %s", o.ID, name))
		}
		names = append(names, name)
		own, _ := h.Routes.Get(name)
		route, note := routeOf(o, own)
		if note != "" {
			out.notes = append(out.notes, note)
		}
		out.played.Routes = append(out.played.Routes, notation.Row[Route]{Name: name, Value: route})
	}
	c.whole(path, h.Routes, names)
	for _, row := range h.Routes {
		if !slices.Contains(names, row.Name) {
			out.played.Routes = append(out.played.Routes, row)
		}
	}
	return out, ok
}

// whole reports routes that are no operation's and do not say what they are for.
func (c *compiler) whole(path string, routes notation.Table[Route], operations []string) {
	for _, row := range routes {
		if slices.Contains(operations, row.Name) || row.Value.Request.Path != "" {
			continue
		}
		at := path + ".routes." + row.Name
		switch {
		case operations != nil:
			c.report.Say(at+"#", "no operation that is played is called %s%s; a route of another name says what it is for, request: { method: …, path: … }", row.Name, nearest.Hint(row.Name, operations))
		case reflect.ValueOf(row.Value.Request).IsZero():
			c.report.Say(at, "request is missing: which requests it answers")
		default:
			c.report.Say(at+".request", "path is missing")
		}
	}
}

// chosen are the operations that are played, those that no request finds left out.
func (c *compiler) chosen(path string, h HTTP, d *openapi.Description) (all []openapi.Operation, ok bool) {
	ok = true
	for i, id := range h.Operations {
		if _, known := d.Operation(id); !known {
			ok = false
			c.report.Say(fmt.Sprintf("%s.operations[%d]", path, i), "%s has no operation %s%s", h.OpenAPI, quote(id), nearest.Hint(id, d.IDs()))
		}
	}
	all = slices.DeleteFunc(slices.Clone(d.Operations), func(o openapi.Operation) bool {
		return len(o.Templates) == 0 || len(h.Operations) > 0 && !slices.Contains(h.Operations, o.ID)
	})
	return all, ok
}

var notInName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// routeName is an operation's id as a route may be called, and none before it is.
func routeName(id string, taken []string) string {
	name := notInName.ReplaceAllString(id, "_")
	if !plainName.MatchString(name) || name == stub.Unmatched {
		name = "operation_" + strings.TrimLeft(name, "_-")
	}
	unique := name
	for n := 2; slices.Contains(taken, unique); n++ {
		unique = name + "_" + strconv.Itoa(n)
	}
	return unique
}

// routeOf is the route of an operation, but for what its own route says otherwise. note is
// what cannot be played.
func routeOf(o openapi.Operation, own Route) (out Route, note string) {
	out = own
	if own.Request.Path == "" {
		out.Request.Method, out.Request.Path = cmp.Or(own.Request.Method, o.Method), o.Templates[0]
	}
	out.Response, note = responseOf(o, own.Response.Status)
	out.Response.Latency = own.Response.Latency
	if own.Response.JSON != "" || own.Response.Body != "" {
		out.Response.JSON, out.Response.Body, note = own.Response.JSON, own.Response.Body, ""
		out.Response.Headers = without(out.Response.Headers, "Content-Type")
	}
	for _, row := range own.Response.Headers {
		out.Response.Headers = append(without(out.Response.Headers, row.Name), row)
	}
	return out, note
}

// without are headers but for the one of that name.
func without(headers notation.Table[string], name string) notation.Table[string] {
	return slices.DeleteFunc(slices.Clone(headers), func(row notation.Row[string]) bool { return strings.EqualFold(row.Name, name) })
}
