package manifest

import (
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/manifest/notation"
)

// Routes are those of an outside API that stand in a file of their own, and what of
// them is understood and not carried out, a line each.
type Routes struct {
	All    []stub.Route
	NotYet []string
}

// ReadRoutes reads a text, called path, that has what stands below http in a
// holdfast.yaml: its routes. The error is a [*notation.Problems].
func ReadRoutes(text []byte, path string, o Options) (Routes, error) {
	var h HTTP
	document, err := notation.Read(text, &h, notation.Options{File: path, Environment: o.Environment, Hint: hint})
	if err != nil {
		return Routes{}, err
	}
	c := &compiler{Service: &Service{Path: path, document: document, options: o}, report: document.Problems()}
	var notYet []string
	for i := range h.Routes {
		if row := &h.Routes[i]; row.Value.Webhook != nil {
			notYet = append(notYet, "routes."+row.Name+".webhook is not sent: there is no process of a service here")
			row.Value.Webhook = nil
		}
	}
	config, _ := c.routes("", h)
	if err := c.report.Err(); err != nil {
		return Routes{}, err
	}
	return Routes{config.Routes, notYet}, nil
}
