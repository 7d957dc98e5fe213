package artillery

import (
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

// methods are those of requests, as a flow writes them.
var methods = []string{"get", "post", "put", "patch", "delete", "head", "options"}

// scenarios makes a stream of each, with its share.
func (r *reader) scenarios(n *importer.Node) {
	total := 0.0
	for at := range n.Parts() {
		total += weight(at)
	}
	names := importer.Names{}
	for at := range n.Parts() {
		if engine := at.Get("engine"); engine.Peek() == "http" {
			engine.Use()
		} else if engine != nil {
			at.Leave("its engine is "+engine.Peek()+", and the load is HTTP", "write requests of HTTP by hand")
			continue
		}
		share := weight(at) / total
		at.Get("weight").Use()
		f := r.flow(at.Get("flow"))
		if len(f.steps) == 0 {
			at.Leave("it asks nothing that could be carried over", "write a stream by hand")
			continue
		}
		name := names.Of(importer.Slug(at.Get("name").Plain(), "flow"))
		i := len(r.load.Streams)
		stream := f.stream(name)
		stream.Rate, stream.Timeout, stream.MaxInFlight = manifest.Rate{Text: r.rate(share)}, r.timeout, r.most
		stream.Vary = append(r.used(stream), f.vary...)
		r.load.Streams = append(r.load.Streams, stream)
		if len(r.phases) == 0 {
			r.load.Guesses[fmt.Sprintf("load[%d].rate", i)] = "the script has no phases"
		}
		r.load.Report.Carry("%s:%d: scenario %s is the stream %s with %d requests, %s", at.File, at.Line, name, name, len(f.steps), stream.Rate.Text)
	}
}

// weight is the weight of a scenario among the others.
func weight(n *importer.Node) float64 {
	var w float64
	if _, err := fmt.Sscan(n.Get("weight").Peek(), &w); err != nil || !(w > 0 && w < 1e9) {
		return 1
	}
	return w
}

// flow is a sequence of requests that is being read.
type flow struct {
	*reader
	steps    []manifest.JourneyStep
	names    importer.Names
	captured []string
	vary     notation.Table[manifest.Vary]
	think    manifest.Duration
	thought  *importer.Node // the last wait, which no request followed yet
}

// namesOfSteps are those that a step cannot have: they are words of metrics.
var namesOfSteps = []string{"latency", "latency_ok", "latency_from_send", "rate", "errors", "status", "in_flight"}

// flow reads the steps of a scenario.
func (r *reader) flow(n *importer.Node) *flow {
	f := &flow{reader: r, names: importer.Names{Taken: slices.Clone(namesOfSteps)}}
	for at := range n.Parts() {
		f.step(at)
	}
	if f.thought != nil {
		r.load.Report.Leave(importer.Place{File: f.thought.File, Line: f.thought.Line}.Left(f.thought.Path(), "no request follows, and who arrives waits for nobody in an open model", "nothing needs to be done"))
	}
	return f
}

// stream is one request, or a journey.
func (f *flow) stream(name string) manifest.Stream {
	if step := f.steps[0]; len(f.steps) == 1 && step.Think == 0 {
		return manifest.Stream{Name: name, Request: &step.Request, OK: step.OK}
	}
	return manifest.Stream{Name: name, Steps: f.steps}
}

// mostSteps bounds a journey whose loops are written out.
const mostSteps = 30

// step reads one step of a flow.
func (f *flow) step(n *importer.Node) {
	if at := n.Get("think"); at != nil {
		if d, ok := length(at.Peek()); ok {
			at.Use()
			f.think += manifest.Duration(d)
			f.thought = at
		}
		return
	}
	if loop := n.Get("loop"); loop != nil {
		f.loop(n, loop)
		return
	}
	for _, method := range methods {
		if at := n.Get(method); at != nil {
			f.request(method, at)
			return
		}
	}
}

// loop writes out a loop with a number, if it is short, and does another once.
func (f *flow) loop(n, loop *importer.Node) {
	count, ok := n.Get("count").Number()
	if !ok || count < 1 || count != float64(int(count)) || count*float64(loop.Len())+float64(len(f.steps)) > mostSteps {
		at, what := importer.Place{File: n.File, Line: n.Line}, ".loop"
		if n.Get("count") != nil {
			n.Get("count").Use()
			what = ".count"
		}
		f.load.Report.Leave(at.Left(n.Path()+what, fmt.Sprintf("a journey has no loops, and one that is written out has at most %d steps", mostSteps), "its steps are done once; multiply the rate, if it is about them"))
		count = 1
	}
	for range int(count) {
		for at := range loop.Parts() {
			f.step(at)
		}
	}
}

// request reads one request.
func (f *flow) request(method string, n *importer.Node) {
	at := importer.Place{File: n.File, Line: n.Line}
	address := n.Get("url")
	a := importer.Asked{At: at, Method: strings.ToUpper(method), Address: f.text(address, address.Plain())}
	if a.Address == "" {
		n.Leave("it has no url", "write the request by hand")
		return
	}
	a.Address = f.query(n.Get("qs"), a.Address)
	for _, h := range f.headers {
		if n.Get("headers").Get(h.Name) == nil {
			a.Headers = append(a.Headers, importer.Header{Name: h.Name, Value: f.text(h, h.Plain())})
		}
	}
	for h := range n.Get("headers").Parts() {
		a.Headers = append(a.Headers, importer.Header{Name: h.Name, Value: f.text(h, h.Plain())})
	}
	f.body(n, &a)
	request, ok := f.load.Request(a)
	if !ok {
		n.Use() // where it goes is told
		return
	}
	name := n.Get("name").Plain()
	if name == "" {
		path, _, _ := strings.Cut(request.Path, "?")
		name = method + " " + path
	}
	step := manifest.JourneyStep{Name: f.names.Of(importer.Slug(name, "step")), Request: request, Think: f.think, OK: f.expect(n.Get("expect")), Capture: f.capture(n.Get("capture"))}
	f.think, f.thought = 0, nil
	f.steps = append(f.steps, step)
}

// query adds parameters to an address.
func (f *flow) query(n *importer.Node, address string) string {
	for at := range n.Parts() {
		sign := "?"
		if strings.Contains(address, "?") {
			sign = "&"
		}
		address += sign + escape(at.Name) + "=" + escape(f.text(at, at.Plain()))
	}
	return address
}

// escape escapes what would end a parameter, and leaves places for values.
func escape(text string) string {
	return strings.NewReplacer("%", "%25", "&", "%26", "#", "%23", "+", "%2B", " ", "%20", "=", "%3D").Replace(text)
}

// body reads what a request carries.
func (f *flow) body(n *importer.Node, a *importer.Asked) {
	switch {
	case n.Get("json") != nil:
		at := n.Get("json")
		a.Body, a.Text = at.Raw(), func(text string) string { return f.text(at, text) }
	case n.Get("form") != nil:
		for at := range n.Get("form").Parts() {
			a.Form = append(a.Form, importer.Header{Name: at.Name, Value: f.text(at, at.Plain())})
		}
	case n.Get("body") != nil:
		at := n.Get("body")
		a.Body, a.Text = at.Plain(), func(text string) string { return f.text(at, text) }
	}
}

// expect reads what an answer must be, of the plugin that says so.
func (f *flow) expect(n *importer.Node) *manifest.Answer {
	var all []*importer.Node
	if n.Is(importer.Mapping) {
		all = append(all, n)
	}
	if n.Is(importer.List) {
		all = slices.AppendSeq(all, n.Parts())
	}
	answer := &manifest.Answer{}
	said := false
	for _, at := range all {
		status := at.Get("statusCode")
		if code, ok := status.Number(); ok && code >= 100 && code <= 599 {
			answer.Status, said = manifest.Statuses{One: int(code)}, true
		}
		if path, ok := importer.JSONPath("$." + at.Get("hasProperty").Peek()); ok && path != "" {
			at.Get("hasProperty").Use()
			answer.JSON, said = append(answer.JSON, notation.Row[notation.JSON]{Name: path, Value: `"present"`}), true
		}
	}
	if !said {
		return nil
	}
	return answer
}

// capture reads names for parts of the answer.
func (f *flow) capture(n *importer.Node) notation.Table[string] {
	var all []*importer.Node
	if n.Is(importer.Mapping) {
		all = append(all, n)
	}
	if n.Is(importer.List) {
		all = slices.AppendSeq(all, n.Parts())
	}
	var out notation.Table[string]
	for _, at := range all {
		as := at.Get("as").Peek()
		part, ok := importer.JSONPath(at.Get("json").Peek())
		part = "json." + part
		if header := at.Get("header").Peek(); header != "" {
			part, ok = "header."+header, true
		}
		if _, twice := out.Get(as); !ok || twice || name(as) != as || part == "json." {
			at.Leave("what is captured is a header or a path of names and indexes, under a name of letters, digits and _", "write capture by hand")
			continue
		}
		for _, key := range []string{"as", "json", "header"} {
			at.Get(key).Use()
		}
		out = append(out, notation.Row[string]{Name: as, Value: part})
		f.captured = append(f.captured, as)
	}
	return out
}
