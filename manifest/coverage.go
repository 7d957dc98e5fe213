package manifest

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast.dev/holdfast/coverage"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/openapi"
	"holdfast.dev/holdfast/traffic"
)

// Coverage says what the service can be asked, so that plan and report tell what no
// scenario touches. It never changes a verdict.
type Coverage struct {
	// An OpenAPI file of the service itself: its operations and the error answers that it documents.
	OpenAPI string `yaml:"openapi"`
	// An access log of production: its routes, and how much of the traffic each has. What the log says of people is not read.
	AccessLog string `yaml:"access_log"`
	// Routes that are not to be asked, each with the reason: { "GET /metrics": "only Prometheus asks it" }. Without a method it is any; {rest...} at the end is all below.
	Ignore notation.Table[string] `yaml:"ignore"`
}

// Covered tells which of what is known of a service its scenarios touch.
type Covered struct{ plan *coverage.Plan }

// By is what they touch, with what a run of them has come to so far; nil: there was
// none.
func (c *Covered) By(run []result.Scenario) *result.Coverage {
	out := c.plan.With(run)
	return result.Redacted(&out) // a path of a log may have a key in it
}

// Covered reads what the file's coverage names and holds the scenarios against it. The
// error is a [*notation.Problems].
func (s *Service) Covered() (*Covered, error) {
	known := s.known
	if log := s.File.Coverage.AccessLog; log != "" {
		routes, err := readLog(s.beside(log))
		if err != nil {
			report := s.document.Problems()
			report.Say("coverage.access_log", "%s: %v", log, err)
			return nil, report.Err()
		}
		known.Sources, known.Routes = slices.Concat(known.Sources, []string{log}), slices.Concat(known.Routes, routes)
	}
	planned := make([]coverage.Scenario, len(s.Scenarios))
	for i, one := range s.Scenarios {
		planned[i] = s.touches(one)
	}
	return &Covered{coverage.New(known, planned)}, nil
}

// beside is a file that is named from the folder of the service's own.
func (s *Service) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Dir, path)
}

// readLog reads the routes of an access log.
func readLog(path string) ([]coverage.Route, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unnamed(err)
	}
	defer file.Close()
	summary, err := traffic.ReadAccessLog(file)
	if err != nil {
		return nil, unnamed(err)
	}
	var all []coverage.Route
	for _, r := range summary.Routes {
		all = append(all, coverage.Route{Method: r.Method, Paths: []string{r.Path}, Requests: int64(r.Count), Logged: true})
	}
	return all, nil
}

// unnamed is an error without the path of its file, which its reader names.
func unnamed(err error) error {
	if of := (*os.PathError)(nil); errors.As(err, &of) {
		return of.Err
	}
	return err
}

// coverage finds out what there is to touch, but for what stands in a log, which may be
// long.
func (c *compiler) coverage() {
	f := c.File.Coverage
	c.known = coverage.Known{Places: c.toBreak()}
	if f.OpenAPI != "" {
		c.described(f.OpenAPI)
	}
	if f.AccessLog != "" {
		if info, err := os.Stat(c.beside(f.AccessLog)); err != nil {
			c.report.Say("coverage.access_log", "%s: %v", f.AccessLog, unnamed(err))
		} else if !info.Mode().IsRegular() {
			c.report.Say("coverage.access_log", "%s is no file", f.AccessLog)
		}
	}
	for _, row := range f.Ignore {
		c.ignore(row.Name, row.Value)
	}
}

// described takes over the operations of a description.
func (c *compiler) described(file string) {
	d, err := openapi.Read(c.beside(file))
	if err != nil {
		c.report.Say("coverage.openapi", "%v", err)
		return
	}
	c.known.Sources = append(c.known.Sources, file)
	for _, o := range d.Operations {
		r := coverage.Route{Method: o.Method, Paths: paths(o), Operation: o.ID}
		for _, a := range o.Answers {
			if a.Status == "default" || strings.HasPrefix(a.Status, "4") || strings.HasPrefix(a.Status, "5") {
				r.Errors = append(r.Errors, a.Status)
			}
		}
		c.known.Routes = append(c.known.Routes, r)
	}
}

