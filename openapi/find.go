package openapi

import (
	"net/url"
	"slices"
	"strings"

	"holdfast.dev/holdfast/message"
)

// way is a path by which an operation is asked.
type way struct {
	operation int
	method    string
	template  message.Template
}

// order puts the more particular ways first, and leaves the others as they are.
func (d *Description) order() {
	slices.SortStableFunc(d.ways, func(a, b way) int {
		switch {
		case a.template.Before(b.template):
			return -1
		case b.template.Before(a.template):
			return 1
		}
		return 0
	})
}

// Find returns the operation that a request is for, false if none is. The path is that of
// the request, below a server's; a query behind it is not looked at.
func (d *Description) Find(method, path string) (Operation, bool) {
	at, ok := d.find(method, path)
	if !ok {
		return Operation{}, false
	}
	return d.Operations[at], true
}

func (d *Description) find(method, path string) (int, bool) {
	path, _, _ = strings.Cut(path, "?")
	for _, w := range d.ways {
		if w.method != strings.ToUpper(method) {
			continue
		}
		if _, ok := w.template.Match(path); ok {
			return w.operation, true
		}
	}
	return 0, false
}

// methodsOf are those with which a path can be asked.
func (d *Description) methodsOf(path string) []string {
	var all []string
	for _, w := range d.ways {
		if _, ok := w.template.Match(path); ok && !slices.Contains(all, w.method) {
			all = append(all, w.method)
		}
	}
	slices.SortFunc(all, byMethod)
	return all
}

// Under is the same description with one base path for all of its operations, in place of
// its servers': "/v2", or nothing.
func (d *Description) Under(base string) *Description {
	base = strings.TrimRight(base, "/")
	out := *d
	out.Operations, out.ways = slices.Clone(d.Operations), nil
	for i := range out.Operations {
		o := &out.Operations[i]
		if len(o.Templates) == 0 {
			continue
		}
		text := (&url.URL{Path: base}).EscapedPath() + templateOf(o.Path)
		o.Templates = []string{text}
		if template, err := message.ParseTemplate(text); err == nil {
			out.ways = append(out.ways, way{i, o.Method, template})
		}
	}
	out.order()
	return &out
}
