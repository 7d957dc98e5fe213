package manifest

import (
	"fmt"
	"path/filepath"

	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/openapi"
)

// Routes are those of an outside API that stand in a file of their own, and what of
// them is understood and not carried out, a line each.
type Routes struct {
	All []stub.Route
	// Judge holds requests against the description that the routes come of; nil: there is
	// none.
	Judge stub.Judge
	// Relay passes on what they don't answer; nil: nobody does.
	Relay  *stub.Relay
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
	if o.Relay != nil {
		h.Relay = o.Relay
	}
	c := &compiler{Service: &Service{Path: path, document: document, options: o}, report: document.Problems(), dir: filepath.Dir(path)}
	var notYet []string
	for i := range h.Routes {
		if row := &h.Routes[i]; row.Value.Webhook != nil && o.WebhooksTo == "" {
			notYet = append(notYet, "routes."+row.Name+".webhook is not sent: nobody said where your service is, for example --webhooks-to http://127.0.0.1:3000")
			row.Value.Webhook = nil
		}
	}
	a, ok := c.api("", h)
	return c.atDesk(a, ok, notYet)
}

// DescribedRoutes are the operations of an OpenAPI file.
func DescribedRoutes(file string) (Routes, error) {
	d, err := openapi.Read(file)
	if err != nil {
		return Routes{}, err
	}
	document, err := notation.Read([]byte("{}"), new(HTTP), notation.Options{File: file})
	if err != nil {
		return Routes{}, fmt.Errorf("routes of no file: %w", err)
	}
	c := &compiler{Service: &Service{Path: file, document: document}, report: document.Problems()}
	a, ok := c.operations("", HTTP{OpenAPI: file}, d)
	return c.atDesk(a, ok, nil)
}

// atDesk are the routes of an API that no service is there for.
func (c *compiler) atDesk(a api, ok bool, notYet []string) (Routes, error) {
	if !ok {
		return Routes{}, c.report.Err()
	}
	config, _ := c.routes("", a)
	if err := c.report.Err(); err != nil {
		return Routes{}, err
	}
	return Routes{config.Routes, config.Judge, config.Relay, append(notYet, a.notes...)}, nil
}