// paths are those of an operation: as the file has it, and below the servers'.
func paths(o openapi.Operation) []string {
	all := []string{o.Path}
	for _, template := range o.Templates {
		if template != o.Path {
			all = append(all, template)
		}
	}
	return all
}

// ignore takes over a route that is not to be asked.
func (c *compiler) ignore(route, because string) {
	method, path, found := strings.Cut(route, " ")
	if !found {
		method, path = "", route
	}
	path = strings.TrimSpace(path)
	if _, err := message.ParseTemplate(path); err != nil {
		c.report.Say("coverage.ignore", "%q is no route such as GET /metrics: %v", route, err)
		return
	}
	if strings.TrimSpace(because) == "" {
		c.report.Say("coverage.ignore", "%s: say why it is not to be asked", route)
		return
	}
	c.known.Ignored = append(c.known.Ignored, coverage.Ignored{Method: method, Path: path, Because: because})
}

// toBreak are the places where things can go wrong: dependencies, the routes and
// webhooks of played APIs, and processes.
func (c *compiler) toBreak() []coverage.Place {
	var all []coverage.Place
	for _, row := range c.File.Dependencies {
		if row.Value.Postgres != nil {
			both := chaos.ProxySupport()
			both.Kinds = append(both.Kinds[:len(both.Kinds):len(both.Kinds)], chaos.SessionsSupport().Kinds...)
			all = append(all, coverage.Place{Name: row.Name, Support: both})
		}
		for _, d := range c.outside {
			if d.Name != row.Name {
				continue
			}
			all = append(all, coverage.Place{Name: d.Name, Support: d.Faults})
			if row.Value.HTTP != nil {
				all = append(all, parts(d)...)
			}
		}
	}
	for _, row := range c.File.Processes {
		if row.Value.URL == "" {
			all = append(all, coverage.Place{Name: row.Name, Support: chaos.ProcessSupport()})
		}
	}
	return all
}

// parts are the routes and webhooks of a played API.
func parts(d harness.Dependency) []coverage.Place {
	var all []coverage.Place
	for _, name := range slices.Sorted(maps.Keys(d.Parts)) {
		all = append(all, coverage.Place{Name: d.Name + "." + name, Support: d.Parts[name]})
	}
	return all
}

// touches is what a scenario asks and breaks.
func (s *Service) touches(one harness.Scenario) coverage.Scenario {
	out := coverage.Scenario{Name: one.Name}
	for _, stream := range one.Load {
		if stream.Template != nil {
			out.Requests = append(out.Requests, asks(stream.Name, *stream.Template, stream.Vars, stream.Expect, stream.Refused))
		}
		for _, step := range stream.Steps {
			out.Requests = append(out.Requests, asks(stream.Name+"."+step.Name, step.Template, stream.Vars, step.Expect, step.Refused))
		}
		if stream.Sessions != nil {
			for _, step := range stream.Sessions.Steps {
				out.Requests = append(out.Requests, asks("", step.Template, stream.Vars, step.Expect, step.Refused))
			}
		}
	}
	for _, a := range one.Actions {
		if r := a.Step.Request; r != nil {
			out.Requests = append(out.Requests, coverage.Request{Method: r.Method, Path: r.Path})
		}
	}
	for _, f := range one.Faults {
		place := f.On
		if place == harness.OnDatabase || place == harness.OnPostgres {
			place = s.database()
		}
		out.Faults = append(out.Faults, coverage.Fault{ID: f.ID, Place: place, Kind: f.Kind})
	}
	return out
}

// asks is what a stream, or a step of one, asks.
func asks(stream string, t load.Template, vars map[string]load.Var, expected ...load.Expectation) coverage.Request {
	q := coverage.Request{Stream: stream, Method: t.Method, Path: t.Path, Words: map[string][]string{}}
	for _, of := range []map[string]load.Var{vars, t.Vars} {
		for name, v := range of {
			if len(v.Words) > 0 {
				q.Words[name] = v.Words
			}
		}
	}
	for _, e := range expected {
		if e.Matches != nil {
			q.Statuses = append(q.Statuses, e.Matches.Status...)
		}
	}
	return q
}
