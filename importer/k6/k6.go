// Package k6 makes a holdfast.yaml of a script of k6, or of its options as JSON.
//
// A script is a program, and only by running it is it known what it sends. So it is played,
// in an interpreter of JavaScript without anything of the outside, with recorders in place
// of k6's modules (prelude.js): its setup() once, and the function of each scenario a few
// times, with other numbers each time. What differs from time to time is told.
package k6

import (
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
)

// Read is the [importer.Reader] of k6. One file is one script.
func Read(files []importer.File, o importer.Options) (importer.Result, error) {
	if len(files) != 1 {
		return importer.Result{}, fmt.Errorf("one script becomes one holdfast.yaml; there are %d", len(files))
	}
	text, err := importer.CleanText(files[0])
	if err != nil {
		return importer.Result{}, err
	}
	r := &reader{file: files[0], options: o, journeys: map[string]*journey{}}
	r.load = importer.Load{Report: &r.report, Guesses: map[string]string{}, Notes: map[string]string{}}
	if strings.HasPrefix(strings.TrimSpace(string(text)), "{") {
		err = r.onlyOptions()
	} else {
		err = r.script(string(text))
	}
	if err != nil {
		return importer.Result{}, err
	}
	r.report.Unasked(why)
	if len(r.load.Streams) == 0 {
		return importer.Finish(nil, &r.report)
	}
	written, err := r.load.Draft("k6", files).Text()
	if err != nil {
		return importer.Result{}, err
	}
	return importer.Finish(written, &r.report)
}

type reader struct {
	report   importer.Report
	file     importer.File
	options  importer.Options
	load     importer.Load
	box      *sandbox // nil: there are options alone
	seen     *recorder
	setup    turn
	journeys map[string]*journey // by the name of the function
	streams  []streamed
}

// streamed is what thresholds may say of a stream.
type streamed struct {
	name, scenario string
	responses      []answered
}

// answered is one whose answers have metrics.
type answered struct{ metric, name, group, method string }

// onlyOptions reads options as JSON: what is asked is not known.
func (r *reader) onlyOptions() error {
	root, err := r.report.JSON(r.file)
	if err != nil {
		return err
	}
	if options := root.Get("options"); options != nil && root.Get("scenarios") == nil { // an archive's metadata
		root = options
	}
	withoutNulls(root)
	known := false
	for _, key := range []string{"scenarios", "stages", "vus", "duration", "iterations", "thresholds"} {
		known = known || root.Get(key) != nil
	}
	if !known {
		return fmt.Errorf("%s:1: these are no options of k6: scenarios, stages, vus or thresholds", r.file.Name)
	}
	r.scenarios(root)
	return nil
}

// withoutNulls takes what k6 inspect says of options that are not set for what it is.
func withoutNulls(n *importer.Node) {
	for part := range n.Parts() {
		if part.Kind == importer.Null {
			part.Use()
		}
		withoutNulls(part)
	}
}

// script plays a script.
func (r *reader) script(text string) (err error) {
	r.seen = &recorder{report: &r.report}
	if r.box, err = open(r.file, text, r.options, r.seen); err != nil {
		return err
	}
	r.seen.taken() // what is asked outside of functions is asked once, by nobody
	root, err := r.exported()
	if err != nil {
		return err
	}
	given, is, err := r.box.call("setup")
	if err != nil {
		return err
	}
	r.setup = r.seen.taken()
	for _, function := range functions(root) {
		if err := r.play(function, given, is); err != nil {
			return err
		}
	}
	r.onlySetup()
	r.scenarios(root)
	for name, instead := range map[string]string{
		"teardown": "what a run has made is taken down with it; write by hand what is more", "handleSummary": "choose a report of holdfast run",
	} {
		if r.box.export(name) != nil {
			r.report.Leave(importer.Place{File: r.file.Name, Line: r.box.lineOf(name)}.Left(name+"()", "it is done once, after the load", instead))
		}
	}
	return nil
}

// onlySetup tells what setup asks whose answers no journey needs.
func (r *reader) onlySetup() {
	for _, j := range r.journeys {
		if len(j.sessions) > 0 {
			return
		}
	}
	for _, one := range r.setup.requests {
		r.report.Leave(one.at.Left("setup() asks "+one.Method+" "+marker.ReplaceAllString(one.Address, "…"), "it is done once, before the load", "write it under setup.each, as a request after: ready"))
	}
}

// exported are the options of a script, with the lines where they stand.
func (r *reader) exported() (*importer.Node, error) {
	text, err := r.box.json("options")
	if err != nil || text == "" || text == "null" {
		return nil, err
	}
	at := importer.Place{File: r.file.Name, Line: r.box.lineOf("options")}
	root, err := r.report.Line(at, text)
	if err != nil {
		return nil, err
	}
	lines := r.box.linesOf("options")
	root.Relocate(func(path string) int { return lines[path] })
	return root, nil
}

// functions are those that scenarios call, by their names.
func functions(options *importer.Node) []string {
	var all []string
	for s := range options.Get("scenarios").Parts() {
		name := s.Get("exec").Peek()
		if name == "" {
			name = "default"
		}
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		all = []string{"default"}
	}
	return all
}

// why knows options of k6 that have no place here.
func why(n *importer.Node) (why, instead string) {
	switch n.Name {
	case "gracefulStop", "gracefulRampDown":
		return "who is under way is waited for until drain is over", "say drain in the timeline"
	case "env":
		return "a script reads no environment when it is imported", "write what differs by hand"
	case "tags", "systemTags", "summaryTrendStats", "summaryTimeUnit", "setupTimeout", "teardownTimeout", "noSummary", "noUsageReport", "minIterationDuration", "preAllocatedVUs":
		return "it means nothing to the load", "nothing needs to be done"
	case "discardResponseBodies", "noConnectionReuse", "noVUConnectionReuse", "batch", "batchPerHost", "httpDebug", "maxRedirects", "dns", "hosts", "blacklistIPs", "blockHostnames", "localIPs":
		return "how requests are sent is not chosen here: connections are kept, bodies are read, redirects are not followed", "see that the numbers can be compared"
	case "insecureSkipTLSVerify", "tlsAuth", "tlsVersion", "tlsCipherSuites":
		return "certificates are checked as the machine does", "give the service one that the machine trusts"
	case "rps":
		return "the rate is that of the load, and nothing holds it back", "write it under rate"
	case "cloud", "ext":
		return "it is of k6's own service", "nothing needs to be done"
	case "executor", "exec", "browser":
		return "no request of HTTP comes of it", "write a stream by hand"
	}
	return "", ""
}

// addStream adds a stream with what it asks.
func (r *reader) addStream(scenario string, s manifest.Stream, j *journey) int {
	s.Name = r.nameOf(scenario)
	responses := []answered{{metric: s.Name}}
	if j == nil {
		s.Request = &manifest.Request{Path: "/"}
		r.load.Guesses[fmt.Sprintf("load[%d].request", len(r.load.Streams))] = "the options do not say what is asked"
	} else {
		responses = j.into(&s)
	}
	r.load.Streams = append(r.load.Streams, s)
	r.streams = append(r.streams, streamed{s.Name, scenario, responses})
	return len(r.load.Streams) - 1
}

// nameOf is the name of a stream, which no other has.
func (r *reader) nameOf(scenario string) string {
	names := importer.Names{}
	for _, s := range r.streams {
		names.Taken = append(names.Taken, s.name)
	}
	return names.Of(importer.Slug(scenario, "users"))
}
