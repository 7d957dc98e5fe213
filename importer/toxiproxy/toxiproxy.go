// Package toxiproxy makes a holdfast.yaml of Toxiproxy's proxies: of its configuration
// file, a list of them, or of what its API says at /proxies, a mapping of them. A proxy
// becomes a dependency, and each toxic a scenario in which its fault acts.
package toxiproxy

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/desk/toxiproxyapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

// Read is the [importer.Reader] of Toxiproxy's proxies.
func Read(files []importer.File, _ importer.Options) (importer.Result, error) {
	r := &reader{draft: importer.NewDraft("service", "toxiproxy", files)}
	r.draft.File.Processes = notation.Table[manifest.Process]{{Name: "web", Value: manifest.Process{
		Command: manifest.Command{"./your-service"}, Env: notation.Table[string]{{Name: "PORT", Value: "{port}"}},
	}}}
	r.draft.Guess("processes.web", "a proxy does not say whose it is: write how your service is started, and how it is told its port")
	for _, f := range files {
		root, err := r.report.JSON(f)
		if err != nil {
			return importer.Result{}, err
		}
		if !root.Is(importer.List) && !root.Is(importer.Mapping) {
			return importer.Result{}, fmt.Errorf("%s:1: these are no proxies of Toxiproxy, which are [{\"name\": …, \"listen\": …, \"upstream\": …}]", f.Name)
		}
		r.proxies(root)
	}
	r.report.Unasked(nil)
	if len(r.draft.File.Dependencies) == 0 {
		return importer.Finish(nil, &r.report)
	}
	r.scenarios()
	text, err := r.draft.Text()
	if err != nil {
		return importer.Result{}, err
	}
	return importer.Finish(text, &r.report)
}

type reader struct {
	report importer.Report
	draft  *importer.Draft
	names  importer.Names
	faults []laid
}

// laid is a fault that was made of a toxic.
type laid struct{ dependency, name, fault, note string }

// proxies reads a list of proxies, or a mapping of them by name, or one.
func (r *reader) proxies(root *importer.Node) {
	if root.Get("upstream") != nil {
		r.proxy(root)
		return
	}
	for part := range root.Parts() {
		if part.Is(importer.Mapping) {
			r.proxy(part)
		}
	}
}

// proxy makes a dependency of one.
func (r *reader) proxy(n *importer.Node) {
	upstream := n.Get("upstream").Plain()
	host, port, err := net.SplitHostPort(upstream)
	if number, bad := strconv.Atoi(port); err != nil || bad != nil || host == "" || number < 1 || number > 65535 {
		n.Leave(fmt.Sprintf("its upstream %q is not host:port", upstream), "give it one")
		return
	}
	name := r.names.Of(importer.Slug(cmp.Or(n.Get("name").Plain(), n.Name), "server"))
	variable := strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_ADDRESS"
	r.draft.File.Dependencies = append(r.draft.File.Dependencies, notation.Row[manifest.Dependency]{Name: name, Value: manifest.Dependency{
		Address: notation.Literal(upstream), Export: notation.Table[string]{{Name: variable, Value: "{address}"}},
	}})
	at := "dependencies." + name
	r.draft.Note(at+".address", "a server that runs already: --allow-host %s lets a run reach it; with command or image in its place the run starts one of its own", host)
	r.draft.Guess(at+".export."+variable, "the variable by which your service finds it; {address} is that of a proxy before it")
	n.Get("listen").Leave("a proxy of a run listens where there is room", "see that the service takes the address from "+variable)
	r.report.Carry("%s:%d: proxy %s before %s is the dependency %s", n.File, n.Line, name, upstream, name)
	if enabled, said := n.Get("enabled").Truth(); said && !enabled {
		r.faults = append(r.faults, laid{name, "down", "refuse cut", ""})
		r.report.Carry("%s:%d: proxy %s is disabled: the fault \"refuse cut\"", n.File, n.Line, name)
	}
	for _, list := range []string{"toxics", "upstreamToxics", "downstreamToxics"} {
		for toxic := range n.Get(list).Parts() {
			r.toxic(toxic, name)
		}
	}
}

// toxic makes a fault of one.
func (r *reader) toxic(n *importer.Node, dependency string) {
	if !n.Is(importer.Mapping) {
		return
	}
	if err := toxiproxyapi.CheckToxic([]byte(n.Bare("name", "type", "stream", "toxicity", "attributes"))); err != nil {
		n.Leave("Toxiproxy itself refuses it: "+err.Error(), "mend it")
		return
	}
	if toxicity, said := n.Get("toxicity").Number(); said && toxicity != 1 {
		n.Leave(fmt.Sprintf("its toxicity is %v, and a fault of a network acts on all connections", toxicity), atTheDesk)
		return
	}
	kind, stream := n.Get("type").Plain(), n.Get("stream").Plain()
	attributes := n.Get("attributes")
	made := ofToxic(kind, stream, attributes)
	if made.why == "" {
		if err := chaos.TCPSupport().Accepts(fault.Fault{Kind: made.kind}); err != nil {
			made.why, made.instead = err.Error(), atTheDesk
		}
	}
	if made.why != "" {
		n.Leave(made.why, made.instead)
		return
	}
	attributes.Get(made.lost).Leave(made.note, atTheDesk)
	for part := range attributes.Parts() {
		part.Use()
	}
	name := cmp.Or(n.Get("name").Plain(), kind+"-"+cmp.Or(stream, "downstream"))
	r.faults = append(r.faults, laid{dependency, name, made.kind.String(), made.note})
	r.report.Carry("%s:%d: toxic %s of %s: the fault %q", n.File, n.Line, name, dependency, made.kind.String())
}

// scenarios lays each fault in one of its own.
func (r *reader) scenarios() {
	if len(r.faults) == 0 {
		r.faults = append(r.faults, laid{r.draft.File.Dependencies[0].Name, "down", "refuse cut", "a guess: there was no toxic, and this is the plainest fault of a network"})
	}
	names := importer.Names{}
	for i, f := range r.faults {
		r.draft.File.Scenarios = append(r.draft.File.Scenarios, manifest.Scenario{
			Name:  names.Of(f.dependency + "/" + importer.Slug(f.name, "fault")),
			Claim: fmt.Sprintf("When %s is well again, so is the service.", f.dependency),
			Timeline: manifest.Timeline{
				WarmUp: manifest.Duration(time.Second), Baseline: manifest.Duration(5 * time.Second), Inject: manifest.Duration(10 * time.Second), Heal: manifest.Duration(5 * time.Second),
			},
			Load:   []manifest.Stream{{Name: "requests", Rate: manifest.Rate{Text: "20/s"}, Request: &manifest.Request{Path: "/"}}},
			Faults: []manifest.Fault{{At: f.dependency, Fault: f.fault}},
			Checks: []manifest.Check{{Text: "requests.ok_ratio in heal >= 99%"}},
		})
		at := fmt.Sprintf("scenarios[%d]", i)
		if f.note != "" {
			r.draft.Note(at+".faults[0]", "%s", f.note)
		}
		if i == 0 {
			r.draft.Guess(at+".claim", "say what your service promises")
			r.draft.Guess(at+".timeline", "a toxic has no time; these phases are short")
			r.draft.Guess(at+".load[0]", "take a request that needs the dependency, and as many a second as there are")
			r.draft.Guess(at+".checks[0]", "add what must hold in inject")
		}
	}
}
